"""Complete and incomplete ends of streams, and what may follow a finish_reason."""

from tests.dialects.cases import StatusCode, Stream, counts, ended, head, said

NO_CHOICES = '{"choices":[]}'
HI = said(role="assistant", content="Hi")
CUT = {"code": StatusCode.UNAVAILABLE, "reason": "UPSTREAM_STREAM_INTERRUPTED"}

HEAD = head("cut", "m")
COMPLETE = [
    Stream("done-without-finish", head=HEAD, received=[HI]),
    Stream("done-without-blank-line", head=HEAD, received=[HI, ended("stop")]),
    Stream("last-event-without-blank-line", head=HEAD, received=[HI, ended("stop")]),
    Stream("last-event-without-line-end", head=HEAD, received=[HI, ended("stop")]),
    Stream("more-behind-done", head=HEAD, received=[HI, ended("stop")]),
    Stream(
        "news-behind-finish",
        head=HEAD,
        received=[
            HI,
            ended("stop"),
            said(
                annotations=[
                    {
                        "type": "url_citation",
                        "url_citation": {
                            "url": "https://example.org",
                            "title": "T",
                            "start_index": 0,
                            "end_index": 2,
                        },
                    }
                ]
            ),
            said(provider_metadata_json='{"gateway":{"cost":"0.1"}}'),
            {
                "moderation": {
                    "input": {
                        "type": "moderation_results",
                        "model": "omni-x",
                        "results": [
                            {
                                "type": "moderation_result",
                                "model": "omni-x",
                                "flagged": False,
                                "categories": {"hate": False},
                                "category_scores": {"hate": 0.0001},
                                "category_applied_input_types": {"hate": {"items": ["text"]}},
                            }
                        ],
                    },
                    "output": {"type": "error", "code": "timeout", "message": "late"},
                },
                "extra_json": NO_CHOICES,
            },
        ],
    ),
    Stream(
        "news-behind-finish-without-done",
        head=HEAD,
        received=[HI, ended("stop"), said(provider_metadata_json='{"gateway":{"cost":"0.1"}}')],
    ),
    Stream("finish-twice", head=HEAD, received=[HI, ended("stop"), ended("stop")]),
    Stream(
        "usage-twice",
        head=HEAD,
        received=[
            HI,
            ended("stop", top={"usage": counts(8, 1)}),
            {"usage": counts(8, 3), "extra_json": NO_CHOICES},
            {"extra_json": NO_CHOICES},
        ],
        usage=counts(8, 3),
    ),
    Stream("usage-never", head=HEAD, received=[HI, ended("stop")]),
]
INCOMPLETE = [
    Stream("done-at-once", received=[], code=StatusCode.INTERNAL, reason="UPSTREAM_MALFORMED_RESPONSE"),
    Stream("cut-before-anything", head=HEAD, received=[], **CUT),
    Stream("cut-before-finish", head=HEAD, received=[HI], **CUT),
    Stream(
        "cut-after-usage",
        head=HEAD,
        received=[said(role="assistant", content="Hi", top={"usage": counts(8, 1)})],
        usage=counts(8, 1),
        **CUT,
    ),
    Stream("cut-in-an-event", head=HEAD, received=[HI], **CUT),
    Stream(
        "cut-with-one-choice-open",
        head=HEAD,
        received=[said(content="A"), said(1, content="B"), ended("stop", 1)],
        **CUT,
    ),
]

STREAMS = [*COMPLETE, *INCOMPLETE]
