"""The table of checks for each peer, and the outcome that the API promises for each.

A check describes what a caller of the bridge saw. A failed call is described by its status, so a check can expect a
failure too.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final

import grpc
import httpx
from google.protobuf.message import Message

from aibridge.v1 import chat_pb2, models_pb2
from bridge.codec import build, encode
from bridge.jsontext import dumps, loads
from tests.e2e.peers.caller import LIMIT, Caller, ask, calling, embedded, refusal, streamed, unary
from tests.e2e.peers.peer import Peer, Server

_TOOL: Final = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters_json": '{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}',
    },
}
_TOOLS: Final[dict[str, Any]] = {"tools": [_TOOL], "max_tokens": 48}
_LIST: Final = models_pb2.ListModelsRequest()


@dataclass(frozen=True)
class Case:
    """A running peer, and the ways to call it."""

    peer: Peer
    server: Server

    def bridge(self, **options: Any) -> AbstractAsyncContextManager[Caller]:
        """A caller of a bridge with the peer's key and these settings, by default without retries."""
        headers = [f"{name}={value}" for name, value in self.server.headers.items()]
        defaults = {"upstream_api_key": self.peer.key, "upstream_headers": headers, "max_retries": 0}
        return calling(self.server.url, **{**defaults, **options})

    async def raw(self, path: str, body: dict[str, Any]) -> bytes:
        """The peer's own response to a POST, without a bridge."""
        headers = {"authorization": f"Bearer {self.peer.key}", **self.server.headers}
        async with httpx.AsyncClient(trust_env=False, timeout=LIMIT) as client:
            response = await client.post(self.server.url + path, json=body, headers=headers)
        return response.content


async def list_models(case: Case, caller: Caller) -> str:
    ids = {model.id for model in (await caller.models.ListModels(_LIST, timeout=LIMIT)).data}
    wanted = {case.peer.chat_model, case.peer.embedding_model}
    return "OK, with the models that it serves" if wanted <= ids else "OK, without a model that it serves"


async def retrieve_model(case: Case, caller: Caller) -> str:
    return await _retrieve(caller, case.peer.chat_model)


async def retrieve_model_from_list(case: Case, _: Caller) -> str:
    async with case.bridge(retrieve_from_list=True) as caller:
        return await _retrieve(caller, case.peer.chat_model)


async def retrieve_model_with_slash(case: Case, caller: Caller) -> str:
    return await _retrieve(caller, case.peer.slash_model)


async def retrieve_unknown_model(_: Case, caller: Caller) -> str:
    return await _retrieve(caller, "no-such-model")


async def _retrieve(caller: Caller, model: str) -> str:
    response = await caller.models.RetrieveModel(models_pb2.RetrieveModelRequest(model=model), timeout=LIMIT)
    return "OK" if response.id == model else "OK, but another model"


async def chat(case: Case, caller: Caller) -> str:
    response = await unary(caller, ask(case.peer.chat_model))
    choice = response.choices[0]
    complete = choice.message.role == "assistant" and choice.message.content and choice.finish_reason
    return "OK, text and finish_reason" if complete else "OK, but incomplete"


async def chat_usage(case: Case, caller: Caller) -> str:
    usage = (await unary(caller, ask(case.peer.chat_model))).usage
    return _usage(usage)


def _usage(usage: Any) -> str:
    adds_up = 0 < usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    return "OK, usage that adds up" if adds_up else "OK, but no usage that adds up"


async def chat_model_with_slash(case: Case, caller: Caller) -> str:
    response = await unary(caller, ask(case.peer.slash_model))
    return "OK, by that name" if response.model == case.peer.slash_model else "OK, by another name"


async def chat_content_parts(case: Case, caller: Caller) -> str:
    request = ask(case.peer.chat_model)
    request.messages[0].content_parts.items.add(type="text", text="What is a lighthouse?")
    return "OK, text" if (await unary(caller, request)).choices[0].message.content else "OK, but no text"


async def chat_unknown_parameter(case: Case, caller: Caller) -> str:
    request = ask(case.peer.chat_model, extra_json='{"x_of_tomorrow":{"a":1}}')
    return "OK" if (await unary(caller, request)).choices else "OK, but no choice"


