"""The HTTP client of the one upstream: a pool of connections, one request at a time on each, every limit enforced.

httpx is the interface, on the httpx-aiohttp transport. The transport is called directly: with one fixed base URL there
is nothing for httpx's client layer (redirects, cookies, URL merging, environment proxies) to do, and it is most of
httpx's cost. Reply bodies are read from aiohttp's own reader, see `_read`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any, Final, NamedTuple, cast
from urllib.parse import quote

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from bridge.call import Call
from bridge.errors import BridgeError, Reason
from bridge.jsontext import MalformedJSONError, loads
from bridge.metadata import reply_trailers, request_headers
from bridge.settings import Settings
from bridge.upstream import failures
from bridge.upstream.bodies import error_in
from bridge.upstream.clock import Clock
from bridge.upstream.credentials import Credentials
from bridge.upstream.decompress import Decode, decoder_for

_SAFE: Final = "!$&'()*+,;=:@-._~"  # what openai-python leaves alone in a path segment
_ERROR_BODY: Final = 1 << 20
#: Larger request bodies go out in pieces: a slow upstream then holds up the writer, and not a buffer of the whole body.
_WHOLE_BODY: Final = 1 << 18
_PIECE: Final = 1 << 16


class Answer(NamedTuple):
    """A whole reply: the JSON value, and the text that it was."""

    value: dict[str, Any]
    data: bytes


class Exchange:
    """One request under way and the reply to it, whose headers have arrived."""

    def __init__(
        self, response: httpx.Response, call: Call, request: bytes, clock: Clock, settings: Settings, *, own: bool
    ) -> None:
        self.response = response
        self.call = call
        self.clock = clock
        self._request = request
        self._own = own
        # The transport's stream keeps the aiohttp response to itself, reads it in pieces of 16 KiB through two layers
        # of generators, and forgets on an error what had arrived before it.
        self._raw = cast("aiohttp.ClientResponse", response.stream._aiohttp_response)  # type: ignore[union-attr] # noqa: SLF001
        self._decode: Decode | None = None
        self._stall = settings.stall_timeout
        self._broken: BridgeError | None = None

    def expect(self, limit: int) -> None:
        """Look at the reply's encoding.

        Raises:
            BridgeError: UPSTREAM_MALFORMED_RESPONSE for one that was not asked for and is not known.
        """
        self._decode = decoder_for(self.response.headers.get("content-encoding", ""), limit)

    @property
    def media_type(self) -> str:
        """The reply's content type without parameters, in lower case."""
        return str(self.response.headers.get("content-type", "")).partition(";")[0].strip().lower()

    async def read(self) -> bytes:
        """The bytes that have arrived since the last call, at least one; `b""` at the end of the body.

        Raises:
            BridgeError: UPSTREAM_STREAM_INTERRUPTED, once all that had arrived before the cut has been read.
        """
        if self._broken is not None:
            raise self._broken
        content = self._raw.content
        try:
            data = await content.readany()
        except (aiohttp.ClientError, OSError) as error:
            self._broken = failures.of_exception(error, answered=True)
            data = _rescue(content)
            if not data:
                raise self._broken from error
        return self._decode(data) if self._decode is not None else data

    async def read_all(self, limit: int) -> bytes:
        """The rest of the body.

        Raises:
            BridgeError: UPSTREAM_RESPONSE_TOO_LARGE over `limit` bytes; as `read`.
        """
        pieces = []
        size = 0
        self.clock.phase(self._stall, Reason.UPSTREAM_TIMEOUT, "the reply stopped in the middle")
        while data := await self.read():
            pieces.append(data)
            size += len(data)
            self.clock.resume()
            if size > limit:
                raise failures.too_large("the reply", limit)
        return b"".join(pieces)

    def failure(self, error: Any, data: bytes) -> BridgeError:
        """What an error in the body of a 200 reply means for the caller."""
        return failures.of_error(error, self.response.headers, data, self.call, self._request, own=self._own)

    async def refusal(self) -> BridgeError:
        """What a reply with a status other than 2xx means for the caller."""
        try:
            data = await self.read_all(_ERROR_BODY)
        except BridgeError:
            data = b""  # the status is the news; a body that is cut off or endless takes nothing from it
        headers = self.response.headers
        status = self.response.status_code
        return failures.of_reply(status, headers, data, self.call, self._request, own=self._own)

    def close(self) -> None:
        """Give the connection back if the body was read to its end; else close it, at once."""
        if self._raw.content.at_eof():
            self._raw.release()
        else:
            self._raw.close()


def _rescue(content: aiohttp.StreamReader) -> bytes:
    """What had arrived before the connection broke. aiohttp reports the break first and would drop it."""
    content.set_exception(cast("BaseException", None))
    return content.read_nowait()


