"""The transports under openai-python behave like those of httpx and httpx2, sync and asyncio.

`make test-openai` compares responses, errors and requests with those without a bridge, for each version of the library.
"""

import asyncio
import json
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import httpx2
import openai
import pytest

from aibridge.client.openai import async_http_client, async_transport, http_client, transport
from tests.support.bridge import Bridge, Start
from tests.support.gateway import Exchange, Gateway, respond, respond_json, sse

MODELS = {"object": "list", "data": [{"id": "m", "object": "model"}]}
HELLO: Any = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
COMPLETION = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "ok"}, "finish_reason": "stop"}]}

Call = Callable[..., Awaitable[Any]]


def event(text: str) -> dict[str, Any]:
    return {"id": "c", "choices": [{"index": 0, "delta": {"content": text}}]}


@pytest.fixture(params=[httpx, httpx2], ids=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(params=["sync", "aio"])
def send(request: pytest.FixtureRequest, bridge: Bridge, library: Any) -> Call:
    """Sends an HTTP request through a transport, and returns the response, read to its end."""

    def in_thread(method: str, path: str, **options: Any) -> Any:
        with library.Client(transport=transport(bridge.address), base_url="http://any/v1") as client:
            return client.request(method, path, **options)

    async def on_loop(method: str, path: str, **options: Any) -> Any:
        carrier = async_transport(bridge.address)
        async with library.AsyncClient(transport=carrier, base_url="http://any/v1") as client:
            return await client.request(method, path, **options)

    async def threaded(*arguments: Any, **options: Any) -> Any:
        return await asyncio.to_thread(in_thread, *arguments, **options)

    return threaded if request.param == "sync" else on_loop


async def test_one_line_is_all_there_is_to_change(bridge: Bridge) -> None:
    bridge.gateway.script(respond_json(COMPLETION))
    client = openai.AsyncOpenAI(api_key="k", http_client=async_http_client(bridge.address))
    async with client:
        completion = await client.chat.completions.create(**HELLO)
    assert completion.choices[0].message.content == "ok"

    def call() -> Any:
        with openai.OpenAI(api_key="k", http_client=http_client(bridge.address)) as client:
            return client.chat.completions.create(**HELLO)

    assert await asyncio.to_thread(call) == completion


async def test_null_where_the_api_has_null(send: Call, bridge: Bridge) -> None:
    """Members that the API always has are present, null if empty, because code looks for null."""
    bridge.gateway.script(
        respond_json({"choices": [{"index": 0, "finish_reason": "stop"}]}), sse(event("a"), {"choices": []})
    )
    response = await send("POST", "/chat/completions", json=HELLO)
    assert response.json()["choices"] == [
        {"index": 0, "message": {"content": None, "refusal": None}, "finish_reason": "stop", "logprobs": None}
    ]
    response = await send("POST", "/chat/completions", json={**HELLO, "stream": True})
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    first, second, last, rest = response.text.split("\n\n")
    assert json.loads(first.removeprefix("data: "))["choices"][0]["finish_reason"] is None
    assert (json.loads(second.removeprefix("data: ")), last, rest) == ({"choices": []}, "data: [DONE]", "")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/responses", 404, "unknown_url"),
        ("POST", "/models", 404, "unknown_url"),
        ("GET", "/chat/completions", 404, "unknown_url"),
        ("PUT", "/responses", 405, "method_not_allowed"),
        ("POST", "/chat/completions", 400, "invalid_json"),
    ],
)
async def test_what_the_bridge_has_no_call_for(
    send: Call, bridge: Bridge, method: str, path: str, status: int, code: str
) -> None:
    response = await send(method, path, **({"content": b"[1]"} if method == "POST" else {}))
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert response.headers["x-should-retry"] == "false"
    assert bridge.gateway.requests == []


RESPONSES: dict[str, Any] = {
    "response": respond_json(MODELS),
    "error": respond_json({"error": {"message": "no"}}, 400),
    "error in a stream": sse({"error": {"message": "no"}}),
    "stream": sse(event("a"), {"choices": []}),
}


