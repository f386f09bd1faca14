"""Makes the texts of an upstream's error safe to show: no prompt, no credential, one line, limited length.

All texts of an error are masked together, so that the request is scanned once. The time is proportional to the size of
the request. Code that cannot wait sets a limit, and nothing of an error is shown if the request is larger.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from bridge.jsontext import MalformedJSONError, dumps, loads, text_of
from bridge.redact import CONTROL, safe
from bridge.upstream.leaks import Secrets
from bridge.upstream.overlap import MIN_PROMPT_BYTES, Overlap, Range, joined

#: More of a text is masked than is shown, because marks are shorter than the text that they replace. The maximum in
#: characters, and the multiple of the shown length.
_MAX_MASKED_CHARACTERS: Final = 8192
_MASKED_PER_SHOWN: Final = 8
_ESCAPES: Final = re.compile(r"\\u([0-9a-fA-F]{4})|((?:\\x[0-9a-fA-F]{2})+)|\\(.)", re.DOTALL)
#: A body of at most this many bytes is parsed and written again.
_MAX_BODY_BYTES: Final = 1 << 18
#: Maximum number of quoting levels that are decoded.
_MAX_QUOTING_LEVELS: Final = 8
_LETTERS: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_PROMPT: Final = "[…]".encode()
#: The mark, as it can appear in JSON text.
_MARKS: Final = (_PROMPT, b"[\\u2026]")
_SECRET: Final = b"[secret]"
#: Maximum number of masking rounds. A prompt may contain the mark itself, and so match text that was just masked.
_MAX_ROUNDS: Final = 3
#: Number of characters that are searched at once.
_PIECE_CHARACTERS: Final = 1 << 20
#: Members that contain names up to this length, and not the caller's text.
_NAMES: Final = frozenset({"model", "models", "type", "role", "object", "format", "encoding_format"})
_MAX_NAME: Final = 256
#: A list of at least this many numbers counts as a prompt in tokens.
_MIN_TOKENS: Final = 6


class Text(NamedTuple):
    """A text of an error, and the maximum number of characters to show."""

    text: str
    limit: int


class Mask:
    """Masks the texts of an error. `request` is the body that was sent upstream.

    A request of more than `max_bytes` is not scanned.
    """

    def __init__(self, request: bytes, secrets: Secrets, max_bytes: int | None = None) -> None:
        self._request = request
        self._secrets = secrets
        self._too_large = max_bytes is not None and len(request) > max_bytes

    def shown(self, texts: Sequence[Text]) -> list[str]:
        """The texts as they may be shown, each in one line; empty if nothing may be shown."""
        if self._too_large:
            return ["" for _ in texts]
        forms = [_forms(text[: min(_MAX_MASKED_CHARACTERS, _MASKED_PER_SHOWN * limit)]) for text, limit in texts]
        masked = {form: form.encode() for each in forms for form in each}
        request = self._value()
        for _ in range(_MAX_ROUNDS):
            before, masked = masked, self._masked(masked, request)
            if masked == before or not any(mark in self._request for mark in _MARKS):
                break
        else:
            return ["" for _ in texts]
        return [safe(_chosen(each, masked), limit) for each, (_, limit) in zip(forms, texts, strict=True)]

    def _value(self) -> Any:
        try:
            return loads(self._request) if self._request else None
        except MalformedJSONError:  # for example nested too deeply; prompts cannot be told from names
            return self._request.decode("utf-8", "replace")

    def _masked(self, texts: dict[str, bytes], request: Any) -> dict[str, bytes]:
        overlap = Overlap(list(texts.values()))
        for prompt in _prompts(request):
            overlap.add(prompt)
        return {form: _cut(text, overlap.ranges(text), self._secrets.ranges(text)) for form, text in texts.items()}


def body_text(data: bytes) -> str:
    """An error's body as text. JSON is parsed and written again, because text can be escaped in many ways."""
    with suppress(MalformedJSONError, TypeError):  # not JSON, or nested too deeply for orjson
        if len(data) <= _MAX_BODY_BYTES:
            return dumps(loads(data)).decode()
    return data[: 4 * _MAX_MASKED_CHARACTERS].decode("utf-8-sig", "replace")


