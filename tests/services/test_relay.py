"""A stream is relayed whole and in order, with templates, coalescing and the window."""

import asyncio
import gc
import heapq
import json
import selectors
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Any
from weakref import ref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibridge.v1.chat_pb2 import CreateChatCompletionStreamResponse as Message
from benchmarks.dialects import SHAPES
from benchmarks.shapes import CHUNKS
from bridge.errors import BridgeError
from bridge.jsontext import dumps, loads
from bridge.services.relay import Relay
from bridge.upstream.failures import interrupted
from bridge.upstream.stream import ChunkStream
from tests.support.streams import SETTINGS, Counting, Exchange, Parsing, Written, messages_of, told

VALUE = (
    st.sampled_from(["", "a", "é\n", '"', "\\", "null", "\ud83d", "\U0001f600"])
    | st.none()
    | st.integers(-3, 3)
    | st.sampled_from([2**31, 2**53 + 1, 2**64, 1e300, 12.0, 0.5])
    | st.lists(st.integers(-3, 300), max_size=3)
    | st.just({"a": 1})
)


def changed(value: Any, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
    """Put other values in up to two places."""
    places = list(places_in(value))
    for number in draw(st.lists(st.integers(0, len(places) - 1), max_size=2)):
        within, key = places[number]
        within[key] = draw(VALUE)


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, dict | list):
            yield from places_in(item)
        yield value, key


@given(st.sampled_from(sorted(SHAPES)), st.lists(st.integers(0, CHUNKS - 1), max_size=12), st.booleans(), st.data())
async def test_nobody_can_tell_that_chunks_are_not_parsed(
    shape: str,
    numbers: list[int],
    inline: bool,  # noqa: FBT001 # a parameter of the test
    data: st.DataObject,
) -> None:
    """Streams of all dialects, with any values, give the same messages, errors and record without templates."""
    events = [loads(SHAPES[shape].events[number]) for number in sorted(numbers)]
    for event in events:
        changed(event, data.draw)
    reads = [b"data: %b\n\n" % json.dumps(event).encode() for event in events]
    parsed, quick = [await told(Exchange(reads, inline=inline), kind) for kind in (Parsing, Relay)]
    assert quick == parsed


@pytest.mark.parametrize("shape", sorted(SHAPES))
async def test_few_chunks_are_parsed(shape: str) -> None:
    """Of each dialect only the first chunk, the last and those with news for the bridge are parsed."""
    reads = [b"data: %b\n\n" % text for text in SHAPES[shape].events]
    exchange: Any = Exchange(reads)
    relay = Counting(exchange.call, Written(), None, 0.0)
    await relay.run(ChunkStream(exchange, SETTINGS, relay))
    assert relay.skipped > CHUNKS - 10


async def test_a_tool_call_under_the_same_index_is_another_one() -> None:
    """A template ends where the number of a tool call changes."""

    def fragment(**function: str) -> dict[str, Any]:
        named = {"id": f"call_{function['name']}"} if "name" in function else {}
        calls = [{"index": 0, **named, "function": function}]
        return {"choices": [{"index": 0, "delta": {"tool_calls": calls}}]}

    pieces = [fragment(arguments=letter) for letter in "abcd"]
    events = [fragment(name="f", arguments=""), *pieces, fragment(name="g", arguments=""), *pieces]
    outcome = await told(Exchange([b"data: %b\n\n" % dumps(event) for event in events]))
    messages = [Message.FromString(data) for data in outcome.messages]
    assert [message.choices[0].delta.tool_calls[0].index for message in messages] == [0] * 5 + [1] * 5


async def told_quickly(*events: Any, window: float | None = None) -> Any:
    """What `told` returns, checked to be the same as if each chunk were parsed."""
    texts = [event if isinstance(event, bytes) else json.dumps(event).encode() for event in events]
    reads = [b"".join(b"data: %b\n\n" % text for text in texts)]
    parsed, quick = [await told(Exchange(reads), kind, window) for kind in (Parsing, Relay)]
    assert quick == parsed
    return quick


def chunk(text: str, *, usage: Any = None, **choice: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}, **choice}], "usage": usage}


