#!/usr/bin/env python
"""Keeps the version in every manifest equal to that of the root's pyproject.toml.

    python tools/versions.py            print the version
    python tools/versions.py --check    fail if a file has another version
    python tools/versions.py 0.2.0      write this version everywhere

Wheels, npm packages, the chart and the image are released together, so their manifests have one version. Code does not
repeat it: at run time it comes from the installed distribution.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent
_VERSION: Final = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


class Place(NamedTuple):
    """Files below the root, and the patterns around the version in them. Each pattern has to occur."""

    files: str
    patterns: tuple[str, ...]


_PIN_PROTOS, _PIN_CLIENT = '"aibridge-protos=={}"', '"aibridge-client=={}"'
_NPM: Final = '"name": "@aibridge/{name}",\n  "version": "{{}}"'
_LOCK: Final = '"node_modules/@aibridge/protos": {{\n      "version": "{}"'
#: The root's pyproject.toml comes first: the others follow it.
PLACES: Final = (
    Place("pyproject.toml", ('\nversion = "{}"', _PIN_PROTOS, _PIN_CLIENT)),
    Place("clients/python/pyproject.toml", ('\nversion = "{}"', _PIN_PROTOS)),
    Place("generated/python/pyproject.toml", ('\nversion = "{}"',)),
    Place("generated/typescript/package.json", (_NPM.format(name="protos"),)),
    Place("clients/openai-fetch/package.json", (_NPM.format(name="openai-fetch"),)),
    Place("clients/openai-fetch/package-lock.json", (_NPM.format(name="openai-fetch"), _LOCK)),
    Place("examples/*/package-lock.json", (_LOCK,)),
    Place("deploy/helm/*/Chart.yaml", ("\nversion: {}\n", '\nappVersion: "{}"\n')),
    Place("deploy/Dockerfile", ("-t aibridge:{} ", 'org.opencontainers.image.version="{}"')),
)


def version() -> str:
    """The version of the root's pyproject.toml."""
    return next(found for _, _, found in _found())


def _found() -> Iterator[tuple[Path, str, str]]:
    """Each place: the file, the pattern, and its version, empty if the pattern is missing."""
    for place in PLACES:
        for path in sorted(ROOT.glob(place.files)):
            text = path.read_text("utf-8")
            for pattern in place.patterns:
                match = re.search(_expression(pattern), text)
                yield path, pattern, match[2] if match else ""


def _expression(pattern: str) -> str:
    before, after = (re.escape(part.format()) for part in pattern.split("{}"))
    return rf"({before})([^\s\"]+)({after})"


def wrong() -> list[str]:
    """A line for each place with another version than the root's."""
    expected = version()
    return [
        f"{path.relative_to(ROOT)}: {pattern.format(found or '?').strip()!r}, but the root's version is {expected}"
        for path, pattern, found in _found()
        if found != expected
    ]


def parse(text: str) -> tuple[int, ...]:
    """Parse a version into numbers.

    Raises:
        ValueError: the text is not a release version for both Python and npm.
    """
    if not _VERSION.fullmatch(text):
        raise ValueError(f"{text!r} is not a version: MAJOR.MINOR.PATCH")
    return tuple(map(int, text.split(".")))


def write(chosen: str) -> None:
    """Set the version everywhere.

    Raises:
        ValueError: it is not a version, or a file does not have its place.
    """
    parse(chosen)
    for path, pattern, found in list(_found()):
        if not found:
            raise ValueError(f"{path.relative_to(ROOT)} does not have {pattern!r}")
        text = re.sub(_expression(pattern), rf"\g<1>{chosen}\g<3>", path.read_text("utf-8"))
        path.write_text(text, "utf-8")


def main() -> int:
    """Print, check or write the version."""
    match sys.argv[1:]:
        case []:
            print(version())
        case ["--check"]:
            found = wrong()
            for line in found:
                print(f"{line}: run python tools/versions.py {version()}", file=sys.stderr)
            return 1 if found else 0
        case [chosen] if not chosen.startswith("-"):
            try:
                write(chosen)
            except ValueError as error:
                sys.exit(str(error))
        case _:
            sys.exit("usage: versions.py [--check | VERSION]")
    return 0


if __name__ == "__main__":
    sys.exit(main())
