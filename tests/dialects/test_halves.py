"""Emoji that a server splits, with half a surrogate pair in each chunk, through real sockets."""

import json
from collections import defaultdict
from typing import Any

import grpc
import pytest

from aibridge.v1 import chat_pb2
from tests.support.bridge import Bridge
from tests.support.gateway import raw_sse
from tests.support.outcomes import drain, raw

pytestmark = pytest.mark.asyncio(loop_scope="module")

SMILE, ROCKET, LOST = "\U0001f600", "\U0001f680", "\ufffd"
HIGH, LOW = r"\ud83d", r"\ude00"
DONE = "data: [DONE]\n\n"


def chunk(delta: str = "", finish: str | None = None, index: int = 0, head: str = "") -> str:
    """A chunk of one choice. `delta` and `head` are JSON text of members."""
    choice = f'"index":{index},"delta":{{{delta}}},"finish_reason":{json.dumps(finish)}'
    return f'data: {{{head}"choices":[{{{choice}}}]}}\n\n'


def content(text: str, **more: Any) -> str:
    return chunk(f'"content":"{text}"', **more)


def reasoning(text: str, **more: Any) -> str:
    return chunk(f'"reasoning_content":"{text}"', **more)


def arguments(text: str, tool: int = 0, **more: Any) -> str:
    return chunk(f'"tool_calls":[{{"index":{tool},"function":{{"arguments":"{text}"}}}}]', **more)


STOP = chunk(finish="stop")
CONTENT = ("content", 0)
CASES: dict[str, tuple[str, dict[Any, str]]] = {
    "content": (content(HIGH) + content(LOW) + STOP, {CONTENT: SMILE}),
    "among text": (content(f"a{HIGH}") + content(f"{LOW}b") + STOP, {CONTENT: f"a{SMILE}b"}),
    "two in a row": (
        content(HIGH) + content(LOW + HIGH) + content(LOW + "!") + STOP,
        {CONTENT: f"{SMILE}{SMILE}!"},
    ),
    "different emoji": (content(HIGH) + content(r"\ude80") + STOP, {CONTENT: ROCKET}),
    "in the chunk that ends it": (content(HIGH) + content(LOW, finish="stop"), {CONTENT: SMILE}),
    "whole ones are left alone": (content(HIGH + LOW) + content(SMILE) + STOP, {CONTENT: SMILE * 2}),
    "names that are one without their halves": (
        chunk(f'"content":"{HIGH}","\\ufffd":{{"a":"{HIGH}"}},"\\ud800":"{HIGH}"') + content(LOW) + STOP,
        {CONTENT: SMILE},
    ),
    "an event that is passed over between": (
        content(HIGH) + f'event: x\ndata: {{"a": "{HIGH}"}}\n\n' + '{"b": NaN}\n\n' + content(LOW) + STOP,
        {CONTENT: SMILE},
    ),
    "such an event, and then never completed": (
        content(HIGH) + '{"b": NaN}\n\n' + content("a") + STOP,
        {CONTENT: f"{LOST}a"},
    ),
    "a number that orjson does not read beside it": (
        chunk(f'"content":"{HIGH}"', head='"n":NaN,') + chunk('"content":"a"', head='"n":NaN,') + STOP,
        {CONTENT: f"{LOST}a"},
    ),
    "empty texts between": (content(HIGH) + content("") + content("") + content(LOW) + STOP, {CONTENT: SMILE}),
    "behind chunks that repeat": (
        "".join(map(content, ("a", "b", "c", HIGH, LOW, "d", "e"))) + STOP,
        {CONTENT: f"abc{SMILE}de"},
    ),
    "other texts between": (
        content(HIGH) + reasoning("r") + reasoning("s") + content(LOW) + STOP,
        {CONTENT: SMILE, ("reasoning_content", 0): "rs"},
    ),
    "both texts at once": (
        content(HIGH) + reasoning(HIGH) + content(LOW) + reasoning(r"\ude80") + STOP,
        {CONTENT: SMILE, ("reasoning_content", 0): ROCKET},
    ),
    "reasoning": (reasoning(HIGH) + reasoning(LOW) + STOP, {("reasoning_content", 0): SMILE}),
    "arguments": (
        arguments('{\\"a\\":\\"' + HIGH) + arguments(LOW + '\\"}') + STOP,
        {("arguments", 0, 0): f'{{"a":"{SMILE}"}}'},
    ),
    "arguments of two calls": (
        arguments(HIGH) + arguments(HIGH, 1) + arguments(r"\ude80", 1) + arguments(LOW) + STOP,
        {("arguments", 0, 0): SMILE, ("arguments", 0, 1): ROCKET},
    ),
    "two choices": (
        content(HIGH)
        + content(HIGH, index=1)
        + content(r"\ude80", index=1)
        + content(LOW)
        + STOP
        + chunk(finish="stop", index=1),
        {CONTENT: SMILE, ("content", 1): ROCKET},
    ),
    "never completed": (content(f"a{HIGH}") + content("b") + STOP, {CONTENT: f"a{LOST}b"}),
    "never completed, among chunks that repeat": (
        "".join(map(content, ("a", "b", HIGH, "c", "d", "e"))) + STOP,
        {CONTENT: f"ab{LOST}cde"},
    ),
    "never completed, then again": (content(HIGH) + content(HIGH) + content(LOW) + STOP, {CONTENT: LOST + SMILE}),
    "a low half alone": (content("a") + content(LOW) + STOP, {CONTENT: f"a{LOST}"}),
    "never completed, at the finish": (content(f"a{HIGH}") + STOP, {CONTENT: f"a{LOST}"}),
    "never completed, at its own finish": (content(f"a{HIGH}", finish="stop"), {CONTENT: f"a{LOST}"}),
    "never completed, at the finish of another text": (
        content(f"a{HIGH}") + reasoning("r", finish="stop"),
        {CONTENT: f"a{LOST}", ("reasoning_content", 0): "r"},
    ),
    "never completed, of arguments": (arguments(f"a{HIGH}", 1) + STOP, {("arguments", 0, 0): f"a{LOST}"}),
    "never completed, at [DONE]": (content(f"a{HIGH}"), {CONTENT: f"a{LOST}"}),
    "never completed, of two choices, at [DONE]": (
        content(f"a{HIGH}") + content(f"b{HIGH}", index=1),
        {CONTENT: f"a{LOST}", ("content", 1): f"b{LOST}"},
    ),
    "the delta of the finish is null": (
        content(f"a{HIGH}") + 'data: {"choices":[{"index":0,"delta":null,"finish_reason":"stop"}]}\n\n',
        {CONTENT: f"a{LOST}"},
    ),
}


