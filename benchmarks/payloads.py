"""What every stack in a run carries: one completion, one batch of embeddings, and how a stream is asked for.

The model's name in a request says which stream comes, and how: see `Asked`.
"""

import base64
import json
import re
import time
from array import array
from typing import Final, NamedTuple, Self

from benchmarks.shapes import CHUNKS

LITELLM_KEY: Final = "sk-bench-5d0a7be2c94f1836"  # it refuses weak ones; it is worth nothing, the proxy is ours
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


class Asked(NamedTuple):
    """The stream that a request asks for: its shape, so many events, so many seconds between two of them.

    Without a time all events come at once. A stamped one says in its words when each was written, on the clock of
    `time.perf_counter`, which all processes of a Linux machine share.
    """

    shape: str
    events: int = CHUNKS
    interval: float = 0.0
    stamped: bool = False
    #: What goes wrong: the request is `refused`, the stream is `cut` or has `failed` half-way.
    fault: str = ""

    @property
    def model(self) -> str:
        """The model's name that asks for it."""
        words = ["bench", self.shape, str(self.events), f"{self.interval:.6f}"]
        return "/".join([*words, *["stamped"] * self.stamped, *([self.fault] if self.fault else [])])

    @classmethod
    def of(cls, text: str) -> Self:
        """What is asked for by a model's name, somewhere in this text; the plain shape by any other."""
        found = _ASKED.search(text)
        if found is None:
            return cls("plain")
        return cls(found[1], int(found[2]), float(found[3]), bool(found[4]), found[5] or "")


_ASKED: Final = re.compile(r"\bbench/(\w+)/(\d+)/([\d.]+)(/stamped)?(?:/(refused|cut|failed))?")
_STAMPS: Final = re.compile(r"\d{10}\.\d{6}")


def stamp() -> bytes:
    """Now, as it stands in a stamped stream."""
    return b"%017.6f" % time.perf_counter()


def stamps(text: str) -> list[float]:
    """The times in the words of a stamped stream."""
    return [float(found) for found in _STAMPS.findall(text)]


def place(index: int) -> int:
    """Which event of a shape comes at a place of a stream that is longer: its words again and again."""
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
