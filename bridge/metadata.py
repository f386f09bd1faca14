"""gRPC metadata <-> HTTP headers, by allow-lists in both directions and a deny-list that overrides them."""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import Final

from bridge.errors import BridgeError, Reason

#: Metadata that goes to the upstream. Nothing here can change the host, the path or the credentials.
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
#: Headers that select the account of a credential. They go only with the caller's own credential.
ACCOUNT_HEADERS: Final = frozenset({"openai-organization", "openai-project"})

#: Response headers that go to the caller as trailing metadata; more names by prefix below.
RESPONSE_HEADERS: Final = frozenset(
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
#: LiteLLM puts this before all headers of its own upstream, also cookies. Proxies may replace `_` by `-`.
_RELAYED: Final = ("llm_provider-", "llm-provider-")

#: Never passed on, whatever a setting allows: headers that frame or route the message, name its sender or authenticate
#: someone, and headers that the bridge sets itself.
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

#: The size of all trailers, as HTTP/2 counts it. By default peers refuse more than 8 KiB of metadata.
_MAX_TRAILER_BYTES: Final = 3072
_ENTRY_BYTES: Final = 32  # of each entry, besides its characters
#: Names of up to this many characters are looked up once: an upstream sends the same ones with each response.
_MAX_REMEMBERED: Final = 64
_VALUE: Final = re.compile(r"[\x20-\x7e]*")
_KEY: Final = re.compile(r"[0-9a-z_.-]+")

Metadata = Iterable[tuple[str, str | bytes]]


def is_denied(name: str) -> bool:
    """Whether a header with this lower-case name never passes. CGI servers do not tell `_` from `-`."""
    plain = name.replace("_", "-")
    return plain in DENIED or plain.startswith(_DENIED_PREFIXES) or plain.endswith(_DENIED_SUFFIXES)


def is_name(name: str) -> bool:
    """Whether this is a valid metadata key, and so a valid header name."""
    return _KEY.fullmatch(name) is not None


def request_headers(
    metadata: Metadata, allowed: Collection[str] = (), *, account: bool = False
) -> Iterator[tuple[str, str]]:
    """The caller's metadata that goes to the upstream. `allowed` adds names to the built-in list.

    `account` says that the credential is the caller's own, so headers that select an account pass. Of several values of
    a key the first counts, because proxies differ in how they handle repeated headers.

    Raises:
        BridgeError: INVALID_METADATA for a value that is not a valid HTTP header value.
    """
    seen: set[str] = set()
    for key, value in metadata:
        passes = key in REQUEST_HEADERS or (account and key in ACCOUNT_HEADERS) or key in allowed
        if passes and key not in seen and not is_denied(key):
            seen.add(key)
            yield key, header_value(key, value)


def header_value(key: str, value: str | bytes) -> str:
    """A metadata value as a header value: printable ASCII, so that it cannot start another header.

    Raises:
        BridgeError: INVALID_METADATA.
    """
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    if _VALUE.fullmatch(text) is None:
        message = f"metadata {key!r} contains characters that are not allowed in an HTTP header"
        raise BridgeError(Reason.INVALID_METADATA, message, metadata={"metadataKey": key})
    return text.strip()


def response_trailers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The upstream's response headers that go to the caller. Its request id becomes `x-upstream-request-id`.

    The request id comes first, then the upstream's own headers, then those that it relays, until the space is used up.
    A value that gRPC cannot send is dropped, because it would break the call.
    """
    ranked: tuple[list[tuple[str, str]], ...] = ([], [], [])
    for name, value in headers:
        key = name.lower()
        rank = _rank(key) if len(key) <= _MAX_REMEMBERED else _rank.__wrapped__(key)
        if rank is not None and _KEY.fullmatch(key) and _VALUE.fullmatch(value):
            ranked[rank].append((key, value))
    own = [("x-upstream-request-id", value) for _, value in ranked[0][:1]]  # the first one counts
    trailers: list[tuple[str, str]] = []
    left = _MAX_TRAILER_BYTES
    for key, value in (*own, *ranked[1], *ranked[2]):
        size = len(key) + len(value) + _ENTRY_BYTES
        if size <= left:
            left -= size
            trailers.append((key, value))
    return trailers


@lru_cache(1024)
def _rank(key: str) -> int | None:
    """The rank of a header, 0 first; None for one that does not pass."""
    if key == "x-request-id":
        return 0
    if key.startswith(_RELAYED):
        return 2 if _passes(key[len(_RELAYED[0]) :]) else None
    return 1 if _passes(key) else None


def _passes(key: str) -> bool:
    return (key in RESPONSE_HEADERS or key.startswith(_RATE_LIMITS)) and not is_denied(key)