async def chat_two_choices(case: Case, caller: Caller) -> str:
    response = await unary(caller, ask(case.peer.chat_model, n=2))
    return _choices({choice.index for choice in response.choices if choice.message.content})


async def stream_two_choices(case: Case, caller: Caller) -> str:
    stream = await streamed(caller, ask(case.peer.chat_model, n=2))
    return _choices({index for index in range(3) if stream.text(index) and stream.finish_reason(index)})


def _choices(indexes: set[int]) -> str:
    return "OK, 2 choices" if indexes == {0, 1} else f"OK, but choices {sorted(indexes)}"


async def chat_logprobs(case: Case, caller: Caller) -> str:
    choice = (await unary(caller, ask(case.peer.chat_model, logprobs=True, top_logprobs=2))).choices[0]
    return _logprobs(choice.message.content, choice.logprobs.content)


async def stream_logprobs(case: Case, caller: Caller) -> str:
    stream = await streamed(caller, ask(case.peer.chat_model, logprobs=True, top_logprobs=2))
    return _logprobs(stream.text(), [token for choice in stream.choices(0) for token in choice.logprobs.content])


def _logprobs(text: str, tokens: Any) -> str:
    if not tokens:
        return "OK, but no logprobs"
    spelt = text.startswith("".join(token.token for token in tokens)[: len(text)])
    right = spelt and all(token.logprob <= 0 and len(token.top_logprobs) == 2 for token in tokens)
    return "OK, 2 alternatives a token" if right else "OK, but the tokens are not the text's"


async def chat_tool_call(case: Case, caller: Caller) -> str:
    choice = (await unary(caller, ask(case.peer.chat_model, **_TOOLS))).choices[0]
    calls = choice.message.tool_calls
    return _tool_call([(call.id, call.function.name, call.function.arguments) for call in calls], choice.finish_reason)


async def stream_tool_call(case: Case, caller: Caller) -> str:
    stream = await streamed(caller, ask(case.peer.chat_model, **_TOOLS))
    calls: dict[int, list[str]] = {}
    for choice in stream.choices(0):
        for piece in choice.delta.tool_calls:
            parts = calls.setdefault(piece.index, ["", "", ""])
            for at, text in enumerate((piece.id, piece.function.name, piece.function.arguments)):
                parts[at] += text
    return _tool_call([(call[0], call[1], call[2]) for call in calls.values()], stream.finish_reason())


def _tool_call(calls: list[tuple[str, str, str]], finish_reason: str) -> str:
    if not calls:
        return "OK, but no tool call"
    whole = all(identity and name == "get_weather" and "city" in loads(text.encode()) for identity, name, text in calls)
    right = whole and finish_reason == "tool_calls"
    return "OK, a call with arguments" if right else f"OK, but not as promised, finish_reason {finish_reason}"


async def chat_tool_result(case: Case, caller: Caller) -> str:
    request = ask(case.peer.chat_model)
    function = {"name": "get_weather", "arguments": '{"city":"Bergen"}'}
    call = {"id": "call_1", "type": "function", "function": function}
    request.messages.add(role="assistant", tool_calls=[call])
    request.messages.add(role="tool", tool_call_id="call_1", content="Rain.")
    return "OK, text" if (await unary(caller, request)).choices[0].message.content else "OK, but no text"


async def stream(case: Case, caller: Caller) -> str:
    result = await streamed(caller, ask(case.peer.chat_model))
    complete = result.text() and result.finish_reason() and len(result.chunks) > 2
    return "OK, text in pieces and finish_reason" if complete else "OK, but incomplete"


async def stream_same_text(case: Case, caller: Caller) -> str:
    whole = (await unary(caller, ask(case.peer.chat_model))).choices[0].message.content
    same = whole == (await streamed(caller, ask(case.peer.chat_model))).text()
    return "OK, the text of the plain call" if same else "OK, but another text than the plain call's"


