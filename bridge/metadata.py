"""gRPC metadata <-> HTTP headers: allow-lists both ways, a deny-list on top. What is in no list does not pass."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from bridge.errors import BridgeError, Reason

#: What a caller's metadata may say to the upstream. Nothing here can change the host, the path or the credentials.
REQUEST_HEADERS: Final = frozenset(
    {
        "http-referer",  # app attribution: Vercel, OpenRouter
        "traceparent",
        "tracestate",
        "x-client-request-id",
        "x-request-id",
        "x-title",
    }
)
#: What says on whose account a credential is used; so only the caller's own credential has it with it.
ACCOUNT_HEADERS: Final = frozenset({"openai-organization", "openai-project"})

#: What an upstream's response may say to the caller, as trailing metadata; further names by prefix below.
REPLY_HEADERS: Final = frozenset(
    {
        "apim-request-id",
        "cf-ray",
        "openai-organization",
        "openai-processing-ms",
        "openai-project",
        "openai-version",
        "retry-after",
        "retry-after-ms",
        "server-timing",
        "x-generation-id",
        "x-litellm-call-id",
        "x-litellm-model-id",
        "x-litellm-response-cost",
        "x-litellm-version",
        "x-ms-client-request-id",
        "x-ms-region",
        "x-ms-request-id",
        "x-should-retry",
        "x-vercel-cache",
        "x-vercel-id",
    }
)
_RATE_LIMITS: Final = "x-ratelimit-"
#: LiteLLM puts this before the headers that its own upstream has sent, cookies and all. Proxies may write `-` for `_`.
_RELAYED: Final = ("llm_provider-", "llm-provider-")

#: Never passed on, whatever a setting allows: what frames the message, routes it, names its sender or authenticates
#: someone, and what the bridge itself says of the response that it can read.
DENIED: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "api-key",
        "authorization",
        "connection",
        "cf-connecting-ip",
        "cookie",
        "expect",
        "forwarded",
        "host",
        "http2-settings",
        "keep-alive",
        "max-forwards",
        "range",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "true-client-ip",
        "upgrade",
        "user-agent",
        "via",
        "www-authenticate",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-host",
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
        "x-original-host",
        "x-original-url",
        "x-real-ip",
        "x-rewrite-url",
    }
)
_DENIED_PREFIXES: Final = (":", "content-", "grpc-", "if-", "proxy-", "sec-", "x-envoy-", "x-forwarded-")
_DENIED_SUFFIXES: Final = ("-api-key", "-authorization", "-bin", "-security-token")

#: All trailers of a response together, as HTTP/2 counts them; peers refuse more than 8 KiB of metadata by default.
_MAX_TRAILER_BYTES: Final = 3072
_ENTRY_BYTES: Final = 32  # of each entry, besides its characters
_VALUE: Final = re.compile(r"[\x20-\x7e]*")
_KEY: Final = re.compile(r"[0-9a-z_.-]+")

Metadata = Iterable[tuple[str, str | bytes]]


def is_denied(name: str) -> bool:
    """Whether a header of this lower-case name never passes. Servers behind CGI take `_` for `-`."""
    plain = name.replace("_", "-")
    return plain in DENIED or plain.startswith(_DENIED_PREFIXES) or plain.endswith(_DENIED_SUFFIXES)


def is_name(name: str) -> bool:
    """Whether this is the name of a metadata key, and so that of a header."""
    return _KEY.fullmatch(name) is not None


def request_headers(
    metadata: Metadata, allowed: Collection[str] = (), *, account: bool = False
) -> Iterator[tuple[str, str]]:
    """The caller's metadata that goes to the upstream; `allowed` adds names to the built-in list.

    `account` says that the credential is the caller's own, and so the account may be. Of a key that comes several
    times the first counts, for proxies differ in what they make of two headers of one name.

    Raises:
        BridgeError: INVALID_METADATA for a value that cannot stand in an HTTP header.
    """
    seen: set[str] = set()
    for key, value in metadata:
        passes = key in REQUEST_HEADERS or (account and key in ACCOUNT_HEADERS) or key in allowed
        if passes and key not in seen and not is_denied(key):
            seen.add(key)
            yield key, header_value(key, value)


def header_value(key: str, value: str | bytes) -> str:
    """A metadata value as a header value: printable ASCII, so that it can end no line and begin no other header.

    Raises:
        BridgeError: INVALID_METADATA.
    """
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    if _VALUE.fullmatch(text) is None:
        message = f"metadata {key!r} contains characters that are not allowed in an HTTP header"
        raise BridgeError(Reason.INVALID_METADATA, message, metadata={"metadataKey": key})
    return text.strip()


def response_trailers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """An upstream's response headers that go to the caller. Its own request id comes as `x-upstream-request-id`.

    The request id comes first, then what the upstream itself says, then what it relays, until the space is used up. A
    value that gRPC could not send is dropped: it would break the whole call.
    """
    ranked: tuple[list[tuple[str, str]], ...] = ([], [], [])
    for name, value in headers:
        key = name.lower()
        rank = _rank(key)
        if rank is not None and _KEY.fullmatch(key) and _VALUE.fullmatch(value):
            ranked[rank].append((key, value))
    own = [("x-upstream-request-id", value) for _, value in ranked[0][:1]]  # of several the first counts
    trailers: list[tuple[str, str]] = []
    left = _MAX_TRAILER_BYTES
    for key, value in (*own, *ranked[1], *ranked[2]):
        size = len(key) + len(value) + _ENTRY_BYTES
        if size <= left:
            left -= size
            trailers.append((key, value))
    return trailers


def _rank(key: str) -> int | None:
    """How soon a header has to go to the caller, 0 first; None for one that does not pass."""
    if key == "x-request-id":
        return 0
    if key.startswith(_RELAYED):
        return 2 if _passes(key[len(_RELAYED[0]) :]) else None
    return 1 if _passes(key) else None


def _passes(key: str) -> bool:
    return (key in REPLY_HEADERS or key.startswith(_RATE_LIMITS)) and not is_denied(key)
