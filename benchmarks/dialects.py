"""The byte streams that gateways send, made from descriptions. `python -m benchmarks.dialects NAME` prints one.

A shape describes the chunks of a dialect. Streams are equal in every run. Within a stream, chunks differ where those of
the real gateway do: words vary in length, some are escaped, padding and counters change.
"""

import sys
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from benchmarks.shapes import CHUNKS, WORDS, Chunk, Shape, Word, choice, pick

_CREATED: Final = 1790000000
_ARGUMENTS: Final = ('{"', "port", '":"', "Oban", '","', "hour", '":', "14", ',"', "units", '":["', "m", '","', "ft")


def _plain(word: Word) -> Chunk:
    return {"choices": [choice({"content": word.text}, logprobs=None)]}


def _openai(word: Word) -> Chunk:
    return {**_plain(word), "usage": None, "obfuscation": word.letters(1, 12)}


def _logprobs(word: Word) -> Chunk:
    others = [word.text, " " + pick(WORDS, word.dice)]
    tokens = [
        {"token": token, "logprob": -8 * word.dice.random() ** 3, "bytes": list(token.encode())} for token in others
    ]
    content = [{**tokens[0], "top_logprobs": tokens}]
    return {"choices": [choice({"content": word.text}, logprobs={"content": content, "refusal": None})]}


def _azure(word: Word) -> Chunk:
    results = {
        name: {"filtered": False, "severity": "low" if word.number % 20 == 7 and name == "violence" else "safe"}
        for name in ("hate", "self_harm", "sexual", "violence")
    }
    offsets = {"check_offset": word.start, "start_offset": word.start, "end_offset": word.start + len(word.text)}
    return {
        "choices": [
            {
                "content_filter_offsets": offsets,
                "content_filter_results": results,
                **choice({"content": word.text}, logprobs=None),
            }
        ],
        "usage": None,
    }


def _tools(word: Word) -> Chunk:
    if word.number == 1:
        call = {"index": 0, "id": "call_4f1d", "type": "function", "function": {"name": "get_tide", "arguments": ""}}
    else:
        text = _ARGUMENTS[word.number % len(_ARGUMENTS)] if word.number % 3 else word.text
        call = {"index": 0, "function": {"arguments": text}}
    return {"choices": [choice({"tool_calls": [call]}, logprobs=None)]}


def _reasoning(word: Word) -> Chunk:
    details = {"type": "reasoning.text", "text": word.text, "format": "anthropic-claude-v1", "index": 0}
    delta = {"role": "assistant", "content": "", "reasoning": word.text, "reasoning_details": [details]}
    return {"choices": [choice(delta, native_finish_reason=None, logprobs=None)]}


def _llamacpp(word: Word) -> Chunk:
    spent = 18.25 * word.number + word.dice.random()
    timings = {
        "cache_n": 0,
        "prompt_n": 21,
        "prompt_ms": 96.412,
        "prompt_per_token_ms": 4.591047619047619,
        "prompt_per_second": 217.81521,
        "predicted_n": word.number,
        "predicted_ms": round(spent, 3),
        "predicted_per_token_ms": spent / word.number,
        "predicted_per_second": 1e3 * word.number / spent,
    }
    return {"choices": [choice({"content": word.text})], "timings": timings}


def _mistral(word: Word) -> Chunk:
    return {"choices": [choice({"content": word.text})], "p": word.letters(2, 32)}


def _vllm(word: Word) -> Chunk:
    counts = {"prompt_tokens": 21, "total_tokens": 21 + word.number, "completion_tokens": word.number}
    return {"choices": [choice({"content": word.text}, logprobs=None, token_ids=None)], "usage": counts}


_USAGE: Final = {"prompt_tokens": 21, "completion_tokens": CHUNKS - 2, "total_tokens": CHUNKS + 19}
_GROQ_USAGE: Final = {**_USAGE, "queue_time": 0.018, "prompt_time": 0.0021, "completion_time": 0.41}


def _head(name: str, model: str, **further: Any) -> dict[str, Any]:
    return {"id": name, "object": "chat.completion.chunk", "created": _CREATED, "model": model, **further}


