"""The code blocks of the pages, and what a comment before a block says about it.

`<!-- run: TEXT -->`: a whole script, run against a bridge; its output has to contain the text.
`<!-- unchecked: REASON -->`: nothing checks this block, for this reason.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
#: Every page that users read.
PAGES: Final = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "examples/*.md", "*/*/*.md", "deploy/helm/*/*.md")
    for path in ROOT.glob(pattern)
    if not path.is_relative_to(ROOT / "tests") and not path.relative_to(ROOT).parts[0].startswith(".")
)
_BLOCK: Final = re.compile(
    r"(?:<!-- (?P<mark>[a-z]+)(?:: (?P<text>[^\n]*?))? -->\s*\n\s*)?"
    r"(?:^|(?<=\n))(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<code>.*?)\n(?P=indent)```",
    re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A fenced block. `mark` and `text` are from the comment before it; otherwise they are empty."""

    page: str
    line: int
    language: str
    code: str
    mark: str
    text: str

    @property
    def name(self) -> str:
        """Its place, in the form that editors understand."""
        return f"{self.page}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    """All blocks of a page, in order."""
    text = page.read_text("utf-8")
    return [
        Block(
            page=str(page.relative_to(ROOT)),
            line=text.count("\n", 0, found.start("language")) + 1,
            language=found["language"] or "sh",
            code=re.sub(rf"^{found['indent']}", "", found["code"], flags=re.MULTILINE) + "\n",
            mark=found["mark"] or "",
            text=found["text"] or "",
        )
        for found in _BLOCK.finditer(text)
    ]


BLOCKS: Final = [block for page in PAGES for block in blocks_of(page)]


def of(*languages: str) -> list[Block]:
    """The blocks in these languages that have to be checked."""
    return [block for block in BLOCKS if block.language in languages and block.mark != "unchecked"]
