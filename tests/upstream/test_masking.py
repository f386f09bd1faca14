"""Upstream errors show nothing of the prompt, in any encoding, at a cost in proportion to it."""

import json
import time
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.jsontext import dumps
from bridge.upstream.leaks import Secrets
from bridge.upstream.masking import Mask, Text, strings


def masked(text: str, *prompts: str, limit: int = 10_000) -> str:
    """A text as it is shown after a request with these prompts."""
    request = dumps({"messages": [{"role": "user", "content": prompt} for prompt in prompts]})
    (shown,) = Mask(request, Secrets()).shown([Text(text, limit)])
    return shown


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
    """A quoted prompt is masked, whole or in part, anywhere in a message; single words are shown."""
    assert masked(text, PROMPT) == expected


@pytest.mark.parametrize("prompt", ["", "a", "hi", "temperature"])
def test_short_prompts_are_words(prompt: str) -> None:
    """A prompt of less than 12 bytes is not masked, as it would mask words of the message itself."""
    message = "a temperature of 3 is too high"
    assert masked(message, prompt) == message


def test_prompts_of_one_line_are_masked_whole() -> None:
    """A prompt of one line is masked if it has at least twelve characters."""
    assert masked("got 'Who killed JFK?'", "Who killed JFK?") == "got '[…]'"
    assert masked("got 'Who was JFK?'", "Who was JFK?") == "got '[…]'"
    assert masked("got 'Who is JFK?'", "Who is JFK?") == "got 'Who is JFK?'"
    assert masked("Who killed whom?", "Who killed JFK?") == "Who killed whom?"


def test_strings_of_a_request() -> None:
    """All texts of a request are prompts, at any place, except names of models and types."""
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
    """Error bodies quote the request as JSON, often with escapes for every letter beyond ASCII."""
    quoted = json.dumps({"input": prompt}, ensure_ascii=ascii_only)
    assert masked(quoted, prompt) == '{"input": "[…]"}'


CODE = 'def f(path):\n\tprint("C:\\\\new\\\\table", path)\n\treturn path & 0xff < 7  # <b>100 %</b>'


@pytest.mark.parametrize(
    "quote_",
    [
        str,
        repr,
        json.dumps,
        lambda text: json.dumps(json.dumps(text)),
        lambda text: json.dumps(json.dumps(json.dumps({"a": text}))),
        quote,
        lambda text: quote(text, safe=""),
        quote_plus,
        escape,
        lambda text: escape(json.dumps(text)),
        lambda text: quote(json.dumps(text)),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\x00\x1b"),
        lambda text: repr(text.encode()),
    ],
)
@pytest.mark.parametrize(
    "prompt", [CODE, PROMPT, CODE + PROMPT, "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich"]
)
def test_prompts_are_recognised_however_they_are_quoted(quote_: Any, prompt: str) -> None:
    """Prompts are recognised in JSON within JSON, in URLs, HTML and Python's notation, and with other line ends."""
    shown = masked(f"Invalid value: {quote_(prompt)} is too long", prompt)
    assert shown.startswith("Invalid value: ")
    assert "[…]" in shown
    for word in ("print(", "return path", "harbour", "winter", "ferry", "Viktor", "Sylter"):
        assert word not in shown


@pytest.mark.parametrize(
    "message", ["100 % sure", "a%20b", "x &lt; y &amp; z", "&#" + "1" * 8000 + ";", "a\\nb \\u12", "%zz%", "\\"]
)
def test_what_looks_quoted_stays(message: str) -> None:
    """A message without a prompt does not change, even if it looks quoted."""
    assert masked(message, PROMPT) == message


def test_a_short_list_of_numbers_is_no_prompt() -> None:
    """Six numbers in a list are tokens of a prompt, five are a size or a shape."""
    assert list(strings({"input": [1, 2, 3, 4, 5, 6]})) == ["1,2,3,4,5,6", "1, 2, 3, 4, 5, 6"]
    assert list(strings({"input": [1, 2, 3, 4, 5]})) == []


