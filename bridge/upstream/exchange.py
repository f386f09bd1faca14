"""One request and the response to it."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from io import BytesIO
from typing import Any, Final, NamedTuple, Self

import httpx

from bridge.call import CallContext, CallRecord
from bridge.errors import BridgeError, Reason
from bridge.metadata import response_trailers
from bridge.offload import offload_if
from bridge.settings import Settings
from bridge.upstream import failures
from bridge.upstream.clock import Clock
from bridge.upstream.decompress import Unpacker, readable, unpacker_for
from bridge.upstream.fairness import SMALL_BYTES, FairQueue
from bridge.upstream.heads import is_framed
from bridge.upstream.leaks import Secrets
from bridge.upstream.masking import Mask
from bridge.upstream.transport import Response

#: Limits for reading the body of an error.
_MAX_ERROR_BYTES: Final = 1 << 18
_ERROR_TIMEOUT_SECONDS: Final = 2.0
#: Time to wait for the end of the body after the last event, so that the connection can be reused.
_LINGER_SECONDS: Final = 0.05
#: Maximum number of bytes of a stream that are decoded at once. If all are line feeds, that takes 1 ms.
_SLICE_BYTES: Final = 1 << 14
_EVENT, _EVENT_END = b"data: {", b"\n\n"
#: If more bytes of a read contain no event, the bridge waits before the next read, in proportion to the bytes.
_MAX_SILENT_BYTES: Final = 4096
_REST_SECONDS_PER_BYTE: Final = 4e-6
#: An error and its request of up to this many bytes are masked on the event loop, larger ones in a thread.
_MASKED_AT_ONCE: Final = 1 << 16
#: A byte of an error costs as much as this many bytes of a request, because each line of an error is tried as JSON.
_ERROR_WEIGHT: Final = 4
#: An error inside a stream has to be masked on the event loop. If the request is larger, nothing of the error is shown.
_SCANNED_AT_ONCE: Final = 1 << 20


class Sent(NamedTuple):
    """What was sent: the body, whether with the bridge's credential, and the secrets in the head, None for none."""

    body: bytes
    uses_bridge_credential: bool
    secrets: Sequence[str | None]


