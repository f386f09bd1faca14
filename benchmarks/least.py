"""The least that a bridge in Python does: it passes a call on and looks at nothing. Prints its port.

    python -m benchmarks.least PORT

It sends fixed requests over kept connections, waits for the responses' bytes, and sends the bare server's messages. So
it shows what gRPC, the event loop and the kernel cost for a call that goes through. There are no errors, limits,
headers, credentials, logs or metrics, and it works with nothing but the benchmark's upstreams.
"""

import asyncio
import sys
from typing import Any, Final

import grpc
import uvloop

from aibridge.v1 import chat_pb2_grpc, embeddings_pb2_grpc
from benchmarks import bare
from benchmarks.payloads import COMPLETION, EMBEDDINGS, StreamRequest, place

_HEAD: Final = (
    b"POST /v1/%b HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
)


class _Connection(asyncio.Protocol):
    """One connection to the upstream, which counts as received whatever arrives."""

    def __init__(self) -> None:
        self.received = b""
        self.ended = self._has_changed = False
        self._waiter: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        self._wake()

    def _wake(self) -> None:
        self._has_changed = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def begin(self) -> None:
        """Forget what was received, before a request."""
        self.received, self._has_changed = b"", False

    async def more(self) -> None:
        """Wait for bytes that have arrived since the last call, or the end."""
        if not self._has_changed:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        self._has_changed = False


class _Upstream:
    """The connections that are kept."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._kept: list[_Connection] = []

    async def ask(self, path: bytes, body: bytes) -> _Connection:
        """Send a request."""
        while self._kept and self._kept[-1].ended:
            self._kept.pop()
        if self._kept:
            connection = self._kept.pop()
        else:
            _, connection = await asyncio.get_running_loop().create_connection(_Connection, "127.0.0.1", self._port)
        connection.begin()
        connection.transport.write(_HEAD % (path, len(body)) + body)
        return connection

    async def whole(self, path: bytes, body: bytes, size: int) -> None:
        """Send a request and wait for a response with a body of this size."""
        connection = await self.ask(path, body)
        while (end := connection.received.find(b"\r\n\r\n")) < 0 or len(connection.received) < end + 4 + size:
            await connection.more()
        self._kept.append(connection)


class _Chat(bare.Chat):
    def __init__(self, upstream: _Upstream) -> None:
        super().__init__()
        self._upstream = upstream

    async def CreateChatCompletion(self, request: Any, context: Any) -> Any:
        body = b'{"model":"bench/model","messages":[{"role":"user","content":"When is high tide?"}]}'
        await self._upstream.whole(b"chat/completions", body, len(COMPLETION))
        return await super().CreateChatCompletion(request, context)

    async def CreateChatCompletionStream(self, request: Any, context: Any) -> None:
        asked = StreamRequest.of(request.model)
        messages = self._streams[asked.shape]
        body = b'{"model":"%b","stream":true,"messages":[]}' % request.model.encode()
        connection = await self._upstream.ask(b"chat/completions", body)
        sent = 0
        while sent < asked.events and not connection.ended:
            await connection.more()
            arrived = connection.received.count(b"\n\n")
            connection.received = connection.received[-1:]  # it may be the first half of the next blank line
            for index in range(sent, min(sent + arrived, asked.events)):
                await context.write(messages[place(index) if index < asked.events - 1 else -1])
            sent += arrived
        connection.transport.close()


class _Embeddings(bare.Embeddings):
    def __init__(self, upstream: _Upstream) -> None:
        super().__init__()
        self._upstream = upstream

    async def CreateEmbedding(self, request: Any, context: Any) -> Any:
        body = b'{"model":"bench/model","input":["x"],"encoding_format":"base64"}'
        await self._upstream.whole(b"embeddings", body, len(EMBEDDINGS))
        return await super().CreateEmbedding(request, context)


async def _main(port: int) -> None:
    upstream = _Upstream(port)
    server = grpc.aio.server(options=bare.OPTIONS)
    chat_pb2_grpc.add_ChatServiceServicer_to_server(_Chat(upstream), server)
    embeddings_pb2_grpc.add_EmbeddingsServiceServicer_to_server(_Embeddings(upstream), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(_main(int(sys.argv[1])))
