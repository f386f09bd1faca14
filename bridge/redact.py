"""Makes text from outside safe to show: no keys, no URLs, no control characters.

Keys are recognised by their form. `bridge.upstream.masking` masks what a text shares with the request.
"""

import re
from typing import Final

from bridge.clean import CONTROLS

_SECRET: Final = re.compile(
    r"(?:\b|(?<=\\[nrtbf]))(?:"  # JSON text may have `\n` before a key, which looks like a letter
    r"(?:sk|aib|pk|rk|vck|gsk|csk|xai|hf|r8|fw|pplx|nvapi)[-_][A-Za-z0-9_*.-]{3,}[A-Za-z0-9_*-]"  # OpenAI, Vercel …
    r"|key[-_](?!(?:[a-z]+_)+[a-z]+(?![A-Za-z0-9_*-]))[A-Za-z0-9_*.-]{3,}[A-Za-z0-9_*-]"  # no `key_access_denied`
    r"|AIza[A-Za-z0-9_*-]{8,}"  # Google
    r"|(?:AKIA|ASIA)[A-Z0-9*]{8,}"  # AWS
    r"|eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}"  # a JSON web token
    r"|(?i:bearer|basic)\s+(?:(?=[^\s\"',;}]*[0-9A-Z_~+/=-])[^\s\"',;}]{4,}|[^\s\"',;}]{20,}))"  # no `bearer token`
)
#: The length of a scheme is bounded, because the search would otherwise be quadratic.
_URL: Final = re.compile(r"\b[a-zA-Z][a-zA-Z0-9+.-]{0,30}://[^\s\"'<>]+|\bdata:[a-z]+/[^\s\"'<>]+")
#: What a text of one line may not contain.
CONTROL: Final = re.compile(rf"[\t\n{CONTROLS}]+")


def without_keys(text: str) -> str:
    """Text with what looks like a key masked. It may have URLs and several lines."""
    return _SECRET.sub("[secret]", text)


def safe(text: str, limit: int = 512) -> str:
    """One line of at most `limit` characters with secrets and URLs masked."""
    text = text[: limit * 4]  # before the searches: an upstream may send megabytes
    text = _URL.sub("[url]", without_keys(text))
    text = CONTROL.sub(" ", text).strip()
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
