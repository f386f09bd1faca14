"""Bearer tokens by which callers show who they are. A file has their SHA-256 digests, so that it gives none away.

A line is `NAME sha256:HEX`; lines with `#` before them, and empty ones, do not count. A name may have several tokens,
so that one can be replaced while both work. A digest needs no salt: a token is not chosen by a person, it has 256
random bits, and `aibridge token NAME` makes it.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from bridge.files import UnusableFileError, decoded

#: By which secret scanners, and the bridge's own masking, know a token.
PREFIX: Final = "aib_"
_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"  # no colon: it is no SPIFFE ID, DNS name or subject
_LINE: Final = re.compile(rf"(?P<name>{_NAME})[ \t]+sha256:(?P<digest>[0-9a-f]{{64}})")
#: White space around a line, with the CR of files from Windows. Nothing else ends a line or begins one.
_SPACE: Final = " \t\r"


class Token(NamedTuple):
    """A new token and the line of the file that lets it in."""

    token: str
    line: str


def new(name: str) -> Token:
    """A token for a caller.

    Raises:
        ValueError: it is not a name.
    """
    if re.fullmatch(_NAME, name) is None:
        raise ValueError("must be 1 to 64 letters, digits, `_`, `.` and `-`, and begin with a letter or a digit")
    token = PREFIX + secrets.token_urlsafe(32)
    return Token(token, f"{name} sha256:{digest(token).hex()}")


def digest(token: str) -> bytes:
    """What is kept and compared of a token."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def parse(contents: Sequence[bytes]) -> Mapping[bytes, str]:
    """The name of each digest in a file.

    Raises:
        UnusableFileError: a line is not as above, or two names have the same token.
    """
    names: dict[bytes, str] = {}
    for number, line in enumerate(decoded(contents[0]).removeprefix("\ufeff").split("\n"), 1):
        text = line.strip(_SPACE)
        if not text or text.startswith("#"):
            continue
        match = _LINE.fullmatch(text)
        if match is None:
            raise UnusableFileError(f"line {number} is not `NAME sha256:HEX`")
        if names.setdefault(bytes.fromhex(match["digest"]), match["name"]) != match["name"]:
            raise UnusableFileError(f"line {number} repeats the token of another name")
    if not names:
        raise UnusableFileError("has no token")
    return names