class Exchange:
    """One request, and the response to it once its headers have arrived. A context manager that closes it.

    `on_close` is called at the end.
    """

    def __init__(
        self,
        response: Response,
        call: CallContext,
        sent: Sent,
        clock: Clock,
        settings: Settings,
        fair_queue: FairQueue,
        *,
        on_close: Callable[[], None],
    ) -> None:
        self.call = call
        self.clock = clock
        self._sent = sent
        # The credential that authenticates the caller to the bridge may be a different one.
        shown = [value for key, value in call.metadata if key == "authorization" and isinstance(value, str)]
        self._secrets = Secrets((*sent.secrets, *shown))
        self.take_turn = fair_queue.take
        self._on_close = on_close
        self._response = response
        self._unpacker: Unpacker | None = None
        self._rest = b""  # received, but not returned yet
        self.max_elements = settings.max_response_elements
        self._stall = settings.stall_timeout
        self._headers = dict(reversed(response.fields))  # the first of several headers with one name counts
        self._record = record = call.record
        record.http_status = response.status
        request_id = self._headers.get("x-request-id", "")
        record.upstream_request_id = "" if request_id and self._secrets.are_in(request_id) else request_id
        record.trailers = response_trailers(response.fields)
        if record.trailers and self._secrets.are_in("\n".join([value for _, value in record.trailers])):
            record.trailers = [(key, value) for key, value in record.trailers if not self._secrets.are_in(value)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def check(self) -> None:
        """Check that the response is a success, in an encoding that can be decoded.

        Raises:
            BridgeError: the failure for a status other than 2xx; UPSTREAM_MALFORMED_RESPONSE for an unknown encoding.
        """
        status = self._record.http_status
        if status == httpx.codes.SWITCHING_PROTOCOLS:
            raise failures.malformed("switches to another protocol")
        if not 200 <= status < 300:
            raise await self._refusal()
        self._unpacker = unpacker_for(self._headers.get("content-encoding", ""))

    @property
    def media_type(self) -> str:
        """The response's content type without parameters, in lower case. Some proxies join two headers to a list."""
        return self._headers.get("content-type", "").partition(",")[0].partition(";")[0].strip().lower()

    @property
    def is_framed(self) -> bool:
        """Whether the headers say where the body ends. If not, the end of the connection does, which may be a cut."""
        return is_framed(self._response.fields)

    async def read(self, kept: int = 0) -> bytes:
        """The bytes that have arrived since the last call, at most `_SLICE_BYTES`; `b""` at the end of the body.

        More than `SMALL_BYTES` wait for a turn. `kept` is the number of bytes of an event that they may complete.

        Raises:
            BridgeError: UPSTREAM_STREAM_INTERRUPTED, after all bytes that arrived before the cut were read.
        """
        data = self._rest
        if data:
            await asyncio.sleep(0)  # let other tasks run between two slices
        elif self._unpacker is None:
            try:  # as `_received`, whose coroutine would cost a stream of single chunks 2 %
                data = await self._response.read()
            except httpx.TransportError as error:
                raise failures.of_exception(error, has_response=True) from error
        else:
            data = await self._unpacked(self._unpacker)
        found, rest = data, b""
        if len(data) > _SLICE_BYTES:
            end = data.rfind(b"\n\n", 0, _SLICE_BYTES) + 2  # whole events are cheaper to decode
            end = end if end >= 2 else _SLICE_BYTES
            found, rest = data[:end], data[end:]
        completes = kept and (b"\n" in found or b"\r" in found)
        size = len(found) + kept if completes else len(found)
        if size > SMALL_BYTES and (turn := self.take_turn(size)) is not None:
            self._rest = data  # a cancellation loses nothing
            passed = self.clock.suspend()  # the upstream has not stalled
            await turn
            self.clock.resume(passed)
        self._rest = rest
        return found

    def holds_event(self) -> bool:
        """Whether the next `read` returns bytes that are left over, and that begin with a whole event of data."""
        return self._rest.startswith(_EVENT) and self._rest.find(_EVENT_END, 0, _SLICE_BYTES) >= 0

    def hold(self, may_wait: Callable[[bytes], bool] | None) -> bool:
        """As `Connection.hold`. Compressed bytes do not wait. Bytes that a `read` left over count as waiting."""
        return (self._unpacker is None and self._response.hold(may_wait)) or bool(self._rest)

    def _arrived(self) -> Coroutine[Any, Any, bytes]:
        return self._received() if self._unpacker is None else self._unpacked(self._unpacker)

    async def _received(self) -> bytes:
        try:
            return await self._response.read()
        except httpx.TransportError as error:
            raise failures.of_exception(error, has_response=True) from error

    async def _unpacked(self, unpacker: Unpacker) -> bytes:
        while True:
            if unpacker.has_more:
                await asyncio.sleep(0)  # let other tasks run between two steps
                text = unpacker.step()
            elif data := await self._received():
                text = unpacker.step(data)
            else:
                unpacker.close()
                return b""
            if text:  # a compressed piece may give no text yet
                return text

    async def read_all(self, limit: int, start: bytes = b"") -> bytes:
        """The whole body: `start`, which was already read, and the rest.

        Raises:
            BridgeError: UPSTREAM_RESPONSE_TOO_LARGE over `limit` bytes; as `read`.
        """
        body = BytesIO()  # a list of pieces would take as much memory again as the whole body
        size = body.write(start) + body.write(self._rest)
        self._rest = b""
        self.clock.phase(self._stall, Reason.UPSTREAM_TIMEOUT, "the response stalled")
        self._response.expect(limit)  # the whole body is needed, so reading does not pause
        while size <= limit and not self._is_over() and (data := await self._arrived()):
            size += body.write(data)
            self.keep(size)
            self.clock.resume()
        if size > limit:
            raise failures.too_large("the response", limit)
        self._record.ended_at = time.monotonic()
        return body.getvalue()

    def _is_over(self) -> bool:
        return self._unpacker is None and self._response.is_over()

    def keep(self, size: int) -> None:
        """Check that this many bytes may be buffered until the response or event is complete.

        Raises:
            BridgeError: UPSTREAM_RESPONSE_TOO_LARGE for a compressed body of far fewer bytes.
        """
        if self._unpacker is not None:
            self._unpacker.keep(size)

    async def rest_from(self, silent: int) -> None:
        """Wait before the next read, in proportion to the number of bytes that contained no event.

        A few line feeds or comments keep a connection alive. A flood of them costs the event loop 80 ns per byte. The
        wait limits that to a fiftieth of the loop's time.
        """
        if silent > _MAX_SILENT_BYTES:
            await asyncio.sleep(min(silent * _REST_SECONDS_PER_BYTE, 1.0))

    async def failed(self, error: Any, data: bytes) -> BridgeError:
        """The failure for an error in the body of a 200 response."""
        return await self._masked(data, partial(failures.of_error, error, self._headers, data, self.call))

    def failure(self, error: Any, data: bytes) -> BridgeError:
        """As `failed`, without a thread. Nothing of an error is shown that would take long to mask."""
        mask = Mask(self._sent.body, self._secrets, _SCANNED_AT_ONCE)
        return failures.of_error(
            error, self._headers, data, self.call, mask, uses_bridge_credential=self._sent.uses_bridge_credential
        )

    async def beginning(self) -> bytes:
        """The first bytes of the body, enough to show an error. If the body is cut off or stalls, what has arrived."""
        body = bytearray()
        self.clock.pause()
        with suppress(BridgeError, TimeoutError):
            async with asyncio.timeout(_ERROR_TIMEOUT_SECONDS):
                while len(body) < _MAX_ERROR_BYTES and (data := await self.read()):
                    body += data
        return bytes(body)

    async def linger(self) -> None:
        """Read to the end of the body if it comes soon, so that the connection can be kept."""
        if self._response.is_over():
            return
        with suppress(TimeoutError, BridgeError):
            async with asyncio.timeout(_LINGER_SECONDS):
                while await self.read():
                    pass

    async def _refusal(self) -> BridgeError:
        """The failure for a status other than 2xx. The body can only refine it."""
        data = readable(await self.beginning(), self._headers.get("content-encoding", ""), _MAX_ERROR_BYTES)
        return await self._masked(
            data, partial(failures.of_response, self._record.http_status, self._headers, data, self.call)
        )

    async def _masked(self, data: bytes, failure: Callable[..., BridgeError]) -> BridgeError:
        sent = self._sent
        is_large = _ERROR_WEIGHT * len(data) + len(sent.body) > _MASKED_AT_ONCE
        mask = Mask(sent.body, self._secrets)
        return await offload_if(is_large, failure, mask, uses_bridge_credential=sent.uses_bridge_credential)

    def close(self) -> None:
        """Return the connection to the pool if the body was read to its end. If not, close it at once."""
        self._record.ended_at = self._record.ended_at or time.monotonic()
        self._response.close()
        self._on_close()


def forget_response(record: CallRecord) -> None:
    """Clear the fields about a response, before the next attempt."""
    record.http_status, record.upstream_request_id, record.trailers, record.ended_at = 0, "", [], 0.0
