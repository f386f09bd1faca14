"""Makes the text of an upstream's error safe to show: nothing of the prompt, no secrets, one line, clipped."""

import re
from typing import Final

from bridge.jsontext import MalformedJSONError, dumps, loads
from bridge.redact import safe, strings, without

#: This much of a body or a message is looked at: more than is shown, as masks are shorter than what they hide.
_LOOK: Final = 8192
_BODY_SIZE: Final = 1024
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")


class Mask:
    """Masks what the texts of one error repeat of `request`, the body that was sent upstream."""

    def __init__(self, request: bytes) -> None:
        self._prompts = _prompts(request)

    def text(self, text: str | None, limit: int = 128) -> str:
        """One line of at most `limit` characters. Masked before it is clipped, or half of a key might remain."""
        text = (text or "")[:_LOOK]
        masked, plain = without(text, self._prompts), without(_unescaped(text), self._prompts)
        return safe(masked if _unescaped(masked) == plain else plain, limit)

    def body(self, data: bytes) -> str:
        """The body as it may be shown. JSON is written anew, as there are many ways to escape a text."""
        try:
            text = dumps(loads(data)).decode()
        except (MalformedJSONError, TypeError):  # no JSON, or nested too deeply for orjson to write
            text = data[:_LOOK].decode("utf-8-sig", "replace")
        return self.text(text, _BODY_SIZE)


def _prompts(request: bytes) -> list[str]:
    try:
        return list(strings(loads(request))) if request else []
    except MalformedJSONError:  # a lone surrogate in a `_json` field, say: nothing of it can be recognised
        return [request.decode("utf-8", "replace")]


def _unescaped(text: str) -> str:
    """JSON text without its escapes, also those of JSON in JSON: a prompt may be quoted in any depth."""
    for _ in range(4):
        if "\\" not in text:
            break
        text = _ESCAPE.sub(_character, text)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _character(escape: re.Match[str]) -> str:
    code, letter = escape.groups()
    return chr(int(code, 16)) if code else {"n": "\n", "r": "\r", "t": "\t"}.get(letter, letter)