async def test_log_probabilities_that_are_the_same_in_each_chunk_are_put_together() -> None:
    """Equal log probabilities of consecutive chunks are all kept, one for each token."""
    token = {"token": "!", "logprob": -0.0, "bytes": [33], "top_logprobs": []}
    sure = [chunk("!", logprobs={"content": [token]})] * 5
    outcome = await told_quickly(chunk("a"), *sure, chunk("", finish_reason="stop"), b"[DONE]", window=0.0)
    (choice,) = [Message.FromString(data).choices[0] for data in outcome.messages[1:-1]]
    assert (choice.delta.content, len(choice.logprobs.content)) == ("!!!!!", 5)


async def test_log_probabilities_that_are_no_objects_are_not_put_with_others() -> None:
    """Log probabilities that are no objects are not merged, as they go to `extra_json` with all others."""
    good, odd = {"content": [{"token": "a", "logprob": -1.5}]}, {"content": ["a"]}
    events = [chunk("a", logprobs=good), chunk("b", logprobs=odd), chunk("c", logprobs=good)]
    outcome = await told_quickly(chunk("-"), *events, b"[DONE]", window=0.0)
    choices = [Message.FromString(data).choices[0] for data in outcome.messages]
    assert [len(choice.logprobs.content) for choice in choices] == [0, 1, 0, 1]


async def test_a_notice_between_chunks_is_no_error() -> None:
    """An object that may be an error is one only if no choice follows, even in repeated chunks."""
    outcome = await told_quickly(*map(chunk, "abc"), {"message": "a notice"}, chunk("d"), b"[DONE]")
    assert (outcome.error, len(outcome.messages)) == (None, 5)


async def test_a_text_that_got_half_a_character_is_no_template() -> None:
    """The half belongs to one chunk, not to each later one with the same text."""
    words = ["x", "\\ud83d", "a", "a", "a"]
    texts = [
        f'{{"id":"c","choices":[{{"index":0,"delta":{{"content":"{at}","reasoning_details":[{{"text":"{word}"}}]}}}}]}}'
        for at, word in enumerate(words)
    ]
    outcome = await told(Exchange([*(f"data: {text}\n\n".encode() for text in texts), b"data: [DONE]\n\n"]))
    deltas = [message.choices[0].delta for message in messages_of(outcome)]
    assert [delta.content for delta in deltas] == ["0", "1", "2", "3", "4"]
    assert [delta.reasoning_details[0].text for delta in deltas] == ["x", "", "\ufffda", "a", "a"]


@pytest.mark.parametrize("window", [None, 0.0])
async def test_a_stray_line_between_chunks_is_no_error(window: float | None) -> None:
    """The same for an object outside any field."""
    texts = [
        b"data: %b\n\n" % dumps({"id": "c", "choices": [{"index": 0, "delta": {"content": text}}]})
        for text in "abcdefgh"
    ]
    pieces = [*texts[:4], b'{"message": "a notice"}\n\n', *texts[4:], b"data: [DONE]\n\n"]
    for reads in (pieces, [b"".join(pieces)]):
        assert (await told(Exchange(reads), window=window)).error is None


async def test_what_is_never_merged_comes_after_the_text_before_it() -> None:
    """A repeated chunk with a member that is not known is written after the text that is held."""
    first, second, third, last = (chunk(text, quantum=number) for number, text in enumerate("abcd"))
    outcome = await told_quickly(first, second, third, chunk("x"), last, b"[DONE]", window=0.0)
    choices = [Message.FromString(data).choices[0] for data in outcome.messages]
    assert [choice.delta.content for choice in choices] == ["a", "b", "c", "x", "d"]


@pytest.mark.parametrize("window", [None, 0.0])
async def test_the_usage_of_a_chunk_that_is_not_parsed_counts(window: float | None) -> None:
    """The last usage that arrived is reported, also of a stream that is cut."""
    events = [chunk(text, usage={"total_tokens": number}) for number, text in enumerate("abcde")]
    outcome = await told_quickly(*events, window=window)
    assert outcome.error is not None
    assert json.loads(outcome.usage) == {"total_tokens": 4}


