"""Fuzzing for time: four times as many repetitions of a piece may take four times as long, not sixteen.

A finding is an input whose cost grows faster than its size.
"""

import gc
import random
import time
from collections.abc import Iterator
from typing import Final

from tests.fuzz.claims import must
from tests.fuzz.corpus import WORDS, seeds
from tests.fuzz.targets import TARGETS

#: The sizes in bytes of the compared inputs.
_SMALL: Final = 1 << 15
_LARGE: Final = 1 << 17
#: The allowed ratio of their times: four, plus the noise of a shared machine.
_MAX_RATIO: Final = 8
#: CPU seconds below which times are not compared.
_MIN_SECONDS: Final = 0.05
_LONGEST_WORD: Final = 40


def check(name: str, head: bytes, word: bytes, tail: bytes) -> None:
    """Check that a target's cost is linear in the number of repetitions of a word between two ends.

    Raises:
        Finding: it is not. It contains the words of the input.
    """
    large = _spent(name, head, word, tail, _LARGE)
    if large < _MIN_SECONDS:
        return
    for _ in range(3):  # a pause of the machine is not a finding
        small = max(_spent(name, head, word, tail, _SMALL), _MIN_SECONDS / _MAX_RATIO)
        large = min(large, _spent(name, head, word, tail, _LARGE))
        if large <= _MAX_RATIO * small:
            return
    must(False, f"cost is linear: {head!r} {word!r} {tail!r} took {small:.3f} s, and four times as much {large:.3f} s")


def _spent(name: str, head: bytes, word: bytes, tail: bytes, size: int) -> float:
    count = size // len(word) | 1  # odd, because some targets choose by the parity of the length
    data = head + word * count + tail
    gc.collect()
    gc.disable()  # its collections would disturb the times
    try:
        began = time.process_time()
        TARGETS[name].run(data)
        return time.process_time() - began
    finally:
        gc.enable()


def words(name: str) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Parts of documents, then each word alone after the first bytes of a target, and inside a seed."""
    head = TARGETS[name].heads[0]
    for begin, word, end in _FRAMES:
        yield head + begin, word, end
        yield head + b"data: " + begin, word, end + b"\n\ndata: [DONE]\n\n"
    for event in _EVENTS:
        yield head, b"data: " + event + b"\n\n", b"data: [DONE]\n\n"
    seed = seeds(name)[0]
    middle = len(seed) // 2
    for word in dict.fromkeys((*WORDS, *(word + other for word in _OPENINGS for other in _FILLINGS))):
        if len(word) <= _LONGEST_WORD:
            yield head, word, b""
            yield seed[:middle], word, seed[middle:]


#: Documents with a part that can be repeated.
_FRAMES: Final = tuple(
    (begin, word, end)
    for begin, end, fillings in (
        (
            b'{"x":[',
            b"1]}",
            (b"[],", b"{},", b"1,", b"1.5,", b'"a",', b"null,", b'{"a":1},', b"123456789012345678901,"),
        ),
        (
            b'{"x":"',
            b'"}',
            (
                b"a",
                b"\\n",
                b'\\"',
                b"\\\\",
                b"\\u00e9",
                b"\\ud83d",
                b"\\ud83d\\ude00",
                "é".encode(),
                b" ",
                b"&amp;",
                b"%41",
            ),
        ),
        (b'{"', b'":1}', (b"a", b"\\n", b"\\ud83d")),
        (
            b'{"choices":[',
            b"{}]}",
            (b"{},", b'{"index":1},', b'{"message":{}},', b'{"delta":{"content":"a"}},', b'{"error":{}},'),
        ),
        (
            b'{"choices":[{"delta":{"tool_calls":[',
            b"{}]}}]}",
            (b"{},", b'{"id":"a"},', b'{"function":{"name":"f","arguments":"}"}},'),
        ),
        (b'{"choices":[{"message":{"content":[', b"{}]}}]}", (b"{},", b'{"type":"text","text":"a"},')),
        (b'{"data":[', b"{}]}", (b"{},", b'{"embedding":[1]},', b'{"embedding":"AAAA"},', b'{"id":"m"},')),
        (
            b'{"error":{"message":"',
            b'"}}',
            (b"a", b"a ", b"\\n", b'\\"', b"\\\\", b"*", b"..", b"sk-", b"a.", b"a://", b"<p>", b"{", b"[{"),
        ),
        (b'{"detail":[', b"{}]}", (b"{},", b'{"loc":["body","a"],"msg":"b"},', b'{"loc":[],"msg":"b","input":"c"},')),
        (b'{"errors":[', b"{}]}", (b"{},", b'{"message":"a"},')),
        (b'{"error":{"param":"', b'"}}', (b"a.", b"[0]", b"1.")),
    )
    for word in fillings
)
#: Events of streams, each of which can be repeated.
_EVENTS: Final = (
    b'{"choices":[{"index":0,"delta":{"content":"a"}}]}',
    b'{"choices":[{"delta":{"content":"a"},"logprobs":{"content":[{"token":"a"}]}}],"usage":null}',
    b'{"choices":[{"delta":{"tool_calls":[{"function":{"name":"f","arguments":"{"}}]}}]}',
    b'{"choices":[{"delta":{"tool_calls":[{"function":{"name":"f","arguments":"}"}}]}}]}',
    b'{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":" "}}]}}]}',
    b'{"choices":[{"delta":{"content":"\\ud83d"}}]}',
    b'{"choices":[],"usage":{"total_tokens":1}}',
    b"{}",
)
_OPENINGS: Final = (b"", b'"', b"[", b'{"a":', b"data: ", b"event: x\ndata: ", b"error: {")
_FILLINGS: Final = (
    b"a",
    b" ",
    b"\n",
    b"\\",
    b'\\"',
    b"[],",
    b"{},",
    b'"a",',
    b"1,",
    b"1",
    b"a.",
    b"%41",
    b"&amp;",
    b"**",
)


def run(name: str, seconds: float) -> int:
    """Run a target with words as above, and then with random pieces of seeds. Returns the number of inputs."""
    end = time.monotonic() + seconds
    chance = random.Random(20261127)  # noqa: S311 # the same in every run
    tried = 0
    for head, word, tail in words(name):
        if time.monotonic() > end:
            return tried
        check(name, head, word, tail)
        tried += 1
    while time.monotonic() < end:
        seed = chance.choice(seeds(name))
        begin = chance.randrange(len(TARGETS[name].heads[0]), len(seed) + 1) if seed else 0
        length = chance.randint(1, _LONGEST_WORD)
        word = seed[begin : begin + length] or chance.choice(WORDS)
        check(name, seed[:begin], word, seed[begin + length :] if chance.random() < 0.5 else b"")
        tried += 1
    return tried