class Upstream:
    """The gateway. One per process, made inside its event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._credentials = Credentials(settings)
        self._base = settings.upstream_url
        self._free = asyncio.Semaphore(settings.upstream_connections)
        self._transport = AiohttpTransport(trust_env=False, client=self._session)
        self._timeout = {"connect": settings.connect_timeout, "pool": settings.connect_timeout, "read": None}
        self._headers = {"user-agent": f"aibridge/{version('aibridge')}", "accept-encoding": "identity"}

    def _session(self) -> aiohttp.ClientSession:
        """The pool. Connections are counted by `_free`, where waiting for one has a limit and an error of its own."""
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30.0, ssl=httpx.create_ssl_context(trust_env=False))
        # No cookies: what an upstream sets for one caller must not go out with the next one's request.
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False)

    async def get(self, path: str, call: Call) -> Answer:
        """The reply to a GET of `path` below the base URL. Errors as `post`."""
        return await self._whole("GET", path, call, b"")

    async def post(self, path: str, call: Call, body: bytes) -> Answer:
        """The reply to a POST of a JSON body.

        Raises:
            BridgeError: every way in which this can fail, see `bridge.upstream.failures`.
        """
        return await self._whole("POST", path, call, body)

    @asynccontextmanager
    async def open(self, method: str, path: str, call: Call, body: bytes, accept: str) -> AsyncIterator[Exchange]:
        """A request whose reply has begun with a 2xx. On leaving, the connection is free or closed, however it ends.

        Raises:
            BridgeError: as `post`.
        """
        async with Clock(call.deadline) as clock, self._slot(clock):
            credential = self._credentials.choose(call.metadata)
            headers = [*self._headers.items(), ("accept", accept)]
            if body:
                headers.append(("content-type", "application/json"))
            headers += request_headers(call.metadata, self._settings.forward_headers)
            if credential.authorization is not None:
                headers.append(("authorization", credential.authorization))
            if len(body) > _WHOLE_BODY:
                headers.append(("content-length", str(len(body))))
            content = body if len(body) <= _WHOLE_BODY else _pieces(body)
            request = httpx.Request(
                method, self._base + path, headers=headers, content=content, extensions={"timeout": self._timeout}
            )
            clock.phase(self._settings.response_timeout, Reason.UPSTREAM_TIMEOUT, "no reply from the upstream in time")
            call.attempts += 1
            try:
                response = await self._transport.handle_async_request(request)
            except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:
                raise failures.of_exception(error, answered=False) from error
            exchange = Exchange(response, call, body, clock, self._settings, own=credential.own)
            try:
                _note(call, response)
                exchange.expect(self._settings.max_reply_bytes)
                if not response.is_success:
                    raise await exchange.refusal()
                yield exchange
            finally:
                exchange.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    @asynccontextmanager
    async def _slot(self, clock: Clock) -> AsyncIterator[None]:
        if self._free.locked():
            clock.phase(self._settings.queue_timeout, Reason.BRIDGE_OVERLOADED, "no free connection to the upstream")
        async with self._free:
            yield

    async def _whole(self, method: str, path: str, call: Call, body: bytes) -> Answer:
        async with self.open(method, path, call, body, "application/json") as exchange:
            if not is_json(exchange.media_type):
                raise failures.malformed("is not JSON by its content type")
            data = await exchange.read_all(self._settings.max_reply_bytes)
            answer = parse(data)
            error = error_in(answer.value)
            if error is not None:
                raise exchange.failure(error, data)
            return answer


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(body), _PIECE):
        yield body[at : at + _PIECE]


def _note(call: Call, response: httpx.Response) -> None:
    call.http_status = response.status_code
    call.upstream_request_id = response.headers.get("x-request-id", "")
    call.trailers = reply_trailers(response.headers.multi_items())


def is_json(media_type: str) -> bool:
    """Whether a reply of this content type may be read as JSON; some servers name none."""
    return media_type in {"application/json", ""} or media_type.endswith("+json")


def parse(data: bytes) -> Answer:
    """A reply's JSON object. Blank lines before it are a keep-alive of DeepSeek's.

    Raises:
        BridgeError: UPSTREAM_MALFORMED_RESPONSE.
    """
    data = data.strip()
    try:
        value = loads(data)
    except MalformedJSONError as error:
        raise failures.malformed(f"is not valid JSON ({error})") from None
    if isinstance(value, list):
        if value and isinstance(value[0], dict) and "error" in value[0]:  # Gemini's compatibility layer
            return Answer(value[0], data)
        return Answer({"data": value}, b'{"data":' + data + b"}")  # a list without its envelope
    if not isinstance(value, dict):
        raise failures.malformed("is not a JSON object")
    return Answer(value, data)


def segment(model: str) -> str:
    """A model id as one segment of a path: `/` becomes `%2F`, what could leave the segment is refused by the caller."""
    return quote(model, safe=_SAFE)
