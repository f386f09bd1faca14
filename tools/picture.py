"""Draws docs/assets/overview-*.svg, the overview picture, in light and dark.

`python tools/picture.py` writes the files, `--check` compares them.
"""

import sys
from itertools import product
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent.parent / "docs" / "assets"
_COLOURS: Final = {
    "light": {"text": "#1f2328", "quiet": "#59636e", "line": "#8c959f", "box": "#f6f8fa", "bridge": "#3f51b5"},
    "dark": {"text": "#f0f6fc", "quiet": "#9198a1", "line": "#6e7681", "box": "#1c2128", "bridge": "#5468d4"},
}
_COLUMNS: Final = (
    (
        "Your services",
        ("Go, Java, Kotlin", "Python, TypeScript", "Rust, C++, Ruby, PHP", "OpenAI's libraries", "grpcurl, buf curl"),
    ),
    (
        "aibridge",
        ("every field, typed", "true statuses", "deadlines, cancels", "tokens, mTLS, limits", "metrics, traces"),
    ),
    (
        "One gateway",
        ("Vercel AI Gateway", "OpenAI, OpenRouter", "Azure, Bedrock, Gemini", "LiteLLM, Portkey", "vLLM, Ollama"),
    ),
)
_ARROWS: Final = (("gRPC", "protobuf"), ("HTTP", "JSON, SSE"))
_WIDTH: Final = 208
_HEIGHT: Final = 224
_GAP: Final = 64
_MARGIN: Final = 4
_DESCRIPTION: Final = (
    "Your services call aibridge over gRPC with protobuf messages. aibridge calls one OpenAI-compatible gateway over"
    " HTTP with JSON and server-sent events."
)


def _box(x: int, y: int, title: str, lines: tuple[str, ...]) -> str:
    middle = x + _WIDTH // 2
    kind = "bridge" if title == "aibridge" else "box"
    texts = "".join(
        f'  <text class="{kind}-line" x="{middle}" y="{y + 84 + 30 * number}">{line}</text>\n'
        for number, line in enumerate(lines)
    )
    return (
        f'  <rect class="{kind}" x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="12"/>\n'
        f'  <text class="{kind}-title" x="{middle}" y="{y + 40}">{title}</text>\n{texts}'
    )


def _across(x: int, protocol: str, format_: str) -> str:
    """Arrows from left to right and back, in the gap that starts at x."""
    words = "".join(
        f'  <text class="below" x="{x + _GAP // 2}" y="{154 + 16 * number}">{word}</text>\n'
        for number, word in enumerate(format_.split(" "))
    )
    return (
        f'  <text class="above" x="{x + _GAP // 2}" y="92">{protocol}</text>\n'
        f'  <path class="arrow" d="M{x + 10} 112H{x + 52}m-8 -6 8 6 -8 6"/>\n'
        f'  <path class="arrow" d="M{x + 54} 132H{x + 12}m8 -6 -8 6 8 6"/>\n{words}'
    )


def _down(y: int, protocol: str, format_: str) -> str:
    """Arrows from top to bottom and back, in the gap that starts at y."""
    middle = _MARGIN + _WIDTH // 2
    return (
        f'  <text class="above" x="{middle - 46}" y="{y + 37}">{protocol}</text>\n'
        f'  <path class="arrow" d="M{middle - 10} {y + 10}V{y + 52}m-6 -8 6 8 6 -8"/>\n'
        f'  <path class="arrow" d="M{middle + 10} {y + 54}V{y + 12}m-6 8 6 -8 6 8"/>\n'
        f'  <text class="below" x="{middle + 54}" y="{y + 37}">{format_}</text>\n'
    )


def picture(name: str, *, tall: bool) -> str:
    """The SVG in the colours `name`. A tall one is for narrow screens."""
    colour = _COLOURS[name]
    step = _HEIGHT + _GAP if tall else _WIDTH + _GAP
    places = [(_MARGIN, _MARGIN + step * at) if tall else (_MARGIN + step * at, _MARGIN) for at in range(len(_COLUMNS))]
    body = "".join(_box(*place, *column) for place, column in zip(places, _COLUMNS, strict=True))
    for (x, y), arrow in zip(places, _ARROWS, strict=False):
        body += _down(y + _HEIGHT, *arrow) if tall else _across(x + _WIDTH, *arrow)
    width, height = places[-1][0] + _WIDTH + _MARGIN, places[-1][1] + _HEIGHT + _MARGIN
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="what">
  <title id="what">{_DESCRIPTION}</title>
  <style>
    text {{ font: 16px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; text-anchor: middle; fill: {colour["text"]} }}
    .box {{ fill: {colour["box"]}; stroke: {colour["line"]} }}
    .bridge {{ fill: {colour["bridge"]} }}
    .box-title, .bridge-title {{ font-size: 21px; font-weight: 600 }}
    .box-line {{ fill: {colour["quiet"]} }}
    .bridge-title, .bridge-line {{ fill: #fff }}
    .arrow {{ fill: none; stroke: {colour["line"]}; stroke-width: 2.5; stroke-linecap: round; stroke-linejoin: round }}
    .above {{ font-size: 15px; font-weight: 600 }}
    .below {{ font-size: 12px; fill: {colour["quiet"]} }}
  </style>
{body}</svg>
"""  # noqa: E501 # a list of fonts


def main(*, check: bool) -> int:
    """Write or compare the pictures."""
    stale = False
    for name, tall in product(_COLOURS, (False, True)):
        path = FOLDER / f"overview-{'tall-' if tall else ''}{name}.svg"
        if not check:
            path.write_text(picture(name, tall=tall), "utf-8")
        elif path.read_text("utf-8") != picture(name, tall=tall):
            print(f"{path.name} is stale: run make docs")
            stale = True
    return int(stale)


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv))
