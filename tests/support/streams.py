"""A streamed completion from memory: reads of the upstream in, messages and the call's record out."""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import httpx

from aibridge.v1.chat_pb2 import CreateChatCompletionStreamResponse
from bridge import settings
from bridge.call import CallContext, CallRecord
from bridge.errors import BridgeError
from bridge.jsontext import text_of
from bridge.services.relay import Relay
from bridge.upstream import failures, repeats
from bridge.upstream.leaks import Secrets
from bridge.upstream.masking import Mask
from bridge.upstream.stream import ChunkStream

METHOD = "/aibridge.v1.ChatService/CreateChatCompletionStream"
SETTINGS = settings.load(max_event_bytes=4096, upstream_url="http://127.0.0.1:1/v1")


class _Clock:
    def phase(self, *_: Any) -> None:
        """Like the real method."""

    resume = pause = phase


def _never(_: bytes) -> bool:
    return False


class Exchange:
    """Replaces `bridge.upstream.exchange.Exchange`: pieces of a body, and then its end or a cut."""

    def __init__(
        self,
        pieces: Iterable[bytes],
        *,
        mask: Mask | None = None,
        media_type: str = "text/event-stream",
        cut: bool = False,
        inline: bool = False,
    ) -> None:
        self._pieces = iter(pieces)
        self._may_wait: Callable[[bytes], bool] = _never
        self._cut = cut
        self._mask = mask or Mask(b"", Secrets(()))
        self.media_type = media_type
        self.clock = _Clock()
        self.max_elements = 100_000
        record = CallRecord(METHOD, (), "r", model="m")
        self.call = CallContext(record, METHOD, (), math.inf, model="m", inline_data=inline)

    def take_turn(self, _: int) -> None:
        """Like the real method: a turn is free."""

    async def read(self, _: int = 0) -> bytes:
        held = b""
        for piece in self._pieces:
            if not self._may_wait(piece):
                return held + piece
            held += piece
        if held:
            return held
        if self._cut:
            raise failures.interrupted("cut")
        return b""

    def holds_event(self) -> bool:
        """Each read returns all that has arrived."""
        return False

    def hold(self, may_wait: Callable[[bytes], bool] | None) -> bool:
        """Pieces that may wait come with the next one that may not, or at the end: no window closes in between."""
        self._may_wait = may_wait or _never
        return False

    def keep(self, size: int) -> None:
        """There is always enough memory."""

    async def rest_from(self, _silent: int) -> None:
        """No reader is informed."""

    async def read_all(self, _limit: int, start: bytes = b"") -> bytes:
        while piece := await self.read():
            start += piece
        return start

    async def linger(self) -> None:
        """Nothing is read after the last event."""

    async def beginning(self) -> bytes:
        with suppress(BridgeError):
            return await self.read_all(0)
        return b""

    async def failed(self, error: Any, data: bytes) -> BridgeError:
        return self.failure(error, data)

    def failure(self, error: Any, data: bytes) -> BridgeError:
        return failures.of_error(error, httpx.Headers(), data, self.call, self._mask, uses_bridge_credential=True)


class Written:
    """A caller that serialises each message at once, as gRPC does."""

    def __init__(self, now: Callable[[], float] = lambda: 0.0) -> None:
        self.messages: list[bytes] = []
        self.times: list[float] = []
        self._now = now

    async def write(self, message: Any) -> None:
        self.messages.append(message.SerializeToString(deterministic=True))
        self.times.append(self._now())

    heartbeat = write


class Counting(Relay):
    """Counts the chunks that were not parsed."""

    skipped = 0

    def recognise(self, data: bytes) -> Any:
        found = super().recognise(data)
        self.skipped += found is not None
        return found


class Parsing(Relay):
    """Recognises no chunk, so that each is parsed."""

    def recognise(self, _: bytes) -> None:
        """Like the real method when all chunks are new."""


class Told(NamedTuple):
    """The messages that a caller gets of a stream, and the record of the bridge."""

    messages: list[bytes]
    error: tuple[str, str] | None
    finish_reasons: dict[int, str] | None
    usage: str
    first: str


async def told(
    exchange: Any,
    kind: type[Relay] = Relay,
    window: float | None = None,
    judge: Callable[[BridgeError, CallContext], None] = lambda *_: None,
) -> Told:
    """A stream relayed to its end, of whatever kind; `judge` sees the error.

    Templates of earlier streams are forgotten.
    """
    repeats._seen.clear()
    written, error, record = Written(), None, exchange.call.record
    relay = kind(exchange.call, written, window, 0.0)
    try:
        await relay.run(ChunkStream(exchange, SETTINGS, relay))
    except BridgeError as failure:
        judge(failure, exchange.call)
        error = failure.reason.name, failure.message
    return Told(written.messages, error, record.finish_reasons, text_of(record.usage), text_of(record.response))


def messages_of(told: Told) -> Iterator[CreateChatCompletionStreamResponse]:
    """The messages that a caller gets."""
    return map(CreateChatCompletionStreamResponse.FromString, told.messages)
