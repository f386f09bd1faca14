"""Accumulating a stream: the rules, the dialects' peculiarities, and random completions in random pieces."""

import json
from base64 import b64decode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibridge.client import collect
from aibridge.v1.chat_pb2 import CreateChatCompletionResponse
from aibridge.v1.chat_pb2 import CreateChatCompletionStreamResponse as Chunk
from bridge.codec import decode, encode
from bridge.jsontext import dumps


def whole(*chunks: dict[str, Any]) -> Any:
    """The JSON of the completion from these chunks."""
    completion = collect(decode(Chunk, json.dumps(chunk).encode()) for chunk in chunks)
    return json.loads(dumps(encode(completion)))


def message(*deltas: dict[str, Any]) -> Any:
    return whole(*({"choices": [{"index": 0, "delta": delta}]} for delta in deltas))["choices"][0]["message"]


def test_a_stream_is_the_completion() -> None:
    chunks = [
        {"id": "c1", "object": "chat.completion.chunk", "created": 17, "model": "m", "obfuscation": "xx",
         "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]},
        {"id": "c1", "created": 17, "model": "m", "choices": [{"index": 0, "delta": {"content": "Hel"}}]},
        {"id": "c1", "created": 17, "model": "m", "choices": [{"index": 0, "delta": {"content": "lo"}}]},
        {"id": "c1", "created": 17, "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"id": "c1", "created": 17, "model": "m", "choices": [], "usage": {"prompt_tokens": 3, "total_tokens": 5}},
    ]  # fmt: skip
    assert whole(*chunks) == {
        "id": "c1",
        "object": "chat.completion",
        "created": 17,
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "total_tokens": 5},
    }


def test_choices_come_in_any_order() -> None:
    """E17: each choice has its own text and finish_reason."""
    choices = whole(
        {"choices": [{"index": 1, "delta": {"content": "B"}}]},
        {"choices": [{"index": 0, "delta": {"content": "A"}},
                     {"index": 1, "delta": {"content": "b"}, "finish_reason": "stop"}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]},
    )["choices"]  # fmt: skip
    assert [(choice["message"]["content"], choice["finish_reason"]) for choice in choices] == [
        ("A", "length"),
        ("Bb", "stop"),
    ]


def test_nothing_becomes_nothing() -> None:
    assert collect([]) == CreateChatCompletionResponse(object="chat.completion")


def test_empty_values_replace_nothing() -> None:
    """E13: Azure's first chunk has no id and no model, and a time of 0."""
    result = whole({"id": "a", "created": 5, "choices": []}, {"id": "", "created": 0, "model": "", "choices": []})
    assert (result["id"], result["created"], result["model"]) == ("a", 5, "")


def test_texts_of_every_kind_are_appended() -> None:
    names = ("content", "reasoning", "reasoning_content", "refusal")
    assert message({"role": "assistant"}, dict.fromkeys(names, "a"), dict.fromkeys(names, "b")) == {
        "role": "assistant",
        **dict.fromkeys(names, "ab"),
    }


def test_an_empty_role_is_none() -> None:
    assert message({"role": "assistant"}, {"role": "", "content": "x"})["role"] == "assistant"


CALLS = [
    pytest.param(
        [[{"index": 0, "id": "c0", "type": "function", "function": {"name": "f", "arguments": ""}}],
         [{"index": 1, "id": "c1", "type": "function", "function": {"name": "g", "arguments": "{"}}],
         [{"index": 0, "function": {"arguments": '{"a"'}}, {"index": 1, "function": {"arguments": "}"}}],
         [{"index": 0, "function": {"arguments": ":1}"}}]],
        [("c0", "f", '{"a":1}'), ("c1", "g", "{}")],
        id="by index",
    ),
    pytest.param(
        [[{"index": 0, "function": {"name": "f", "arguments": "{"}}], [{"index": 0, "id": "late"}],
         [{"index": 0, "id": "late", "function": {"name": "f", "arguments": "}"}}]],
        [("late", "f", "{}")],
        id="the id comes late, the name twice",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("pieces", "expected"), CALLS)
def test_tool_calls(pieces: Any, expected: Any) -> None:
    """Fragments become whole tool calls, with any indexes and ids."""
    calls = message(*({"tool_calls": piece} for piece in pieces))["tool_calls"]
    assert [(call["id"], call["function"]["name"], call["function"]["arguments"]) for call in calls] == expected


def test_a_custom_tools_input_and_what_comes_with_a_call() -> None:
    calls = message(
        {"tool_calls": [{"index": 0, "id": "c", "type": "custom", "custom": {"name": "calc", "input": "1+"},
                         "extra_content": {"google": {"thought_signature": "s"}}, "new": "a"}]},
        {"tool_calls": [{"index": 0, "custom": {"input": "2"}, "extra_content": {"google": {"thought": True}},
                         "new": "b"}]},
    )["tool_calls"]  # fmt: skip
    assert calls == [
        {
            "id": "c",
            "type": "custom",
            "custom": {"name": "calc", "input": "1+2"},
            "extra_content": {"google": {"thought_signature": "s", "thought": True}},
            "new": "ab",
        }
    ]


def test_the_deprecated_function_call() -> None:
    call = message({"function_call": {"name": "f", "arguments": "{"}}, {"function_call": {"arguments": "}"}})
    assert call["function_call"] == {"name": "f", "arguments": "{}"}


def test_parts_and_text_make_parts() -> None:
    """E16: Mistral sends a list while it thinks, and text afterwards."""
    text = {"type": "text", "text": "hm"}
    content = message(
        {"content": "First. "},
        {"content": [{"type": "thinking", "thinking": [text]}]},
        {"content": [{"type": "thinking", "thinking": [text]}]},
        {"content": "Ans"},
        {"content": [{"type": "text", "text": "wer"}]},
    )["content"]
    assert content == [
        {"type": "text", "text": "First. "},
        {"type": "thinking", "thinking": [text, text]},
        {"type": "text", "text": "Answer"},
    ]


def test_reasoning_details_of_one_index_are_one() -> None:
    details = message(
        {"reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "a", "k": "1"}]},
        {"reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "b", "signature": "s", "k": "2"}]},
        {"reasoning_details": [{"type": "reasoning.encrypted", "index": 0, "data": "d"}]},
        {"reasoning_details": [{"type": "reasoning.text", "text": "alone"}]},
    )["reasoning_details"]
    assert details == [
        {"type": "reasoning.text", "text": "ab", "signature": "s", "index": 0, "k": "12"},
        {"type": "reasoning.encrypted", "data": "d", "index": 0},
        {"type": "reasoning.text", "text": "alone"},
    ]


@pytest.mark.parametrize("pieces", [["AAD/fw==", "AIA="], ["AAD/", "fwCA"]])
def test_pieces_of_audio(pieces: list[str]) -> None:
    """E11: each piece is separate base64 with its own padding."""
    audio = message(
        {"audio": {"id": "audio_77", "transcript": "Hel"}},
        *({"audio": {"data": piece}} for piece in pieces),
        {"audio": {"transcript": "lo"}},
        {"audio": {"expires_at": 1790004500}},
    )["audio"]
    assert b64decode(audio.pop("data"), validate=True) == b"".join(b64decode(piece) for piece in pieces)
    assert audio == {"id": "audio_77", "transcript": "Hello", "expires_at": 1790004500}


def test_audio_as_bytes_and_as_text_that_is_no_base64() -> None:
    chunks = [Chunk(choices=[{"index": 0, "delta": {"audio": {"data_raw": piece}}}]) for piece in (b"a", b"b")]
    assert collect(chunks).choices[0].message.audio.data_raw == b"ab"
    assert message({"audio": {"data": "!="}}, {"audio": {"data": "?"}})["audio"]["data"] == "!=?"


def test_logprobs_grow() -> None:
    tokens = [{"token": text, "logprob": -0.5, "top_logprobs": []} for text in "abc"]
    result = whole(
        {"choices": [{"index": 0, "delta": {}, "logprobs": {"content": [tokens[0]], "x": [1]}}]},
        {"choices": [{"index": 0, "delta": {}, "logprobs": None}]},
        {
            "choices": [
                {"index": 0, "delta": {}, "logprobs": {"content": [tokens[1]], "refusal": [tokens[2]], "x": [2]}}
            ]
        },
    )
    assert result["choices"][0]["logprobs"] == {"content": tokens[:2], "refusal": tokens[2:], "x": [1, 2]}


def test_lists_grow_in_a_delta_and_are_replaced_elsewhere() -> None:
    result = whole(
        {"citations": ["a"], "choices": [{"index": 0, "delta": {"annotations": [{"type": "x"}]}, "token_ids": [1]}]},
        {
            "citations": ["a", "b"],
            "choices": [{"index": 0, "delta": {"annotations": [{"type": "y"}]}, "token_ids": [2]}],
        },
    )
    assert result["citations"] == ["a", "b"]
    assert result["choices"][0]["token_ids"] == [1, 2]
    assert [annotation["type"] for annotation in result["choices"][0]["message"]["annotations"]] == ["x", "y"]


def test_unknown_members_are_kept() -> None:
    delta = {"thought": "a", "list": [1], "object": {"s": "a", "n": 1}, "n": 1, "big": 12345678901234567890123}
    more = {"thought": "b", "list": [2], "object": {"s": "b", "n": 2, "m": 3}, "n": "x", "new": True}
    result = whole(
        {"top": "a", "k": 1, "choices": [{"index": 0, "delta": delta, "note": "a"}]},
        {"top": "b", "choices": [{"index": 0, "delta": more, "note": "b"}]},
    )
    assert (result["top"], result["k"], result["choices"][0]["note"]) == ("b", 1, "b")
    assert {key: value for key, value in result["choices"][0]["message"].items() if key != "role"} == {
        "thought": "ab",
        "list": [1, 2],
        "object": {"s": "ab", "n": 2, "m": 3},
        "n": "x",
        "big": 12345678901234567890123,
        "new": True,
    }


def test_an_empty_list_is_overridden_by_what_comes() -> None:
    """An empty list in `extra_json` is removed when its field gets items."""
    result = message(
        {"tool_calls": [], "annotations": []}, {"tool_calls": [{"index": 0, "id": "x"}]}, {"tool_calls": []}
    )
    assert result == {"role": "assistant", "tool_calls": [{"id": "x"}], "annotations": []}


def test_the_chunks_stay_as_they_are() -> None:
    chunk = decode(
        Chunk, b'{"choices":[{"index":0,"delta":{"content":"a","tool_calls":[{"index":0,"id":"x"}],"y":"z"}}]}'
    )
    before = chunk.SerializeToString(deterministic=True)
    collect([chunk, chunk, chunk])
    assert chunk.SerializeToString(deterministic=True) == before


texts = st.text(max_size=12)
calls = st.lists(st.tuples(st.text("abc", min_size=1, max_size=4), texts), max_size=3)


@given(content=texts, reasoning=texts, calls=calls, cuts=st.lists(st.integers(1, 5), max_size=6))
def test_any_completion_in_any_pieces(
    content: str, reasoning: str, calls: list[tuple[str, str]], cuts: list[int]
) -> None:
    """The result does not depend on where the server cuts texts, or on the order."""

    def pieces(text: str) -> list[str]:
        result, at = [], 0
        for cut in cuts:
            result.append(text[at : at + cut])
            at += cut
        return [*result, text[at:]]

    deltas: list[dict[str, Any]] = [{"reasoning": piece} for piece in pieces(reasoning)]
    deltas += [{"content": piece} for piece in pieces(content)]
    for index, (name, _) in enumerate(calls):
        deltas.append({"tool_calls": [{"index": index, "id": f"c{index}", "function": {"name": name}}]})
    rounds = [pieces(arguments) for _, arguments in calls]
    for turn in range(len(cuts) + 1):  # the fragments of several calls alternate
        deltas += [
            {"tool_calls": [{"index": index, "function": {"arguments": parts[turn]}}]}
            for index, parts in enumerate(rounds)
        ]
    result = message({"role": "assistant"}, *deltas)
    assert (result["content"], result["reasoning"]) == (content, reasoning)
    found = [(call["function"]["name"], call["function"]["arguments"]) for call in result.get("tool_calls", [])]
    assert found == calls
    assert json.dumps(result)