async def stream_usage(case: Case, caller: Caller) -> str:
    request = ask(case.peer.chat_model, stream_options={"include_usage": True})
    last = (await streamed(caller, request)).chunks[-1]
    return _usage(last.usage) + (", with no choice" if not last.choices else ", with a choice")


async def stream_no_usage(case: Case, caller: Caller) -> str:
    result = await streamed(caller, ask(case.peer.chat_model))
    return "OK, usage" if any(chunk.HasField("usage") for chunk in result.chunks) else "OK, no usage"


async def embedding(case: Case, caller: Caller) -> str:
    response = await embedded(caller, case.peer.embedding_model, "a lighthouse", "a ship")
    sizes = {len(entry.embedding) for entry in response.data}
    right = [entry.index for entry in response.data] == [0, 1] and len(sizes) == 1 and 0 not in sizes
    return "OK, a vector for each input" if right else f"OK, but {len(response.data)} for 2 inputs"


async def embedding_formats(case: Case, caller: Caller) -> str:
    model = case.peer.embedding_model
    default, base64, floats = [
        list((await embedded(caller, model, "a lighthouse", **fields)).data[0].embedding)
        for fields in ({}, {"encoding_format": "base64"}, {"encoding_format": "float"})
    ]
    close = all(abs(a - b) < 1e-6 and abs(a - c) < 1e-6 for a, b, c in zip(default, base64, floats, strict=True))
    return "OK, the same numbers in each form" if close and default else "OK, but other numbers in another form"


async def embedding_base64(case: Case, _: Caller) -> str:
    body = {"model": case.peer.embedding_model, "input": "a lighthouse", "encoding_format": "base64"}
    vector = loads(await case.raw("/embeddings", body))["data"][0]["embedding"]
    return "the peer sends base64" if isinstance(vector, str) else "the peer sends a list of numbers"


async def chat_unknown_model(_: Case, caller: Caller) -> str:
    await unary(caller, ask("no-such-model"))
    return "OK"


async def chat_invalid_request(case: Case, caller: Caller) -> str:
    request = ask(case.peer.chat_model)
    request.messages[0].ClearField("content")
    request.messages[0].extra_json = '{"content":42}'
    await unary(caller, request)
    return "OK"


async def stream_invalid_request(case: Case, caller: Caller) -> str:
    request = ask(case.peer.chat_model)
    request.messages[0].ClearField("content")
    request.messages[0].extra_json = '{"content":42}'
    await streamed(caller, request)
    return "OK"


async def wrong_key_of_bridge(case: Case, _: Caller) -> str:
    async with case.bridge(upstream_api_key="sk-this-key-is-wrong") as caller:
        await unary(caller, ask(case.peer.chat_model))
    return "OK"


async def wrong_key_of_caller(case: Case, _: Caller) -> str:
    async with case.bridge(upstream_api_key=None) as caller:
        metadata = (("authorization", "Bearer sk-this-key-is-wrong"),)
        await caller.chat.CreateChatCompletion(ask(case.peer.chat_model), metadata=metadata, timeout=LIMIT)
    return "OK"


async def request_id(case: Case, caller: Caller) -> str:
    call = caller.chat.CreateChatCompletion(ask(case.peer.chat_model), timeout=LIMIT)
    await call
    keys = {key for key, _ in await call.trailing_metadata()}
    return "OK, with the peer's request id" if "x-upstream-request-id" in keys else "OK, without a request id"


async def chat_nothing_lost(case: Case, _: Caller) -> str:
    data = await case.raw("/chat/completions", encode(ask(case.peer.chat_model)))
    value = loads(data)
    message = build(chat_pb2.CreateChatCompletionResponse, value)
    if _without_null(loads(dumps(encode(message)))) != _without_null(value):
        return "something is lost"
    untyped = sorted(set(_untyped(message)))
    return "every member has a field" if not untyped else f"in extra_json: {', '.join(untyped)}"


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_null(item) for key, item in value.items() if item is not None}
    return [_without_null(item) for item in value] if isinstance(value, list) else value


