"""Bearer tokens that authenticate callers. The tokens file has their SHA-256 digests and not the tokens.

A line is `NAME sha256:HEX`. Empty lines, and lines that begin with `#`, are ignored. A name may have several tokens, so
that one can be replaced while both work. Digests need no salt, because `aibridge token NAME` makes tokens of 256 random
bits.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from bridge.files import UnusableFileError, utf8_text

#: Secret scanners, and the bridge's own masking, recognise a token by this prefix.
PREFIX: Final = "aib_"
_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"  # without a colon, so it cannot be a SPIFFE ID, DNS name or subject
_LINE: Final = re.compile(rf"(?P<name>{_NAME})[ \t]+sha256:(?P<digest>[0-9a-f]{{64}})")
#: White space around a line, with the CR of Windows files.
_SPACE: Final = " \t\r"


class Token(NamedTuple):
    """A new token, and its line for the tokens file."""

    token: str
    line: str


def new(name: str) -> Token:
    """A token for a caller.

    Raises:
        ValueError: the name is not valid.
    """
    if re.fullmatch(_NAME, name) is None:
        raise ValueError("must be 1 to 64 letters, digits, `_`, `.` and `-`, and begin with a letter or a digit")
    token = PREFIX + secrets.token_urlsafe(32)
    return Token(token, f"{name} sha256:{digest(token).hex()}")


def digest(token: str) -> bytes:
    """The digest of a token, which is stored and compared."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def parse(contents: Sequence[bytes]) -> Mapping[bytes, str]:
    """The name of each digest in a file.

    Raises:
        UnusableFileError: a line is malformed, or two names have the same token.
    """
    names: dict[bytes, str] = {}
    for number, line in enumerate(utf8_text(contents[0]).removeprefix("\ufeff").split("\n"), 1):
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
