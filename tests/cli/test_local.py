"""Every RPC through a real llama.cpp server. The tests check the form of the responses, not the text."""

import asyncio
import json
import sys
from pathlib import Path

import grpc
import httpx
import pytest

from aibridge.client import CallFailed, failure_of
from aibridge.v1 import chat_pb2, embeddings_pb2, models_pb2
from bridge.cli.local import MAX_TOKENS, LocalUnavailable, running
from tests.support.bridge import Bridge

pytestmark = pytest.mark.real

MODEL = "smollm2-135m-instruct"
LENGTH = 576


def question(text: str = "Why is the sky blue?", **options: object) -> chat_pb2.CreateChatCompletionRequest:
    messages = [{"role": "user", "content": text}]
    return chat_pb2.CreateChatCompletionRequest(**{"model": MODEL, "messages": messages, "temperature": 0} | options)


async def refused(call: grpc.aio.UnaryUnaryCall) -> CallFailed:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return failure_of(caught.value)


async def test_models(real: Bridge) -> None:
    """llama.cpp's list of models arrives whole."""
    response = await real.models.ListModels(models_pb2.ListModelsRequest())
    (model,) = response.data
    assert (model.id, model.meta.n_embd) == (MODEL, LENGTH)
    assert json.loads(response.extra_json)["models"]  # llama.cpp's second list has no field, and is kept


async def test_one_model_from_a_server_that_only_lists(real: Bridge) -> None:
    try:
        response = await real.models.RetrieveModel(models_pb2.RetrieveModelRequest(model=MODEL))
    except grpc.aio.AioRpcError as caught:
        error = failure_of(caught)
        assert (error.code, error.metadata["httpStatus"]) == (grpc.StatusCode.NOT_FOUND, "404")
    else:
        assert response.id == MODEL


async def test_chat(real: Bridge) -> None:
    """A completion has its text, finish_reason, usage and timings."""
    response = await real.chat.CreateChatCompletion(question(max_tokens=4))
    (choice,) = response.choices
    assert (choice.message.role, choice.finish_reason) == ("assistant", "length")
    assert choice.message.content
    assert response.usage.completion_tokens == 4
    assert response.usage.total_tokens == response.usage.prompt_tokens + 4
    assert response.timings.predicted_n == 4


async def test_a_stream_says_what_the_whole_says(real: Bridge) -> None:
    whole = await real.chat.CreateChatCompletion(question(max_tokens=6))
    call = real.chat.CreateChatCompletionStream(question(max_tokens=6, stream_options={"include_usage": True}))
    chunks = [chunk async for chunk in call]
    text = "".join(choice.delta.content for chunk in chunks for choice in chunk.choices)
    reasons = [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason]
    assert text == whole.choices[0].message.content
    assert reasons == ["length"]
    assert len(chunks) > 6
    assert chunks[-1].usage.completion_tokens == 6
    trailers = dict(await call.trailing_metadata() or ())
    assert json.loads(trailers["aibridge-usage"])["completion_tokens"] == 6


