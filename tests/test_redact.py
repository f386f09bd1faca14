"""Nothing that an upstream writes brings a key, an address, a line of its own or a prompt into an error or a log."""

import json
import re

import pytest

from bridge.redact import safe, strings, without

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
    """A key of any kind is gone, in text and in JSON, and what stands around it is not."""
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
        "The basic plan has no bearer tokens. Missing bearer authentication",
        "Invalid value: 'messages[0].content'",
        "Überlänge: 4096 Token; zu viel…",
        "",
    ],
)
def test_plain_messages_stay(text: str) -> None:
    """What is no secret is shown as it came."""
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
    """Internal hosts, credentials in URLs and whole images do not get out."""
    assert safe(text) == expected


@pytest.mark.parametrize(
    "control", ["\n", "\r\n", "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\u202e", "\u2066"]
)
def test_one_line(control: str) -> None:
    """No control character forges a line of a log, moves a terminal's cursor, or turns text around."""
    assert safe(f"a{control}b{control}") == "a b"


@pytest.mark.parametrize("at", range(2030, 2060))
def test_keys_at_the_cut_are_masked(at: int) -> None:
    """No part of a key survives because the text is cut within it."""
    text = ("https://example.org/" + "a" * 200 + " ") * 9
    text = text.ljust(at) + "sk-proj-0123456789abcdefghij"
    assert "0123" not in safe(text)
    assert "0123" not in safe(text[-2048:], 2048)


PROMPT = "Write a sonnet about the harbour at Oban in winter, and mention the ferry to Mull twice."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PROMPT, "[…]"),
        (f"Invalid input: {PROMPT!r} is too long", "Invalid input: '[…]' is too long"),
        (f"{PROMPT}{PROMPT} x {PROMPT}", "[…][…] x […]"),
        (f"too long: {PROMPT[:40]}...", "too long: […]..."),
        (f"ends with {PROMPT[-30:]}", "ends with […]"),
        (f"<{PROMPT[20:60]}> and <{PROMPT[40:80]}>", "<[…]> and <[…]>"),
        (f"short: {PROMPT[20:43]}", f"short: {PROMPT[20:43]}"),
        ("the harbour is closed", "the harbour is closed"),
        ("", ""),
    ],
)
def test_echoes_of_the_prompt(text: str, expected: str) -> None:
    """Whole or in part, in the middle of a message or all of it; single words may be said."""
    assert without(text, [PROMPT]) == expected


@pytest.mark.parametrize("prompt", ["", "a", "hi", "temperature"])
def test_short_prompts_are_words(prompt: str) -> None:
    """A prompt of less than 12 characters would mask what the message says itself."""
    message = "a temperature of 3 is too high"
    assert without(message, [prompt]) == message


def test_prompts_of_one_line_are_masked_whole() -> None:
    """Twelve characters are enough where they are all there is."""
    assert without("got 'Who killed JFK?'", ["Who killed JFK?"]) == "got '[…]'"
    assert without("Who killed whom?", ["Who killed JFK?"]) == "Who killed whom?"


def test_strings_of_a_request() -> None:
    """All texts that a caller wrote, wherever they stand; not the names of models and types."""
    request = {
        "model": "gpt-x",
        "messages": [
            {
                "role": "user",
                "content": [{"type": "text", "text": "one"}, {"type": "image_url", "image_url": {"url": "u"}}],
            },
            {"role": "tool", "content": "two"},
        ],
        "tools": [{"type": "function", "function": {"description": "three", "parameters": {"enum": ["four"]}}}],
        "temperature": 0.5,
        "zz": {"deep": [["five", None, True]]},
    }
    assert sorted(strings(request)) == sorted(["one", "u", "two", "three", "four", "five"])


@pytest.mark.parametrize("prompt", [
    "Schreib ein Gedicht über Möwen, Nebel und das Meer.",
    'Zeile 1: "Möwen"\nZeile 2: "Möwen"\nZeile 3: "Möwen"',
    "写一首关于奥本港口冬天的诗,并提到渡轮",
    'He said "no" and\nthen "yes", then\tleft the room for good.',
    "smile 😀 smile 😀 smile 😀 smile",
])  # fmt: skip
@pytest.mark.parametrize("ascii_only", [True, False])
def test_prompts_in_json_are_recognised(prompt: str, ascii_only: bool) -> None:  # noqa: FBT001, a row of the table
    """An error body quotes the request as JSON, often with every letter beyond ASCII escaped."""
    quoted = json.dumps({"input": prompt}, ensure_ascii=ascii_only)
    request = {"messages": [{"role": "user", "content": prompt}]}
    assert without(quoted, strings(request)) == '{"input": "[…]"}'


def test_strings_are_bounded() -> None:
    """A request of many megabytes costs no more than its first part."""
    found = list(strings(["a" * 200_000, "b" * 200_000, "c" * 200_000]))
    assert sum(map(len, found)) == 1 << 18


def test_long_prompts_do_not_take_long() -> None:
    """Half a megabyte of prompt and error with much in common is a matter of a moment, not of minutes."""
    prompt = "".join(f"{number:>8} is a number; " for number in range(8000))
    text = "".join(f"{number:>8} was a number, " for number in range(2500))
    assert without(text, [prompt]) == text