def test_a_name_has_256_characters() -> None:
    """A name has at most 256 characters; a longer one is a prompt."""
    assert list(strings({"model": "m" * 256, "models": ["m" * 256]})) == []
    assert list(strings({"model": "m" * 257})) == ["m" * 257]
    assert list(strings({"models": ["a", "m" * 257]})) == ["m" * 257, "a"]


def test_a_prompt_with_the_mark_in_it() -> None:
    """A prompt that contains the mark is masked like any other, and the rest of the message is shown."""
    prompt = "You said […] and no more: what does that mean?"
    assert masked(f"too long: {prompt}", prompt) == "too long: […]"


def test_names_are_shown() -> None:
    """Names of a model, a role or a type are shown, as a caller must know which was wrong.

    A prompt in their place is not.
    """
    request = {"model": "acme/a-model-with-a-long-name", "messages": [{"role": "a-role-that-nobody-has-heard-of"}]}
    message = "no model acme/a-model-with-a-long-name, no role a-role-that-nobody-has-heard-of"
    assert Mask(dumps(request), Secrets()).shown([Text(message, 512)]) == [message]
    for value in (PROMPT * 4, {"description": PROMPT}, [PROMPT * 4], [{"a": PROMPT}]):
        assert Mask(dumps({"model": value}), Secrets()).shown([Text(PROMPT, 512)]) == ["[…]"]


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_prompts_in_tokens(separators: tuple[str, str]) -> None:
    """A prompt that is a list of tokens is masked."""
    request = {"input": [[15496, 11, 995, 0, 314, 716, 257, 6152, 13], [1, 2]], "dimensions": 99999}
    message = json.dumps({"detail": "dimensions", "input": request}, separators=separators)
    (shown,) = Mask(dumps(request), Secrets()).shown([Text(message, 512)])
    assert "15496" not in shown
    assert "99999" in shown
    assert "[…]" in shown


def test_request_that_cannot_be_parsed() -> None:
    """All of a request that cannot be parsed counts as prompt."""
    request = b"[" * 2000 + PROMPT.encode()
    assert Mask(request, Secrets()).shown([Text(f"got {PROMPT}", 512)]) == ["got […]"]


def test_all_texts_of_an_error() -> None:
    """Each text of an error is clipped and masked separately."""
    texts = [Text(f"{word} {PROMPT}", limit) for word, limit in (("one", 512), ("two", 128), ("three", 6))]
    request = dumps({"messages": [{"content": PROMPT}]})
    assert Mask(request, Secrets()).shown([*texts, Text("", 5)]) == ["one […]", "two […]", "three…", ""]


def test_nothing_is_shown_where_nothing_is_scanned() -> None:
    """For a request over the bound all texts are hidden, as none can be searched."""
    request = dumps({"messages": [{"content": PROMPT}]})
    assert Mask(request, Secrets(), len(request)).shown([Text("a word", 512)]) == ["a word"]
    assert Mask(request, Secrets(), len(request) - 1).shown([Text("a word", 512)]) == [""]


def spent(request: Any, *texts: str) -> float:
    """Seconds of this thread that masking takes, so that other threads do not count."""
    mask = Mask(dumps(request), Secrets(["Bearer 7Yk2pQ9mNc4vXr8tLw1zHb6sJd3fGa5e"]))
    began = time.thread_time()
    mask.shown([Text(text, 1024) for text in texts])
    return time.thread_time() - began