async def test_a_finish_reason_that_is_no_text_is_noted_as_it_stands() -> None:
    """A finish_reason that is no text is recorded as JSON."""
    outcome = await told_quickly(chunk("a"), chunk("", finish_reason=10**25), b"[DONE]")
    assert outcome.finish_reasons == {0: f"{10**25}"}


@pytest.mark.parametrize("where", ["unknown", "usage"])
async def test_values_in_deep_json(where: str) -> None:
    """Values may be nested more deeply than the JSON library writes at once."""

    def nested(value: Any) -> Any:
        for _ in range(300):
            value = [value]
        return chunk("x", usage={"of": value}) if where == "usage" else chunk("x", quantum=value)

    assert not (await told_quickly(chunk("a"), *map(nested, "bcdef"), b"[DONE]")).error


@pytest.mark.parametrize("window", [None, 0.0, 0.05])
async def test_nothing_is_left_for_the_garbage_collector(window: float | None) -> None:
    """A stream's templates and messages are freed as soon as it has ended."""
    exchange: Any = Exchange([*(words("a") for _ in range(5)), END])
    relay = Relay(exchange.call, Written(), window, 0.0)
    gc.disable()
    try:
        await relay.run(ChunkStream(exchange, SETTINGS, relay))
        exchange.hold(None)  # as a connection does at the end of a response
        exchange, relay = None, ref(relay)
        assert relay() is None
    finally:
        gc.enable()


