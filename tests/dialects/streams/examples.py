"""The example streams of the surface reference, E1 to E20. If one is an excerpt, the payload is completed."""

from tests.dialects.cases import Stream, called, counts, ended, head, said

E2_METADATA = (
    '{"anthropic":{"stopSequence":null},"gateway":{"routing":{"finalProvider":"anthropic","attempts":[{"provider":'
    '"anthropic","success":true,"startTime":12.5,"endTime":99.25,"statusCode":200}]},"cost":"0.000543","marketCost":'
    '"0.000543","generationId":"gen_01E2"}}'
)
PNG = "data:image/png;base64,iVBORw0KGgo="
CLAUDE = {"type": "reasoning.text", "format": "anthropic-claude-v1", "index": 0}
HATE = {"filtered": False, "severity": "safe"}

STREAMS = [
    Stream(
        "e1",
        head=head("chatcmpl-e1", "gpt-x-2026"),
        received=[
            said(role="assistant", top={"obfuscation": "q3"}),
            said(
                tool_calls=[
                    called(0, "call_A", "function", name="get_tide", arguments=""),
                    called(1, "call_B", "function", name="get_wind", arguments=""),
                ]
            ),
            said(tool_calls=[called(1, arguments='{"port":')]),
            said(tool_calls=[called(0, arguments="{}"), called(1, arguments='"Oban"}')]),
            ended("tool_calls"),
            {
                "usage": {
                    **counts(81, 34),
                    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
                    "completion_tokens_details": {
                        "reasoning_tokens": 0,
                        "audio_tokens": 0,
                        "accepted_prediction_tokens": 0,
                        "rejected_prediction_tokens": 0,
                    },
                },
                "extra_json": '{"choices":[]}',
            },
        ],
        usage=counts(81, 34),
    ),
    Stream(
        "e2",
        head=head("gen_01E2", "anthropic/claude-x", 1790000100, system_fingerprint="fp_e2"),
        received=[
            said(role="assistant"),
            said(reasoning="Need the tide", reasoning_details=[{**CLAUDE, "text": "Need the tide", "signature": ""}]),
            said(reasoning="", reasoning_details=[{**CLAUDE, "text": "", "signature": "U0lHTkFUVVJF"}]),
            said(tool_calls=[called(0, "toolu_1", "function", name="get_tide", arguments="{}")]),
            ended(
                "tool_calls",
                provider_metadata_json=E2_METADATA,
                top={
                    "generation_id": "gen_01E2",
                    "usage": {
                        **counts(16, 33),
                        "cost": 0.000543,
                        "market_cost": 0.000543,
                        "is_byok": False,
                        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0, "video_tokens": 0},
                        "cost_details": {"upstream_inference_prompt_cost": 0, "upstream_inference_completions_cost": 0},
                        "completion_tokens_details": {"reasoning_tokens": 0, "image_tokens": 0},
                        "cache_creation_input_tokens": 0,
                    },
                },
            ),
        ],
        usage={**counts(16, 33), "cache_creation_input_tokens": 0},
    ),
    Stream(
        "e4",
        head=head("chatcmpl-e4", "gpt-x", 1790000300),
        received=[
            said(role="assistant", refusal="", choice={"logprobs": {"extra_json": '{"refusal":[]}'}}),
            said(
                refusal="I can't help",
                choice={
                    "logprobs": {
                        "refusal": [
                            {"token": "I", "logprob": -0.01, "bytes": [73], "extra_json": '{"top_logprobs":[]}'}
                        ]
                    }
                },
            ),
            said(refusal=" with that."),
            ended("stop"),
        ],
    ),
    Stream(
        "e5",
        head=head("gen-e5", "x-ai/grok-x", 1790000400, provider="xAI"),
        received=[
            said(role="assistant", content="Hi"),
            ended("stop", role="assistant", content="", choice={"native_finish_reason": "completed"}),
            ended(
                "stop",
                role="assistant",
                content="",
                choice={"native_finish_reason": "completed"},
                top={"usage": {**counts(7, 2), "cost": 0.0000019, "is_byok": False}},
            ),
        ],
        usage=counts(7, 2),
    ),
    Stream(
        "e10",
        head=head("gen_01E10", "google/img-x", 1790000800),
        received=[said(images=[{"type": "image_url", "image_url": {"url": PNG}}]), ended("stop")],
    ),
    Stream(
        "e11",
        head=head("chatcmpl-e11", "audio-x", 1790000900),
        received=[
            said(role="assistant", audio={"id": "audio_77", "transcript": "Hel"}),
            said(audio={"data": "AAD/fw=="}),
            said(audio={"transcript": "lo", "data": "AIA="}),
            said(audio={"expires_at": 1790004500}),
            ended("stop"),
        ],
    ),
    Stream(
        "e13",
        head=head("chatcmpl-e13", "gpt-x", 1790001100),
        received=[
            {
                "id": "",
                "object": "",
                "created": 0,
                "model": "",
                "prompt_filter_results": [
                    {
                        "prompt_index": 0,
                        "content_filter_results": {"hate": HATE, "jailbreak": {"detected": False, "filtered": False}},
                    }
                ],
                "extra_json": '{"choices":[]}',
            },
            said(role="assistant", content="", choice={"content_filter_results": {}}),
            said(content="Hi", choice={"content_filter_results": {}}),
            {
                "id": "",
                "object": "",
                "created": 0,
                "model": "",
                "choices": [
                    {
                        "index": 0,
                        "content_filter_offsets": {"check_offset": 44, "start_offset": 44, "end_offset": 198},
                        "content_filter_results": {"hate": HATE},
                    }
                ],
            },
            ended("stop", choice={"content_filter_results": {}}),
        ],
    ),
    Stream(
        "e14",
        head={"object": "chat.completion.chunk", "created": 1790001200, "model": "models/gem-x"},
        received=[
            ended(
                "tool_calls",
                role="assistant",
                tool_calls=[
                    {
                        **called(0, "call_g1", "function", name="get_tide", arguments="{}"),
                        "extra_content": {"google": {"thought_signature": "c2ln"}},
                    },
                    called(1, "call_g2", "function", name="get_wind", arguments="{}"),
                ],
                top={"usage": counts(5, 4, 30)},
            )
        ],
        usage=counts(5, 4, 30),
    ),
    Stream(
        "e15",
        head=head("chatcmpl-e15", "gpt-x", 1790001300),
        received=[
            said(tool_calls=[{**called(0, "call_c", "custom"), "custom": {"name": "calc", "input": "1+"}}]),
            said(tool_calls=[{"index": 0, "custom": {"input": "2+3"}}]),
            ended("tool_calls"),
        ],
    ),
    Stream(
        "e16",
        head=head("e16", "magistral-x", 1790001400),
        received=[
            said(
                role="assistant",
                content_parts={
                    "items": [{"type": "thinking", "thinking": {"items": [{"type": "text", "text": "Let me see"}]}}]
                },
            ),
            ended("model_length", content="Answer", top={"usage": counts(3, 9)}),
        ],
        usage=counts(3, 9),
    ),
    Stream(
        "e17",
        head=head("e17", "m", 1790001500),
        received=[
            said(1, role="assistant", content="B"),
            {
                "choices": [
                    {"index": 0, "delta": {"role": "assistant", "content": "A"}},
                    {"index": 1, "delta": {"content": "b"}, "finish_reason": "stop"},
                ]
            },
            ended("length"),
        ],
    ),
    Stream(
        "e20",
        received=[{"extra_json": '{"choices":[]}'}, said(content="a\u2028b")],
    ),
]