def texts(messages: list[chat_pb2.CreateChatCompletionStreamResponse]) -> dict[Any, str]:
    """All texts of a stream, joined by member and choice."""
    found: dict[Any, str] = defaultdict(str)
    for message in messages:
        for choice in message.choices:
            found["content", choice.index] += choice.delta.content
            found["reasoning_content", choice.index] += choice.delta.reasoning_content
            for call in choice.delta.tool_calls:
                found["arguments", choice.index, call.index] += call.function.arguments
    return {key: text for key, text in found.items() if text}


@pytest.mark.parametrize("coalesce", [False, True], ids=["one by one", "merged"])
@pytest.mark.parametrize("name", CASES)
async def test_halves(
    name: str,
    coalesce: bool,  # noqa: FBT001
    bridge: Bridge,
) -> None:
    """Halves are joined in the text to which they belong. A half that is never completed becomes U+FFFD."""
    stream, expected = CASES[name]
    request = chat_pb2.CreateChatCompletionRequest(
        model="m",
        messages=[{"role": "user", "content": "hello"}],
        bridge_options={"coalesce": coalesce},
    )
    bridge.gateway.script(raw_sse(stream + DONE))
    outcome = await drain(bridge.chat.CreateChatCompletionStream(request))
    assert outcome.code is grpc.StatusCode.OK, outcome.message
    assert texts(outcome.messages) == expected


async def test_what_else_a_chunk_says_stays(bridge: Bridge) -> None:
    """A chunk with a half loses nothing else: unknown members, integers of any size, the role."""
    head = '"id":"c","trace":123456789012345678901234567890,"new":{"b":1,"a":[null]},'
    stream = chunk(f'"role":"assistant","content":"{HIGH}"', head=head) + content(LOW, head=head) + STOP + DONE
    bridge.gateway.script(raw_sse(stream))
    request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hello"}])
    outcome = await drain(bridge.chat.CreateChatCompletionStream(request))
    first, second, _ = outcome.messages
    assert (first.choices[0].delta.role, first.choices[0].delta.content) == ("assistant", "")
    assert second.choices[0].delta.content == SMILE
    for message in (first, second):
        assert message.id == "c"
        assert json.loads(message.extra_json) == {"trace": 123456789012345678901234567890, "new": {"b": 1, "a": [None]}}


@pytest.mark.parametrize("value", [f'[["{HIGH}"]]', f'["{HIGH}"]', f'[{{"index":0,"b":["{HIGH}"]}}]'])
@pytest.mark.parametrize("end", ["", '"a":{"b":1}', '"a":[{"index":0,"b":{"c":1}}]', '"a":1', '"a":[[]]'])
async def test_a_half_in_a_list_of_lists(value: str, end: str, bridge: Bridge) -> None:
    """A half does not fail the call if nothing can continue its text, or if the last chunk has another value there."""
    bridge.gateway.script(raw_sse(chunk(f'"content":"x","a":{value}') + chunk(end, finish="stop") + DONE))
    request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hello"}])
    outcome = await drain(bridge.chat.CreateChatCompletionStream(request))
    assert outcome.code is grpc.StatusCode.OK, outcome.message
    assert LOST in outcome.messages[-1].choices[0].delta.extra_json


async def test_a_whole_response(bridge: Bridge) -> None:
    """Half of a pair in a whole response becomes U+FFFD at once."""
    body = rf'{{"choices": [{{"index": 0, "message": {{"content": "a{HIGH}"}}, "finish_reason": "stop"}}]}}'.encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n"
    bridge.gateway.script(raw(head + body))
    request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hello"}])
    assert (await bridge.chat.CreateChatCompletion(request)).choices[0].message.content == f"a{LOST}"
