"""The reference: a bare grpc.aio server under uvloop that sends the same messages from memory. Prints its port."""

import asyncio
from typing import Any, Final

import grpc
import uvloop

from aibridge.v1 import chat_pb2, chat_pb2_grpc, embeddings_pb2, embeddings_pb2_grpc
from benchmarks.dialects import SHAPES
from benchmarks.payloads import COMPLETION, EMBEDDINGS, StreamRequest, place
from bridge.codec import build, decode
from bridge.jsontext import loads
from bridge.services import vectors


class Chat(chat_pb2_grpc.ChatServiceServicer):
    def __init__(self) -> None:
        self._response = decode(chat_pb2.CreateChatCompletionResponse, COMPLETION)
        self._streams = {
            name: [decode(chat_pb2.CreateChatCompletionStreamResponse, data) for data in shape.events]
            for name, shape in SHAPES.items()
        }

    async def CreateChatCompletion(self, request: Any, context: Any) -> Any:
        return self._response

    async def CreateChatCompletionStream(self, request: Any, context: Any) -> None:
        asked = StreamRequest.of(request.model)
        messages = self._streams[asked.shape]
        if not asked.interval:
            for message in messages:
                await context.write(message)
            return
        for index in range(asked.events - 1):
            await context.write(messages[place(index)])
            await asyncio.sleep(asked.interval)
        await context.write(messages[-1])


class Embeddings(embeddings_pb2_grpc.EmbeddingsServiceServicer):
    def __init__(self) -> None:
        value = loads(EMBEDDINGS)
        vectors.Vectors(is_float32=True).place(value)
        response = build(vectors.RESPONSE_TYPE, value)
        self._response = embeddings_pb2.CreateEmbeddingResponse.FromString(response.SerializeToString())

    async def CreateEmbedding(self, request: Any, context: Any) -> Any:
        return self._response


#: Above a thousand waiting calls, core cancels calls at random. A burst of calls would lose some.
_PENDING: Final = [(f"grpc.server.max_pending_requests{suffix}", 1 << 16) for suffix in ("", "_hard_limit")]
OPTIONS: Final = [("grpc.so_reuseport", 0), *_PENDING]


def made() -> tuple[Any, int]:
    """The server, not started yet, and its port on 127.0.0.1."""
    server = grpc.aio.server(options=OPTIONS)
    chat_pb2_grpc.add_ChatServiceServicer_to_server(Chat(), server)
    embeddings_pb2_grpc.add_EmbeddingsServiceServicer_to_server(Embeddings(), server)
    return server, server.add_insecure_port("127.0.0.1:0")


async def main() -> None:
    server, port = made()
    print(port, flush=True)
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(main())
