"""A bridge in this process, on a real socket, in front of a gateway that the test scripts."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc

from aibridge.v1 import chat_pb2_grpc, embeddings_pb2_grpc, models_pb2_grpc, raw_pb2_grpc
from bridge import settings
from bridge.server.app import App
from tests.support import gateway as fake


@dataclass
class Bridge:
    """A running bridge, its upstream and the stubs of a caller."""

    address: str
    gateway: fake.Gateway
    channel: grpc.aio.Channel
    app: App

    def __post_init__(self) -> None:
        self.chat = chat_pb2_grpc.ChatServiceStub(self.channel)
        self.models = models_pb2_grpc.ModelsServiceStub(self.channel)
        self.embeddings = embeddings_pb2_grpc.EmbeddingsServiceStub(self.channel)
        self.raw = raw_pb2_grpc.RawServiceStub(self.channel)


Start = Callable[..., AbstractAsyncContextManager[Bridge]]


@asynccontextmanager
async def start_bridge(gateway: fake.Gateway, **options: Any) -> AsyncIterator[Bridge]:
    """Start a bridge before a gateway. By default it does not retry, so that a test sees each request once."""
    app = App(settings.load(**{"listen": "127.0.0.1:0", "upstream_url": gateway.url, "max_retries": 0, **options}))
    address = await app.start()
    size = 64 << 20
    limits = [("grpc.max_receive_message_length", size), ("grpc.max_send_message_length", size)]
    channel = grpc.aio.insecure_channel(address, options=limits)
    try:
        yield Bridge(address, gateway, channel, app)
    finally:
        await channel.close()
        await app.stop()
