"""openai-python's other endpoints over gRPC: responses, moderations, images, if the bridge allows their paths."""

import io
import json
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest

from aibridge.client.openai import async_http_client
from tests.support.bridge import Bridge, Start
from tests.support.gateway import raw_sse, respond, respond_json

PATHS = "/responses,/responses/*,/responses/*/*,/moderations,/images/*,/completions,/models/*,/audio/speech,/files"
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Hello", "annotations": []}],
}
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1790000000,
    "status": "completed",
    "model": "m",
    "error": None,
    "incomplete_details": None,
    "output": [MESSAGE],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "usage": {"input_tokens": 3, "output_tokens": 1, "total_tokens": 4},
}


def event(kind: str, **members: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n"


def delta(text: str, number: int) -> str:
    return event(
        "response.output_text.delta", delta=text, item_id="msg_1", output_index=0, content_index=0,
        sequence_number=number, logprobs=[],
    )  # fmt: skip


BEGUN = event("response.created", response={**RESPONSE, "status": "in_progress"}, sequence_number=0)
STREAM = BEGUN + delta("Hel", 1) + delta("lo", 2)
END = event("response.completed", response=RESPONSE, sequence_number=3)


@pytest.fixture
async def bridge(start: Start) -> AsyncIterator[Bridge]:
    async with start(raw_paths=PATHS) as running:
        yield running


@pytest.fixture
async def client(bridge: Bridge) -> AsyncIterator[openai.AsyncOpenAI]:
    http_client = async_http_client(bridge.address)
    async with openai.AsyncOpenAI(api_key="k", http_client=http_client, max_retries=0) as client:
        yield client


async def test_a_response(bridge: Bridge, client: openai.AsyncOpenAI) -> None:
    """`responses.create` sends its body, headers and credential, and returns the parsed response."""
    bridge.gateway.script(respond_json(RESPONSE, x_request_id="up-1", x_ratelimit_remaining_requests="9"))
    response = await client.responses.create(model="m", input="hi", temperature=0)
    assert (response.output_text, response.usage and response.usage.total_tokens) == ("Hello", 4)
    assert response._request_id == "up-1"
    request = bridge.gateway.last
    assert (request.method, request.path) == ("POST", "/v1/responses")
    assert request.json == {"model": "m", "input": "hi", "temperature": 0}
    assert request.headers["authorization"] == "Bearer k"


async def test_a_streamed_response(bridge: Bridge, client: openai.AsyncOpenAI) -> None:
    """A streamed response gives the library's events."""
    bridge.gateway.script(raw_sse(STREAM + END))
    stream = await client.responses.create(model="m", input="hi", stream=True)
    events = [event async for event in stream]
    assert [event.type for event in events] == [
        "response.created", "response.output_text.delta", "response.output_text.delta", "response.completed",
    ]  # fmt: skip
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == "Hello"
    assert bridge.gateway.last.json["stream"] is True


async def test_the_library_puts_a_response_together(bridge: Bridge, client: openai.AsyncOpenAI) -> None:
    bridge.gateway.script(raw_sse(STREAM + END))
    async with client.responses.stream(model="m", input="hi") as stream:
        async for _ in stream:
            pass
        assert (await stream.get_final_response()).output_text == "Hello"


async def test_stored_responses(bridge: Bridge, client: openai.AsyncOpenAI) -> None:
    """Other methods, paths with an id, queries, and empty bodies work."""
    bridge.gateway.script(respond_json(RESPONSE), respond_json(RESPONSE), respond(status=204), raw_sse(BEGUN + END))
    await client.responses.retrieve("resp_1", include=["reasoning.encrypted_content", "message.output_text.logprobs"])
    path = "/v1/responses/resp_1?include%5B%5D=reasoning.encrypted_content&include%5B%5D=message.output_text.logprobs"
    assert (bridge.gateway.last.method, bridge.gateway.last.path) == ("GET", path)
    assert (await client.responses.cancel("resp_1")).id == "resp_1"
    assert bridge.gateway.last.path == "/v1/responses/resp_1/cancel"
    await client.responses.delete("resp_1")
    assert bridge.gateway.last.method == "DELETE"
    stream = await client.responses.retrieve("resp_1", stream=True, starting_after=0)
    assert [event.type async for event in stream] == ["response.created", "response.completed"]
    assert bridge.gateway.last.path == "/v1/responses/resp_1?starting_after=0&stream=true"


async def test_moderations_and_images(bridge: Bridge, client: openai.AsyncOpenAI) -> None:
    result = {"flagged": True, "categories": {"violence": True}, "category_scores": {"violence": 0.9}}
    bridge.gateway.script(
        respond_json({"id": "modr-1", "model": "omni", "results": [result]}),
        respond_json({"created": 1, "data": [{"b64_json": "aGk="}]}),
    )
    moderation = await client.moderations.create(model="omni", input="hm")
    assert moderation.results[0].flagged
    image = await client.images.generate(model="i", prompt="a lighthouse")
    assert image.data is not None
    assert image.data[0].b64_json == "aGk="
    assert bridge.gateway.last.path == "/v1/images/generations"


async def test_legacy_completions(bridge: Bridge, client: openai.AsyncOpenAI) -> None:
    """Events without names end with `[DONE]`, as without a bridge."""
    chunk = {"id": "c", "object": "text_completion", "created": 1, "model": "m"}
    texts = [{**chunk, "choices": [{"index": 0, "text": "a", "finish_reason": reason, "logprobs": None}]}
             for reason in (None, "stop")]  # fmt: skip
    bridge.gateway.script(raw_sse("".join(f"data: {json.dumps(text)}\n\n" for text in texts) + "data: [DONE]\n\n"))
    stream = await client.completions.create(model="m", prompt="hi", stream=True)
    assert [chunk.choices[0].text async for chunk in stream] == ["a", "a"]


async def test_deleting_a_model(bridge: Bridge, client: openai.AsyncOpenAI) -> None:
    """DELETE on a path that has an RPC goes to RawService."""
    bridge.gateway.script(respond_json({"id": "ft:m", "object": "model", "deleted": True}))
    assert (await client.models.delete("ft:m")).deleted
    assert (bridge.gateway.last.method, bridge.gateway.last.path) == ("DELETE", "/v1/models/ft:m")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, openai.BadRequestError), (404, openai.NotFoundError), (429, openai.RateLimitError),
     (500, openai.InternalServerError)],
)  # fmt: skip
async def test_errors(
    bridge: Bridge, client: openai.AsyncOpenAI, status: int, kind: type[openai.APIStatusError]
) -> None:
    """The same exceptions with the gateway's own messages, streamed or not."""
    bridge.gateway.script(
        respond_json({"error": {"message": "no", "type": "t", "code": "c", "param": "input"}}, status)
    )
    for stream in (False, True):
        with pytest.raises(kind) as failure:
            await client.responses.create(model="m", input="hi", stream=stream)
        assert (failure.value.status_code, failure.value.code, failure.value.param) == (status, "c", "input")


