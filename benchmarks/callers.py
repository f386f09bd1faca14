"""One call by each of the clients: a grpc.aio stub, aiohttp, openai-python."""

import time
from contextlib import AsyncExitStack
from importlib.util import find_spec
from itertools import cycle
from typing import Any, Final, Protocol

import aiohttp
import grpc
import orjson

from aibridge.v1 import chat_pb2, chat_pb2_grpc, embeddings_pb2, embeddings_pb2_grpc
from benchmarks.payloads import StreamRequest

_PROMPT: Final[Any] = [{"role": "user", "content": "When is high water at Oban?"}]
_EMBED: Final = embeddings_pb2.CreateEmbeddingRequest(
    model="bench/embedding", input_texts={"items": [f"text {index}" for index in range(16)]}
)
_BALANCED: Final = '{"loadBalancingConfig": [{"round_robin": {}}]}'
_OPTIONS: Final = (("grpc.max_receive_message_length", 64 << 20), ("grpc.enable_http_proxy", 0))


class Caller(Protocol):
    """A client with its connections."""

    async def call(self, kind: str, model: str) -> float:
        """Make a whole call of this kind. Returns when its first message arrived, by `time.perf_counter`."""

    async def close(self) -> None: ...


class Grpc:
    """Stubs on several channels, used in turn. With `own`, each channel has its own connections. Ports are balanced."""

    def __init__(self, *ports: int, channels: int = 1, own: bool = True) -> None:
        options = [*_OPTIONS, ("grpc.use_local_subchannel_pool", int(own)), ("grpc.service_config", _BALANCED)]
        target = "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)
        self.channels = [grpc.aio.insecure_channel(target, options=options) for _ in range(channels)]
        self._chat = cycle([chat_pb2_grpc.ChatServiceStub(channel) for channel in self.channels])
        self._embeddings = cycle([embeddings_pb2_grpc.EmbeddingsServiceStub(channel) for channel in self.channels])

    async def call(self, kind: str, model: str) -> float:
        if kind == "unary":
            await next(self._chat).CreateChatCompletion(_request(model))
            return time.perf_counter()
        if kind == "embeddings":
            await next(self._embeddings).CreateEmbedding(_EMBED)
            return time.perf_counter()
        first, count = 0.0, 0
        async for _ in self.stream(model, coalesce=kind == "coalesced"):
            first = first or time.perf_counter()
            count += 1
        assert kind == "coalesced" or count == StreamRequest.of(model).events, count
        return first

    def stream(self, model: str, *, coalesce: bool = False, window: float = 0.0) -> Any:
        """A started streaming call, whose words may be merged if they arrive together or within a window in seconds."""
        request = _request(model)
        if coalesce:
            request.bridge_options.coalesce = True
        if window:
            request.bridge_options.coalesce_window.FromMicroseconds(round(window * 1e6))
        return next(self._chat).CreateChatCompletionStream(request)

    async def close(self) -> None:
        for channel in self.channels:
            await channel.close()


def _request(model: str) -> chat_pb2.CreateChatCompletionRequest:
    return chat_pb2.CreateChatCompletionRequest(model=model, messages=_PROMPT, temperature=0)


class Http:
    """aiohttp, as a service uses it that calls the gateway itself."""

    def __init__(self, port: int, headers: dict[str, str] | None = None) -> None:
        self._url = f"http://127.0.0.1:{port}/v1/chat/completions"
        self._headers = {"content-type": "application/json", **(headers or {})}
        self._session: aiohttp.ClientSession | None = None
        self._stack = AsyncExitStack()

    async def call(self, kind: str, model: str) -> float:
        if self._session is None:
            self._session = await self._stack.enter_async_context(aiohttp.ClientSession(headers=self._headers))
        body: dict[str, Any] = {"model": model, "messages": _PROMPT, "temperature": 0}
        if kind != "unary":
            body["stream"] = True
        first = 0.0
        async with self._session.post(self._url, data=orjson.dumps(body)) as response:
            assert response.status == 200, await response.text()
            if kind == "unary":
                orjson.loads(await response.read())
                return time.perf_counter()
            async for line in response.content:
                if line.startswith(b"data: {"):
                    orjson.loads(line[6:])
                    first = first or time.perf_counter()
        return first

    async def close(self) -> None:
        await self._stack.aclose()


class OpenAI:
    """openai-python, directly to the gateway."""

    def __init__(self, port: int) -> None:
        import openai  # noqa: PLC0415 # of the group `bench`, not always installed

        self._client = openai.AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none", max_retries=0)

    @classmethod
    def found(cls) -> bool:
        """Whether it is installed."""
        return find_spec("openai") is not None

    async def call(self, kind: str, model: str) -> float:
        if kind == "unary":
            await self._client.chat.completions.create(model=model, messages=_PROMPT, temperature=0)
            return time.perf_counter()
        first = 0.0
        async for _ in await self._client.chat.completions.create(model=model, messages=_PROMPT, stream=True):
            first = first or time.perf_counter()
        return first

    async def close(self) -> None:
        await self._client.close()
