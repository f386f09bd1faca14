"""Coalescing does not change the result: accumulating the merged stream gives the same as the original."""

import asyncio
import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, ClassVar

import pytest
from grpc import StatusCode
from grpc.aio import AioRpcError
from hypothesis import given, settings
from hypothesis import strategies as st

from aibridge.v1 import chat_pb2
from aibridge.v1.common_pb2 import BridgeOptions
from benchmarks.dialects import SHAPES
from bridge.codec import to_json
from bridge.errors import BridgeError
from bridge.jsontext import Fragment, dumps, loads
from bridge.services.coalesce import Coalescer
from bridge.services.options import interval_of, window_of
from bridge.services.relay import Relay
from bridge.settings import SettingsError, load
from bridge.upstream.chunk import Chunk
from bridge.upstream.sse import Event
from bridge.upstream.template import Template
from tests.support import gateway as gateways
from tests.support.accumulate import accumulate
from tests.support.bridge import Bridge, Start
from tests.support.gateway import Gateway
from tests.support.outcomes import drain
from tests.support.streams import Exchange, Parsing, Told, messages_of, told

TEXT = st.sampled_from(["", "a", " bc", "é", "\n"])
TOKEN = st.fixed_dictionaries({"token": TEXT, "logprob": st.sampled_from([-0.5, 0.0])}, optional={"bytes": st.none()})
TOKENS = st.lists(TOKEN, min_size=1, max_size=2)
LOGPROBS = (
    st.none()
    | st.fixed_dictionaries({"content": TOKENS})
    | st.fixed_dictionaries({}, optional={key: st.none() | TOKENS | st.just([]) for key in ("content", "refusal")})
)
DETAIL = st.fixed_dictionaries(
    {"type": st.just("reasoning.text"), "text": TEXT, "index": st.integers(0, 1)},
    optional={"format": st.just("x-v1"), "signature": st.none() | TEXT, "novel": st.integers(0, 1)},
)
CALL = st.fixed_dictionaries(
    {"index": st.integers(0, 1)},
    optional={
        "id": st.sampled_from(["", "call_a", "call_b"]) | st.none(),
        "type": st.just("function"),
        "function": st.fixed_dictionaries(
            {}, optional={"name": st.sampled_from(["f", ""]), "arguments": TEXT | st.none()}
        ),
        "extra_content": st.just({"google": {"thought_signature": "c2ln"}}),
    },
)
DELTA = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["assistant", ""]),
        "content": TEXT | st.none() | st.just([{"type": "text", "text": "part"}]),
        "reasoning": TEXT,
        "refusal": TEXT | st.none(),
        "tool_calls": st.lists(CALL, max_size=2),
        "quantum": st.integers(0, 3),
        "images": st.just([{"type": "image_url"}]),
        "reasoning_details": st.lists(DETAIL, max_size=2),
    },
)
PIECE = st.fixed_dictionaries(
    {"index": st.integers(0, 1), "function": st.fixed_dictionaries({"arguments": TEXT})},
    optional={"id": st.sampled_from(["call_a", "call_b"])},
)
#: Deltas that can be merged, in most examples.
PLAIN = st.fixed_dictionaries({"content": TEXT}) | st.fixed_dictionaries(
    {"tool_calls": st.lists(PIECE, min_size=1, max_size=1)}
)
CHOICE = st.fixed_dictionaries(
    {"index": st.integers(0, 1), "delta": PLAIN | DELTA},
    optional={"finish_reason": st.none() | st.just("stop"), "logprobs": LOGPROBS, "stop_reason": st.just("x")},
)
SIMPLE = st.fixed_dictionaries(
    {
        "id": st.just("c"),
        "choices": st.lists(
            st.fixed_dictionaries({"index": st.integers(0, 1), "delta": PLAIN}), min_size=1, max_size=1
        ),
    }
)
CHUNK = SIMPLE | st.fixed_dictionaries(
    {
        "id": st.sampled_from(["c", "d"]),
        "choices": st.lists(CHOICE, max_size=2) | st.lists(CHOICE, min_size=1, max_size=1),
    },
    optional={"usage": st.none() | st.just({"total_tokens": 3}), "obfuscation": TEXT, "created": st.integers(0, 1)},
)


#: Chunks with one structure, so that a template is learned, and with values that do not fit their fields.
NUMBER = st.sampled_from([-0.5, 0, 7, 1e300, -(2**53) - 1, 10**18])
BYTES = st.lists(st.sampled_from([0, 255, -1, 2**31 - 1, 2**31, 10**19]), min_size=1, max_size=2) | st.just([])