async def test_errors_in_a_stream(bridge: Bridge, client: openai.AsyncOpenAI) -> None:
    """An error event raises, `response.failed` is an event, and a cut stream is a connection error."""
    failed = {**RESPONSE, "status": "failed", "error": {"code": "server_error", "message": "boom"}}
    bridge.gateway.script(
        raw_sse(STREAM + event("error", code="server_error", message="boom", param=None, sequence_number=3)),
        raw_sse(STREAM + event("response.failed", response=failed, sequence_number=3)),
        raw_sse(STREAM),
    )
    with pytest.raises(openai.APIError, match="boom"):
        [_ async for _ in await client.responses.create(model="m", input="hi", stream=True)]
    events = [event async for event in await client.responses.create(model="m", input="hi", stream=True)]
    assert events[-1].type == "response.failed"
    with pytest.raises(openai.APIConnectionError):
        [_ async for _ in await client.responses.create(model="m", input="hi", stream=True)]


@pytest.mark.parametrize("paths", ["", "/rerank"])
@pytest.mark.parametrize("stream", [False, True])
async def test_what_the_bridge_does_not_allow(start: Start, paths: str, *, stream: bool) -> None:
    """A 404 names the setting for the operator, and the library's option for the caller."""
    async with start(raw_paths=paths) as bridge:
        http_client = async_http_client(bridge.address)
        async with openai.AsyncOpenAI(api_key="k", http_client=http_client) as client:
            with pytest.raises(openai.NotFoundError) as failure:
                await client.responses.create(model="m", input="hi", stream=stream)
            for words in ("raw_paths", "AIBRIDGE_RAW_PATHS=/responses", "use_responses_api=False",
                          "OpenAIChatCompletionsModel"):  # fmt: skip
                assert words in failure.value.message
            with pytest.raises(openai.NotFoundError, match="AIBRIDGE_RAW_PATHS=/moderations"):
                await client.moderations.create(input="hm")
        assert bridge.gateway.requests == []


async def test_what_cannot_be_carried(bridge: Bridge, client: openai.AsyncOpenAI) -> None:
    """Multipart bodies and binary responses are refused, and the message says why."""
    with pytest.raises(openai.APIStatusError, match="JSON bodies only, not multipart/form-data") as failure:
        await client.files.create(file=io.BytesIO(b"{}"), purpose="batch")
    assert failure.value.status_code == 415
    assert bridge.gateway.requests == []
    bridge.gateway.script(respond(b"\xff\xf3", content_type="audio/mpeg"))
    with pytest.raises(openai.InternalServerError, match="not JSON by its content type"):
        await client.audio.speech.create(model="tts", voice="alloy", input="hi")


@pytest.mark.parametrize(
    ("base_url", "path"),
    [
        ("https://api.openai.com/v1", "/responses"),
        ("https://openrouter.ai/api/v1/", "/responses"),
        ("https://generativelanguage.googleapis.com/v1beta/openai/", "/responses"),
        ("http://any", "/responses"),
    ],
)
async def test_any_base_url_will_do(bridge: Bridge, base_url: str, path: str) -> None:
    bridge.gateway.script(respond_json(RESPONSE))
    http_client = async_http_client(bridge.address)
    async with openai.AsyncOpenAI(api_key="k", base_url=base_url, http_client=http_client) as client:
        await client.responses.create(model="m", input="hi")
    assert bridge.gateway.last.path == f"/v1{path}"
