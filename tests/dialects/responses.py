"""Whole completions of each server, and the message that a caller receives for each."""

from dataclasses import dataclass, field
from typing import Any

from aibridge.v1 import chat_pb2
from tests.dialects.cases import CREATED, Fields, counts, payload
from tests.dialects.streams.examples import PNG
from tests.dialects.streams.servers import GROQ, JAILBREAK, SAFE, VERCEL


@dataclass(frozen=True)
class RecordedResponse:
    """One response. The file is named after the server, or after the example in the surface reference."""

    name: str
    model: str
    chat_id: str | None
    choice: Fields
    top: Fields = field(default_factory=dict)
    created: int = CREATED

    def __str__(self) -> str:
        return self.name

    @property
    def sent(self) -> bytes:
        return payload(f"{self.name}.json")

    @property
    def message(self) -> chat_pb2.CreateChatCompletionResponse:
        chat_id = {} if self.chat_id is None else {"id": self.chat_id}
        return chat_pb2.CreateChatCompletionResponse(
            **chat_id,
            object="chat.completion",
            created=self.created,
            model=self.model,
            choices=[{"index": 0, **self.choice}],
            **self.top,
        )


def wrote(reason: str = "stop", *, choice: Fields | None = None, **message: Any) -> Fields:
    """A choice with a whole message."""
    return {"finish_reason": reason, "message": {"role": "assistant", **message}, **(choice or {})}


def used(prompt: int, completion: int, total: int | None = None, **more: Any) -> Fields:
    return {"usage": {**counts(prompt, completion, total), **more}}


def call(call_id: str, **more: Any) -> Fields:
    return {"id": call_id, "type": "function", "function": {"name": "f", "arguments": "{}"}, **more}


NO_DETAILS = {
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 0,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}
SUMMARY = {"type": "reasoning.summary", "summary": "Checked twice"}
OPAQUE = {"type": "reasoning.encrypted", "data": "b3BhcXVl"}
RS_1 = {"id": "rs_1", "format": "openai-responses-v1", "index": 0}
TIDES = ["https://example.org/tides"]

