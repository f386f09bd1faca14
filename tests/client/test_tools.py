"""The tool loop and a real bridge: functions, mistakes of the model, limits; both clients, both RPCs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aibridge.client import CallFailed, Conversation, TooManyRounds, aio, connect, run_tools
from aibridge.v1.chat_pb2 import CreateChatCompletionRequest
from tests.support.bridge import Bridge
from tests.support.gateway import Script, respond_json, sse

Run = Callable[..., Awaitable[Conversation]]


def says(streamed: bool, *calls: tuple[str, str], content: str | None = None) -> Script:  # noqa: FBT001 # from a fixture
    tool_calls = [
        {"index": index, "id": f"call_{index}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for index, (name, arguments) in enumerate(calls)
    ]
    said = {"role": "assistant", "content": content, **({"tool_calls": tool_calls} if calls else {})}
    reason = "tool_calls" if calls else "stop"
    if streamed:
        return sse({"choices": [{"index": 0, "delta": said}]}, {"choices": [{"index": 0, "finish_reason": reason}]})
    return respond_json({"choices": [{"index": 0, "message": said, "finish_reason": reason}]})


@pytest.fixture(params=["sync", "aio"])
def run(request: pytest.FixtureRequest, bridge: Bridge) -> Run:
    async def in_thread(*arguments: Any, **options: Any) -> Conversation:
        with connect(bridge.address) as client:
            return await asyncio.to_thread(run_tools, client, *arguments, **options)

    async def on_loop(*arguments: Any, **options: Any) -> Conversation:
        async with aio.connect(bridge.address) as client:
            return await aio.run_tools(client, *arguments, **options)

    return in_thread if request.param == "sync" else on_loop


@pytest.fixture
def question() -> CreateChatCompletionRequest:
    tool = {"type": "function", "function": {"name": "tide", "parameters_json": '{"type":"object"}'}}
    return CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "when?"}], tools=[tool])


@pytest.mark.parametrize("streamed", [False, True])
async def test_functions_are_called_until_there_is_an_response(
    run: Run, bridge: Bridge, question: CreateChatCompletionRequest, streamed: bool  # noqa: FBT001 # a parameter
) -> None:  # fmt: skip
    def tide(harbour: str, day: int = 1) -> Any:
        return {"harbour": harbour, "high": f"14:0{day}"}

    bridge.gateway.script(
        says(streamed, ("tide", '{"harbour":"Ålesund"}'), ("tide", '{"harbour":"b","day":2}')),
        says(streamed, ("note", "")),
        says(streamed, content="At 14:01."),
    )
    chunks: list[Any] = []
    options = {"on_chunk": chunks.append} if streamed else {}
    before = question.SerializeToString()
    conversation = await run(question, {"tide": tide, "note": lambda: "noted"}, **options)
    assert conversation.message.content == "At 14:01."
    assert question.SerializeToString() == before
    assert len(chunks) == (6 if streamed else 0)
    first, second, third = (request.json for request in bridge.gateway.requests)
    assert first["messages"] == [{"role": "user", "content": "when?"}]
    assert second["messages"][1:] == [
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": "call_0",
                    "type": "function",
                    "function": {"name": "tide", "arguments": '{"harbour":"Ålesund"}'},
                },
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "tide", "arguments": '{"harbour":"b","day":2}'},
                },
            ],
        },
        {"role": "tool", "content": '{"harbour": "Ålesund", "high": "14:01"}', "tool_call_id": "call_0"},
        {"role": "tool", "content": '{"harbour": "b", "high": "14:02"}', "tool_call_id": "call_1"},
    ]
    assert third["messages"][-1] == {"role": "tool", "content": "noted", "tool_call_id": "call_0"}


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("storm", "{}", '{"error": "there is no function \'storm\', there are: tide"}'),
        ("tide", '{"har', '{"error": "the arguments of tide are not JSON"}'),
        ("tide", "[1]", '{"error": "the arguments of tide are not a JSON object"}'),
        ("tide", '{"port":1}', '{"error": "tide: missing a required argument: \'harbour\'"}'),
        ("tide", '{"harbour":1,"x":2}', '{"error": "tide: got an unexpected keyword argument \'x\'"}'),
    ],
)
async def test_what_the_model_does_wrong_goes_back_to_it(
    run: Run, bridge: Bridge, question: CreateChatCompletionRequest, name: str, arguments: str, result: str
) -> None:
    bridge.gateway.script(says(False, (name, arguments)), says(False, content="sorry"))
    await run(question, {"tide": lambda harbour: harbour})
    assert bridge.gateway.last.json["messages"][-1]["content"] == result


async def test_a_functions_own_exception_is_the_programs(
    run: Run, bridge: Bridge, question: CreateChatCompletionRequest
) -> None:
    def tide() -> None:
        raise TypeError("inside")

    bridge.gateway.script(says(False, ("tide", "{}")))
    with pytest.raises(TypeError, match="inside"):
        await run(question, {"tide": tide})
    assert len(bridge.gateway.requests) == 1


async def test_a_model_that_does_not_stop(run: Run, bridge: Bridge, question: CreateChatCompletionRequest) -> None:
    bridge.gateway.script(says(False, ("tide", "{}")))
    with pytest.raises(TooManyRounds, match="after 3 rounds") as caught:
        await run(question, {"tide": lambda: "?"}, rounds=3)
    assert len(bridge.gateway.requests) == 3
    assert len(caught.value.conversation.request.messages) == 7


async def test_a_completion_that_fails(run: Run, bridge: Bridge, question: CreateChatCompletionRequest) -> None:
    bridge.gateway.script(says(False, ("tide", "{}")), respond_json({"error": {"message": "no"}}, 400))
    with pytest.raises(CallFailed, match="INVALID_ARGUMENT"):
        await run(question, {"tide": lambda: "?"})


async def test_a_custom_tool(run: Run, bridge: Bridge, question: CreateChatCompletionRequest) -> None:
    call = {"id": "c", "type": "custom", "custom": {"name": "calc", "input": "1+2"}}
    calling = {"choices": [{"index": 0, "message": {"role": "assistant", "tool_calls": [call]}}]}
    bridge.gateway.script(respond_json(calling), says(False, content="3"))
    await run(question, {"calc": lambda text: f"{text}=3"})
    assert bridge.gateway.last.json["messages"][-1]["content"] == "1+2=3"


async def test_functions_may_be_coroutines(bridge: Bridge, question: CreateChatCompletionRequest) -> None:
    async def tide() -> str:
        await asyncio.sleep(0)
        return "high"

    seen: list[Any] = []

    async def on_chunk(chunk: Any) -> None:
        await asyncio.sleep(0)
        seen.append(chunk)

    bridge.gateway.script(says(True, ("tide", "{}")), says(True, content="ok"))
    async with aio.connect(bridge.address) as client:
        conversation = await aio.run_tools(client, question, {"tide": tide}, on_chunk=on_chunk)
    assert (conversation.message.content, len(seen)) == ("ok", 4)
    assert bridge.gateway.last.json["messages"][-1]["content"] == "high"
