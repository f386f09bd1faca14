"""What a shape of a stream is: how its chunks are made from a description."""

import base64
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

#: Events of a stream before `[DONE]`: one with the role, words, one with the finish_reason.
CHUNKS: Final = 200
#: Stands in the words of a stamped stream, for the time at which the upstream writes the event.
STAMP: Final = b"0000000000.000000"
#: Every 16th word is one of these: line feeds, quotes, letters outside of ASCII.
_SPECIAL: Final = (".\n\n", ' "slack"', " café", " ½", "\n- ", " 潮", "\\frac", " 🌊")
Chunk = dict[str, Any]

_TEXT: Final = (
    "the tide at Oban turns two minutes past noon , and harbour master's log says that water stands three point four "
    "metres above chart datum while wind from south-west pushes swell into sound of Kerrera so ferries leave late"
)
WORDS: Final = _TEXT.split()


@dataclass(frozen=True)
class Word:
    """What one chunk says, and dice for what is random in it."""

    number: int
    text: str
    dice: random.Random

    def letters(self, low: int, high: int) -> str:
        """Random letters, as many as `low` to `high`."""
        size = low + int(self.dice.random() * (high - low + 1))
        return base64.urlsafe_b64encode(self.dice.getrandbits(8 * size).to_bytes(size, "big"))[:size].decode()


@dataclass(frozen=True)
class Shape:
    """A dialect of streams. `described` makes the members that a chunk has beside, or in place of, `head`."""

    name: str
    sender: str
    what: str
    #: Of the 16 streams of the mixed row, so many have this shape.
    weight: int
    described: Callable[[Word], Chunk]
    head: Mapping[str, Any]
    #: Members of the first and of the last chunk, beside the choice.
    first: Mapping[str, Any]
    last: Mapping[str, Any]
    separators: tuple[str, str] = (",", ":")
    #: Non-ASCII text is written as `\uXXXX`, as Python's json does by default.
    escapes: bool = False

    @cached_property
    def events(self) -> list[bytes]:
        """The JSON text of each chunk."""
        return [self._json(chunk) for chunk in self._chunks()]

    @cached_property
    def stamped(self) -> list[bytes]:
        """The same, with `STAMP` in place of each word."""
        return [self._json(chunk) for chunk in self._chunks(STAMP.decode())]

    def _chunks(self, said: str = "") -> Iterator[Chunk]:
        dice = random.Random(f"aibridge {self.name}")  # noqa: S311 # the same stream in each run
        yield {**self.head, "choices": [choice({"role": "assistant", "content": ""})], **self.first}
        for number in range(1, CHUNKS - 1):
            text = _SPECIAL[number // 16 % len(_SPECIAL)] if number % 16 == 15 else " " + pick(WORDS, dice)
            yield {**self.head, **self.described(Word(number, said or text, dice))}
        reason = "tool_calls" if self.name == "tools" else "stop"
        yield {**self.head, "choices": [{**choice({}), "finish_reason": reason}], **self.last}

    def _json(self, chunk: Chunk) -> bytes:
        return json.dumps(chunk, separators=self.separators, ensure_ascii=self.escapes).encode()


def pick(items: Sequence[str], dice: random.Random) -> str:
    """One of some texts."""
    return items[int(dice.random() * len(items))]


def choice(delta: Chunk, **further: Any) -> Chunk:
    """The one choice of a chunk."""
    return {"index": 0, "delta": delta, **further, "finish_reason": None}