@pytest.mark.parametrize("kind", RESPONSES)
@pytest.mark.parametrize("mode", ["sync", "aio"])
async def test_a_response_is_open_until_it_is_read(bridge: Bridge, library: Any, kind: str, mode: str) -> None:
    """A response behaves like one from the network: same headers, read or closed by its user, with an elapsed time."""
    bridge.gateway.script(RESPONSES[kind])
    request = library.Request("POST", "http://any/v1/chat/completions", json={**HELLO, "stream": "stream" in kind})
    if kind == "response":
        request = library.Request("GET", "http://any/v1/models")

    def in_thread() -> Any:
        with library.Client(transport=transport(bridge.address)) as client:
            response = client.send(request, stream=True)
            opened = (response.is_closed, response.is_stream_consumed)
            pieces = list(response.iter_raw())
            with pytest.raises(library.StreamConsumed):
                response.read()
            return response, opened, pieces

    async def on_loop() -> Any:
        async with library.AsyncClient(transport=async_transport(bridge.address)) as client:
            response = await client.send(request, stream=True)
            opened = (response.is_closed, response.is_stream_consumed)
            pieces = [piece async for piece in response.aiter_raw()]
            with pytest.raises(library.StreamConsumed):
                await response.aread()
            return response, opened, pieces

    response, opened, pieces = await (asyncio.to_thread(in_thread) if mode == "sync" else on_loop())
    assert opened == (False, False)
    assert (response.is_closed, response.is_stream_consumed) == (True, True)
    assert response.elapsed.total_seconds() > 0
    length = sum(map(len, pieces))
    assert length > 0
    assert response.headers.get("content-length") == (None if "stream" in kind else str(length))


async def test_raw_and_streamed_responses_of_openai_python(bridge: Bridge) -> None:
    bridge.gateway.script(respond_json(MODELS), respond_json(MODELS))

    def call() -> None:
        with openai.OpenAI(api_key="k", http_client=http_client(bridge.address)) as client:
            raw = client.models.with_raw_response.list()
            assert (raw.is_closed, raw.elapsed.total_seconds() > 0) == (True, True)
            with client.models.with_streaming_response.list() as response:
                assert not response.is_closed
                assert response.parse().data[0].id == "m"
            assert response.is_closed

    await asyncio.to_thread(call)


@pytest.mark.parametrize("path", ["/models/a%2Fmodels%2Fb:c", "/models/a/models/b:c"])
async def test_ids_with_slashes(send: Call, bridge: Bridge, path: str) -> None:
    bridge.gateway.script(respond_json({"id": "a/models/b:c", "object": "model"}))
    assert (await send("GET", path)).json()["id"] == "a/models/b:c"
    assert bridge.gateway.last.path == "/v1/models/a%2Fmodels%2Fb:c"


async def test_headers_go_along_as_far_as_the_bridge_lets_them(send: Call, bridge: Bridge) -> None:
    bridge.gateway.script(respond_json(MODELS, openai_processing_ms="7", x_request_id="up"))
    headers = {"x-title": "t", "http-referer": "p", "x-stainless-os": "x", "x-other": "y", "x-request-id": "mine"}
    response = await send("GET", "/models", headers=headers)
    seen = bridge.gateway.last.headers
    assert [seen.get(name) for name in headers] == ["t", "p", None, None, "mine"]
    assert response.headers["x-request-id"] == "up"
    assert response.headers["x-aibridge-request-id"] == "mine"
    assert response.headers["openai-processing-ms"] == "7"
    assert not [name for name in response.headers if name.startswith("grpc-")]


async def test_a_header_that_cannot_be_sent(send: Call, library: Any) -> None:
    with pytest.raises(library.LocalProtocolError, match="x-title"):
        await send("GET", "/models", headers={"x-title": "a\x01"})


async def test_vectors_as_they_were_asked_for(send: Call, bridge: Bridge) -> None:
    bridge.gateway.script(respond_json({"data": [{"index": 0, "embedding": [0.1, 16777216, 1e-7, 0.123456789]}]}))
    response = await send("POST", "/embeddings", json={"model": "m", "input": "x"})
    assert response.json()["data"][0]["embedding"] == [0.1, 16777216, 1e-7, 0.12345679]
    response = await send("POST", "/embeddings", json={"model": "m", "input": "x", "encoding_format": "base64"})
    assert response.json()["data"][0]["embedding"].startswith(b64encode(b"\xcd\xcc\xcc\x3d").decode()[:4])
    bridge.gateway.script(respond_json({"data": []}))
    assert (await send("POST", "/embeddings", json={"model": "m", "input": ""})).json() == {"data": []}


