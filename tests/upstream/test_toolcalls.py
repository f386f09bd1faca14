"""Fragments of tool calls get the index of their call, whatever the server sent."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibridge.client.aio import collect
from aibridge.v1 import chat_pb2
from bridge.upstream.toolcalls import ToolCalls
from tests.support.bridge import Bridge
from tests.support.gateway import sse
from tests.support.toolcalls import CALLS, ORDINARY, STREAMS, Fragment

Request = chat_pb2.CreateChatCompletionRequest
Assembled = list[tuple[str, str, str]]


def chunk(fragments: list[Fragment], choice: int = 0) -> dict[str, Any]:
    return {"choices": [{"index": choice, "delta": {"tool_calls": [dict(part) for part in fragments]}}]}


def assembled(chunks: list[list[Fragment]]) -> Assembled:
    """The tool calls of the fragments by the one rule: append by index."""
    calls: dict[int, list[str]] = {}
    numbers = ToolCalls()
    for fragments in chunks:
        value = chunk(fragments)
        numbers.number(value)
        for part in value["choices"][0]["delta"]["tool_calls"]:
            said = part.get("function") or part.get("custom") or {}
            call = calls.setdefault(part["index"], ["", "", ""])
            call[0] = part.get("id") or call[0]
            call[1] = said.get("name") or call[1]
            call[2] += said.get("arguments") or said.get("input") or ""
    assert list(calls) == list(range(len(calls)))  # from 0, without gaps, in the order in which they begin
    return [(identity, name, arguments) for identity, name, arguments in calls.values()]


@pytest.mark.parametrize("name", STREAMS)
def test_dialects(name: str) -> None:
    """Every odd stream gives the same two calls."""
    assert assembled(STREAMS[name]) == CALLS


@pytest.mark.parametrize("coalesce", [False, True])
@pytest.mark.parametrize("name", STREAMS)
async def test_the_client_sees_the_same(bridge: Bridge, name: str, *, coalesce: bool) -> None:
    """Through the bridge, with two choices in turn, the accumulator gets the same calls by index."""
    chunks = [chunk(fragments, choice) for fragments in STREAMS[name] for choice in (0, 1)]
    ends = [{"choices": [{"index": choice, "delta": {}, "finish_reason": "tool_calls"}]} for choice in (0, 1)]
    bridge.gateway.script(sse(*chunks, *ends))
    hello = {"role": "user", "content": "hi"}
    request = Request(model="m", messages=[hello], n=2, bridge_options={"coalesce": coalesce})
    completion = await collect(bridge.chat.CreateChatCompletionStream(request))
    assert len(completion.choices) == 2
    for choice in completion.choices:
        calls = choice.message.tool_calls
        assert [(call.id, call.function.name, call.function.arguments) for call in calls] == CALLS
        assert not any(call.HasField("index") for call in calls)


def call(index: int | None = None, name: str | None = None, arguments: str | None = None, **more: Any) -> Fragment:
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    return {**({} if index is None else {"index": index}), "function": function, **more}


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        pytest.param([[call(None, "f", "{}"), call(None, "f", "{}")]], [("", "f", "{}")] * 2, id="one chunk"),
        pytest.param([[call(None, "f", "{}")], [call(None, "f", "{}")]], [("", "f", "{}")] * 2, id="complete before"),
        pytest.param([[call(0, "f", "{}")], [call(0, "f", "{}")]], [("", "f", "{}")] * 2, id="complete, index reused"),
        pytest.param([[call(0, "f", "")], [call(0, "g", "")]], [("", "f", ""), ("", "g", "")], id="another name"),
        pytest.param(
            [[call(None, "f", "{")], [call(None, "f", "}")], [call(None, arguments=" ")]],
            [("", "f", "{} ")],
            id="the name is repeated in an unfinished call",
        ),
        pytest.param([[call(None, None, "{")], [call(None, "f", "}")]], [("", "f", "{}")], id="the name comes late"),
        pytest.param(
            [[call(0, "f", "{}", id="x")], [call(1, "g", "{", id="x")], [call(1, None, "}", id="x")],
             [call(0, None, " ", id="x")]],
            [("x", "f", "{} "), ("x", "g", "{}")],
            id="one id for all",
        ),
        pytest.param(
            [[call(None, "f", "", id="a")], [call(None, "f", "{", id="")], [call(None, "f", "}")]],
            [("a", "f", "{}")],
            id="without an index the name is repeated, the id not",
        ),
        pytest.param(
            [[call(0, "f", "{", id=7)], [call(0, None, "}", id=7)], [call(0, "f", "{}", id=8)]],
            [(7, "f", "{}"), (8, "f", "{}")],
            id="ids are numbers",
        ),
        pytest.param(
            [[call(0, "f", "{}", id="a")], [call(0, None, "", id="b")], [call(0, "g", "{}")]],
            [("a", "f", "{}"), ("b", "g", "{}")],
            id="an id before the name, without text",
        ),
        pytest.param(
            [[call(0, "f", "{}", id="a")], [call(1, None, "{", id="b")], [call(1, "g", "}")]],
            [("a", "f", "{}"), ("b", "g", "{}")],
            id="an id and an index of its own before the name",
        ),
        pytest.param(
            [[call(0, "f", "{}", id="a")], [call(1, None, "")], [call(1, "g", "{}")]],
            [("a", "f", "{}"), ("", "g", "{}")],
            id="an index before the name, without text",
        ),
        pytest.param(
            [[{"index": 2, "type": "custom", "custom": {"name": "calc", "input": "1+"}}],
             [{"index": 2, "custom": {"input": "2"}}], [{"index": 9, "custom": {"name": "calc", "input": "3"}}]],
            [("", "calc", "1+2"), ("", "calc", "3")],
            id="custom tools without ids",
        ),
    ],
)  # fmt: skip
def test_calls_without_ids_of_their_own(chunks: list[list[Fragment]], expected: list[Any]) -> None:
    """Without usable id and index, another name, the same chunk or complete arguments separate calls."""
    assert assembled(chunks) == expected


def test_nothing_changes_in_an_ordinary_stream() -> None:
    """An ordinary stream does not change, nor does anything that is not a fragment."""
    numbers = ToolCalls()
    odd = [{}, {"choices": None}, {"choices": [{"delta": None}, None]},
           {"choices": [{"delta": {"tool_calls": None}}, {"delta": {"tool_calls": [None, 1]}}]}]  # fmt: skip
    for value in [*(chunk(fragments) for fragments in STREAMS[ORDINARY]), *odd]:
        before = copy.deepcopy(value)
        numbers.number(value)
        assert value == before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | st.sampled_from(["", "a", "{}"]) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["index", "id", "function", "custom", "name", "arguments", "input"]), inner, max_size=4
    ),
    max_leaves=8,
)  # fmt: skip


@given(st.lists(st.lists(JSON, max_size=3), max_size=6))
def test_any_json_is_numbered(chunks: list[list[Any]]) -> None:
    """For any JSON each object gets an index, from 0 and without gaps."""
    numbers, seen = ToolCalls(), 0
    for fragments in chunks:
        numbers.number({"choices": [{"index": 0, "delta": {"tool_calls": fragments}}]})
        for part in fragments:
            if isinstance(part, dict):
                assert type(part["index"]) is int
                assert 0 <= part["index"] <= seen
                seen = max(seen, part["index"] + 1)
