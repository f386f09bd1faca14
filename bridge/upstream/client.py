"""The HTTP client of the one upstream: a pool of connections, one request at a time on each, every limit enforced.

httpx is the interface, on the httpx-aiohttp transport. The transport is called directly: with one fixed base URL there
is nothing for httpx's client layer (redirects, cookies, URL merging, environment proxies) to do, and it is most of
httpx's cost.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any, Final, NamedTuple, cast
from urllib.parse import quote

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from multidict import CIMultiDict

from bridge.call import Call
from bridge.errors import BridgeError, Reason
from bridge.jsontext import MalformedJSONError, loads
from bridge.metadata import request_headers
from bridge.settings import Settings
from bridge.upstream import failures
from bridge.upstream.bodies import error_in
from bridge.upstream.clock import Clock
from bridge.upstream.credentials import Credentials
from bridge.upstream.exchange import Exchange
from bridge.upstream.pool import pool, usage
from bridge.upstream.request import Request
from bridge.upstream.retry import Retries
from bridge.upstream.tls import contexts

_SAFE: Final = "!$&'()*+,;=:@-._~"  # what openai-python leaves alone in a path segment


class Answer(NamedTuple):
    """A whole reply: the JSON value, and the text that it was."""

    value: dict[str, Any]
    data: bytes


class Upstream:
    """The gateway. One per process, made inside its event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._credentials = Credentials(settings)
        self._base = settings.upstream_url
        self._free = asyncio.Semaphore(settings.upstream_connections)
        self._retries = Retries(settings.max_retries)
        self._tls = contexts(settings)
        self._transport = AiohttpTransport(verify=self._tls(), trust_env=False, client=self._pool)
        self._session: aiohttp.ClientSession | None = None
        limits = {"connect": settings.connect_timeout, "pool": settings.connect_timeout, "read": None}
        self._extensions = {"timeout": limits}
        self._headers = CIMultiDict({"user-agent": f"aibridge/{version('aibridge')}", "accept-encoding": "identity"})

    def _pool(self) -> aiohttp.ClientSession:
        self._session = pool(self._tls, self._settings.max_header_bytes)
        return self._session

    def connections(self) -> tuple[int, int]:
        """How many connections are in use and how many idle. May be asked from any thread."""
        return usage(self._session) if self._session is not None else (0, 0)

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
        async with Clock(call.deadline) as clock:
            exchange = await self._begin(method, path, call, body, accept, clock)
            try:
                yield exchange
            finally:
                call.replied = call.replied or time.monotonic()
                exchange.close()
                self._free.release()

    async def _begin(self, method: str, path: str, call: Call, body: bytes, accept: str, clock: Clock) -> Exchange:
        """The first attempt that is answered with a 2xx."""
        while True:
            try:
                exchange = await self._attempt(method, path, call, body, accept, clock)
            except BridgeError as error:
                delay = self._retries.delay(error, call)
                if delay is None:
                    raise
            else:
                self._retries.succeeded()
                return exchange
            clock.pause()
            call.refusals += (call.http_status,)
            await asyncio.sleep(delay)

    async def _attempt(self, method: str, path: str, call: Call, body: bytes, accept: str, clock: Clock) -> Exchange:
        request, own = self._request(method, path, call, body, accept)
        if self._free.locked():
            await self._turn(call, clock)
        else:
            await self._free.acquire()
        try:
            clock.phase(self._settings.response_timeout, Reason.UPSTREAM_TIMEOUT, "no reply from the upstream in time")
            call.attempts += 1
            call.asked = call.asked or time.monotonic()
            call.trailers, call.http_status, call.upstream_request_id = [], 0, ""  # of the attempt before
            try:
                response = await self._transport.handle_async_request(request)
            except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:
                raise failures.of_exception(error, answered=False) from error
            raw = cast("aiohttp.ClientResponse", response.stream._aiohttp_response)  # type: ignore[union-attr] # noqa: SLF001
            exchange = Exchange(raw, call, body, clock, self._settings, own=own)
            try:
                await exchange.check(self._settings.max_reply_bytes)
            except BaseException:
                exchange.close()
                raise
        except BaseException:
            self._free.release()
            raise
        return exchange

    async def _turn(self, call: Call, clock: Clock) -> None:
        """Wait for a connection to be free."""
        clock.phase(self._settings.queue_timeout, Reason.BRIDGE_OVERLOADED, "no free connection to the upstream")
        began = time.monotonic()
        try:
            await self._free.acquire()
        finally:
            if not call.asked:
                call.queued += time.monotonic() - began

    def _request(self, method: str, path: str, call: Call, body: bytes, accept: str) -> tuple[Request, bool]:
        """The request, and whether it bears the bridge's own credential."""
        credential = self._credentials.choose(call.metadata, call.caller)
        headers = self._headers.copy()
        headers["accept"] = accept
        if body:
            headers["content-type"] = "application/json"
        for name, value in request_headers(call.metadata, self._settings.forward_headers, account=not credential.own):
            headers.add(name, value)
        if call.trace is not None:  # the upstream's part hangs on the bridge's, and not on the caller's
            for name, value in call.trace.headers(call, method, path):
                headers[name] = value
        if credential.authorization is not None:
            headers["authorization"] = credential.authorization
        return Request(method, self._base + path, headers, body, self._extensions), credential.own

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    async def _whole(self, method: str, path: str, call: Call, body: bytes) -> Answer:
        async with self.open(method, path, call, body, "application/json") as exchange:
            if not is_json(exchange.media_type):
                raise failures.malformed("is not JSON by its content type")
            data = await exchange.read_all(self._settings.max_reply_bytes)
            call.replied = time.monotonic()
            answer = parse(data)
            error = error_in(answer.value)
            if error is not None:
                raise exchange.failure(error, data)
            return answer


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
        if value and isinstance(value[0], dict) and error_in(value[0]) is not None:  # Gemini's compatibility layer
            return Answer(value[0], data)
        return Answer({"data": value}, b'{"data":' + data + b"}")  # a list without its envelope
    if not isinstance(value, dict):
        raise failures.malformed("is not a JSON object")
    return Answer(value, data)


def segment(model: str) -> str:
    """A model id as one segment of a path: `/` becomes `%2F`, what could leave the segment is refused by the caller."""
    return quote(model, safe=_SAFE)
