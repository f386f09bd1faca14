"""The ways in which tool-call deltas differ from OpenAI's. The bridge corrects only the index."""

from tests.dialects.cases import Stream, called, ended, head, said

HEAD = head("tc", "m", 1790000001)
END = ended("tool_calls")

STREAMS = [
    Stream(
        "tool-index-missing",
        head=HEAD,
        received=[
            said(tool_calls=[called(0, "call_a", "function", name="f", arguments="{}")]),
            said(tool_calls=[called(1, "call_b", "function", name="g", arguments='{"x":1}')]),
            END,
        ],
    ),
    Stream(
        "tool-several-fragments",
        head=HEAD,
        received=[
            said(
                tool_calls=[
                    called(0, "call_a", "function", name="f", arguments=""),
                    called(1, "call_b", "function", name="g", arguments=""),
                ]
            ),
            said(tool_calls=[called(0, arguments='{"a"'), called(0, arguments=":1}"), called(1, arguments="{}")]),
            END,
        ],
    ),
    Stream(
        "tool-index-reused",
        head=HEAD,
        received=[
            said(tool_calls=[called(0, "call_a", "function", name="f", arguments='{"a":1}')]),
            said(tool_calls=[called(1, "call_b", "function", name="f", arguments='{"a":2}')]),
            END,
        ],
    ),
    Stream(
        "tool-index-sparse",
        head=HEAD,
        received=[
            said(role="assistant", content="Look:"),
            said(tool_calls=[called(0, "call_a", "function", name="f", arguments="")]),
            said(tool_calls=[called(1, "call_b", "function", name="g", arguments="{}")]),
            said(tool_calls=[called(0, arguments="{}")]),
            END,
        ],
    ),
    Stream(
        "tool-head-repeated",
        head=HEAD,
        received=[
            *(
                said(tool_calls=[called(0, "call_a", "function", name="f", arguments=arguments)])
                for arguments in ("", '{"a"', ":1}")
            ),
            END,
        ],
    ),
    Stream(
        "tool-name-late",
        head=HEAD,
        received=[
            said(tool_calls=[called(0, "", arguments="")]),
            said(tool_calls=[called(0, None, "function", arguments='{"a"')]),
            said(tool_calls=[called(0, "call_a", name="f", arguments=":1}")]),
            END,
        ],
    ),
    Stream(
        "tool-function-missing",
        head=HEAD,
        received=[
            said(tool_calls=[called(0, "call_a", "function")]),
            said(tool_calls=[called(0)]),
            said(tool_calls=[called(0, name="f", arguments="{}")]),
            END,
        ],
    ),
    Stream(
        "tool-arguments-odd",
        head=HEAD,
        received=[
            said(tool_calls=[called(0, "call_a", "function", name="f", arguments="{}")]),
            said(tool_calls=[{"index": 0, "function": {}}]),
            said(tool_calls=[{"index": 0, "function": {}}]),
            said(tool_calls=[called(0, arguments="{}")]),
            END,
        ],
    ),
    Stream(
        "tool-arguments-prefix",
        head=HEAD,
        received=[
            said(tool_calls=[called(0, "call_a", "function", name="f", arguments="1")]),
            said(tool_calls=[called(0, arguments="2")]),
            said(tool_calls=[called(0, arguments=' {"not json')]),
            END,
        ],
    ),
    Stream(
        "tool-arguments-object",
        head=HEAD,
        received=[
            said(
                tool_calls=[
                    called(
                        0,
                        "functions.add:0",
                        "function",
                        name="add",
                        extra_json='{"arguments":{"b":1,"a":[2.5]}}',
                    )
                ]
            ),
            END,
        ],
    ),
    Stream(
        "tool-signature",
        head=HEAD,
        received=[
            said(
                tool_calls=[
                    {
                        **called(0, "call_g", "function", name="f", arguments="{}"),
                        "extra_content": {"google": {"thought_signature": "c2ln"}},
                    }
                ]
            ),
            ended("stop", content="", extra_content={"google": {"thought": True}}),
        ],
    ),
    Stream(
        "tool-function-call",
        head=HEAD,
        received=[
            said(role="assistant", function_call={"name": "f", "arguments": ""}),
            said(function_call={"arguments": "{}"}),
            ended("function_call"),
        ],
    ),
    Stream(
        "tool-calls-empty",
        head=HEAD,
        received=[
            said(role="assistant", content="Hi", extra_json='{"tool_calls":[]}'),
            ended("stop"),
        ],
    ),
]
