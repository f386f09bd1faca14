"""The hook of mkdocs: adds pages from outside docs/, rewrites links, and forbids assets of other hosts.

Pages use relative links, as on GitHub. A link to a page of the site stays relative. A link to any other file becomes a
link to the repository. If there is no such file, the build fails.
"""

import os
import re
import tomllib
from pathlib import Path
from typing import Any, Final

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT: Final = Path(__file__).resolve().parent.parent
DOCS: Final = ROOT / "docs"
#: Pages from outside docs/.
PAGES: Final = {
    ROOT / "ARCHITECTURE.md": "architecture.md",
    ROOT / "CHANGELOG.md": "changelog.md",
    ROOT / "CONTRIBUTING.md": "contributing.md",
    ROOT / "SECURITY.md": "security.md",
    ROOT / "examples" / "README.md": "examples.md",
    ROOT / "deploy" / "helm" / "aibridge" / "README.md": "chart.md",
}
#: Pictures from outside docs/.
PICTURES: Final = {path: f"assets/{path.name}" for path in (ROOT / "benchmarks" / "results").glob("*.svg")}
_LINK: Final = re.compile(r"(?<=\]\()(?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?(?=\))")
_FENCE: Final = re.compile(r"^( *)```.*?^\1```$", re.DOTALL | re.MULTILINE)
_FOREIGN: Final = re.compile(
    r"""<(?:script|img|iframe|source|link(?![^>]*rel="?canonical))\b[^>]*\b(?:src|href)=["']?(?:https?:)?//[^>]*>"""
    r"""|@import\s[^;]*//[^;]*;|url\(["']?(?:https?:)?//[^)]*\)"""
)


def _repository() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]["Source"])


def on_files(files: Files, *, config: Any) -> Files:
    """Add the pages and pictures from outside docs/."""
    for path, name in (PAGES | PICTURES).items():
        files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Rewrite each relative link to a page of the site or to the repository."""
    outside = {name: path for path, name in PAGES.items()}
    source = outside.get(page.file.src_uri, DOCS / page.file.src_uri)
    pieces, at = [], 0
    for fence in _FENCE.finditer(markdown):
        pieces += [_LINK.sub(lambda link: _target(link, source), markdown[at : fence.start()]), fence[0]]
        at = fence.end()
    pieces.append(_LINK.sub(lambda link: _target(link, source), markdown[at:]))
    return "".join(pieces)


def _target(link: re.Match[str], source: Path) -> str:
    path = Path(os.path.normpath(source.parent / link[1]))
    anchor = link[2] or ""
    if not path.exists() or not path.is_relative_to(ROOT):
        raise PluginError(f"{source.relative_to(ROOT)}: there is no {link[1]}")
    if name := (PAGES | PICTURES).get(path):
        return name + anchor
    if path.is_relative_to(DOCS):
        return str(path.relative_to(DOCS)) + anchor
    kind = "tree" if path.is_dir() else "blob"
    return f"{_repository()}/{kind}/main/{path.relative_to(ROOT)}{anchor}"


def on_post_build(*, config: Any) -> None:
    """Fail if a page would load an asset from another host."""
    found = [
        f"{path.relative_to(config['site_dir'])}: {match[0][:200]}"
        for path in sorted(Path(config["site_dir"]).rglob("*"))
        if path.suffix in {".html", ".css"}
        for match in _FOREIGN.finditer(path.read_text("utf-8"))
    ]
    if found:
        raise PluginError("assets of other hosts:\n" + "\n".join(found))