EXAMPLES = [
    RecordedResponse(
        "e3",
        "openai/gpt-x",
        "gen_01E3",
        wrote(content="42", reasoning="Checked twice", reasoning_details=[{**SUMMARY, **RS_1}, {**OPAQUE, **RS_1}]),
        {**used(9, 70, completion_tokens_details={"reasoning_tokens": 64}), "generation_id": "gen_01E3"},
        created=1790000200,
    ),
    RecordedResponse(
        "e9",
        "gpt-x",
        "chatcmpl-e9",
        wrote(
            "length",
            content="é!",
            extra_json='{"annotations":[]}',
            choice={
                "logprobs": {
                    "content": [
                        {
                            "token": "\\xc3",
                            "logprob": -0.5,
                            "bytes": [195],
                            "top_logprobs": [
                                {"token": "\\xc3", "logprob": -0.5, "bytes": [195]},
                                {"token": "e", "logprob": -9999.0},
                            ],
                        },
                        {"token": "\\xa9", "logprob": 0.0, "bytes": [169], "extra_json": '{"top_logprobs":[]}'},
                        {"token": "!", "logprob": -1.25, "bytes": [33], "extra_json": '{"top_logprobs":[]}'},
                    ]
                }
            },
        ),
        used(3, 3),
        created=1790000700,
    ),
    RecordedResponse(
        "e10",
        "google/img-x",
        "gen_01E10",
        wrote(content="A lighthouse.", images=[{"type": "image_url", "image_url": {"url": PNG}}]),
        used(4, 1290, completion_tokens_details={"image_tokens": 1285}),
        created=1790000800,
    ),
    RecordedResponse(
        "e12",
        "search-x",
        "chatcmpl-e12",
        wrote(
            content="High water is 14:02 [1].",
            annotations=[
                {
                    "type": "url_citation",
                    "url_citation": {"start_index": 20, "end_index": 23, "title": "Tides", "url": TIDES[0]},
                },
                {
                    "type": "file",
                    "file": {"hash": "h1", "name": "t.pdf", "content": [{"type": "text", "text": "p1"}]},
                },
            ],
        ),
        created=1790001000,
    ),
    RecordedResponse(
        "e15",
        "gpt-x",
        "chatcmpl-e15",
        wrote(
            "tool_calls",
            tool_calls=[{"id": "call_c", "type": "custom", "custom": {"name": "calc", "input": "1+2+3"}}],
        ),
        created=1790001300,
    ),
]
SERVERS = [
    RecordedResponse(
        "openai",
        "gpt-x-2026",
        "chatcmpl-1",
        wrote(content="Hi", extra_json='{"annotations":[]}'),
        {**used(8, 1, **NO_DETAILS), "service_tier": "default"},
    ),
    RecordedResponse(
        "vercel",
        "anthropic/claude-x",
        "gen_01P",
        wrote(
            content="Hi",
            reasoning="Hm",
            reasoning_details=[
                {
                    "type": "reasoning.text",
                    "text": "Hm",
                    "signature": "U0lH",
                    "format": "anthropic-claude-v1",
                    "index": 0,
                }
            ],
            provider_metadata_json=VERCEL,
        ),
        {
            **used(8, 1, cost=0.0000125, is_byok=False, cost_details={}),
            "system_fingerprint": "fp_v",
            "generation_id": "gen_01P",
        },
    ),
    RecordedResponse(
        "openrouter",
        "x-ai/grok-x-0709",
        "gen-1",
        wrote(
            "tool_calls",
            content="",
            tool_calls=[call("call_1", index=0)],
            choice={"native_finish_reason": "completed"},
        ),
        {
            **used(
                8,
                1,
                cost=0.0000019,
                is_byok=False,
                cost_details={
                    "upstream_inference_prompt_cost": 0.0000016,
                    "upstream_inference_completions_cost": 3e-07,
                },
            ),
            "provider": "xAI",
        },
    ),
    RecordedResponse(
        "azure",
        "gpt-x-2026",
        "chatcmpl-az",
        wrote(content="Hi", extra_json='{"annotations":[]}', choice={"content_filter_results": SAFE}),
        {
            **used(8, 1, latency_checkpoint_json='{"service_ttft_ms":120}'),
            "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": JAILBREAK}],
        },
    ),
    RecordedResponse(
        "vllm",
        "Qwen/Qwen3-X",
        "chatcmpl-vl",
        wrote(
            content="Hi",
            reasoning="Hm",
            reasoning_content="Hm",
            extra_json='{"tool_calls":[]}',
            choice={"stop_reason_token_id": 151645},
        ),
        {
            **used(2, 2),
            "prompt_logprobs_json": '[null,{"9906":{"logprob":-1.5,"rank":3,"decoded_token":"Hello"}}]',
        },
    ),
    RecordedResponse(
        "sglang",
        "qwen-x",
        "sg-1",
        wrote(content="Hi", reasoning_content="Hm", choice={"matched_stop": "</s>"}),
        {**used(8, 1), "metadata": {"weight_version": "default"}},
    ),
    RecordedResponse(
        "ollama",
        "llama3.2:1b",
        "chatcmpl-7",
        wrote("tool_calls", content="", reasoning="Hm", tool_calls=[call("call_1", index=0)]),
        {**used(8, 2), "system_fingerprint": "fp_ollama"},
    ),
    RecordedResponse(
        "llamacpp",
        "gpt-3.5-turbo",
        "chatcmpl-lc",
        wrote(content="Hi"),
        {
            **used(8, 1),
            "system_fingerprint": "b6942-x",
            "timings": {"cache_n": 0, "prompt_n": 8, "prompt_ms": 21.5, "predicted_n": 1, "predicted_ms": 10.25},
        },
    ),
    RecordedResponse(
        "litellm",
        "claude-x",
        "chatcmpl-ll",
        wrote(
            content="Hi",
            provider_specific_fields_json='{"citations":null,"thinking_blocks":null}',
            choice={"provider_specific_fields_json": "{}"},
        ),
        {**used(8, 1, cache_creation_input_tokens=0, cache_read_input_tokens=0), "citations": TIDES},
    ),
    RecordedResponse(
        "deepseek",
        "deepseek-x",
        "ds-1",
        wrote(content="Hi", reasoning_content="Hm"),
        {
            **used(8, 2, prompt_cache_hit_tokens=0, prompt_cache_miss_tokens=8),
            "system_fingerprint": "fp_ds",
        },
    ),
    RecordedResponse(
        "groq",
        "llama-x",
        "chatcmpl-gq",
        wrote(
            content="Hi",
            reasoning="Hm",
            executed_tools=[
                {
                    "index": 0,
                    "type": "search",
                    "arguments": '{"query":"tides"}',
                    "output": "…",
                    "search_results_json": '{"results":[{"title":"T","score":0.5}]}',
                }
            ],
        ),
        {
            "usage": GROQ,
            "system_fingerprint": "fp_gq",
            "x_groq": {"id": "req_01", "seed": 7},
            "service_tier": "on_demand",
        },
    ),
    RecordedResponse(
        "xai",
        "grok-x",
        "xai-1",
        wrote(content="Hi", reasoning_content="Hm"),
        {
            **used(361, 26, 622, num_sources_used=2, cost_in_usd_ticks=2345000),
            "citations": TIDES,
            "system_fingerprint": "fp_xa",
        },
    ),
    RecordedResponse(
        "mistral",
        "magistral-x",
        "mi-1",
        wrote(
            "model_length",
            content_parts={
                "items": [
                    {"type": "thinking", "thinking": {"items": [{"type": "text", "text": "Hm"}]}, "closed": True},
                    {"type": "text", "text": "Hi"},
                    {"type": "reference", "reference_ids": [3, 1]},
                    {"type": "image_url", "image_url_bare": "https://example.org/a.png"},
                ]
            },
        ),
        used(8, 2, num_cached_tokens=0),
    ),
    RecordedResponse(
        "gemini",
        "models/gem-x",
        None,
        wrote(
            "stop",
            tool_calls=[call("", extra_content={"google": {"thought_signature": "c2ln"}})],
        ),
        used(8, 10, 55),
    ),
    RecordedResponse(
        "tgi",
        "tgi-x",
        "",
        wrote(
            "eos_token",
            content="Hi",
            choice={
                "logprobs": {
                    "content": [
                        {
                            "token": "Hi",
                            "logprob": -0.25,
                            "top_logprobs": [{"token": "Hi", "logprob": -0.25}, {"token": "Ho", "logprob": -1.5}],
                        }
                    ]
                }
            },
        ),
        {**used(8, 1), "system_fingerprint": "3.3-x"},
    ),
    RecordedResponse(
        "perplexity",
        "sonar-x",
        "px-1",
        wrote(content="Hi", choice={"extra_json": '{"delta":{"role":"assistant","content":""}}'}),
        {
            **used(
                8,
                2,
                search_context_size="low",
                citation_tokens=0,
                num_search_queries=1,
                cost_json='{"input_tokens_cost":0.0,"total_cost":0.006}',
            ),
            "citations": TIDES,
            "search_results": [{"title": "Tides", "url": TIDES[0], "date": "2026-09-01", "snippet": "High"}],
        },
    ),
    RecordedResponse(
        "anthropic",
        "claude-x",
        "msg_01",
        wrote("tool_calls", content="Hi", tool_calls=[call("toolu_1", index=1)]),
        used(8, 1),
        created=0,
    ),
]

RESPONSES = [*EXAMPLES, *SERVERS]