def _listed(*, role: bool, calls: bool, logprobs: bool, details: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    token = st.fixed_dictionaries({"token": TEXT, "logprob": NUMBER, "bytes": BYTES})
    delta: dict[str, Any] = {"role": st.just("assistant")} if role else {}
    delta["content"] = TEXT
    if calls:
        delta["tool_calls"] = st.builds(lambda text: [{"index": 0, "function": {"arguments": text}}], TEXT)
    if details:
        detail = {"type": st.just("reasoning.text"), "text": TEXT, "index": NUMBER}
        delta["reasoning_details"] = st.lists(st.fixed_dictionaries(detail), min_size=details, max_size=details)
    choice: dict[str, Any] = {"index": st.just(0), "delta": st.fixed_dictionaries(delta)}
    if logprobs:
        choice["logprobs"] = st.fixed_dictionaries({"content": st.lists(token, min_size=1, max_size=1)})
    chunk = {"id": st.just("c"), "choices": st.tuples(st.fixed_dictionaries(choice)).map(list), "obfuscation": TEXT}
    return st.lists(st.fixed_dictionaries(chunk), min_size=3, max_size=9)


LISTED = st.builds(
    _listed, role=st.booleans(), calls=st.booleans(), logprobs=st.booleans(), details=st.integers(0, 2)
).flatmap(lambda runs: runs)


#: Numbers that a field for counts, or any field, cannot hold, and unusual spellings of others.
NUMBERS = (12.0, 1.5, -1, 2**31, 2**53 + 1, 2**63, 1e300, *map(Fragment, ("-0", "-0.0", "1e400", "1e2", f"{10**25}")))
ODD = st.sampled_from(NUMBERS)
COUNT = st.integers(0, 999)
SEVERITY = st.sampled_from(["safe", "safe", "safe", "low"])
#: Members of chunks or choices: what they usually are, and what they seldom are.
COUNTED = {
    "usage": (
        st.fixed_dictionaries({"prompt_tokens": st.just(21), "total_tokens": COUNT, "novel": COUNT}),
        st.fixed_dictionaries({"prompt_tokens": st.just(21), "total_tokens": ODD, "novel": ODD})
        | st.sampled_from([None, {}, [1], {"novel": {"a": [1]}}, {"cost": True}]),
    ),
    "timings": (
        st.fixed_dictionaries({"predicted_n": COUNT, "predicted_ms": st.floats(0, 9)}),
        st.fixed_dictionaries({"predicted_n": ODD, "predicted_ms": ODD})
        | st.sampled_from([None, {}, "x", {"a": None}]),
    ),
    "obfuscation": (TEXT, st.sampled_from([None, 1, ["a"]])),
    "p": (TEXT, st.sampled_from([None, 1, {"a": "b"}])),
    "x_groq": (st.none(), st.just({"id": "r"})),
}
FOUND = (
    st.fixed_dictionaries({"hate": st.fixed_dictionaries({"filtered": st.just(value=False), "severity": SEVERITY})}),
    st.sampled_from([None, {}, {"hate": {"filtered": 0, "severity": 1}}, {"hate": {"filtered": True}}, "x"]),
)


@st.composite
def counted(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Chunks with running usage, timings, padding, and what a content filter has found; seldom something else."""
    names = draw(st.sets(st.sampled_from([*COUNTED, "found", "offsets"]), min_size=1))
    text, chunks, end = draw(st.sampled_from(["content", "refusal"])), [], 0
    for number in range(draw(st.integers(5, 12))):
        odd = draw(st.sampled_from(["", "", "", *sorted(names)])) if number > 2 else ""  # a template is learned first
        choice: dict[str, Any] = {"index": 0, "delta": {text: draw(TEXT)}}
        if "found" in names:
            choice["content_filter_results"] = draw(FOUND[odd == "found"])
        if "offsets" in names:
            start, end = end, end + draw(st.integers(0, 9))
            offsets: Any = {"check_offset": end, "start_offset": start, "end_offset": end}
            if odd == "offsets":
                offsets[draw(st.sampled_from(list(offsets)))] = draw(ODD | COUNT)
                offsets = draw(st.sampled_from([offsets, offsets, offsets, None, {}, {"a": 1}]))
            choice["content_filter_offsets"] = offsets
        members = {name: draw(of[name == odd]) for name, of in COUNTED.items() if name in names}
        chunks.append({"id": "c", **members, "choices": [choice]})
    return chunks


def event(value: dict[str, Any]) -> bytes:
    return b"data: %b\n\n" % dumps(value)


async def relayed(
    reads: list[bytes], window: float | None, kind: type[Relay] = Relay
) -> tuple[list[dict[str, Any]], tuple[str, str] | None]:
    """The JSON of a stream's messages, and its error."""
    outcome = await told(Exchange([*reads, b"data: [DONE]\n\n"]), kind, window)
    return jsons_of(outcome), outcome.error


def jsons_of(outcome: Told) -> list[dict[str, Any]]:
    return [json.loads(to_json(message)) for message in messages_of(outcome)]


def sum_of(streams: Sequence[list[Any]]) -> list[Any]:
    return [chunk for stream in streams for chunk in stream]


@settings(max_examples=300)
@given(
    stream=st.lists(SIMPLE, max_size=7) | st.lists(CHUNK, max_size=8) | LISTED | st.tuples(LISTED, LISTED).map(sum_of),
    cuts=st.just(set()) | st.sets(st.integers(0, 8)),
    window=st.sampled_from([0.0, 0.001, 10.0]),
)
async def test_accumulating_gives_the_same(stream: list[dict[str, Any]], cuts: set[int], window: float) -> None:
    """The same result for any stream, any split into reads, and any window."""
    bounds = sorted({0, *(cut for cut in cuts if cut < len(stream)), len(stream)})
    reads = [b"".join(map(event, stream[begin:end])) for begin, end in pairwise(bounds)]
    await check(reads, window)


@settings(max_examples=300)
@given(
    streams=st.lists(counted() | counted() | st.lists(SIMPLE, max_size=4) | LISTED, min_size=1, max_size=3),
    cuts=st.just(set()) | st.sets(st.integers(0, 20)),
    window=st.sampled_from([0.0, 10.0]),
)
async def test_the_latest_numbers_count(streams: list[list[dict[str, Any]]], cuts: set[int], window: float) -> None:
    """Usage, timings and padding of a merged chunk are the latest, and offsets those of all of the text."""
    events = list(map(event, sum_of(streams)))
    bounds = sorted({0, *(cut for cut in cuts if cut < len(events)), len(events)})
    await check([b"".join(events[begin:end]) for begin, end in pairwise(bounds)], window)


async def check(reads: list[bytes], window: float) -> None:
    """Each merged message is the sum of consecutive messages, with and without templates; and the same is recorded."""
    plain = await told(Exchange([*reads, b"data: [DONE]\n\n"]))
    messages = jsons_of(plain)
    for kind in (Relay, Parsing):
        fewer = await told(Exchange([*reads, b"data: [DONE]\n\n"]), kind, window)
        assert (fewer.error, fewer.usage, fewer.finish_reasons) == (plain.error, plain.usage, plain.finish_reasons)
        merged, count = jsons_of(fewer), 0
        for number in range(1, len(merged) + 1):
            count, wanted = count + 1, accumulate(merged[:number])
            while accumulate(messages[:count]) != wanted:
                count += 1
                assert count <= len(messages), (number, merged)
        assert accumulate(messages) == accumulate(merged)


def numbered(at: int, **choice: Any) -> dict[str, Any]:
    """A chunk with everything of which the latest counts, and with offsets."""
    offsets = {"check_offset": at + 1, "start_offset": at, "end_offset": at + 1}
    return {
        "id": "c",
        "usage": {"total_tokens": at, "novel": at},
        "timings": {"predicted_n": at, "predicted_ms": at / 2},
        "choices": [{"index": 0, "delta": {"content": f"w{at} "}, "content_filter_offsets": offsets, **choice}],
        "p": "x" * at,
    }


async def written(stream: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages of a stream that comes in one read, after the checks."""
    reads = [b"".join(map(event, stream))]
    await check(reads, 0.0)
    return (await relayed(reads, 0.0))[0]


async def test_the_latest_and_the_whole_of_a_burst() -> None:
    """The one message of a burst has the latest usage, timings and padding, and the offsets of all of its text."""
    (whole,) = await written([numbered(at) for at in range(12)])
    (choice,) = whole["choices"]
    assert choice["content_filter_offsets"] == {"check_offset": 12, "start_offset": 0, "end_offset": 12}
    assert (whole["usage"], whole["p"]) == ({"total_tokens": 11, "novel": 11}, "x" * 11)
    assert whole["timings"] == {"predicted_n": 11, "predicted_ms": 5.5}
    assert choice["delta"]["content"] == "".join(f"w{at} " for at in range(12))


@pytest.mark.parametrize("number", NUMBERS, ids=range(len(NUMBERS)))
@pytest.mark.parametrize("at", [6, 11], ids=["middle", "end"])
@pytest.mark.parametrize("name", ["total_tokens", "novel", "predicted_n", "predicted_ms"])
async def test_a_number_that_does_not_fit(name: str, at: int, number: Any) -> None:
    """A number that its field cannot hold loses nothing, and is forgotten if a later one follows.

    The second part of the text makes a message of which no chunk is parsed.
    """
    stream = [numbered(each) for each in (*range(4), *range(10, 18))]
    member, other = ("usage", "timings") if name in stream[at]["usage"] else ("timings", "usage")
    stream[at][member][name] = number
    for chunk in stream:
        del chunk[other]
    assert len(await written(stream)) in {2, 3, 4}


@pytest.mark.parametrize("number", NUMBERS, ids=range(len(NUMBERS)))
@pytest.mark.parametrize("name", ["check_offset", "start_offset", "end_offset"])
async def test_an_offset_that_is_none(name: str, number: Any) -> None:
    """Offsets are merged only if all of them are positions, and the start is before the end."""
    stream = [numbered(at) for at in range(12)]
    stream[6]["choices"][0]["content_filter_offsets"][name] = number
    assert len(await written(stream)) == (1 if dumps(number) == b"-0" and name != "end_offset" else 3)


async def test_a_part_that_does_not_adjoin() -> None:
    """A part of the text that does not follow the part before it starts a message, which later parts continue."""
    stream = [numbered(at) for at in (*range(6), *range(7, 12), *range(3, 9))]
    found = [message["choices"][0]["content_filter_offsets"] for message in await written(stream)]
    assert [(part["start_offset"], part["end_offset"]) for part in found] == [(0, 6), (7, 12), (3, 9)]


@pytest.mark.parametrize("start", [2**31, -1])
async def test_offsets_beside_lists(start: int) -> None:
    """The first offset of a message with lists is set with the last values of the others, so it has to fit as well."""
    details = [{"type": "reasoning.text", "text": "r"}]
    stream = [numbered(at, delta={"reasoning_details": details}) for at in range(12)]
    stream[1]["choices"][0]["content_filter_offsets"]["start_offset"] = start
    assert len(await written(stream)) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"hate": {"filtered": False}}, {"hate": {"filtered": 0}}),
        ({"hate": {"filtered": True, "severity": "low"}}, {"hate": {"filtered": True, "severity": "high"}}),
        ({"custom_blocklists": {"id": 1}}, {"custom_blocklists": {"id": 1.0}}),
        ({}, None),
    ],
)
async def test_other_findings(one: Any, other: Any) -> None:
    """Chunks in which the content filter found the same are merged, with and without offsets."""
    for offsets in ({}, {"content_filter_offsets": None}):
        found = [one] * 3 + [other] * 2 + [one] * 4 + [other] + [one] * 2
        stream = [numbered(at, content_filter_results=each, **offsets) for at, each in enumerate(found)]
        messages = await written(stream)
        assert len(messages) == (5 if "custom_blocklists" not in (one or {}) else 10)  # numbers are not compared


async def test_usage_that_was_not_written_yet_does_not_change() -> None:
    """A message has the usage of its last chunk, though later chunks have arrived, and the record the last of all.

    The one before the last has a number that does not fit, so that its message is not made by its template.
    """
    stream = [numbered(at) for at in (*range(6), *range(10, 16), 20)]
    stream[11]["usage"]["total_tokens"] = 1.5
    plain = await told(Exchange(list(map(event, stream)), cut=True))
    fewer = await told(Exchange([b"".join(map(event, stream))], cut=True), window=0.0)
    assert fewer.error == plain.error
    assert loads(fewer.usage.encode()) == {"total_tokens": 20, "novel": 20}
    assert [message["usage"]["total_tokens"] for message in jsons_of(fewer)] == [5, 1.5, 20]


async def test_the_index_of_a_tool_call_beside_a_number_that_does_not_fit() -> None:
    """A merged message has the index that the bridge gave the call, also if its template cannot make it."""
    head = {"index": 5, "id": "x", "type": "function", "function": {"name": "f", "arguments": ""}}
    rest = {"index": 5, "function": {"arguments": "a"}}
    stream = [{"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [call]}}]} for call in (head, *[rest] * 12)]
    for at, chunk in enumerate(stream):
        chunk["usage"] = {"total_tokens": at if at < 12 else 1.5}
    events = list(map(event, stream))
    fewer = await told(Exchange([b"".join(events[:6]), b"".join(events[6:])], cut=True), window=0.0)
    calls = [call for message in jsons_of(fewer) for call in message["choices"][0]["delta"]["tool_calls"]]
    assert len(calls) < len(stream)
    assert "".join(call["function"]["arguments"] for call in calls) == "a" * 12
    assert {call["index"] for call in calls} == {0}


@pytest.mark.parametrize("window", [0.0, 10.0])
@pytest.mark.parametrize("shape", sorted(SHAPES))
async def test_accumulating_gives_the_same_in_any_dialect(shape: str, window: float) -> None:
    """The same result with many events per read, and with one."""
    events = [b"data: %b\n\n" % text for text in SHAPES[shape].events]
    for reads in (events, [b"".join(events[at : at + 20]) for at in range(0, len(events), 20)]):
        plain, _ = await relayed(reads, None)
        fewer, failed = await relayed(reads, window)
        assert failed is None
        assert len(plain) == len(events)
        assert accumulate(fewer) == accumulate(plain)


def chunks(*deltas: dict[str, Any], **common: Any) -> list[Chunk]:
    values = [{"id": "c", **common, "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    return [Chunk(value) for value in values]


def merged(chunks: list[Chunk]) -> list[Any]:
    coalescer = Coalescer()
    return [*(ready for chunk in chunks for ready in coalescer.add(chunk)), *coalescer.take()]


def test_what_is_merged() -> None:
    """Text and tool-call arguments are merged with the message that begins them."""
    (text,) = merged(chunks({"role": "assistant", "content": ""}, {"content": "Hel"}, {"content": "lo"}))
    assert text.value["choices"][0]["delta"] == {"role": "assistant", "content": "Hello"}
    call = {"index": 0, "id": "call_a", "type": "function", "function": {"name": "f", "arguments": ""}}
    pieces = [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in ('{"a"', ":1}")]
    (whole,) = merged(chunks({"tool_calls": [call]}, *pieces))
    assert whole.value["choices"][0]["delta"]["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"a":1}'}


def test_lists_grow() -> None:
    """Reasoning details and log probabilities are lists. A role that is the same in each chunk is no new role."""
    details = [{"type": "reasoning.text", "text": text, "index": 0} for text in "ab"]
    deltas = [{"role": "assistant", "reasoning": one["text"], "reasoning_details": [one]} for one in details]
    (whole,) = merged(chunks(*deltas))
    assert whole.value["choices"][0]["delta"] == {
        "role": "assistant",
        "reasoning": "ab",
        "reasoning_details": details,
    }


def listed(number: int, *, size: list[int] | None = None, **delta: Any) -> dict[str, Any]:
    """A chunk with a token's log probability."""
    token = {"token": f"t{number}", "logprob": -number - 0.5, "bytes": [number] if size is None else size}
    choice = {"index": 0, "delta": {"content": f"w{number} ", **delta}, "logprobs": {"content": [token]}}
    return {"id": "c", "choices": [choice]}


@pytest.mark.parametrize("odd", [[], [2**31], [1, 2, 3], [-(2**31) - 1]])
async def test_a_value_that_does_not_fit_ends_a_run(odd: list[int]) -> None:
    """A value that its field cannot hold goes to `extra_json`, in the place where it came."""
    stream = [listed(number, size=odd if number == 7 else None) for number in range(12)]
    plain, _ = await relayed([b"".join(map(event, stream))], None)
    fewer, failed = await relayed([b"".join(map(event, stream))], 0.0)
    assert failed is None
    assert len(fewer) < 6
    assert accumulate(fewer) == accumulate(plain)


async def test_a_list_that_becomes_empty() -> None:
    """An empty list goes to `extra_json`. It is not merged unparsed into a message that has items in that list."""
    stream = [listed(number) for number in range(6)]
    for number, chunk in enumerate(stream):
        refusal = [{"token": "r", "logprob": -0.5}] if number == 1 else []
        chunk["choices"][0]["logprobs"]["refusal"] = refusal
    plain, _ = await relayed([b"".join(map(event, stream))], None)
    fewer, failed = await relayed([b"".join(map(event, stream))], 0.0)
    assert failed is None
    assert len(fewer) < 4
    assert accumulate(fewer) == accumulate(plain)


@pytest.mark.parametrize("index", [[], {}, "0", 0.5, True])
async def test_an_index_that_is_no_number(index: Any) -> None:
    """Chunks of a choice whose index is no whole number are passed on as they are."""
    stream = [{"choices": [{"index": index, "delta": {"role": "assistant", "content": text}}]} for text in "abcd"]
    plain, _ = await relayed(list(map(event, stream)), None)
    assert await relayed([b"".join(map(event, stream))], 0.0) == (plain, None)


async def test_details_beside_tool_calls() -> None:
    """The arguments of a tool call are not repeated for each of the details beside them."""
    call = {"index": 0, "id": "call_a", "type": "function", "function": {"name": "f", "arguments": ""}}
    stream = [{"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}]
    for number in range(8):
        pieces = [{"index": 0, "function": {"arguments": f"{number},"}}]
        details = [{"type": "reasoning.text", "text": f"r{number}", "index": 0}]
        delta = {"tool_calls": pieces, "reasoning_details": details}
        stream.append({"id": "c", "choices": [{"index": 0, "delta": delta}]})
    plain, _ = await relayed([b"".join(map(event, stream))], None)
    fewer, failed = await relayed([b"".join(map(event, stream))], 0.0)
    assert failed is None
    assert len(fewer) < 4
    assert accumulate(fewer) == accumulate(plain)


@pytest.mark.parametrize(
    ("shape", "most"),
    [
        ("reasoning", 22),
        ("logprobs", 12),
        ("plain", 12),
        ("tools", 14),
        ("llamacpp", 14),
        ("mistral", 14),
        ("vllm", 14),
    ],
)
async def test_few_messages_are_written(shape: str, most: int) -> None:
    """Chunks of texts, lists and what counts up become a message for each read of 20 events, also with a window."""
    events = [b"data: %b\n\n" % text for text in SHAPES[shape].events]
    for window in (0.0, 10.0):
        reads = [b"".join(events[at : at + 20]) for at in range(0, len(events), 20)]
        fewer, _ = await relayed(reads, window)
        assert len(fewer) <= most, (window, len(fewer))


def test_what_is_not_merged() -> None:
    for first, second in (
        ({"content": "a"}, {"reasoning": "b"}),
        ({"content": "a"}, {"role": "assistant", "content": "b"}),
        ({"content": "a"}, {"content": "b", "quantum": 1}),
        ({"content": "a"}, {"content": None}),
        ({"role": "assistant", "content": "a"}, {"role": "tool", "content": "b"}),
        ({"reasoning_details": [{"text": "a"}]}, {"reasoning_details": []}),
        ({"reasoning_details": [{"text": "a"}]}, {"reasoning_details": ["b"]}),
    ):
        assert len(merged(chunks(first, second))) == 2
    first, last = chunks({"content": "a"}, {"content": "b"})
    last.value["choices"][0]["finish_reason"] = "stop"
    assert merged([first, last]) == [first, last]


async def test_a_call_that_asks_for_it(
    start: Start, gateway: Gateway, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """Events of one write become one message if the call or the setting asks for it."""

    async def script(exchange: gateways.Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        deltas = [{"choices": [{"index": 0, "delta": {"content": text}}]} for text in "abc"]
        deltas.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        await asyncio.sleep(0.01)
        await exchange.send(b"".join(b"data: " + dumps(delta) + b"\n\n" for delta in deltas) + b"data: [DONE]\n\n")
        exchange.writer.close()

    gateway.script(script)

    async def texts(bridge: Bridge) -> list[str]:
        call = bridge.chat.CreateChatCompletionStream(hello)
        return [chunk.choices[0].delta.content async for chunk in call]

    async with start() as bridge:
        assert await texts(bridge) == ["a", "b", "c", ""]
        hello.bridge_options.coalesce = True
        assert await texts(bridge) == ["abc", ""]
    async with start(coalesce=True) as bridge:
        hello.bridge_options.coalesce = False
        assert await texts(bridge) == ["a", "b", "c", ""]
        hello.ClearField("bridge_options")
        assert await texts(bridge) == ["abc", ""]


async def test_the_window_of_a_call_and_of_the_setting(
    start: Start, gateway: Gateway, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """The first word comes at once, and the next ones as one message. A call may set the window, or switch it off."""
    got_first = asyncio.Event()

    async def script(exchange: gateways.Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        for text in "abcde":
            await exchange.event({"choices": [{"index": 0, "delta": {"content": text}}]})
            await got_first.wait()
        await exchange.event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        await exchange.event("[DONE]")
        exchange.writer.close()

    async def texts(bridge: Bridge) -> list[str]:
        got_first.clear()
        found = []
        async for chunk in bridge.chat.CreateChatCompletionStream(hello):
            found.append(chunk.choices[0].delta.content)
            got_first.set()
        return found

    gateway.script(script)
    async with start() as bridge:
        assert await texts(bridge) == [*"abcde", ""]
        hello.bridge_options.coalesce_window.FromMilliseconds(5000)
        assert await texts(bridge) == ["a", "bcde", ""]
        hello.ClearField("bridge_options")
    async with start(coalesce_window=5) as bridge:
        assert await texts(bridge) == ["a", "bcde", ""]
        hello.bridge_options.coalesce_window.FromMilliseconds(0)
        assert await texts(bridge) == [*"abcde", ""]
        hello.bridge_options.ClearField("coalesce_window")
        hello.bridge_options.coalesce = False
        assert await texts(bridge) == [*"abcde", ""]


@pytest.mark.parametrize("window", [0, 10])
async def test_running_usage_reaches_the_caller_at_once(
    bridge: Bridge, gateway: Gateway, hello: chat_pb2.CreateChatCompletionRequest, window: int
) -> None:
    """The gateway waits until the caller has seen the usage of each write. The trailers of a cut have the last one."""
    seen = asyncio.Queue[int]()

    async def script(exchange: gateways.Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        for last in range(3, 21, 3):
            totals = range(last - 2, last + 1)
            chunks = ({"choices": [{"index": 0, "delta": {"content": f"{at} "}}], **used(at)} for at in totals)
            await exchange.send(b"".join(map(event, chunks)))
            while await seen.get() < last:
                """The caller waits for more."""
        exchange.reset()

    def used(total: int) -> dict[str, Any]:
        return {"usage": {"prompt_tokens": 1, "total_tokens": total}}

    gateway.script(script)
    hello.bridge_options.coalesce = True
    hello.bridge_options.coalesce_window.FromSeconds(window)
    call = bridge.chat.CreateChatCompletionStream(hello)
    messages = []

    async def read() -> None:
        async for message in call:
            messages.append(message)
            seen.put_nowait(message.usage.total_tokens)

    with pytest.raises(AioRpcError) as failed:
        await asyncio.wait_for(read(), 5)
    assert failed.value.code() is StatusCode.UNAVAILABLE
    assert "".join(message.choices[0].delta.content for message in messages) == "".join(f"{at} " for at in range(1, 19))
    assert len(messages) < 12
    trailers = dict(await call.trailing_metadata() or ())
    assert loads(str(trailers["aibridge-usage"]).encode()) == {"prompt_tokens": 1, "total_tokens": 18}


async def test_heartbeats_go_on_in_the_window(
    start: Start, gateway: Gateway, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """Heartbeats and the window can both interrupt a read, and nothing is lost."""

    async def script(exchange: gateways.Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        for text in "abcdefghij":
            await exchange.event({"choices": [{"index": 0, "delta": {"content": text}}]})
            await asyncio.sleep(0.02)
        await exchange.event("[DONE]")
        exchange.writer.close()

    gateway.script(script)
    hello.bridge_options.coalesce_window.FromMilliseconds(30)
    hello.bridge_options.heartbeat.FromMilliseconds(100)
    async with start() as bridge:
        call = bridge.chat.CreateChatCompletionStream(hello)
        messages = [chunk async for chunk in call]
    assert "".join(choice.delta.content for chunk in messages for choice in chunk.choices) == "abcdefghij"
    assert len(messages) < 10


@pytest.mark.parametrize("milliseconds", [-1, -60_000, 10_001, 10**12])
async def test_a_window_outside_the_bounds(
    bridge: Bridge, hello: chat_pb2.CreateChatCompletionRequest, milliseconds: int
) -> None:
    """A window outside the bounds is refused with the field's name, and nothing goes upstream."""
    hello.bridge_options.coalesce_window.FromMilliseconds(milliseconds)
    outcome = await drain(bridge.chat.CreateChatCompletionStream(hello))
    assert outcome.code is StatusCode.INVALID_ARGUMENT
    assert "bridge_options.coalesce_window" in outcome.message
    assert not bridge.gateway.requests


def test_the_bounds_of_windows_and_heartbeats() -> None:
    """The largest and the smallest value are allowed."""
    limits = load(stall_timeout=60, upstream_url="http://127.0.0.1:1/v1")
    options = BridgeOptions(coalesce=True)
    for seconds in (0, 10):
        options.coalesce_window.FromSeconds(seconds)
        assert window_of(options, limits) == seconds
    for milliseconds in (0, 100, 3_600_000):
        options.heartbeat.FromMilliseconds(milliseconds)
        assert interval_of(options, limits) == milliseconds / 1000
    for milliseconds in (99, 3_600_001):
        options.heartbeat.FromMilliseconds(milliseconds)
        with pytest.raises(BridgeError):
            interval_of(options, limits)


def test_the_last_padding_is_kept() -> None:
    """A merged chunk has the padding of its last part."""
    coalescer = Coalescer()
    for text, padding in (("a", "x"), ("b", "yy")):
        value = {"choices": [{"index": 0, "delta": {"content": text}}], "obfuscation": padding}
        assert coalescer.add(Chunk(value)) == []
    (run,) = coalescer.take()
    assert isinstance(run, Chunk)
    assert (run.value["obfuscation"], run.value["choices"][0]["delta"]) == ("yy", {"content": "ab"})


@pytest.mark.parametrize("seconds", [-0.1, 10.5, "soon"])
def test_a_setting_outside_the_bounds(seconds: Any) -> None:
    """A setting outside the bounds is refused with its name."""
    with pytest.raises(SettingsError, match="coalesce_window"):
        load(coalesce_window=seconds)


def test_no_text_is_held_back_until_the_stream_has_stalled() -> None:
    """A stalled stream ends after the text that the window held was written."""
    settings = load(coalesce_window=10, stall_timeout=4, upstream_url="http://127.0.0.1:1/v1")
    assert window_of(BridgeOptions(), settings) == 2


class Absorbing(Relay):
    """Notes how many events the held run absorbed at a time."""

    noted: ClassVar[list[int]] = []

    @property
    def absorb(self) -> Callable[[Sequence[Event], int], int] | None:
        return self._note

    def _note(self, events: Sequence[Event], start: int) -> int:
        absorb = super().absorb
        assert absorb is not None
        self.noted.append(absorb(events, start))
        return self.noted[-1]


@pytest.mark.parametrize(
    ("last", "absorbed"),
    [
        pytest.param(b"", 17, id="nothing"),
        pytest.param(b"event: note\n" + event({"a": 1}), 17, id="an event of another kind"),
        pytest.param(
            b"event: error\n" + event({"id": "c", "choices": [{"index": 0, "delta": {"content": "x"}}]}),
            17,
            id="an error that looks like the rest",
        ),
        pytest.param(event({"id": "c", "choices": [{"index": 0, "delta": {"refusal": "no"}}]}), 17, id="another text"),
        pytest.param(event({"id": "c", "choices": [{"index": 1, "delta": {"content": "x"}}]}), 17, id="another choice"),
    ],
)
async def test_the_rest_of_a_read_is_absorbed(last: bytes, absorbed: int) -> None:
    """From the second chunk of a run on, one look takes all that continue it, and nothing else."""
    Absorbing.noted.clear()
    texts = [event({"id": "c", "choices": [{"index": 0, "delta": {"content": f"w{at} "}}]}) for at in range(20)]
    body = [b"".join(texts) + last, b"data: [DONE]\n\n"]
    fewer = await told(Exchange(body), Absorbing, window=0.0)
    plain = await told(Exchange(body))
    assert max(Absorbing.noted) == absorbed
    as_json = [[loads(to_json(message)) for message in messages_of(outcome)] for outcome in (fewer, plain)]
    assert accumulate(as_json[0]) == accumulate(as_json[1])
    assert fewer.error == plain.error


async def test_runs_of_one_chunk_are_not_compared_with_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where chunk after chunk ends the run, few are compared at once, as each would be compared again and again."""
    compared = []
    match_all = Template.match_all

    def noted(template: Template, chunks: Sequence[bytes]) -> Sequence[Any]:
        compared.append(len(chunks))
        return match_all(template, chunks)

    monkeypatch.setattr(Template, "match_all", noted)
    apart, together = [numbered(2 * at) for at in range(40)], [numbered(at) for at in range(200, 280)]
    assert len(await written([*apart, *together])) == 41
    assert sum(compared) < 2 * (8 + 80 + 32)  # `written` relays each stream twice
    assert max(compared) == 32


async def test_a_run_is_not_absorbed_without_end() -> None:
    """A message has at most the text of 64 KiB of chunks, and one chunk more."""
    texts = [event({"id": "c", "choices": [{"index": 0, "delta": {"content": "w" * 1000}}]}) for _ in range(400)]
    fewer, failed = await relayed([b"".join(texts)], 0.0)
    sizes = [len(message["choices"][0]["delta"]["content"]) for message in fewer]
    assert failed is None
    assert sum(sizes) == 400_000
    assert max(sizes) <= (1 << 16) + 2000


@pytest.mark.parametrize("texts", [{"content": "w"}, {"reasoning_details": [{"text": "w"}]}], ids=["texts", "lists"])
async def test_parsed_chunks_are_not_merged_without_end(texts: dict[str, Any]) -> None:
    """The same for chunks that match no template, as each has another structure than the one before."""
    long = loads(dumps(texts).replace(b"w", b"w" * 3000))
    stream = [{"id": "c", "choices": [{"index": 0, "delta": long}], "obfuscation": "x"} for _ in range(100)]
    for chunk in stream[::2]:
        del chunk["obfuscation"]
    told_all = await told(Exchange([*map(event, stream), b"data: [DONE]\n\n"]), Parsing, window=10.0)
    assert told_all.error is None
    assert 2 < len(told_all.messages) < 10
    assert max(map(len, told_all.messages)) <= (1 << 16) + 4000
