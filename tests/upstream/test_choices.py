"""The finish_reasons that are recorded of a whole response are those of a stream, within the same limits."""

from typing import Any

import pytest

from bridge.call import CallRecord
from bridge.upstream.choices import Choices, note_ends

RECORDED: list[tuple[str, list[Any], dict[int, str]]] = [
    ("plain", [{"index": 0, "finish_reason": "stop"}], {0: "stop"}),
    ("by index", [{"index": 1, "finish_reason": "stop"}, {"index": 0, "finish_reason": "no"}], {1: "stop", 0: "no"}),
    ("without an index", [{"finish_reason": "stop"}, {"finish_reason": "length"}], {0: "stop", 1: "length"}),
    ("an object", [{"index": 0, "finish_reason": {"type": "stop", "matched": 2}}], {0: "stop"}),
    ("a number", [{"index": 0, "finish_reason": 7}], {0: "7"}),
    ("no end", [{"index": 0, "finish_reason": "null"}, {"index": 1}, None, "text"], {}),
    ("megabytes", [{"index": 0, "finish_reason": "x" * (1 << 20)}], {0: "x" * 128}),
]  # fmt: skip


@pytest.mark.parametrize(("choices", "expected"), [row[1:] for row in RECORDED], ids=[row[0] for row in RECORDED])
def test_finish_reasons(choices: list[Any], expected: dict[int, str]) -> None:
    whole, stream = CallRecord("/a.B/C", (), "r"), CallRecord("/a.B/C", (), "r")
    note_ends(whole, {"choices": choices})
    followed = Choices(1)
    followed.note_ends(stream)
    followed.follow({"choices": choices})
    assert whole.finish_reasons == stream.finish_reasons == expected


def test_many_choices_of_a_whole_response() -> None:
    record = CallRecord("/a.B/C", (), "r")
    note_ends(record, {"choices": [{"finish_reason": "stop"}] * 10_000})
    assert record.finish_reasons == dict.fromkeys(range(16), "stop")


@pytest.mark.parametrize("response", [{}, {"choices": None}, {"choices": {"finish_reason": "stop"}}])
def test_a_response_without_choices(response: dict[str, Any]) -> None:
    record = CallRecord("/a.B/C", (), "r")
    note_ends(record, response)
    assert not record.finish_reasons
