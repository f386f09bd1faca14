"""The payloads of a run: a completion, a batch of embeddings, and the names that select a stream.

The model's name in a request selects the stream, see `StreamRequest`.
"""

import base64
import json
import re
import time
from array import array
from typing import Final, NamedTuple, Self

from benchmarks.shapes import CHUNKS

LITELLM_KEY: Final = "sk-bench-5d0a7be2c94f1836"  # not a secret: a key for our own proxy, which refuses weak ones
VECTORS: Final = 16
DIMENSIONS: Final = 1536

_TEXT = "The tide at Oban turns at two minutes past two in the afternoon. "


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


COMPLETION: Final = _json(
    {
        "id": "chatcmpl-bench",
        "object": "chat.completion",
        "created": 1790000000,
        "model": "bench/model",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": _TEXT * 4, "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 21,
            "completion_tokens": 60,
            "total_tokens": 81,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
        "system_fingerprint": "fp_bench",
    }
)


class StreamRequest(NamedTuple):
    """The stream that a request selects: its shape, the number of events, and the seconds between two.

    With an interval of 0, all events come at once. The words of a stamped stream contain the time of their writing by
    `time.perf_counter`, which all processes of a Linux machine share.
    """

    shape: str
    events: int = CHUNKS
    interval: float = 0.0
    stamped: bool = False
    #: The fault: the request is `refused`, or the stream is `cut` or `failed` half-way.
    fault: str = ""

    @property
    def model(self) -> str:
        """The model's name that selects this stream."""
        words = ["bench", self.shape, str(self.events), f"{self.interval:.6f}"]
        return "/".join([*words, *["stamped"] * self.stamped, *([self.fault] if self.fault else [])])

    @classmethod
    def of(cls, text: str) -> Self:
        """The stream for the first such name in a text; without one, the plain shape."""
        found = _ASKED.search(text)
        if found is None:
            return cls("plain")
        return cls(found[1], int(found[2]), float(found[3]), bool(found[4]), found[5] or "")


_ASKED: Final = re.compile(r"\bbench/(\w+)/(\d+)/([\d.]+)(/stamped)?(?:/(refused|cut|failed))?")
_STAMPS: Final = re.compile(r"\d{10}\.\d{6}")


def stamp() -> bytes:
    """The current time, as in a stamped stream."""
    return b"%017.6f" % time.perf_counter()


def stamps(text: str) -> list[float]:
    """The times in the words of a stamped stream."""
    return [float(found) for found in _STAMPS.findall(text)]


def place(index: int) -> int:
    """The index of the shape's event for a position in a longer stream, which repeats the words."""
    return index if index < CHUNKS - 1 else 1 + (index - 1) % (CHUNKS - 2)


_VECTOR = array("f", [index / DIMENSIONS for index in range(DIMENSIONS)]).tobytes()
EMBEDDINGS: Final = _json(
    {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": base64.b64encode(_VECTOR).decode()}
            for index in range(VECTORS)
        ],
        "model": "bench/embedding",
        "usage": {"prompt_tokens": 64, "total_tokens": 64},
    }
)
