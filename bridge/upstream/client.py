"""The HTTP client of the upstream: credentials, headers, limits and retries.

The bridge calls `Transport.send` directly. httpx's client layer (redirects, cookies, URL merging, proxies from the
environment) and its objects are expensive, and are not needed with one fixed base URL.
"""

import asyncio
import time
from importlib.metadata import version
from typing import NamedTuple

import httpx
import structlog

from bridge.call import CallContext, CallRecord
from bridge.errors import BridgeError, Reason
from bridge.metadata import request_headers
from bridge.settings import Settings
from bridge.upstream import failures
from bridge.upstream.causes import Reachability
from bridge.upstream.choices import note_ends
from bridge.upstream.clock import Clock
from bridge.upstream.credentials import Credential, Credentials
from bridge.upstream.documents import Cuts, Document
from bridge.upstream.exchange import Exchange, Sent, forget_response
from bridge.upstream.fairness import FairQueue
from bridge.upstream.heads import Fields
from bridge.upstream.origin import Origin
from bridge.upstream.proxy import unused_variables, upstream_proxy
from bridge.upstream.responses import failure_in, is_json, note_response, response_of
from bridge.upstream.retry import Retries
from bridge.upstream.tls import contexts
from bridge.upstream.transport import Transport

_log = structlog.get_logger("aibridge.upstream")


class Request(NamedTuple):
    """A request below the base URL. `path` may have a query, `body` is JSON text or empty."""

    method: str
    path: str
    body: bytes = b""


