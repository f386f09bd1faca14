"""Files that operators write are either valid, or refused with a reason, whatever their content."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.access import issuer, rules, tokens
from bridge.certificates import authorities, pair
from bridge.files import UnusableFileError

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
#: Words that the parsers look for, so that random files get past the first line.
WORDS = ("keys", "kty", "kid", "alg", "use", "key_ops", "crv", "x", "y", "n", "e", "RSA", "EC", "OKP", "P-256", "AQAB")
VALUES = st.recursive(
    SCALARS | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner),
    max_leaves=12,
)
JWKS = st.fixed_dictionaries(
    {"keys": st.lists(st.dictionaries(st.sampled_from(WORDS), SCALARS | st.sampled_from(WORDS)), max_size=3)}
)
LINES = st.lists(st.text(max_size=20) | st.just("name sha256:" + "0" * 64) | st.just('[x]\nmodels = ["y"]'), max_size=4)
CONTENTS = (
    st.binary(max_size=200)
    | VALUES.map(lambda value: json.dumps(value).encode())
    | JWKS.map(lambda value: json.dumps(value).encode())
    | LINES.map(lambda lines: "\n".join(lines).encode("utf-8", "replace"))
)
PARSERS: list[Callable[[Sequence[bytes]], Any]] = [
    tokens.parse,
    rules.parse,
    lambda contents: issuer.parse(contents[0], ["RS256", "ES256", "EdDSA"]),
    lambda contents: authorities(contents[0]),
    lambda contents: pair(contents[0], contents[0]),
]


@pytest.mark.parametrize("parse", PARSERS)
@given(content=CONTENTS)
def test_any_content(parse: Callable[[Sequence[bytes]], Any], content: bytes) -> None:
    """A parser raises nothing but UnusableFileError."""
    with suppress(UnusableFileError):
        parse([content])