async def test_an_error_that_is_too_long_keeps_its_fields(send: Call, bridge: Bridge) -> None:
    error = {"message": "wrong " * 500, "type": "t", "param": "p", "code": "c"}
    bridge.gateway.script(respond_json({"error": error}, 400))
    response = await send("POST", "/chat/completions", json=HELLO)
    shown = response.json()["error"]
    assert (response.status_code, shown["type"], shown["param"], shown["code"]) == (400, "t", "p", "c")
    assert shown["message"].startswith("wrong wrong")


async def test_errors_of_the_bridge_itself(send: Call, bridge: Bridge) -> None:
    response = await send("POST", "/chat/completions", json={**HELLO, "messages": [{"role": "user"}]})
    assert response.status_code == 400
    assert response.json()["error"] == {
        "message": "messages[0].content: is required in a user message",
        "type": "aibridge",
        "param": "messages[0].content",
        "code": "INVALID_REQUEST",
    }
    assert response.headers["x-should-retry"] == "false"
    bridge.gateway.script(respond("{", 200))
    response = await send("GET", "/models")
    assert (response.status_code, response.json()["error"]["code"]) == (500, "UPSTREAM_MALFORMED_RESPONSE")


async def test_an_error_with_a_status_that_is_no_error(send: Call, bridge: Bridge) -> None:
    bridge.gateway.script(respond("", 302, location="http://elsewhere"))
    assert (await send("GET", "/models")).status_code == 502


async def test_an_error_of_the_bridge_in_mid_stream(send: Call, bridge: Bridge) -> None:
    bridge.gateway.script(sse(event("a"), "{"))
    response = await send("POST", "/chat/completions", json={**HELLO, "stream": True})
    *_, last, rest = response.text.split("\n\n")
    assert rest == ""
    assert json.loads(last.removeprefix("data: "))["error"]["code"] == "UPSTREAM_MALFORMED_RESPONSE"


async def test_a_connection_that_breaks_in_mid_stream(send: Call, bridge: Bridge, library: Any) -> None:
    bridge.gateway.script(sse(event("a"), done=False))
    with pytest.raises(library.RemoteProtocolError, match="ended before it was complete"):
        await send("POST", "/chat/completions", json={**HELLO, "stream": True})


async def test_no_bridge(library: Any) -> None:
    """Without a bridge, the library gets its ConnectError."""

    def call() -> Any:
        with library.Client(transport=transport("127.0.0.1:1")) as client:
            return client.get("http://any/models")

    with pytest.raises(library.ConnectError, match="no connection to a bridge"):
        await asyncio.to_thread(call)
    async with library.AsyncClient(transport=async_transport("127.0.0.1:1")) as client:
        with pytest.raises(library.ConnectError, match="no connection to a bridge"):
            await client.get("http://any/models")


async def test_no_gateway(start: Start, gateway: Gateway, library: Any) -> None:
    """Without a gateway there is a connection error, not a status, as without a bridge."""
    async with start(upstream_url="http://127.0.0.1:1") as bridge:
        carrier = async_transport(bridge.address)
        async with library.AsyncClient(transport=carrier) as client:
            with pytest.raises(library.ConnectError):
                await client.get("http://any/models")
    assert gateway.requests == []


class Held:
    """A stream that sends some events and then nothing until its connection is closed."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts
        self.closed = asyncio.Event()

    async def __call__(self, exchange: Exchange) -> None:
        if self.texts:
            await exchange.head(content_type="text/event-stream")
        for text in self.texts:
            await exchange.event(event(text))
        await exchange.wait_closed()
        self.closed.set()


@pytest.mark.parametrize(
    ("streamed", "texts"), [(True, ()), (True, ("a",)), (False, ())], ids=["first chunk", "next chunk", "response"]
)
async def test_the_read_timeout(
    send: Call, bridge: Bridge, library: Any, streamed: bool, texts: tuple[str, ...]  # noqa: FBT001 # a parameter
) -> None:  # fmt: skip
    """The library's read timeout ends the call, and the bridge closes the upstream connection."""
    held = Held(*texts)
    bridge.gateway.script(held)
    with pytest.raises(library.ReadTimeout):
        await send("POST", "/chat/completions", json={**HELLO, "stream": streamed}, timeout=0.1)
    if bridge.gateway.requests:  # a slow machine may not have sent the request
        await asyncio.wait_for(held.closed.wait(), 5)


