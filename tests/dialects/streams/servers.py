"""How each server ends a stream, and where it puts usage."""

from tests.dialects.cases import CHUNK, CREATED, Stream, counts, ended, head, said

SAFE = {
    "hate": {"filtered": False, "severity": "safe"},
    "self_harm": {"filtered": False, "severity": "safe"},
    "sexual": {"filtered": False, "severity": "safe"},
    "violence": {"filtered": False, "severity": "low"},
}
JAILBREAK = {"jailbreak": {"filtered": False, "detected": False}}
VERCEL = (
    '{"gateway":{"routing":{"originalModelId":"openai/gpt-x","finalProvider":"openai","fallbacksAvailable":["azure"],'
    '"attempts":[]},"cost":"0.0000125","marketCost":"0.0000125","generationId":"gen_01V"}}'
)
GROQ = {**counts(8, 1), "queue_time": 0.018, "prompt_time": 0.0021, "completion_time": 0.0125, "total_time": 0.0146}
NO_CHOICES = '{"choices":[]}'
HI = said(role="assistant", content="Hi")

STREAMS = [
    Stream(
        "openai-ending",
        head=head("chatcmpl-end", "gpt-x", service_tier="default"),
        received=[
            said(role="assistant", content="", top={"obfuscation": "aZ"}),
            said(content="Hi", top={"obfuscation": "9"}),
            ended("stop", top={"obfuscation": "x3f"}),
            {
                "usage": {
                    **counts(8, 1),
                    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
                    "completion_tokens_details": {
                        "reasoning_tokens": 0,
                        "audio_tokens": 0,
                        "accepted_prediction_tokens": 0,
                        "rejected_prediction_tokens": 0,
                    },
                },
                "obfuscation": "",
                "extra_json": NO_CHOICES,
            },
        ],
        usage=counts(8, 1),
    ),
    Stream(
        "azure-ending",
        head=head("chatcmpl-az", "gpt-x-2026", system_fingerprint="fp_az", obfuscation=""),
        received=[
            {
                "id": "",
                "object": "",
                "created": 0,
                "model": "",
                "system_fingerprint": None,
                "obfuscation": None,
                "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {**SAFE, **JAILBREAK}}],
                "extra_json": NO_CHOICES,
            },
            said(role="assistant", content="", choice={"content_filter_results": {}}),
            said(content="Hi", choice={"content_filter_results": SAFE}),
            ended("stop", choice={"content_filter_results": {}}),
            {
                "obfuscation": "k",
                "latency_checkpoint_json": '{"engine_tbt_ms":6,"service_ttft_ms":120}',
                "usage": counts(8, 1),
                "extra_json": NO_CHOICES,
            },
        ],
        usage=counts(8, 1),
    ),
    Stream(
        "vercel-ending",
        head=head("gen_01V", "openai/gpt-x", system_fingerprint="fp_v"),
        received=[
            said(role="assistant"),
            said(content="Hi"),
            ended(
                "stop",
                provider_metadata_json=VERCEL,
                top={
                    "generation_id": "gen_01V",
                    "usage": {
                        **counts(8, 1),
                        "cost": 0.0000125,
                        "market_cost": 0.0000125,
                        "is_byok": False,
                        "cost_details": {},
                    },
                },
            ),
        ],
        usage=counts(8, 1),
    ),
    Stream(
        "groq-ending",
        head=head("chatcmpl-gq", "llama-x", system_fingerprint="fp_gq"),
        received=[
            said(role="assistant", content="", top={"x_groq": {"id": "req_01", "seed": 1234567890}}),
            said(reasoning="Hm"),
            said(content="Hi"),
            ended("stop", top={"x_groq": {"id": "req_01", "usage": GROQ}, "usage": GROQ}),
            {"usage": GROQ, "service_tier": "on_demand", "extra_json": NO_CHOICES},
        ],
        usage=counts(8, 1),
    ),
    Stream(
        "xai-ending",
        head=head("xai-1", "grok-x", system_fingerprint="fp_xa"),
        received=[
            said(role="assistant", reasoning_content="Hm"),
            said(content="Hi"),
            ended("stop"),
            {
                "usage": {
                    **counts(361, 26, 622),
                    "prompt_tokens_details": {
                        "text_tokens": 361,
                        "audio_tokens": 0,
                        "image_tokens": 0,
                        "cached_tokens": 0,
                    },
                    "completion_tokens_details": {
                        "reasoning_tokens": 235,
                        "audio_tokens": 0,
                        "accepted_prediction_tokens": 0,
                        "rejected_prediction_tokens": 0,
                    },
                    "num_sources_used": 0,
                    "cost_in_usd_ticks": 2345000,
                },
                "citations": ["https://example.org/tides"],
                "extra_json": NO_CHOICES,
            },
        ],
        usage={**counts(361, 26, 622), "num_sources_used": 0, "cost_in_usd_ticks": 2345000},
    ),
    Stream(
        "llamacpp-ending",
        head=head("chatcmpl-lc", "gpt-3.5-turbo", system_fingerprint="b6942-x"),
        received=[
            said(role="assistant"),
            said(reasoning_content="Hm"),
            said(content="Hi"),
            ended("stop"),
            {
                "usage": counts(8, 2),
                "timings": {
                    "cache_n": 0,
                    "prompt_n": 8,
                    "prompt_ms": 21.5,
                    "prompt_per_token_ms": 2.6875,
                    "prompt_per_second": 372.1,
                    "predicted_n": 2,
                    "predicted_ms": 10.25,
                    "predicted_per_token_ms": 5.125,
                    "predicted_per_second": 195.12,
                },
                "extra_json": NO_CHOICES,
            },
        ],
        usage=counts(8, 2),
    ),
    Stream(
        "ollama-ending",
        head=head("chatcmpl-7", "llama3.2:1b", system_fingerprint="fp_ollama"),
        received=[
            said(role="assistant", content="", reasoning="Hm"),
            HI,
            ended("stop", role="assistant", content=""),
            {"usage": counts(8, 2), "extra_json": NO_CHOICES},
        ],
        usage=counts(8, 2),
    ),
    Stream(
        "zai-ending",
        head=head("2026zai", "glm-x"),
        received=[
            said(role="assistant", reasoning_content="Hm"),
            HI,
            ended(
                "stop",
                role="assistant",
                content="",
                top={
                    "usage": {**counts(8, 2), "prompt_tokens_details": {"cached_tokens": 0}},
                    "request_id": "req-zai-1",
                },
            ),
        ],
        usage=counts(8, 2),
    ),
    Stream(
        "deepseek-ending",
        head=head("ds-1", "deepseek-x", system_fingerprint="fp_ds"),
        received=[
            said(role="assistant", reasoning_content=""),
            said(reasoning_content="Hm"),
            said(content="Hi"),
            ended(
                "insufficient_system_resource",
                content="",
                top={
                    "usage": {
                        **counts(8, 2),
                        "prompt_tokens_details": {"cached_tokens": 0},
                        "completion_tokens_details": {"reasoning_tokens": 1},
                        "prompt_cache_hit_tokens": 0,
                        "prompt_cache_miss_tokens": 8,
                    }
                },
            ),
        ],
        usage={**counts(8, 2), "prompt_cache_hit_tokens": 0, "prompt_cache_miss_tokens": 8},
    ),
    Stream(
        "vllm-ending",
        head=head("chatcmpl-vl", "Qwen/Qwen3-X"),
        received=[
            said(role="assistant", content="", top={"prompt_token_ids": [9906]}),
            said(reasoning="Hm"),
            said(content="Hi", choice={"token_ids": [13347]}),
            ended("stop", content="", choice={"stop_reason_token_id": 151645}),
            {"usage": counts(8, 2), "extra_json": NO_CHOICES},
        ],
        usage=counts(8, 2),
    ),
    Stream(
        "vllm-continuous-usage",
        head=head("chatcmpl-vl", "Qwen/Qwen3-X"),
        received=[
            said(role="assistant", content="", top={"usage": counts(8, 0)}),
            said(content="Hi", top={"usage": counts(8, 1)}),
            ended("stop", content=" you", choice={"stop_reason": "</s>"}, top={"usage": counts(8, 2)}),
            {"usage": counts(8, 2), "extra_json": NO_CHOICES},
        ],
        usage=counts(8, 2),
    ),
    *(
        Stream(
            name,
            head={"object": CHUNK, "created": CREATED, "model": "models/gem-x"},
            received=[
                said(role="assistant", content="Hi", top={"usage": counts(8, 1)}),
                ended("stop", role="assistant", content=" you", top={"usage": counts(8, 2)}),
            ],
            usage=counts(8, 2),
        )
        for name in ("gemini-ending", "gemini-ending-without-done")
    ),
    Stream(
        "mistral-ending",
        head=head("e-mi", "mistral-x"),
        received=[
            said(role="assistant", content=""),
            said(content="Hi"),
            ended(
                "stop",
                content="",
                top={
                    "usage": {**counts(8, 1), "num_cached_tokens": 0, "prompt_token_details": {"cached_tokens": 0}},
                },
            ),
        ],
        usage={**counts(8, 1), "num_cached_tokens": 0},
    ),
    Stream(
        "sglang-ending",
        head=head("sg-1", "qwen-x"),
        received=[
            said(role="assistant", content=""),
            said(reasoning_content="Hm"),
            said(content="Hi"),
            ended("stop", choice={"matched_stop_token_id": 151645}),
            {"usage": counts(8, 2), "extra_json": NO_CHOICES},
        ],
        usage=counts(8, 2),
    ),
    Stream(
        "litellm-ending",
        head=head("chatcmpl-ll", "gpt-x"),
        received=[
            HI,
            said(content=" you", provider_specific_fields_json='{"citation":{"url":"https://example.org"}}'),
            ended("stop"),
        ],
    ),
    Stream(
        "tgi-ending",
        head=head("", "tgi-x", system_fingerprint="3.3-x"),
        received=[
            said(
                role="assistant",
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
            ended("eos_token", role="assistant", content="", top={"usage": counts(8, 1)}),
        ],
        usage=counts(8, 1),
    ),
    Stream(
        "perplexity-ending",
        head=head(
            "px-1",
            "sonar-x",
            citations=["https://example.org/tides"],
            search_results=[{"title": "Tides", "url": "https://example.org/tides", "date": "2026-09-01"}],
        ),
        received=[
            said(
                role="assistant",
                content="H",
                choice={"extra_json": '{"message":{"role":"assistant","content":"H"}}'},
                top={"usage": {**counts(8, 1), "search_context_size": "low"}},
            ),
            ended(
                "stop",
                role="assistant",
                content="i",
                choice={"extra_json": '{"message":{"role":"assistant","content":"Hi"}}'},
                top={"usage": {**counts(8, 2), "search_context_size": "low"}},
            ),
        ],
        usage=counts(8, 2),
    ),
    Stream(
        "anthropic-compat",
        head=head("msg_01", "claude-x", 0),
        received=[
            said(role="assistant", content="Look:"),
            said(
                tool_calls=[
                    {
                        "index": 0,
                        "id": "toolu_1",
                        "type": "function",
                        "function": {"name": "get_tide", "arguments": ""},
                    }
                ]
            ),
            said(tool_calls=[{"index": 0, "function": {"arguments": "{}"}}]),
            ended("tool_calls"),
        ],
    ),
]