ENDLESS = "".join(f"{number:06d} is a number; " for number in range(50_000))
REQUESTS = {
    "16,000 inputs": {"input": [f'é"{number:05d}abcdefgh' for number in range(16_000)]},
    "16,000 inputs of one form": {"input": [f"{number:06d}{'x' * 11}" for number in range(16_000)]},
    "1 MiB of few letters": {"input": "ab" * (1 << 19)},
    "1 MiB with much in common": {"input": ENDLESS},
    "1 MiB of one block": {"input": "".join(f"abcdefghijkl{number:012d}" for number in range(40_000))},
    "1 MiB of escapes": {"input": "\\n" * (1 << 19)},
    "1 MiB of control characters": {"input": "\n" * (1 << 19)},
    "100,000 tokens": {"input": list(range(100_000))},
    "100,000 words": {"input": [f"word {number:07d}" for number in range(100_000)]},
}
ERRORS = {
    "a part of it": lambda request: json.dumps(request)[:8192],
    "the same in JSON": lambda request: json.dumps(json.dumps(request))[:8192],
    "few letters": lambda _: "ab" * 4096,
    "one block": lambda _: "abcdefghijkl" * 600,
    "something else": lambda _: ENDLESS.replace("is", "was")[:8192],
    "digits": lambda _: "&#" + "1" * 8000,
    "stars": lambda _: "*a" * 4000 + "**" * 1000,
}


@pytest.mark.alone
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("name", REQUESTS)
def test_masking_costs_what_the_request_costs(name: str, error: str) -> None:
    """20 texts of 8 KiB against 1 MiB take less than half a second, whatever they have in common."""
    request = REQUESTS[name]
    text = ERRORS[error](request)
    assert spent(request, *([text] * 4), *(f"{text[:900]}{number}" for number in range(16))) < 0.5


@pytest.mark.alone
def test_masking_is_linear() -> None:
    """A request four times as large takes four times as long, not sixteen."""
    for make in (lambda size: "ab" * size, lambda size: ENDLESS[: 2 * size]):
        small, large = (
            min(spent({"input": make(size)}, "ab" * 4000, ENDLESS[:8000]) for _ in range(3))
            for size in (1 << 17, 1 << 19)
        )
        assert large < 8 * small + 0.02


def runs(text: str, size: int = 24) -> set[str]:
    return {text[at : at + size] for at in range(len(text) - size + 1)}


_few = st.text(alphabet="ab ", min_size=0, max_size=120)


@given(prompt=_few, before=_few, places=st.lists(st.tuples(st.integers(0, 120), st.integers(0, 60), _few), max_size=3))
def test_no_run_of_the_prompt_survives(prompt: str, before: str, places: list[tuple[int, int, str]]) -> None:
    """No 24 consecutive characters of the prompt are in the text, however often parts of both repeat."""
    text = before + "".join(prompt[at : at + size] + between for at, size, between in places)
    assert not runs(masked(text, prompt)) & runs(prompt)


@given(prompts=st.lists(st.text(alphabet="abc", max_size=80), max_size=3), text=st.text(alphabet="abc", max_size=200))
def test_no_run_of_any_prompt_survives(prompts: list[str], text: str) -> None:
    """No run of characters of any of several prompts survives."""
    shown = masked(text, *prompts)
    assert not any(runs(shown) & runs(prompt) for prompt in prompts)


_odd = st.text(alphabet='ab\\"n%2&;\n\u2028é…[]\x00', max_size=90)


@given(prompt=_odd, places=st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90), _odd), max_size=3))
def test_no_run_of_an_odd_prompt_survives(prompt: str, places: list[tuple[int, int, str]]) -> None:
    """No run survives of prompts and texts full of escapes, encodings, line ends and marks."""
    text = "".join(prompt[at : at + size] + between for at, size, between in places)
    assert not runs(masked(text, prompt)) & runs(prompt)


@given(prompt=st.text(alphabet="ab…[] ", min_size=24, max_size=80), text=st.text(alphabet="ab…[] ", max_size=120))
def test_the_mark_may_be_in_the_prompt(prompt: str, text: str) -> None:
    """A conversation about an earlier error contains the mark, which hides nothing else."""
    assert not runs(masked(text + prompt + text, prompt)) & runs(prompt)


@given(prompt=_few, text=st.text(alphabet="cdefg", max_size=80))
def test_what_is_not_shared_stays(prompt: str, text: str) -> None:
    """Text without a part of the prompt does not change."""
    assert masked(text, prompt) == text
