"""No text of an upstream brings a key, an address or a line break into an error or a log."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.redact import safe

SECRETS = [
    "sk-proj-Ab12Cd34Ef56Gh78",
    "sk-ant-api03-abc_DEF-123456",
    "sk-or-v1-0123456789abcdef",
    "sk-abc*******************wxyz",
    "sk-12***89",
    "vck_5f3a9b8c7d6e",
    "gsk_0123456789abcdefghij",
    "xai-0123456789abcdef",
    "hf_abcdefghijklmnop",
    "pplx-0123456789abcdef",
    "csk-0123456789abcdef",
    "nvapi-0123456789abcdef",
    "r8_0123456789abcdef",
    "fw_0123456789abcdef",
    "AIzaSyD-0123456789_abcdefg",
    "AKIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "Bearer 0123456789abcdef",
    "bearer opaque-token-value",
    "Basic dXNlcjpwYXNz",
]
FRAMES = [
    "{}",
    "Incorrect API key provided: {}. You can find it in your account.",
    '{{"error": "bad key", "key":"{}"}}',
    '{{"error": "bad key:\\n{}\\n"}}',
    "api_key={}&x=1",
    "({}), then",
    "key\n{}\nend",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("frame", FRAMES)
def test_keys_are_masked(secret: str, frame: str) -> None:
    """A key of any kind is masked, in text and in JSON, and the text around it is shown."""
    text = safe(frame.format(secret))
    assert secret not in text
    assert "[secret]" in text
    assert not any(part in text for part in re.findall(r"[A-Za-z0-9]{6,}", secret))
    begin, _, end = frame.format("\0").partition("\0")
    assert text.startswith(begin.replace("\n", " "))
    assert secret.casefold().startswith(("bearer", "basic")) or text.endswith(end.replace("\n", " ").strip())


@pytest.mark.parametrize(
    "text",
    [
        "The model `gpt-5.4` does not exist",
        "max_tokens must be <= 4096, got 5000",
        "task-force, risk_free, ask-me, whiskey-bar",
        "key_model_access_denied is an error type of LiteLLM, key_access_denied.",
        "The basic plan has no bearer tokens. Missing bearer authentication",
        "Invalid value: 'messages[0].content'",
        "Überlänge: 4096 Token; zu viel…",
        "",
    ],
)
def test_plain_messages_stay(text: str) -> None:
    """Text without a secret does not change."""
    assert safe(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://user:pass@internal.host:8443/v1?key=1 now", "see [url] now"),
        ("at http://10.0.0.7/x", "at [url]"),
        ('"url":"https://example.org/a"', '"url":"[url]"'),
        ("wss://a/b and s3://bucket/key", "[url] and [url]"),
        ("bad image data:image/png;base64,iVBORw0KGgo= here", "bad image [url] here"),
        ("a:b://", "a:b://"),
        ("ratio 1://2", "ratio 1://2"),
    ],
)
def test_addresses_are_masked(text: str, expected: str) -> None:
    """Internal hosts, credentials in URLs and whole images are masked."""
    assert safe(text) == expected


@pytest.mark.parametrize(
    "control",
    ["\t", "\n", "\r\n", "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\u202e", "\u2066", "\ud800"],
)
def test_one_line(control: str) -> None:
    """No control character can forge a log line, move a terminal's cursor, or reverse text."""
    assert safe(f"a{control}b{control}") == "a b"


@pytest.mark.parametrize("at", range(2030, 2060))
def test_keys_at_the_cut_are_masked(at: int) -> None:
    """No part of a key survives because the text is cut within it."""
    text = ("https://example.org/" + "a" * 200 + " ") * 9
    text = text.ljust(at) + "sk-proj-0123456789abcdefghij"
    assert "0123" not in safe(text)
    assert "0123" not in safe(text[-2048:], 2048)


def test_long_texts_do_not_take_long() -> None:
    """The searches are linear: no text makes them start again."""
    for text in ("a." * 100_000, "bearer " * 30_000, "bearer" + " " * 100_000, "sk-" * 50_000, "eyJ" + "a." * 50_000):
        began = time.thread_time()
        safe(text, 100_000)
        assert time.thread_time() - began < 0.25


@given(text=st.text(max_size=60), limit=st.integers(1, 40))
def test_clip(text: str, limit: int) -> None:
    """A text over the limit is cut and gets a mark; others do not change."""
    clipped = safe(text, limit)
    assert len(clipped) <= limit
    whole = safe(text, 10_000)
    if len(text) <= limit:
        assert clipped == whole
    elif clipped != whole:
        assert clipped.endswith("…") or clipped == safe(text[: limit * 4], 10_000)
