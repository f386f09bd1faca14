"""gRPC metadata <-> HTTP headers: allow-lists both ways, a deny-list on top. What is in no list does not pass."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from bridge.errors import BridgeError, Reason

#: What a caller's metadata may say to the upstream. Nothing here can change the host, the path or the credentials.
REQUEST_HEADERS: Final = frozenset(
    {
        "http-referer",  # app attribution: Vercel, OpenRouter
        "openai-organization",
        "openai-project",
        "traceparent",
        "tracestate",
        "x-client-request-id",
        "x-request-id",
        "x-title",
    }
)

#: What an upstream's reply may say to the caller, as trailing metadata; further names by prefix below.
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
        "x-ms-client-request-id",
        "x-ms-region",
        "x-ms-request-id",
        "x-should-retry",
        "x-vercel-cache",
        "x-vercel-id",
    }
)
_REPLY_PREFIXES: Final = ("x-ratelimit-", "x-litellm-", "llm_provider-")

#: Never passed on, whatever a setting allows: what frames the message, routes it, or authenticates someone.
DENIED: Final = frozenset(
    {
        "api-key",
        "authorization",
        "connection",
        "cookie",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "www-authenticate",
        "x-api-key",
    }
)
_DENIED_PREFIXES: Final = (":", "grpc-", "proxy-", "content-", "x-forwarded-")

#: All trailers of a reply together, as HTTP/2 counts them; peers refuse more than 8 KiB of metadata by default.
_REPLY_SIZE: Final = 3072
_ENTRY_SIZE: Final = 32  # of each entry, besides its characters
_VALUE: Final = re.compile(r"[\x20-\x7e]*")
_KEY: Final = re.compile(r"[0-9a-z_.-]+")

Metadata = Iterable[tuple[str, str | bytes]]


def is_denied(name: str) -> bool:
    """Whether a header of this lower-case name never passes."""
    return name in DENIED or name.startswith(_DENIED_PREFIXES) or name.endswith("-bin")


def request_headers(metadata: Metadata, allowed: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """The caller's metadata that goes to the upstream; `allowed` adds names to the built-in list.

    Raises:
        BridgeError: INVALID_METADATA for a value that cannot stand in an HTTP header.
    """
    for key, value in metadata:
        if (key in REQUEST_HEADERS or key in allowed) and not is_denied(key):
            yield key, header_value(key, value)


def header_value(key: str, value: str | bytes) -> str:
    """A metadata value as a header value: printable ASCII, so that it can end no line and begin no other header.

    Raises:
        BridgeError: INVALID_METADATA.
    """
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    if _VALUE.fullmatch(text) is None:
        message = f"metadata {key!r} holds characters that an HTTP header cannot"
        raise BridgeError(Reason.INVALID_METADATA, message, metadata={"metadataKey": key})
    return text.strip()


def reply_trailers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """An upstream's reply headers that go to the caller. Its own request id comes as `x-upstream-request-id`.

    A value that gRPC could not send is dropped: it would break the whole call.
    """
    trailers: list[tuple[str, str]] = []
    size = 0
    for name, value in headers:
        key = name.lower()
        if key == "x-request-id":
            key = "x-upstream-request-id"
        elif (key not in REPLY_HEADERS and not key.startswith(_REPLY_PREFIXES)) or is_denied(key):
            continue
        size += len(key) + len(value) + _ENTRY_SIZE
        if size <= _REPLY_SIZE and _KEY.fullmatch(key) and _VALUE.fullmatch(value):
            trailers.append((key, value))
    return trailers
