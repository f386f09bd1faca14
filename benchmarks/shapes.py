"""Shapes of streams: builds chunks from a description."""

import base64
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

#: Number of events before `[DONE]`: one with the role, words, and one with the finish_reason.
CHUNKS: Final = 200
#: The placeholder for the time of writing in the words of a stamped stream.
STAMP: Final = b"0000000000.000000"
#: Every 16th word is one of these, with line feeds, quotes and non-ASCII letters.
_SPECIAL: Final = (".\n\n", ' "slack"', " café", " ½", "\n- ", " 潮", "\\frac", " 🌊")
Chunk = dict[str, Any]

_TEXT: Final = (
    "the tide at Oban turns two minutes past noon , and harbour master's log says that water stands three point four "
    "metres above chart datum while wind from south-west pushes swell into sound of Kerrera so ferries leave late"
)
WORDS: Final = _TEXT.split()


@dataclass(frozen=True)
class Word:
    """The word of a chunk, and a random generator for its other members."""

    number: int
    text: str
    #: The number of characters before it.
    start: int
    dice: random.Random

    def letters(self, low: int, high: int) -> str:
        """From `low` to `high` random letters."""
        size = low + int(self.dice.random() * (high - low + 1))
        return base64.urlsafe_b64encode(self.dice.getrandbits(8 * size).to_bytes(size, "big"))[:size].decode()


@dataclass(frozen=True)
class Shape:
    """A dialect of streams. `described` makes members of a chunk that extend or replace those of `head`."""

    name: str
    sender: str
    what: str
    #: Number of streams with this shape, of the 16 streams of the mixed row.
    weight: int
    described: Callable[[Word], Chunk]
    head: Mapping[str, Any]
    #: Further members of the first and the last chunk.
    first: Mapping[str, Any]
    last: Mapping[str, Any]
    separators: tuple[str, str] = (",", ":")
    #: Whether non-ASCII text is written as `\uXXXX`, as Python's json does by default.
    escapes: bool = False

    @cached_property
    def events(self) -> list[bytes]:
        """The JSON texts of the chunks."""
        return [self._json(chunk) for chunk in self._chunks()]

    @cached_property
    def stamped(self) -> list[bytes]:
        """The JSON texts of the chunks, with `STAMP` in place of each word."""
        return [self._json(chunk) for chunk in self._chunks(STAMP.decode())]

    def _chunks(self, said: str = "") -> Iterator[Chunk]:
        dice, start = random.Random(f"aibridge {self.name}"), 0  # noqa: S311 # the same stream in each run
        yield {**self.head, "choices": [choice({"role": "assistant", "content": ""})], **self.first}
        for number in range(1, CHUNKS - 1):
            text = _SPECIAL[number // 16 % len(_SPECIAL)] if number % 16 == 15 else " " + pick(WORDS, dice)
            yield {**self.head, **self.described(Word(number, said or text, start, dice))}
            start += len(text)
        reason = "tool_calls" if self.name == "tools" else "stop"
        yield {**self.head, "choices": [{**choice({}), "finish_reason": reason}], **self.last}

    def _json(self, chunk: Chunk) -> bytes:
        return json.dumps(chunk, separators=self.separators, ensure_ascii=self.escapes).encode()


def pick(items: Sequence[str], dice: random.Random) -> str:
    """A random text."""
    return items[int(dice.random() * len(items))]


def choice(delta: Chunk, **further: Any) -> Chunk:
    """The choice of a chunk."""
    return {"index": 0, "delta": delta, **further, "finish_reason": None}
