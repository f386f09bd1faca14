"""The contents of deltas, and their unusual shapes."""

from tests.dialects.cases import CHUNK, Stream, ended, head, said

HEAD = head("ct", "m", 1790000002)
NO_CHOICES = '{"choices":[]}'
UNKNOWN = '{"quantum_mode":{"b":1,"a":2.5}}'
SUMMARY = {"type": "reasoning.summary", "summary": "Hm", "format": "openai-responses-v1", "index": 0}
ENCRYPTED = {"type": "reasoning.encrypted", "data": "b3BhcXVl", "id": "rs_1", "format": "openai-responses-v1"}

STREAMS = [
    Stream(
        "audio-padding",
        head=HEAD,
        received=[
            said(role="assistant", audio={"id": "audio_1", "data": "YQ=="}),
            said(audio={"data": "YQ=="}),
            said(audio={"transcript": "a"}),
            said(audio={"expires_at": 1790003602}),
            ended("stop"),
        ],
    ),
    Stream(
        "content-filter",
        head=HEAD,
        received=[
            said(role="assistant", content="Once", choice={"content_filter_results": {}}),
            ended(
                "content_filter",
                choice={
                    "content_filter_results": {
                        "violence": {"filtered": True, "severity": "high"},
                        "custom_blocklists_json": '{"filtered":false,"details":[]}',
                    }
                },
            ),
        ],
    ),
    Stream(
        "length",
        head=HEAD,
        received=[said(role="assistant", content='{"a": [1, 2'), ended("length")],
    ),
    Stream(
        "ids-change",
        received=[
            {**head("chatcmpl-a", "m", 1790000002), **said(role="assistant", content="A")},
            {**head("gen-b", "m-2026", 1790000003), **said(content="B")},
            {"id": "", "object": "", "created": 0, "model": "", **ended("stop")},
        ],
    ),
    Stream(
        "first-chunks-empty",
        received=[
            {"extra_json": NO_CHOICES},
            {},
            {**HEAD, "extra_json": NO_CHOICES},
            {**HEAD, **said(role="", content="")},
            {**HEAD, **ended("stop", content="Hi")},
        ],
    ),
    Stream(
        "comments",
        head=head("cut", "m"),
        received=[said(role="assistant", content="Hi"), ended("stop")],
    ),
    Stream(
        "delta-null-absent-empty",
        head=HEAD,
        received=[
            {"choices": [{"index": 0}]},
            {"choices": [{"index": 0}]},
            said(),
            said(),
            said(content=""),
            {"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]},
        ],
    ),
    Stream(
        "reasoning-kinds",
        head=HEAD,
        received=[
            said(role="assistant", content="", reasoning="Hm", reasoning_details=[SUMMARY]),
            said(reasoning_content="Hm"),
            said(
                reasoning_details=[
                    {**ENCRYPTED, "index": 0},
                    {"type": "reasoning.future", "extra_json": '{"novel":{"b":1}}'},
                ]
            ),
            ended("stop", content="42"),
        ],
    ),
    Stream(
        "several-kinds-in-one-delta",
        head=HEAD,
        received=[
            ended(
                "stop",
                role="assistant",
                content="a",
                refusal="b",
                reasoning="c",
                reasoning_content="d",
                tool_calls=[{"index": 0, "id": "x", "function": {"arguments": "e"}}],
                images=[{"type": "image_url", "image_url": {"url": "f"}, "index": 0}],
                annotations=[{"type": "file_annotation", "file_annotation": {"file_id": "g"}}],
                executed_tools=[
                    {"index": 0, "type": "search", "arguments": "h", "search_results_json": '{"results":[]}'}
                ],
            )
        ],
    ),
    Stream(
        "characters",
        head=HEAD,
        received=[
            said(role="assistant", content="é€😀\u2028\u0085"),
            ended("stop", content='é😀\n\0"\\'),
        ],
    ),
    Stream(
        "numbers",
        head=HEAD,
        received=[
            ended(
                "stop",
                content="Hi",
                top={
                    "usage": {
                        "prompt_tokens": 8,
                        "cost": 0.0000125,
                        "extra_json": '{"completion_tokens":9007199254740993}',
                    }
                },
            )
        ],
        usage={"completion_tokens": 9007199254740993},
    ),
    Stream(
        "wrong-types",
        head={"object": CHUNK, "model": "m"},
        received=[
            ended(
                "stop",
                role="assistant",
                extra_json='{"content":42,"reasoning":{"a":1}}',
                top={"extra_json": '{"id":7,"created":"soon","usage":"none"}'},
            )
        ],
    ),
    Stream(
        "error-that-is-none",
        head=HEAD,
        received=[
            said(role="assistant", content="error: "),
            ended("stop", content='{"error": "no"}', top={"extra_json": '{"error":""}'}),
        ],
    ),
    Stream(
        "empty-lists-and-maps",
        head=HEAD,
        received=[
            ended(
                "stop",
                content_parts={},
                audio={},
                extra_json='{"annotations":[],"images":[]}',
                choice={"logprobs": {}, "extra_json": '{"token_ids":[]}'},
                top={"usage": {}, "x_groq": {}, "extra_json": '{"metadata":{},"citations":[]}'},
            )
        ],
    ),
    Stream(
        "unknown-everywhere",
        head=HEAD,
        received=[
            ended(
                "stop",
                content_parts={"items": [{"type": "text", "text": "Hi", "extra_json": UNKNOWN}]},
                tool_calls=[{"index": 0, "function": {"arguments": "", "extra_json": UNKNOWN}, "extra_json": UNKNOWN}],
                extra_json=UNKNOWN,
                choice={"extra_json": UNKNOWN},
                top={"usage": {"prompt_tokens": 8, "extra_json": UNKNOWN}, "extra_json": UNKNOWN},
            )
        ],
        usage={"prompt_tokens": 8},
    ),
]