class Upstream:
    """The upstream. There is one per process, created inside its event loop."""

    def __init__(self, settings: Settings) -> None:
        self._loop = asyncio.get_running_loop()
        self._settings = settings
        self.credentials = Credentials(settings)
        self._free = asyncio.Semaphore(settings.upstream_connections)
        self._fair_queue = FairQueue()
        self._retries = Retries(settings.max_retries)
        self._origin = Origin(settings)
        base = self._origin.base
        proxy = upstream_proxy(settings)
        # A proxy that forwards plain requests gets its credential in them, and may quote it in an error.
        self._quoting_proxy = proxy if base.scheme == "http" else None
        self._transport = Transport(
            base,
            contexts(settings),
            connect_timeout=settings.connect_timeout,
            max_header_bytes=settings.max_header_bytes,
            proxy=proxy,
            path=settings.upstream_socket,
            reachability=Reachability(upstream=settings.upstream_url, **({"proxy": proxy.url} if proxy else {})),
        )
        self._fixed = {
            "host": base.netloc.decode("ascii"),
            "user-agent": f"aibridge/{version('aibridge')}",
            "accept-encoding": "identity",
        }

    async def start(self) -> None:
        """Get the credential, and warn about proxy variables that are not used.

        Raises:
            SettingsError: there is no credential.
        """
        await self.credentials.start()
        if unused := unused_variables(self._settings):
            _log.warning(
                "proxy variables are not used: set upstream_proxy_from_environment or upstream_proxy",
                variables=", ".join(unused),
            )

    def connections(self) -> tuple[int, int]:
        """The numbers of connections in use and of idle ones. May be called from any thread."""
        return self._transport.connections()

    async def get(self, path: str, call: CallContext) -> Document:
        """GET a `path` below the base URL, perhaps with a query, and return the JSON object. Raises as `post` does."""
        return await self._whole(Request("GET", path), call)

    async def post(self, path: str, call: CallContext, body: bytes, cuts: Cuts | None = None) -> Document:
        """POST a JSON body and return the JSON object of the response. `cuts` as in `response_of`.

        Raises:
            BridgeError: see `bridge.upstream.failures`.
        """
        response = await self._whole(Request("POST", path, body), call, cuts)
        note_response(call.record, response.value)
        note_ends(call.record, response.value)
        return response

    def clock(self, call: CallContext) -> Clock:
        """The time limits of a request for this call."""
        return Clock(call.deadline, self._loop)

    async def begin(self, request: Request, call: CallContext, accept: str, clock: Clock) -> Exchange:
        """Send a request, with retries, until the status is 2xx. The caller must close the exchange.

        Raises:
            BridgeError: as `post`.
        """
        if call.caller is not None:
            await self.credentials.prepare(call.caller)
        renewed, sent, retries = False, None, 0
        while True:
            try:
                credential = self.credentials.choose(call.metadata, call.caller)
                sent = credential.authorization
                exchange = await self._attempt(request, call, accept, clock, credential)
            except BridgeError as error:
                call.record.unreachable = error.metadata.get("cause", "")
                if error.reason is Reason.BRIDGE_CREDENTIALS_REJECTED and not renewed:
                    renewed = True
                    clock.pause()
                    if await self.credentials.renew(call.caller, sent):
                        continue
                delay = self._retries.delay(error, call, retries, is_get=request.method == "GET")
                if delay is None:
                    raise
                retries += 1
            else:
                call.record.unreachable = ""
                self._retries.succeeded()
                return exchange
            clock.pause()
            await asyncio.sleep(delay)

    async def _attempt(
        self, request: Request, call: CallContext, accept: str, clock: Clock, credential: Credential
    ) -> Exchange:
        method, path, body = request
        target = self._origin.target(path, call.model)
        fields = self._fields(request, call, accept, credential)
        if self._free.locked():
            await self._wait_for_connection(call.record, clock)
        else:
            await self._free.acquire()
        clock.phase(self._settings.response_timeout, Reason.UPSTREAM_TIMEOUT, "no response from the upstream in time")
        record = call.record
        if record.attempts:
            record.earlier_statuses += (record.http_status,)
        record.attempts += 1
        record.posted = method == "POST"
        record.sent_at = record.sent_at or time.monotonic()
        forget_response(record)  # of the previous attempt
        try:
            response = await self._transport.send(method, target, fields, body)
        except BaseException as error:
            self._free.release()
            if isinstance(error, httpx.TransportError):
                raise failures.of_exception(error, has_response=False) from error
            raise
        sent = Sent(body, credential.uses_bridge_credential, (credential.authorization, *self._secrets()))
        exchange = Exchange(response, call, sent, clock, self._settings, self._fair_queue, on_close=self._free.release)
        try:
            await exchange.check()
        except BaseException:
            exchange.close()
            raise
        return exchange

    def _secrets(self) -> list[str]:
        """The secrets that each request has besides the credential."""
        secrets = self._origin.secrets()
        return secrets if self._quoting_proxy is None else [*secrets, *self._quoting_proxy.secrets()]

    async def _wait_for_connection(self, record: CallRecord, clock: Clock) -> None:
        """Wait for a free connection."""
        clock.phase(self._settings.queue_timeout, Reason.BRIDGE_OVERLOADED, "no free connection to the upstream")
        began = time.monotonic()
        try:
            await self._free.acquire()
        finally:
            if not record.sent_at:
                record.connection_seconds = time.monotonic() - began

    def _fields(self, request: Request, call: CallContext, accept: str, credential: Credential) -> Fields:
        """The fields of a request's head. Of two with the same name the later one counts."""
        method, path, body = request
        fields = {**self._fixed, "accept": accept}
        if body:
            fields["content-type"] = "application/json"
        if body or method == "POST":
            fields["content-length"] = str(len(body))
        account = not credential.uses_bridge_credential
        fields.update(request_headers(call.metadata, self._settings.forward_headers, account=account))
        fields.update(self._origin.headers())
        trace = call.record.trace
        if trace is not None:  # the upstream's span is a child of the bridge's, not of the caller's
            fields.pop("tracestate", None)  # it means nothing without the caller's traceparent
            fields.update(trace.headers(call.record, method, path))
        if credential.authorization is not None:
            name, value = self._origin.credential(credential.authorization)
            fields[name] = value
        return list(fields.items())

    async def close(self) -> None:
        """Close all connections."""
        await self.credentials.close()
        await self._transport.aclose()

    async def _whole(self, request: Request, call: CallContext, cuts: Cuts | None = None) -> Document:
        with self.clock(call) as clock, await self.begin(request, call, "application/json", clock) as exchange:
            if not is_json(exchange.media_type):
                error = await failure_in(exchange, await exchange.beginning())
                raise error or failures.malformed("is not JSON by its content type")
            return await response_of(exchange, await exchange.read_all(self._settings.max_response_bytes), cuts)
