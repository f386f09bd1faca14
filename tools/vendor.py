#!/usr/bin/env python
"""Copies the bridge's codec into the Python client, which must work without the bridge installed.

    python tools/vendor.py           write the copies
    python tools/vendor.py --check   fail if a copy differs from its source

The server and the client are separate distributions, and neither may import the other. Both need the same JSON mapping,
so the client's OpenAI transport has a copy of the code. Edit the source, not the copy.
"""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).resolve().parent.parent
_TARGET: Final = _ROOT / "clients" / "python" / "aibridge" / "client" / "openai"
_PACKAGE: Final = "aibridge.client.openai"

#: The modules of the bridge that the copies may import. `errors` is the client's own.
_MODULES: Final = ("codec", "errors", "jsontext")
_NOT_COPIED: Final = frozenset({"codec/paths.py", "codec/setters.py"})  # only the server uses them


def copies() -> Mapping[Path, str]:
    """Each copy's path and text."""
    sources = [*sorted((_ROOT / "bridge" / "codec").glob("*.py")), _ROOT / "bridge" / "jsontext.py"]
    names = {source.relative_to(_ROOT / "bridge").as_posix(): source for source in sources}
    return {_TARGET / name: _copy(name, source) for name, source in names.items() if name not in _NOT_COPIED}


def _copy(name: str, source: Path) -> str:
    text = re.sub(rf"\bbridge\.({'|'.join(_MODULES)})\b", rf"{_PACKAGE}.\1", source.read_text("utf-8"))
    if foreign := re.search(r"^\s*(?:from|import) bridge\b.*", text, re.MULTILINE):
        sys.exit(f"bridge/{name} imports what the client does not have: {foreign.group().strip()}")
    return _formatted(f"# Copied by tools/vendor.py from bridge/{name}: edit that file, not this one.\n{text}", name)


def _formatted(text: str, name: str) -> str:
    """Format a copy, because its module names are longer."""
    for command in (("check", "--quiet", "--select", "I", "--fix"), ("format", "--quiet")):
        ruff = (sys.executable, "-m", "ruff", *command, "--stdin-filename", str(_TARGET / name), "-")
        done = subprocess.run(ruff, input=text, capture_output=True, text=True, check=True, cwd=_ROOT)  # noqa: S603 # ours
        text = done.stdout
    return text


def main() -> int:
    """Write or compare the copies."""
    wanted = copies()
    present = {*(_TARGET / "codec").glob("*.py"), _TARGET / "jsontext.py"}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    stale += sorted(present - wanted.keys())
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(_ROOT)} is stale: run python tools/vendor.py", file=sys.stderr)
        return 1 if stale else 0
    (_TARGET / "codec").mkdir(exist_ok=True)
    for path in stale:
        if path in wanted:
            path.write_text(wanted[path], "utf-8")
        else:
            path.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