# --- the window in time -----------------------------------------------------------------------------------------------


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose clock moves only if nothing is ready, directly to the next timer."""

    def __init__(self) -> None:
        self.now = 1000.0
        selector = selectors.DefaultSelector()
        select = selector.select

        def waited(timeout: float | None = None) -> Any:
            if timeout:
                self.now += timeout
            return select(0)

        selector.select = waited  # type: ignore[method-assign]
        super().__init__(selector)

    def time(self) -> float:
        return self.now


def on_a_fake_clock(test: Callable[[Loop], Coroutine[Any, Any, None]]) -> None:
    loop = Loop()
    try:
        loop.run_until_complete(test(loop))
    finally:
        loop.close()


class Timed(Exchange):
    """Pieces that arrive at given times, in seconds from the beginning."""

    def __init__(self, loop: Loop, pieces: list[tuple[float, bytes]], *, failure: BridgeError | None = None) -> None:
        super().__init__([])
        self._loop = loop
        self._due = [(loop.now + at, number, data) for number, (at, data) in enumerate(pieces)]
        self._failure = failure
        self._may_wait: Callable[[bytes], bool] | None = None
        self._held = b""
        self._woken = asyncio.Event()

    def hold(self, may_wait: Callable[[bytes], bool] | None) -> bool:
        """Like the real method: a piece that may wait does not end a read."""
        self._arrive()
        self._may_wait = may_wait
        if may_wait is None and self._held:
            self._woken.set()
        return bool(self._held)

    async def read(self, _: int = 0) -> bytes:
        while self._due and not self._woken.is_set():  # a cancelled read loses nothing
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._due[0][0]):
                    await self._woken.wait()
            self._arrive()
        self._woken.clear()
        data, self._held = self._held, b""
        if not data and self._failure is not None:
            raise self._failure
        return data

    def _arrive(self) -> None:
        while self._due and self._due[0][0] <= self._loop.now:
            piece = heapq.heappop(self._due)[2]
            self._held += piece
            if self._may_wait is None or not self._may_wait(piece):
                self._woken.set()


def words(*texts: str, **choice: Any) -> bytes:
    return b"".join(
        b"data: %b\n\n" % dumps({"choices": [{"index": 0, "delta": {"content": text}, **choice}]}) for text in texts
    )


END = words("", finish_reason="stop") + b"data: [DONE]\n\n"


async def relayed(loop: Loop, pieces: list[tuple[float, bytes]], window: float) -> list[tuple[float, str]]:
    """The time of each written message, in seconds from the beginning, and its text; reasons in brackets."""
    exchange: Any = Timed(loop, pieces)
    written, began = Written(loop.time), loop.now
    relay = Relay(exchange.call, written, window, 0.0)
    await relay.run(ChunkStream(exchange, SETTINGS, relay))
    return [(round(at - began, 6), text_in(data)) for at, data in zip(written.times, written.messages, strict=True)]


def text_in(data: bytes) -> str:
    choice = Message.FromString(data).choices[0]
    calls = "".join(f"<{call.function.name}{call.function.arguments}>" for call in choice.delta.tool_calls)
    return f"{choice.delta.content}{calls}{[choice.finish_reason] if choice.finish_reason else ''}"


@given(
    gaps=st.lists(st.integers(0, 40).map(lambda number: number / 1000), min_size=1, max_size=40),
    window=st.sampled_from([0.001, 0.02, 0.05, 1.0]),
)
def test_no_text_waits_longer_than_the_window(gaps: list[float], window: float) -> None:
    """No text waits longer than the window, and messages of text are at least a window apart, except the last."""

    async def test(loop: Loop) -> None:
        pieces, at = [], 0.0
        for number, gap in enumerate(gaps):
            at += gap
            pieces.append((at, words(f"[{number}]")))
        found = await relayed(loop, [*pieces, (at + 0.5, END)], window)
        text = "".join(part for _, part in found)
        assert text == "".join(f"[{number}]" for number in range(len(gaps))) + "['stop']"
        arrived = iter(at for at, _ in pieces)
        for written, part in found[:-1]:
            for _ in range(part.count("[")):
                assert -1e-6 <= written - next(arrived) <= window + 1e-6
        times = [written for written, _ in found[:-1]]
        assert all(later - earlier > window - 1e-6 for earlier, later in pairwise(times)) or (
            times[-1] == found[-1][0]  # flushed at the end
        )

    on_a_fake_clock(test)


class Sliced(Timed):
    """Returns at most 16 KiB of the pieces at once, as the real exchange does."""

    rest = b""

    def hold(self, may_wait: Callable[[bytes], bool] | None) -> bool:
        return super().hold(may_wait) or bool(self.rest)

    async def read(self, _: int = 0) -> bytes:
        data = self.rest or await super().read()
        self.rest = data[1 << 14 :]
        return data[: 1 << 14]


@pytest.mark.parametrize("choices", [1, 2])
@pytest.mark.parametrize("pause", [0.0, 1.5], ids=["fast", "slow"])
def test_much_text_in_one_window(choices: int, pause: float) -> None:
    """Text that fills several reads, or that two choices send in turn, waits no longer than the window either.

    A caller that takes a message only after a `pause` makes it wait for that time.
    """

    class Paused(Written):
        async def write(self, message: Any) -> None:
            await super().write(message)
            await asyncio.sleep(pause if len(self.messages) == 1 else 0)

    async def test(loop: Loop) -> None:
        began, at = loop.now, [0.1 + number * 0.005 for number in range(300)]
        texts = [{"index": number % choices, "delta": {"content": f"{'x' * 40}[{number}]"}} for number in range(300)]
        pieces = [(when, b"data: %b\n\n" % dumps({"choices": [text]})) for when, text in zip(at, texts, strict=True)]
        end = [{"index": index, "delta": {}, "finish_reason": "stop"} for index in range(choices)]
        exchange: Any = Sliced(loop, [*pieces, (9.0, b"data: %b\n\ndata: [DONE]\n\n" % dumps({"choices": end}))])
        written = Paused(loop.time)
        relay = Relay(exchange.call, written, 1.0, 0.0)
        await relay.run(ChunkStream(exchange, SETTINGS, relay))
        found: dict[int, float] = {}
        for when, data in zip(written.times, written.messages, strict=True):
            for part in text_in(data).split("[")[1:]:
                if part.partition("]")[0].isdecimal():
                    found[int(part.partition("]")[0])] = when - began
        waits = [found[number] - at[number] for number in range(300)]
        assert min(waits) >= -1e-6
        assert max(waits) <= max(1.0, pause) + 1e-6

    on_a_fake_clock(test)


def test_what_never_waits() -> None:
    """The first chunk, a role, the start of a tool call and a finish_reason are sent at once, after the held text."""

    def delta(**members: Any) -> bytes:
        return b"data: %b\n\n" % dumps({"choices": [{"index": 0, "delta": members}]})

    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}
    more = [{"index": 0, "function": {"arguments": "x"}}]
    pieces = [
        (0.1, words("a")),
        (0.2, words("b")),
        (0.3, words("c")),
        (0.4, delta(role="assistant", content="d")),
        (0.5, words("e")),
        (0.6, delta(tool_calls=[call])),
        (0.7, delta(tool_calls=more)),
        (0.8, delta(tool_calls=more)),
        (0.9, END),
    ]

    async def test(loop: Loop) -> None:
        assert await relayed(loop, pieces, 10.0) == [
            (0.1, "a"), (0.4, "bc"), (0.4, "d"), (0.6, "e"), (0.6, "<f>"), (0.9, "<xx>"), (0.9, "['stop']"),
        ]  # fmt: skip

    on_a_fake_clock(test)


@pytest.mark.parametrize("interval", [0.0, 60.0], ids=["", "heartbeats"])
@pytest.mark.parametrize("before", ["", "p", "timings"])
def test_usage_does_not_wait(before: str, interval: float) -> None:
    """A chunk with usage is written with the held text before it, and with the rest of its read. Later text is not."""

    def said(letter: str, total: int | None = None) -> bytes:
        value: dict[str, Any] = {"choices": [{"index": 0, "delta": {"content": letter}}]}
        if before:
            value[before] = "x" * ord(letter) if before == "p" else {"predicted_n": ord(letter)}
        if total is not None:
            value["usage"] = {"total_tokens": total}
        return b"data: %b\n\n" % dumps(value)

    pieces = [
        *((number / 10, said(letter)) for number, letter in enumerate("abcd", 1)),
        (0.5, said("e", 5)),
        (0.6, said("f")),
        (0.7, said("g") + said("h", 8) + said("i")),
        *((number / 10, said(letter, number)) for number, letter in enumerate("jklm", 8)),
        (1.2, said("n", 12) + said("o", 13)),
        (1.3, said("p")),
        (1.4, END),
    ]

    async def test(loop: Loop) -> None:
        exchange: Any = Timed(loop, pieces)
        written, began = Written(loop.time), loop.now
        relay = Relay(exchange.call, written, 10.0, interval)
        await relay.run(ChunkStream(exchange, SETTINGS, relay))
        found = [
            (round(at - began, 6), text_in(data)) for at, data in zip(written.times, written.messages, strict=True)
        ]
        times = {letter: at for at, letters in found[:-1] for letter in letters}
        assert "".join(letters for _, letters in found) == "abcdefghijklmnop['stop']"
        at_once = {"a": 0.1, "e": 0.5, "h": 0.7, "j": 0.8, "k": 0.9, "l": 1.0, "m": 1.1, "n": 1.2, "o": 1.2}
        assert {letter: times[letter] for letter in at_once} == at_once
        assert [times[letter] for letter in "bcdfgp"] == [0.5, 0.5, 0.5, 0.7, 0.7, 1.4]
        assert times["i"] in {0.7, 0.8}
        usages = [Message.FromString(data).usage.total_tokens for data in written.messages]
        assert [total for total in usages if total] == [5, 8, 8, 9, 10, 11, 13]

    on_a_fake_clock(test)


@pytest.mark.parametrize("new", ["role", "tool_calls"])
def test_what_follows_the_text_in_a_delta_does_not_wait(new: str) -> None:
    """A member after the text is not taken for a part of it, even if the chunk ends like those that may wait."""
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}
    member = {"role": "tool", "tool_calls": [call]}[new]
    delta = dumps({"choices": [{"index": 0, "delta": {"content": "d", new: member}}]})
    pieces = [(0.1, words("a")), (0.2, words("b")), (0.3, words('"c"')), (0.4, b"data: %b\n\n" % delta), (0.9, END)]

    async def test(loop: Loop) -> None:
        found = await relayed(loop, pieces, 10.0)
        assert [at for at, _ in found] == [0.1, 0.4, 0.4, 0.9]
        assert found[1] == (0.4, 'b"c"')

    on_a_fake_clock(test)


@pytest.mark.parametrize("name", ["timings", "p", "obfuscation", "offsets", "usage"])
def test_what_waits_beside_text(name: str) -> None:
    """Timings, padding, offsets and `usage: null` do not end the window."""

    def said(number: int, letter: str) -> bytes:
        choice: dict[str, Any] = {"index": 0, "delta": {"content": letter}}
        if name == "offsets":
            offsets = {"check_offset": 9, "start_offset": number, "end_offset": number + 1}
            return b"data: %b\n\n" % dumps({"choices": [{**choice, "content_filter_offsets": offsets}]})
        member = {"timings": {"predicted_n": number}, "usage": None}.get(name, "x" * number)
        return b"data: %b\n\n" % dumps({"choices": [choice], name: member})

    async def test(loop: Loop) -> None:
        pieces = [(number / 10, said(number, letter)) for number, letter in enumerate("abcdefgh", 1)]
        assert await relayed(loop, [*pieces, (0.9, END)], 10.0) == [(0.1, "a"), (0.9, "bcdefgh"), (0.9, "['stop']")]

    on_a_fake_clock(test)


def test_a_role_that_comes_back_does_not_wait() -> None:
    """Chunks that repeat the role are held. One with another role is not, also if earlier chunks had that role."""

    def said(role: str, text: str, **members: Any) -> bytes:
        choice = {"index": 0, "delta": {"role": role, "content": text}}
        return b"data: %b\n\n" % dumps({"choices": [choice], **members})

    pieces = [
        *((number / 10, said("assistant", letter)) for number, letter in enumerate("abcd", 1)),
        (0.5, said("tool", "e")),
        (0.6, said("assistant", "f")),
        (0.7, said("assistant", "g")),
        (0.8, said("tool", "h", usage={"total_tokens": 1})),
        (0.9, said("assistant", "i")),
        (1.0, END),
    ]

    async def test(loop: Loop) -> None:
        assert await relayed(loop, pieces, 10.0) == [
            (0.1, "a"), (0.5, "bcd"), (0.5, "e"), (0.6, "f"), (0.8, "g"), (0.8, "h"), (0.9, "i"), (1.0, "['stop']"),
        ]  # fmt: skip

    on_a_fake_clock(test)


def test_an_error_and_the_end_do_not_wait() -> None:
    """An error and the end of the stream are sent at once, after the text before them.

    The text may follow the last finish_reason, in a stream that ends without `[DONE]`.
    """

    async def cut(loop: Loop) -> None:
        exchange: Any = Timed(loop, [(0.1, words("a")), (0.2, words("b"))], failure=interrupted("cut"))
        written = Written(loop.time)
        relay = Relay(exchange.call, written, 10.0, 0.0)
        began = loop.now
        with pytest.raises(BridgeError, match="cut"):
            await relay.run(ChunkStream(exchange, SETTINGS, relay))
        assert [round(at - began, 6) for at in written.times] == [0.1, 0.2]
        assert loop.now - began < 0.3

    async def done(loop: Loop) -> None:
        pieces = [(0.1, words("a")), (0.2, words("b") + b"data: [DONE]\n\n")]
        assert await relayed(loop, pieces, 10.0) == [(0.1, "a"), (0.2, "b")]

    async def late(loop: Loop) -> None:
        pieces = [(0.1, words("a")), (0.2, words("", finish_reason="stop")), (0.3, words("b"))]
        assert await relayed(loop, pieces, 10.0) == [(0.1, "a"), (0.2, "['stop']"), (0.3, "b")]

    on_a_fake_clock(cut)
    on_a_fake_clock(done)
    on_a_fake_clock(late)


@pytest.mark.parametrize("when", [0.13, 0.15], ids=["while it is open", "when it closes"])
def test_a_call_that_is_cancelled_in_the_window(when: float) -> None:
    """A call that is cancelled during the window ends at once and leaves no timer."""

    async def test(loop: Loop) -> None:
        exchange: Any = Timed(loop, [(0.1, words("a")), (0.12, words("b")), (9.0, END)])
        relay = Relay(exchange.call, Written(), 0.05, 0.0)
        task = loop.create_task(relay.run(ChunkStream(exchange, SETTINGS, relay)))
        loop.call_later(when, task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert loop.now < 1000.2
        assert not relay._window.is_open

    on_a_fake_clock(test)


@pytest.mark.parametrize("end", [END, b"data: nonsense\n\n"], ids=["complete", "failed"])
def test_a_stream_that_ends_in_the_window(end: bytes) -> None:
    """It leaves no timer: that would keep the call in memory, for ten seconds with the longest window."""

    async def test(loop: Loop) -> None:
        exchange: Any = Timed(loop, [(0.1, words("a")), (0.12, words("b")), (0.2, end)])
        relay = Relay(exchange.call, Written(), 10.0, 0.0)
        with suppress(BridgeError):
            await relay.run(ChunkStream(exchange, SETTINGS, relay))
        assert not relay._window.is_open

    on_a_fake_clock(test)


def test_what_arrives_when_the_window_closes() -> None:
    """With heartbeats a read has its own task. A piece that it reads just as the window closes is not lost."""

    async def test(loop: Loop) -> None:
        class Racing(Timed):
            async def read(self, _: int = 0) -> bytes:
                data = await super().read()
                if relay._window.is_open:
                    relay._window.close()
                    relay._window._expire()
                return data

        exchange: Any = Racing(loop, [(0.1, words("a")), (0.2, words("b")), (0.3, words("c")), (0.4, END)])
        written = Written(loop.time)
        relay = Relay(exchange.call, written, 0.5, 1.0)
        await relay.run(ChunkStream(exchange, SETTINGS, relay))
        assert "".join(map(text_in, written.messages)) == "abc['stop']"
        assert len(asyncio.all_tasks()) == 1

    on_a_fake_clock(test)


def test_a_chunk_that_was_read_before_the_window_closed() -> None:
    """With heartbeats a read has its own task, and its result may wait until the held text before it was written."""

    async def test(loop: Loop) -> None:
        class Racing(Timed):
            async def read(self, _: int = 0) -> bytes:
                data = await super().read()
                if data == rest:
                    assert relay._window.is_open
                    relay._window.close()
                    loop.call_soon(relay._window._expire)
                return data

        first, second = words("1"), words("2", stop_reason=None)
        rest = second[20:]
        learned = words(*"abcd") + words(*"efgh", stop_reason=None)
        pieces = [(0.1, learned), (0.2, first + second[:20]), (0.3, rest), (0.4, words("3")), (9.0, END)]
        exchange: Any = Racing(loop, pieces)
        written = Written(loop.time)
        relay = Relay(exchange.call, written, 0.5, 1.0)
        await relay.run(ChunkStream(exchange, SETTINGS, relay))
        assert "".join(text_in(data) for data in written.messages if data) == "abcdefgh123['stop']"

    on_a_fake_clock(test)


def test_the_window_cancels_no_heartbeat() -> None:
    """Held text is written after a heartbeat in progress, which is not cancelled, as that would end the call."""

    class Slow(Written):
        async def heartbeat(self, message: Any) -> None:
            await asyncio.sleep(3)  # for flow control
            await self.write(message)

    async def test(loop: Loop) -> None:
        exchange: Any = Timed(loop, [(0.1, words("a")), (0.2, words("b")), (9.0, END)])
        written, began = Slow(loop.time), loop.now
        relay = Relay(exchange.call, written, 2.0, 1.0)
        await relay.run(ChunkStream(exchange, SETTINGS, relay))
        assert [text_in(data) if data else None for data in written.messages][:3] == ["a", None, "b"]
        assert [round(at - began, 6) for at in written.times][:3] == [0.1, 4.2, 4.2]

    on_a_fake_clock(test)


def test_text_does_not_wait_beyond_the_deadline() -> None:
    async def test(loop: Loop) -> None:
        exchange: Any = Timed(loop, [(0.1, words("a")), (0.2, words("b")), (9.0, END)])
        written = Written(loop.time)
        relay = Relay(exchange.call._replace(deadline=loop.now + 1), written, 5.0, 0.0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await relay.run(ChunkStream(exchange, SETTINGS, relay))
        assert [text_in(data) for data in written.messages] == ["a", "b"]

    on_a_fake_clock(test)