@pytest.mark.alone
async def test_a_slow_reader_is_no_timeout(bridge: Bridge, library: Any) -> None:
    bridge.gateway.script(sse(event("a"), event("b")))

    def read() -> list[bytes]:
        client = library.Client(transport=transport(bridge.address), timeout=0.2)  # enough for a busy machine
        request = client.build_request("POST", "http://any/chat/completions", json={**HELLO, "stream": True})
        with client:
            chunks = client.send(request, stream=True).iter_raw()
            first = next(chunks)
            time.sleep(0.25)  # over the limit
            return [first, *chunks]

    assert len(await asyncio.to_thread(read)) == 3


async def test_chunks_come_when_they_come_and_closing_cancels(bridge: Bridge) -> None:
    held = Held("a")
    bridge.gateway.script(held)

    def first() -> Any:
        client = openai.OpenAI(api_key="k", http_client=http_client(bridge.address), max_retries=0)
        with client, client.chat.completions.create(**HELLO, stream=True) as stream:
            return next(stream).choices[0].delta.content

    assert await asyncio.to_thread(first) == "a"  # while the stream is still open
    await asyncio.wait_for(held.closed.wait(), 5)


async def test_the_same_under_asyncio(bridge: Bridge) -> None:
    held = Held("a")
    bridge.gateway.script(held)
    async with openai.AsyncOpenAI(api_key="k", http_client=async_http_client(bridge.address)) as client:
        stream = await client.chat.completions.create(**HELLO, stream=True)
        assert (await anext(stream)).choices[0].delta.content == "a"
        await stream.close()
        await asyncio.wait_for(held.closed.wait(), 5)


async def test_a_cancelled_task_cancels_its_call(bridge: Bridge) -> None:
    held = Held()
    bridge.gateway.script(held)
    async with openai.AsyncOpenAI(api_key="k", http_client=async_http_client(bridge.address)) as client:
        task = asyncio.create_task(client.chat.completions.create(**HELLO))
        await bridge.gateway.exchange()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(held.closed.wait(), 5)


async def test_nobody_but_the_library_retries(start: Start, gateway: Gateway) -> None:
    gateway.script(respond_json({}, 502))
    async with start(max_retries=2) as bridge:
        carrier = async_http_client(bridge.address)
        async with openai.AsyncOpenAI(api_key="k", http_client=carrier, max_retries=0) as client:
            with pytest.raises(openai.InternalServerError):
                await client.models.list()
    assert len(gateway.requests) == 1


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ({"category": "programming"}, "?category=programming"),
        ({"limit": 20, "after": "m/1"}, "?after=m%2F1&limit=20"),
        ({"limit": "all", "ids": ["a", "b"]}, "?limit=all&ids=a&ids=b"),
    ],
)
async def test_the_query_of_a_list(bridge: Bridge, query: dict[str, Any], sent: str) -> None:
    """Query parameters of the list of models are sent, as without a bridge."""
    bridge.gateway.script(respond_json(MODELS))
    async with openai.AsyncOpenAI(api_key="k", http_client=async_http_client(bridge.address)) as client:
        await client.models.list(extra_query=query)
    assert unbracketed(bridge.gateway.last.path) == f"/v1/models{sent}"


def unbracketed(path: str) -> str:
    """openai-python writes a list as `ids[]=a&ids[]=b`."""
    return path.replace("%5B%5D", "")


async def test_one_client_for_several_event_loops(bridge: Bridge) -> None:
    """Each event loop gets its own channel, as with several calls of `asyncio.run`."""
    bridge.gateway.script(respond_json(MODELS))
    client = openai.AsyncOpenAI(api_key="k", http_client=async_http_client(bridge.address))

    async def call() -> Any:
        return (await client.models.list()).data[0].id

    assert [await asyncio.to_thread(asyncio.run, call()) for _ in range(2)] == ["m", "m"]