def _forms(text: str) -> list[str]:
    """A text and its decoded forms."""
    line = one_line(text)
    return [line, *(decode(line) for decode in _DECODERS)]


def _chosen(forms: Sequence[str], masked: Mapping[str, bytes]) -> str:
    """The masked text to show: the original form, or a decoded one if only that contains something to mask."""
    shown = masked[forms[0]].decode("utf-8", "ignore")
    for form, decode in zip(forms[1:], _DECODERS, strict=True):
        decoded = masked[form].decode("utf-8", "ignore")
        if decode(shown) != decoded:
            shown = decoded
    return shown


def _cut(text: bytes, prompts: Iterator[Range], secrets: Iterator[Range]) -> bytes:
    hidden = list(secrets)
    pieces: list[bytes] = []
    at = 0
    for begin, end in joined(sorted([*prompts, *hidden])):
        is_secret = any(first < end and begin < last for first, last in hidden)
        pieces += [text[at:begin], _SECRET if is_secret else _PROMPT]
        at = end
    return b"".join([*pieces, text[at:]])


def one_line(text: str) -> str:
    """A text with a space for each run of control characters. It works in pieces, so that no call takes long."""
    if text.isprintable():
        return text
    pieces = []
    at = 0
    while at < len(text):
        run = CONTROL.match(text, at + _PIECE_CHARACTERS)
        end = run.end() if run else at + _PIECE_CHARACTERS
        pieces.append(CONTROL.sub(" ", text[at:end]))
        at = end
    return "".join(pieces)


def _prompts(request: Any) -> Iterator[bytes]:
    """All texts in a request's JSON, for `Overlap`: each escaped as in JSON, and plain."""
    for text in strings(request):
        if len(text) >= MIN_PROMPT_BYTES // 4:
            line = one_line(text)
            yield line.encode()
            plain = decoded(line)
            if plain != line:
                yield plain.encode()


def strings(value: Any) -> Iterator[str]:
    """All texts in a request's JSON value, except names such as models and types. Lists of tokens count as texts."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            pending += [member for key, member in item.items() if not (key in _NAMES and _is_name(member))]
        elif isinstance(item, list) and len(item) >= _MIN_TOKENS and all(type(number) is int for number in item):
            text = text_of(item)[1:-1]
            yield text
            yield text.replace(",", ", ")
        elif isinstance(item, list):
            pending += item


def _is_name(member: Any) -> bool:
    if isinstance(member, list):
        return all(isinstance(item, str) and len(item) <= _MAX_NAME for item in member)
    return isinstance(member, str) and len(member) <= _MAX_NAME


def decoded(text: str) -> str:
    """A text with JSON escapes, percent-encoding and HTML entities decoded, even if nested."""
    for _ in range(_MAX_QUOTING_LEVELS):
        before = text
        if "\\" in text:
            text = _ESCAPES.sub(_characters, text)
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if "%" in text:
            text = unquote(text)
        if "&" in text:
            text = _without_entities(text)
        if text == before:
            break
    return one_line(text)


def _from_form(text: str) -> str:
    """As `decoded`, with plus signs read as spaces, as in HTML forms."""
    return decoded(text.replace("+", " ") if "%" in text else text)


def _characters(escape: re.Match[str]) -> str:
    code, octets, letter = escape.groups()
    if octets:  # as Python writes bytes
        return bytes.fromhex(octets.replace("\\x", "")).decode("utf-8", "replace")
    return chr(int(code, 16)) if code else _LETTERS.get(letter, letter)


def _without_entities(text: str) -> str:
    try:
        return html.unescape(text)
    except ValueError:  # an entity with too many digits
        return text


_DECODERS: Final[tuple[Callable[[str], str], ...]] = (decoded, _from_form)