def _untyped(message: Message, path: str = "") -> list[str]:
    """The members, by path, that have no field in the schema."""
    found = []
    for field, value in message.ListFields():
        if field.name == "extra_json":
            found += [path + key for key in loads(value.encode())]
        elif field.message_type is not None and not field.message_type.GetOptions().map_entry:
            for item in value if field.is_repeated else [value]:
                found += _untyped(item, f"{path}{field.name}.")
    return found


@dataclass(frozen=True)
class Check:
    """One row of the table."""

    name: str
    rpc: str
    promised: str
    run: Callable[[Case, Caller], Awaitable[str]]


_NOT_FOUND: Final = "NOT_FOUND, MODEL_NOT_FOUND, HTTP 404"
_INVALID: Final = "INVALID_ARGUMENT, INVALID_REQUEST, HTTP 400"
_MODELS, _CHAT, _STREAM, _EMBED = "ListModels", "CreateChatCompletion", "CreateChatCompletionStream", "CreateEmbedding"

CHECKS: Final = (
    Check("models", _MODELS, "OK, with the models that it serves", list_models),
    Check("model", "RetrieveModel", "OK", retrieve_model),
    Check("model, retrieve_from_list", "RetrieveModel", "OK", retrieve_model_from_list),
    Check("model id with a slash", "RetrieveModel", "OK", retrieve_model_with_slash),
    Check("unknown model", "RetrieveModel", _NOT_FOUND, retrieve_unknown_model),
    Check("chat", _CHAT, "OK, text and finish_reason", chat),
    Check("chat, usage", _CHAT, "OK, usage that adds up", chat_usage),
    Check("chat, model id with a slash", _CHAT, "OK, by that name", chat_model_with_slash),
    Check("chat, content parts", _CHAT, "OK, text", chat_content_parts),
    Check("chat, unknown parameter", _CHAT, "OK", chat_unknown_parameter),
    Check("chat, n=2", _CHAT, "OK, 2 choices", chat_two_choices),
    Check("chat, logprobs", _CHAT, "OK, 2 alternatives a token", chat_logprobs),
    Check("chat, tool call", _CHAT, "OK, a call with arguments", chat_tool_call),
    Check("chat, tool result", _CHAT, "OK, text", chat_tool_result),
    Check("chat, unknown model", _CHAT, _NOT_FOUND, chat_unknown_model),
    Check("chat, invalid request", _CHAT, _INVALID, chat_invalid_request),
    Check("chat, nothing lost", _CHAT, "every member has a field", chat_nothing_lost),
    Check("stream", _STREAM, "OK, text in pieces and finish_reason", stream),
    Check("stream, same text", _STREAM, "OK, the text of the plain call", stream_same_text),
    Check("stream, include_usage", _STREAM, "OK, usage that adds up, with no choice", stream_usage),
    Check("stream, usage not asked for", _STREAM, "OK, no usage", stream_no_usage),
    Check("stream, n=2", _STREAM, "OK, 2 choices", stream_two_choices),
    Check("stream, logprobs", _STREAM, "OK, 2 alternatives a token", stream_logprobs),
    Check("stream, tool call", _STREAM, "OK, a call with arguments", stream_tool_call),
    Check("stream, invalid request", _STREAM, _INVALID, stream_invalid_request),
    Check("embeddings", _EMBED, "OK, a vector for each input", embedding),
    Check("embeddings, both forms", _EMBED, "OK, the same numbers in each form", embedding_formats),
    Check("embeddings, base64 sent", _EMBED, "the peer sends base64", embedding_base64),
    Check(
        "wrong key of the bridge", _CHAT, "UNAUTHENTICATED, BRIDGE_CREDENTIALS_REJECTED, HTTP 401", wrong_key_of_bridge
    ),
    Check(
        "wrong key of the caller", _CHAT, "UNAUTHENTICATED, CALLER_CREDENTIALS_REJECTED, HTTP 401", wrong_key_of_caller
    ),
    Check("request id", _CHAT, "OK, with the peer's request id", request_id),
)


async def seen(check: Check, case: Case) -> str:
    """What a caller sees in this check."""
    async with case.bridge() as caller:
        try:
            return await check.run(case, caller)
        except grpc.aio.AioRpcError as error:
            return refusal(error)