_DESCRIBED: Final = (
    Shape(
        "plain",
        "the benchmark alone",
        "id, model, one `delta.content`",
        1,
        _plain,
        _head("chatcmpl-bench", "bench/model", system_fingerprint="fp_bench"),
        {},
        {},
    ),
    Shape(
        "openai",
        "OpenAI",
        "`usage: null`, a different `obfuscation` in each chunk",
        4,
        _openai,
        _head("chatcmpl-C9sX1u", "gpt-x-2026-08-06", service_tier="default", system_fingerprint="fp_44709d6fcb"),
        {"usage": None, "obfuscation": "x3fQ"},
        {"usage": None, "obfuscation": "k9"},
    ),
    Shape(
        "spaced",
        "LiteLLM and other servers in Python",
        "`, ` and `: ` between members, `\\uXXXX`",
        2,
        _plain,
        _head("chatcmpl-8b1e52", "llama-3.3-70b", system_fingerprint="fp_py"),
        {},
        {},
        separators=(", ", ": "),
        escapes=True,
    ),
    Shape(
        "logprobs",
        "any, on request",
        "logprobs with two alternatives",
        1,
        _logprobs,
        _head("chatcmpl-lp", "gpt-x-2026-08-06", system_fingerprint="fp_44709d6fcb"),
        {},
        {},
    ),
    Shape(
        "azure",
        "Azure",
        "`content_filter_results`, offsets that change",
        1,
        _azure,
        _head("chatcmpl-az", "gpt-x-2026", system_fingerprint="fp_az"),
        {"usage": None},
        {"usage": None},
    ),
    Shape(
        "tools",
        "any, with an agent",
        "`tool_calls[0].function.arguments`",
        2,
        _tools,
        _head("chatcmpl-tc", "gpt-x-2026-08-06", system_fingerprint="fp_44709d6fcb"),
        {},
        {},
    ),
    Shape(
        "reasoning",
        "OpenRouter, Vercel",
        "`reasoning` and `reasoning_details`",
        1,
        _reasoning,
        _head("gen-1790000500", "anthropic/claude-x", provider="Anthropic"),
        {},
        {"usage": {**_USAGE, "cost": 0.00412, "is_byok": False}},
    ),
    Shape(
        "llamacpp",
        "llama.cpp",
        "`timings` in each chunk",
        1,
        _llamacpp,
        _head("chatcmpl-lc", "qwen3-8b", system_fingerprint="b6700-1d660d2f"),
        {},
        {},
    ),
    Shape(
        "groq",
        "Groq",
        "`x_groq` in the first and the last chunk",
        1,
        _plain,
        _head("chatcmpl-gq", "llama-3.3-70b-versatile", system_fingerprint="fp_2ddfbb0da0"),
        {"x_groq": {"id": "req_01k8", "seed": 1297}},
        {"usage": _GROQ_USAGE, "x_groq": {"id": "req_01k8", "usage": _GROQ_USAGE}},
    ),
    Shape(
        "mistral",
        "Mistral",
        "an unknown member `p`, padding that changes",
        1,
        _mistral,
        _head("0b5ac2f1d7", "mistral-small-2606"),
        {"p": "abcdef"},
        {"usage": _USAGE, "p": "abc"},
    ),
    Shape(
        "vllm",
        "vLLM, with `continuous_usage_stats`",
        "usage that counts",
        1,
        _vllm,
        _head("chatcmpl-6a1f0c", "meta/llama-3.3-70b"),
        {"usage": {"prompt_tokens": 21, "total_tokens": 21, "completion_tokens": 0}},
        {"usage": _USAGE},
    ),
)
SHAPES: Final[Mapping[str, Shape]] = {shape.name: shape for shape in _DESCRIBED}
MIXED: Final = "mixed"


def mix() -> list[str]:
    """The shapes of the mixed row's streams in order, each as often as its weight, and spread out."""
    spread = [((turn + 0.5) / shape.weight, shape.name) for shape in _DESCRIBED for turn in range(shape.weight)]
    return [name for _, name in sorted(spread)]


def event(data: bytes) -> bytes:
    """An event with this text."""
    return b"data: " + data + b"\n\n"


@cache
def stream(name: str, *, stamped: bool = False) -> list[bytes]:
    """The events of a shape as bytes, including `[DONE]`."""
    shape = SHAPES[name]
    return [event(data) for data in (*(shape.stamped if stamped else shape.events), b"[DONE]")]


if __name__ == "__main__":
    sys.stdout.buffer.write(b"".join(stream(sys.argv[1])))
