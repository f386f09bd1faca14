"""Every shape of error body is read, and none raises an exception."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.upstream.bodies import read, read_value
from bridge.upstream.inside import error_in
from tests.support.shapes import SHAPES, Shape

TEXT = st.text(max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
KEYS = st.sampled_from(
    [
        *(
            "error",
            "errors",
            "message",
            "type",
            "code",
            "param",
            "status",
            "detail",
            "details",
            "loc",
            "msg",
            "metadata",
        ),
        *(
            "raw",
            "value",
            "error_type",
            "error_message",
            "error_description",
            "http_status_code",
            "statusCode",
            "title",
        ),
        *("retry_after_seconds", "n_ctx", "x_groq", "choices", "object", "id"),
    ]
)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5))


@pytest.mark.parametrize("shape", SHAPES, ids=[shape.name for shape in SHAPES])
def test_shape(shape: Shape) -> None:
    """Each shape gives message, type, code, param and the status that it names."""
    body = read(shape.body)
    assert body.message == shape.message
    assert (body.type, body.code, body.param, body.status) == (shape.type, shape.code, shape.param, shape.status)


def test_all_eighteen() -> None:
    """The table has all eighteen shapes of api-surface 9.2."""
    numbers = {shape.name.split()[0] for shape in SHAPES}
    assert {str(number) for number in range(1, 19)} <= numbers


@given(value=JSON)
def test_no_value_is_refused(value: Any) -> None:
    """Any JSON in an error is read without an exception, and gives text."""
    body = read_value(value)
    assert isinstance(body.message, str)
    for member in (body.type, body.code, body.param, body.model):
        assert member is None or isinstance(member, str)
    assert body.status is None or 400 <= body.status <= 599
    if isinstance(value, dict):
        error_in(value)


@given(data=st.binary(max_size=64) | JSON.map(lambda value: json.dumps(value).encode()[:-1]))
def test_no_bytes_are_refused(data: bytes) -> None:
    """Any bytes in an error are read without an exception."""
    assert isinstance(read(data).message, str)
