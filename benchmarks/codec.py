"""What one chunk costs in the codec: JSON text to wire bytes, in microseconds. `python -m benchmarks.codec`.

The bar is 6 µs on a chunk as a gateway sends it, unknown members included. Each figure is the best of many short runs:
what else the machine does can only make one longer. The last row is a gateway that writes JSON with spaces, as
Python's json does by default.
"""

import timeit
from typing import Final

from aibridge.v1.chat_pb2 import CreateChatCompletionStreamResponse
from benchmarks.payloads import chunk
from bridge.codec import decode

_PLAIN: Final = chunk(1)
_UNKNOWN: Final = _PLAIN[:-1] + b',"quantum_mode":{"b":1,"a":2.5},"trace":"8f2c"}'
_SPACED: Final = _UNKNOWN.replace(b":", b": ").replace(b",", b", ")
_LOOPS: Final = 200


def _cost(data: bytes) -> float:
    def once() -> None:
        decode(CreateChatCompletionStreamResponse, data).SerializeToString()

    return min(timeit.repeat(once, number=_LOOPS, repeat=300)) / _LOOPS * 1e6


def main() -> None:
    for name, data in (("known members", _PLAIN), ("and unknown ones", _UNKNOWN), ("written with spaces", _SPACED)):
        print(f"{name:20} {len(data):4} bytes {_cost(data):6.2f} µs")


if __name__ == "__main__":
    main()