async def test_a_cancelled_stream_stops_the_model(real: Bridge, llama: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:

        async def busy() -> bool:
            response = await client.get(f"{llama.removesuffix('/v1')}/slots")
            return any(slot["is_processing"] for slot in response.json())

        call = real.chat.CreateChatCompletionStream(question("Count to ten thousand.", ignore_eos=True, n_predict=4000))
        async for chunk in call:
            if any(choice.delta.content for choice in chunk.choices):
                break
        assert await busy()
        call.cancel()
        async with asyncio.timeout(10):  # without the cancellation it would take at least twice as long
            while await busy():  # noqa: ASYNC110 # llama.cpp has nothing to wait for
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("options", [{}, {"max_tokens": 4000}], ids=["default", "own"])
async def test_a_response_is_bounded_unless_the_request_says_otherwise(
    real: Bridge, llama: str, options: dict[str, int]
) -> None:
    """A small model may never end by itself. The server's slot shows the bound that it applies."""
    call = real.chat.CreateChatCompletionStream(question("Count.", ignore_eos=True, **options))
    await call.read()
    async with httpx.AsyncClient(trust_env=False) as client:
        slots = (await client.get(f"{llama.removesuffix('/v1')}/slots")).json()
    call.cancel()
    assert options.get("max_tokens", MAX_TOKENS) in {slot.get("params", {}).get("n_predict") for slot in slots}


async def test_two_at_once_do_not_mix(real: Bridge) -> None:
    texts = ("Say one.", "Name a colour.")
    alone = [await real.chat.CreateChatCompletion(question(text, max_tokens=3)) for text in texts]
    together = await asyncio.gather(*(real.chat.CreateChatCompletion(question(text, max_tokens=3)) for text in texts))
    assert [response.usage.prompt_tokens for response in together] == [
        response.usage.prompt_tokens for response in alone
    ]
    assert len({response.id for response in together}) == 2


async def test_json_by_schema(real: Bridge) -> None:
    """A response_format with a schema gives JSON of that schema."""
    schema = {"type": "object", "properties": {"colour": {"enum": ["red", "blue"]}}, "required": ["colour"]}
    response = await real.chat.CreateChatCompletion(
        question(
            max_tokens=20,
            response_format={"type": "json_schema", "json_schema": {"name": "c", "schema_json": json.dumps(schema)}},
        )
    )
    assert json.loads(response.choices[0].message.content)["colour"] in {"red", "blue"}


async def test_logprobs(real: Bridge) -> None:
    """Each token has its log probability and the requested alternatives."""
    response = await real.chat.CreateChatCompletion(question(max_tokens=3, logprobs=True, top_logprobs=2))
    tokens = response.choices[0].logprobs.content
    assert len(tokens) == 3
    assert all(len(token.top_logprobs) == 2 and token.logprob <= 0 for token in tokens)


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_prompt_over_the_context_window(real: Bridge, *, streamed: bool) -> None:
    request = question("word " * 3000)
    if streamed:
        call = real.chat.CreateChatCompletionStream(request)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
        error = failure_of(caught.value)
    else:
        error = await refused(real.chat.CreateChatCompletion(request))
    assert (error.code, error.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "CONTEXT_LENGTH_EXCEEDED")
    assert error.metadata["httpStatus"] == "400"
    assert error.metadata["contextWindowTokens"] == "2048"
    assert int(error.metadata["promptTokens"]) > 2048
    assert error.upstream is not None
    assert error.upstream.type == "exceed_context_size_error"


async def test_an_image_for_a_model_for_text(real: Bridge) -> None:
    parts = {"items": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}
    request = chat_pb2.CreateChatCompletionRequest(model=MODEL, messages=[{"role": "user", "content_parts": parts}])
    error = await refused(real.chat.CreateChatCompletion(request))
    assert (error.code, error.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert error.message.startswith("image input is not supported")


async def test_a_request_that_the_server_refuses(real: Bridge) -> None:
    error = await refused(real.chat.CreateChatCompletion(question(response_format={"type": "poem"})))
    assert (error.code, error.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")


async def test_embeddings_as_base64_are_the_floats(real: Bridge) -> None:
    """Vectors are equal whether the upstream sends base64 or JSON numbers."""

    async def embed(encoding: str | None) -> embeddings_pb2.CreateEmbeddingResponse:
        request = embeddings_pb2.CreateEmbeddingRequest(
            model=MODEL, input_texts={"items": ["hello", "world"]}, encoding_format=encoding
        )
        return await real.embeddings.CreateEmbedding(request)

    default, base64, floats = [await embed(encoding) for encoding in (None, "base64", "float")]
    assert [len(item.embedding) for item in default.data] == [LENGTH, LENGTH]
    assert [item.index for item in default.data] == [0, 1]
    assert default.data[0].embedding != default.data[1].embedding
    for other in (base64, floats):
        for one, two in zip(default.data, other.data, strict=True):
            assert list(one.embedding) == pytest.approx(list(two.embedding), abs=1e-6)
    assert default.usage.prompt_tokens == floats.usage.prompt_tokens > 0


def test_a_system_library_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """llama.cpp needs OpenMP's, which small container images lack: the message names the package."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'ImportError: libgomp.so.1: cannot open shared object file' >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(LocalUnavailable, match="apt-get install libgomp1"), running():
        pytest.fail("it runs")
