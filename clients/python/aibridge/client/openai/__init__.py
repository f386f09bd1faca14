"""openai-python over gRPC: an httpx transport that turns its requests into RPCs.

    client = openai.OpenAI(http_client=http_client("127.0.0.1:50051"), api_key=…)

The rest of the program is unchanged. `http_client` uses the HTTP library of the installed openai-python: httpx2, or
httpx before version 3 of openai-python. Models, chat, streams, tools, structured outputs and embeddings return the same
objects, and errors raise the same exceptions with the same fields. docs/openai.md lists the few differences.

The API key is sent as the caller's credential. The library's own retries and timeouts apply, and no others: neither
gRPC nor the bridge retries. `requests` turns a request into an RPC, and `responses` turns the result into HTTP. Only
`transport` does I/O.
"""

from collections.abc import Sequence
from typing import Any

from aibridge.client.channel import Option, TlsChoice

try:
    from aibridge.client.openai.transport import AsyncTransport, Transport
except ModuleNotFoundError as error:
    if error.name not in {"orjson", "pybase64"}:
        raise
    missing = f"no module named {error.name!r}; install it with: pip install 'aibridge-client[openai]'"
    raise ModuleNotFoundError(missing, name=error.name) from None

__all__ = ["async_http_client", "async_transport", "http_client", "transport"]


def http_client(target: str, *, tls: TlsChoice = False, options: Sequence[Option] = (), **settings: Any) -> Any:
    """The `http_client` for an `openai.OpenAI` whose requests go to the bridge at `target`.

    Args:
        target: HOST:PORT, unix:PATH, or any other name that gRPC resolves. The library's `base_url` is not used.
        tls: as for `aibridge.client.connect`.
        options: as for `aibridge.client.connect`.
        settings: for `openai.DefaultHttpxClient`, such as `timeout` or `event_hooks`.

    Raises:
        ValueError: the target is no address, or `tls` is incomplete.
        OSError: a file of `tls` cannot be read.
    """
    import openai  # noqa: PLC0415 # optional dependency

    return openai.DefaultHttpxClient(transport=transport(target, tls=tls, options=options), **settings)


def async_http_client(target: str, *, tls: TlsChoice = False, options: Sequence[Option] = (), **settings: Any) -> Any:
    """As `http_client`, for an `openai.AsyncOpenAI`."""
    import openai  # noqa: PLC0415 # as above

    return openai.DefaultAsyncHttpxClient(transport=async_transport(target, tls=tls, options=options), **settings)


def transport(target: str, *, tls: TlsChoice = False, options: Sequence[Option] = ()) -> Any:
    """The transport alone, for your own `httpx.Client` or `httpx2.Client`."""
    return Transport(target, tls, options)


def async_transport(target: str, *, tls: TlsChoice = False, options: Sequence[Option] = ()) -> Any:
    """The asyncio transport alone, for your own `httpx.AsyncClient` or `httpx2.AsyncClient`."""
    return AsyncTransport(target, tls, options)
