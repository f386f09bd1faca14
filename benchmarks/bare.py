"""The limit: a bare grpc.aio server under uvloop that sends the same messages from memory. Prints its port."""

import asyncio
from typing import Any

import grpc
import uvloop

from aibridge.v1 import chat_pb2, chat_pb2_grpc, embeddings_pb2, embeddings_pb2_grpc
from benchmarks.payloads import CHUNKS, COMPLETION, EMBEDDINGS, Pace, chunk
from bridge.codec import build, decode
from bridge.jsontext import loads
from bridge.services import vectors


class Chat(chat_pb2_grpc.ChatServiceServicer):
    def __init__(self) -> None:
        self._reply = decode(chat_pb2.CreateChatCompletionResponse, COMPLETION)
        self._chunks = [decode(chat_pb2.CreateChatCompletionStreamResponse, chunk(index)) for index in range(CHUNKS)]

    async def CreateChatCompletion(self, request: Any, context: Any) -> Any:
        return self._reply

    async def CreateChatCompletionStream(self, request: Any, context: Any) -> None:
        pace = Pace.asked(request.model)
        if pace is None:
            for message in self._chunks:
                await context.write(message)
            return
        for index in range(pace.events - 1):
            await context.write(self._chunks[index % (CHUNKS - 1)])
            await asyncio.sleep(pace.interval)
        await context.write(self._chunks[-1])


class Embeddings(embeddings_pb2_grpc.EmbeddingsServiceServicer):
    def __init__(self) -> None:
        value, blocks = vectors.lift(loads(EMBEDDINGS), vectors.Numbers(), is_float32=True)
        reply = build(vectors.REPLY, value)
        vectors.put(reply, blocks)
        self._reply = embeddings_pb2.CreateEmbeddingResponse.FromString(reply.SerializeToString())

    async def CreateEmbedding(self, request: Any, context: Any) -> Any:
        return self._reply


async def main() -> None:
    # Core cancels at random what waits beyond a thousand calls: a crowd that begins in one moment would lose some.
    pending = [(f"grpc.server.max_pending_requests{suffix}", 1 << 16) for suffix in ("", "_hard_limit")]
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0), *pending])
    chat_pb2_grpc.add_ChatServiceServicer_to_server(Chat(), server)
    embeddings_pb2_grpc.add_EmbeddingsServiceServicer_to_server(Embeddings(), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(main())
