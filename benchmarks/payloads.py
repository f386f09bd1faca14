"""What every stack in a run carries: one completion, one stream, one batch of embeddings.

The model's name in a request says how a stream comes: see `Pace`. Any other name gets `CHUNKS` events at once.
"""

import base64
import json
import re
from array import array
from typing import Final, NamedTuple, Self

CHUNKS: Final = 200
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


class Pace(NamedTuple):
    """A stream of so many events, with so many seconds between two of them."""

    events: int
    interval: float

    @property
    def model(self) -> str:
        """The model's name that asks for it."""
        return f"paced/{self.events}/{self.interval:.6f}"

    @classmethod
    def asked(cls, text: str) -> Self | None:
        """The pace that is asked for by a model's name, somewhere in this text."""
        found = _PACED.search(text)
        return cls(int(found[1]), float(found[2])) if found else None


_PACED: Final = re.compile(r"\bpaced/(\d+)/([\d.]+)")


def chunk(index: int) -> bytes:
    """The JSON of one chunk; the last one finishes."""
    last = index == CHUNKS - 1
    return _json(
        {
            "id": "chatcmpl-bench",
            "object": "chat.completion.chunk",
            "created": 1790000000,
            "model": "bench/model",
            "system_fingerprint": "fp_bench",
            "choices": [
                {
                    "index": 0,
                    "delta": {} if last else {"content": f" word{index}"},
                    "logprobs": None,
                    "finish_reason": "stop" if last else None,
                }
            ],
        }
    )


EVENTS: Final = [b"data: " + chunk(index) + b"\n\n" for index in range(CHUNKS)] + [b"data: [DONE]\n\n"]

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
