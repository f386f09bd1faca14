"""Finds the sent credential in text from an upstream, in whatever form the text quotes it.

It is found by comparison, so its format does not matter. Parts of it are found too: in base64 or hexadecimal, divided
by quotes or spaces, or with the middle left out, such as `sk-...abcd`.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from bridge.upstream.overlap import Range, joined

#: A shorter credential counts as an ordinary word, such as `no`, and is not masked.
_MIN_LENGTH: Final = 4
#: Parts of a credential are masked too if it has at least this length.
_MIN_DIVISIBLE_LENGTH: Final = 12
#: Length of a part: a quarter of the credential, within these bounds.
_MIN_PART, _MAX_PART = 8, 16
#: Length of a part when only letters and digits are compared, so that quotes, spaces and line ends between them do not
#: matter.
_LOOSE: Final = 12
#: Number of pieces into which a credential is divided to search headers.
_MAX_BLOCKS: Final = 8
#: Number of characters at the start or end of a credential that are masked next to an omission.
_MIN_END, _MAX_END = 3, 24
#: Marks for an omission.
_LEFT_OUT: Final = re.compile(rb"\*{2,}|\.{2,}|_{3,}|x{4,}|#{3,}|(?:\xe2\x80[\xa6\xa2])+")
_LETTERS: Final = re.compile(rb"[0-9a-z]+")
_SCHEMES: Final = frozenset({"bearer", "basic", "token", "apikey", "api-key", "key"})


class _Marks(NamedTuple):
    """Texts that reveal a credential, in lower case."""

    words: tuple[bytes, ...]  # whole short credentials
    part: int  # length of each part
    parts: frozenset[bytes]
    loose: frozenset[bytes]
    forms: tuple[bytes, ...]


class Secrets:
    """The credentials that must not be shown: values of `authorization` headers, with or without a scheme."""

    def __init__(self, authorizations: Iterable[str | None] = ()) -> None:
        self._values = tuple(value for value in authorizations if value)

    def ranges(self, text: bytes) -> Iterator[Range]:
        """The ranges of a text that reveal a credential."""
        lower = text.lower()
        return joined(sorted(found for value in self._values for found in _found(_marks(value), lower)))

    def are_in(self, text: str) -> bool:
        """Whether a text contains a credential or a large part of one. It takes 1 µs, for headers."""
        lower = text.lower()
        return any(block in lower for value in self._values for block in _blocks(value))


@lru_cache(256)
def _blocks(authorization: str) -> tuple[str, ...]:
    """A credential in pieces. A text with most of the credential contains one of them."""
    value = _credential(authorization).lower()
    if len(value) < _MIN_LENGTH:
        return ()
    size = max(_MIN_PART, -(-len(value) // _MAX_BLOCKS))
    return tuple(value[at : at + size] for at in range(0, max(1, len(value) - size + 1), size))


def _credential(authorization: str) -> str:
    """A header's value without the scheme."""
    scheme, _, rest = authorization.partition(" ")
    return rest.strip() if scheme.lower() in _SCHEMES and rest.strip() else authorization


@lru_cache(8)
def _marks(authorization: str) -> _Marks:
    forms = tuple(dict.fromkeys(form.lower() for form in _forms(authorization)))
    words = tuple(form for form in forms if len(form) < _MIN_DIVISIBLE_LENGTH)
    forms = tuple(form for form in forms if len(form) >= _MIN_DIVISIBLE_LENGTH)
    part = min(max(_MIN_PART, min(map(len, forms), default=0) // 4), _MAX_PART)
    return _Marks(
        words,
        part,
        frozenset(gram for form in forms for gram in _grams(form, part)),
        frozenset(gram for form in forms for gram in _grams(b"".join(_LETTERS.findall(form)), _LOOSE)),
        forms,
    )


def _forms(authorization: str) -> Iterator[bytes]:
    """The credential in a header's value, plain and encoded."""
    value = _credential(authorization)
    values = [value]
    if authorization.lower().startswith("basic "):
        with suppress(Base64Error, ValueError):
            values.append(b64decode(value, validate=True).decode().partition(":")[2])
    for item in values:
        data = item.encode()
        if len(data) >= _MIN_LENGTH:
            yield from (data, quote(item, safe="").encode())
        if len(data) >= _MIN_DIVISIBLE_LENGTH:
            yield data.hex().encode()
            yield from _in_base64(data)


def _in_base64(data: bytes) -> Iterator[bytes]:
    """The base64 characters that depend only on the data, for each possible alignment."""
    for before in range(3):
        text = b64encode(bytes(before) + data)
        letters = text[-(-before * 4 // 3) : (before + len(data)) * 4 // 3]
        yield letters
        yield letters.replace(b"+", b"-").replace(b"/", b"_")


def _grams(text: bytes, length: int) -> Iterator[bytes]:
    return (text[at : at + length] for at in range(len(text) - length + 1))


def _found(marks: _Marks, text: bytes) -> Iterator[Range]:
    for word in marks.words:
        whole = rb"(?<![0-9a-z])" + re.escape(word) + rb"(?![0-9a-z])"
        yield from (match.span() for match in re.finditer(whole, text))
    if not marks.forms:
        return
    yield from ((at, at + marks.part) for at, gram in enumerate(_grams(text, marks.part)) if gram in marks.parts)
    if marks.loose:
        places = [place for run in _LETTERS.finditer(text) for place in range(*run.span())]
        letters = b"".join(_LETTERS.findall(text))
        for at, gram in enumerate(_grams(letters, _LOOSE)):
            if gram in marks.loose:
                yield places[at], places[at + _LOOSE - 1] + 1
    yield from _without_middle(marks.forms[0], text)


def _without_middle(secret: bytes, text: bytes) -> Iterator[Range]:
    """The ranges with the first or last characters of a secret next to a mark for an omission."""
    for middle in _LEFT_OUT.finditer(text):
        begin, end = middle.span()
        before = _size(text[max(0, begin - _MAX_END) : begin].endswith, (secret[:size] for size in _ends(secret)))
        behind = _size(text[end : end + _MAX_END].startswith, (secret[-size:] for size in _ends(secret)))
        if before or behind:
            yield begin - before, end + behind


def _ends(secret: bytes) -> range:
    return range(min(_MAX_END, len(secret)), _MIN_END - 1, -1)


def _size(fits: Any, ends: Iterable[bytes]) -> int:
    return next((len(end) for end in ends if fits(end)), 0)
