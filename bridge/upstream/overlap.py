"""Finds text that an error shares with the request, in one scan of the request.

Upstreams quote their input. Every sequence of 24 bytes that a text shares with a prompt is masked, and so is a whole
prompt of 12 bytes or more. The time of a scan is proportional to the size of the request, whatever the number of
prompts and texts.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from struct import iter_unpack
from typing import Final

#: A sequence of this many bytes that a text shares with a prompt is masked.
RUN: Final = 24
#: A shorter prompt counts as an ordinary word, which an error may contain.
MIN_PROMPT_BYTES: Final = 12
#: The prompt is divided into adjacent blocks of half this length, so each sequence contains a whole block.
_BLOCK: Final = RUN // 2
_BLOCK_FORMAT: Final = f"{_BLOCK}s"
#: Bytes of a prompt that are scanned at once, which takes 0.3 ms. No other thread runs meanwhile.
_PIECE: Final = 4096 * _BLOCK

Range = tuple[int, int]


class Overlap:
    """Finds sequences that `texts` share with the prompts added by `add`."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self._texts = texts
        self._blocks = self._grams(_BLOCK)
        self._by_length: dict[int, set[bytes]] = {RUN: self._grams(RUN)}
        self._shared: dict[int, set[bytes]] = {}

    def _grams(self, length: int) -> set[bytes]:
        return {text[at : at + length] for text in self._texts for at in range(len(text) - length + 1)}

    def add(self, prompt: bytes) -> None:
        """Record the sequences that the texts share with a prompt."""
        if len(prompt) < RUN:
            if len(prompt) >= MIN_PROMPT_BYTES and prompt[:_BLOCK] in self._blocks:
                self._add_whole(prompt)
            return
        for begin in range(0, len(prompt) - _BLOCK + 1, _PIECE):
            end = min(begin + _PIECE, len(prompt) // _BLOCK * _BLOCK)
            found = iter_unpack(_BLOCK_FORMAT, prompt[begin:end])
            if not self._blocks.isdisjoint(chain.from_iterable(found)):
                self._add_runs(prompt, begin, end)

    def _add_whole(self, prompt: bytes) -> None:
        length = len(prompt)
        if length not in self._by_length:
            self._by_length[length] = self._grams(length)
        if prompt in self._by_length[length]:
            self._shared.setdefault(length, set()).add(prompt)

    def _add_runs(self, prompt: bytes, begin: int, end: int) -> None:
        grams, shared = self._by_length[RUN], self._shared.setdefault(RUN, set())
        seen: set[bytes] = set()
        for at in range(begin, end, _BLOCK):
            if prompt[at : at + _BLOCK] not in self._blocks:
                continue
            first = max(0, at - _BLOCK)
            around = prompt[first : at + RUN]
            if around not in seen:  # repetitions are compared once
                seen.add(around)
                runs = {around[place : place + RUN] for place in range(at - first + 1)}
                shared |= runs & grams

    def ranges(self, text: bytes) -> Iterator[Range]:
        """The ranges of a text that repeat a prompt. Overlapping ranges are merged."""
        found = sorted(
            (at, at + length)
            for length, shared in self._shared.items()
            if shared
            for at in range(len(text) - length + 1)
            if text[at : at + length] in shared
        )
        return joined(found)


def joined(ranges: Sequence[Range]) -> Iterator[Range]:
    """Merge overlapping ranges, which are in order."""
    begin = end = -1
    for first, last in ranges:
        if first < end:
            end = max(end, last)
        else:
            if end > 0:
                yield begin, end
            begin, end = first, last
    if end > 0:
        yield begin, end
