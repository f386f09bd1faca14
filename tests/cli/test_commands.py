"""The output, requests and exit codes of the commands, with a real bridge and a scripted gateway."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from grpc_health.v1.health_pb2 import HealthCheckResponse

from bridge.clean import printable
from bridge.cli.console import ADVICE
from tests.cli.payloads import HELLO, MODELS, chunk
from tests.support.bridge import Bridge, Start
from tests.support.commands import Run, invoke
from tests.support.gateway import respond_json, sse

PLAIN = {"object": "list", "data": [{"id": "m", "object": "model"}]}


async def test_models_are_tab_separated_lines_where_a_program_reads(bridge: Bridge, aibridge: Run) -> None:
    bridge.gateway.script(respond_json(MODELS))
    result = await aibridge("models")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "a/embed\ta\tembedding\t8192",
        "a/chat\ta\tlanguage\t200000",
        "b/chat\tb\t\t4096",
    ]


async def test_models_as_json_are_the_rest_response(bridge: Bridge, aibridge: Run) -> None:
    bridge.gateway.script(respond_json(MODELS))
    assert json.loads((await aibridge("models", "--json")).out) == MODELS


async def test_chat_prints_the_response_and_sums_up_on_standard_error(bridge: Bridge, aibridge: Run) -> None:
    bridge.gateway.script(sse(*HELLO))
    result = await aibridge(
        "chat", "hi", "--model", "m", "--system", "be brief", "--temperature", "0", "--max-tokens", "9"
    )
    assert (result.code, result.out) == (0, "hello\n")
    assert result.err.startswith("3 prompt + 2 completion tokens, ")
    assert "ended by" not in result.err
    assert bridge.gateway.last.json == {
        "model": "m",
        "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}],
        "temperature": 0,
        "max_tokens": 9,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_chat_says_why_an_response_ended_early(bridge: Bridge, aibridge: Run) -> None:
    bridge.gateway.script(sse(chunk("hel"), chunk(reason="length")))
    assert (await aibridge("chat", "hi", "--model", "m")).err.strip().endswith("finish reason: length")


@pytest.mark.parametrize("arguments", [(), ("-",)])
async def test_chat_reads_standard_input(bridge: Bridge, aibridge: Run, arguments: tuple[str, ...]) -> None:
    bridge.gateway.script(sse(*HELLO))
    assert (await aibridge("chat", *arguments, "--model", "m", stdin="from ünix\n")).code == 0
    assert bridge.gateway.last.json["messages"] == [{"role": "user", "content": "from ünix\n"}]


async def test_chat_as_json_prints_each_chunk(bridge: Bridge, aibridge: Run) -> None:
    bridge.gateway.script(sse(*HELLO))
    result = await aibridge("chat", "hi", "--model", "m", "--json")
    chunks = [json.loads(line) for line in result.out.splitlines()]
    assert len(chunks) == len(HELLO)
    assert chunks[0] == {"id": "c", "choices": [{"index": 0, "delta": {"content": "hel"}}]}
    assert result.err == ""


@pytest.mark.parametrize(("listed", "model"), [(MODELS, "a/chat"), (PLAIN, "m")])
async def test_chat_takes_the_first_model_that_can_chat(bridge: Bridge, aibridge: Run, listed: Any, model: str) -> None:
    bridge.gateway.script(respond_json(listed), sse(*HELLO))
    assert (await aibridge("chat", "hi")).code == 0
    assert bridge.gateway.last.json["model"] == model


async def test_without_any_model_one_must_be_named(bridge: Bridge, aibridge: Run) -> None:
    bridge.gateway.script(respond_json({"object": "list", "data": []}))
    result = await aibridge("chat", "hi")
    assert result.code == 2
    assert "--model" in result.err


async def test_a_stream_that_breaks_keeps_what_came_and_fails(bridge: Bridge, aibridge: Run) -> None:
    bridge.gateway.script(sse(chunk("hel"), done=False))
    result = await aibridge("chat", "hi", "--model", "m")
    assert (result.code, result.out) == (1, "hel\n")
    assert result.err.startswith("UNAVAILABLE UPSTREAM_STREAM_INTERRUPTED: ")


async def test_embed_shows_length_and_beginning(bridge: Bridge, aibridge: Run) -> None:
    vectors = [{"object": "embedding", "index": index, "embedding": [0.5, index, 0, 0, 0]} for index in range(2)]
    bridge.gateway.script(respond_json(MODELS), respond_json({"object": "list", "data": vectors}))
    result = await aibridge("embed", "one", "two", "--dimensions", "5")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "one\t5\t0.5000, 0.0000, 0.0000, 0.0000, …",
        "two\t5\t0.5000, 1.0000, 0.0000, 0.0000, …",
    ]
    sent = bridge.gateway.last.json
    assert (sent["model"], sent["input"], sent["dimensions"]) == ("a/embed", ["one", "two"], 5)


async def test_embed_reads_lines_and_writes_json(bridge: Bridge, aibridge: Run) -> None:
    data = [{"object": "embedding", "index": index, "embedding": [0.5, 0.25]} for index in range(2)]
    response = {"object": "list", "data": data, "model": "m"}
    bridge.gateway.script(respond_json(response))
    result = await aibridge("embed", "--json", "--model", "m", stdin="one\ntwo\n")
    assert json.loads(result.out) == response
    assert bridge.gateway.last.json["input"] == ["one", "two"]


async def test_health_is_the_exit_code(bridge: Bridge, aibridge: Run) -> None:
    assert await aibridge("health") == await aibridge("health", "--service", "aibridge.v1.ChatService")
    result = await aibridge("health")
    assert (result.code, result.out) == (0, "SERVING\n")
    unknown = await aibridge("health", "--service", "nobody.knows.It")
    assert (unknown.code, unknown.out) == (1, "")
    assert unknown.err.startswith("NOT_FOUND: ")
    await bridge.app._health.set("", HealthCheckResponse.NOT_SERVING)
    result = await aibridge("health")
    assert (result.code, result.out) == (1, "NOT_SERVING\n")


async def test_version() -> None:
    assert (await invoke("version")).out.startswith("aibridge 0.")
    assert (await invoke("--version")).out == (await invoke("version")).out


@pytest.mark.parametrize(
    "arguments",
    [("chat", "hi"), ("chat", "hi", "--model", "m"), ("health",)],
    ids=" ".join,
)
async def test_without_a_bridge_every_command_says_how_to_get_one(arguments: tuple[str, ...]) -> None:
    result = await invoke(*arguments, "--target", "127.0.0.1:1")
    assert (result.code, result.out) == (1, "")
    assert result.err.splitlines() == [
        "UNAVAILABLE: no connection to a bridge at 127.0.0.1:1: Connection refused",
        "  Start a bridge with `aibridge serve`, or set --target or AIBRIDGE_TARGET to a running one.",
    ]


async def test_a_failure_shows_status_reason_advice_and_request_id(bridge: Bridge, aibridge: Run) -> None:
    bridge.gateway.script(respond_json({"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}, 401))
    result = await aibridge("models")
    first, hint, request_id = result.err.splitlines()
    assert (result.code, result.out) == (1, "")
    assert first == "UNAUTHENTICATED BRIDGE_CREDENTIALS_REJECTED: Incorrect API key"
    assert "AIBRIDGE_UPSTREAM_API_KEY" in hint
    assert request_id.startswith("  request id ")


async def test_a_failure_names_the_field(bridge: Bridge, aibridge: Run) -> None:
    error = {"message": "too hot", "type": "invalid_request_error", "param": "temperature"}
    bridge.gateway.script(respond_json({"error": error}, 400))
    result = await aibridge("chat", "hi", "--model", "m", "--temperature", "9")
    assert result.err.splitlines()[:2] == ["INVALID_ARGUMENT INVALID_REQUEST: too hot", "  temperature: too hot"]


async def test_a_failure_says_when_to_try_again(bridge: Bridge, aibridge: Run) -> None:
    error = {"message": "slow down", "code": "rate_limit_exceeded"}
    bridge.gateway.script(respond_json({"error": error}, 429, retry_after="30"))
    result = await aibridge("chat", "hi", "--model", "m")
    assert result.err.startswith("RESOURCE_EXHAUSTED RATE_LIMIT_EXCEEDED: slow down\n  retry in 30 s\n")


async def test_a_deadline_is_kept(bridge: Bridge, aibridge: Run) -> None:
    async def silence(exchange: Any) -> None:
        await exchange.wait_closed()

    bridge.gateway.script(silence)
    result = await aibridge("models", "--timeout", "0.2")
    assert result.code == 1
    assert result.err.startswith("DEADLINE_EXCEEDED")
    assert "--timeout" in result.err


async def test_the_callers_token_comes_from_a_variable(start: Start) -> None:
    async with start(upstream_credentials="caller") as bridge:
        bridge.gateway.script(respond_json(PLAIN))
        result = await invoke("models", "--target", bridge.address, AIBRIDGE_TOKEN="caller-token\n")  # noqa: S106 # made up
        assert result.code == 0
        assert bridge.gateway.last.headers["authorization"] == "Bearer caller-token"


async def test_a_token_that_cannot_be_sent_is_a_wrong_setting() -> None:
    result = await invoke("models", AIBRIDGE_TOKEN="a\nb")  # noqa: S106 # made up
    assert result.code == 2
    assert "AIBRIDGE_TOKEN: " in result.err
    assert "a\nb" not in result.err


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (("chat",), ""),
        (("chat", " "), None),
        (("embed",), "\n"),
        (("chat", "hi", "--temperature", "warm"), None),
        (("serve", "--upstream-api-key", "sk-in-argv"), None),
        (("serve", "--local", "--upstream-url", "http://127.0.0.1:1"), None),
        (("nonsense",), None),
    ],
    ids=repr,
)
async def test_wrong_usage_is_2(arguments: tuple[str, ...], stdin: str | None) -> None:
    result = await invoke(*arguments, stdin=stdin)
    assert (result.code, result.out) == (2, "")
    assert "Error: " in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize("arguments", [("--help",), ("serve", "-h"), ("chat", "-h"), ("embed", "-h")], ids=" ".join)
async def test_help_is_plain_text(arguments: tuple[str, ...]) -> None:
    result = await invoke(*arguments)
    assert result.code == 0
    assert result.out.startswith("Usage: ")
    assert "\x1b" not in result.out


def test_advice_is_one_line() -> None:
    assert all("\n" not in text and text.endswith((".", "models")) for text in ADVICE.values())


def test_text_from_outside_cannot_command_a_terminal() -> None:
    assert printable("a\x1b]0;title\x07b\tc\nd\x9b2Je\r\x7f") == "a]0;titleb\tc\nd2Je"
    assert printable("\u202egnp\u2066.exe\u2028\u200f\ud800") == "gnp.exe"
    assert printable("café 模型 👩\u200d💻") == "café 模型 👩\u200d💻"


async def test_a_token_is_shown_once_and_its_line_holds_a_digest(aibridge: Run) -> None:
    """The line goes to standard output, for `>>`, and the token to standard error."""
    result = await aibridge("token", "search")
    token = result.err.split()[-1]
    assert result.code == 0
    assert result.out == f"search sha256:{hashlib.sha256(token.encode()).hexdigest()}\n"
    refused = await aibridge("token", "sub:someone")
    assert (refused.code, refused.out) == (2, "")
    assert "NAME" in refused.err


async def test_a_failing_call_with_json_prints_json(bridge: Bridge, aibridge: Run) -> None:
    bridge.gateway.script(respond_json({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, 429))
    result = await aibridge("models", "--json")
    error = json.loads(result.out)["error"]
    assert (result.code, result.err) == (1, "")
    assert (error["code"], error["reason"], error["message"]) == (
        "RESOURCE_EXHAUSTED",
        "RATE_LIMIT_EXCEEDED",
        "slow down",
    )


async def test_changed_settings_are_those_that_were_given(aibridge: Run) -> None:
    result = await aibridge("config", "--changed", "--workers", "3", AIBRIDGE_MAX_RETRIES="1")
    assert sorted(line.split("\t")[0] for line in result.out.splitlines()) == ["max_retries", "workers"]


async def test_help_groups_the_settings_and_cuts_no_sentence() -> None:
    shown = (await invoke("serve", "--help")).out
    assert [line for line in shown.splitlines() if re.fullmatch(r"\w[^.]*:", line)] == [
        "Options:", "Server:", "Health and introspection:", "Callers:", "Upstream:", "Network path to the upstream:",
        "Limits:", "Telemetry:",
    ]  # fmt: skip
    commands = (await invoke("--help")).out
    assert "..." not in commands.partition("Commands:")[2]


@pytest.mark.parametrize("command", ["serve", "config", "chat", "embed", "models", "health", "bench", "token"])
async def test_help_names_kinds_in_the_same_words(command: str) -> None:
    """A kind is TEXT, INTEGER, NUMBER or PATH, and not a type of Python. Only choices are in angle brackets."""
    shown = (await invoke(command, "--help")).out
    assert re.findall(r"<(?!unary\|stream>)[^>]*>", shown) == []
    assert "[[" not in shown


async def test_help_says_one_default_for_the_timeout() -> None:
    health = " ".join((await invoke("health", "--help")).out.split())
    assert "Maximum seconds for a call. [default: 5.0;" in health
    chat = " ".join((await invoke("chat", "--help")).out.split())
    assert "Maximum seconds for a call. Default: the bridge's limit. [x>=" in chat


@pytest.mark.parametrize("command", ["chat", "embed", "models", "health"])
async def test_help_names_the_variable_of_the_token(command: str) -> None:
    assert "AIBRIDGE_TOKEN" in (await invoke(command, "--help")).out


async def test_an_image_and_a_document_are_parts_of_the_message(bridge: Bridge, aibridge: Run, tmp_path: Path) -> None:
    document = tmp_path / "a.pdf"
    document.write_bytes(b"%PDF")
    bridge.gateway.script(sse(*HELLO))
    arguments = ("--image", "https://example.org/a.png", "--file", str(document), "--model", "m")
    assert (await aibridge("chat", "look", *arguments)).code == 0
    assert json.loads(bridge.gateway.last.body)["messages"][0]["content"] == [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERg==", "filename": "a.pdf"}},
    ]


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("--image", "missing.png", "missing.png: No such file"),
        ("--image", "a.txt", "neither a URL nor a file with an image extension"),
        ("--file", "missing.pdf", "missing.pdf: No such file"),
        ("--tool", "missing.json", "missing.json: No such file"),
    ],
)
async def test_what_cannot_be_attached_is_said(aibridge: Run, flag: str, value: str, words: str) -> None:
    result = await aibridge("chat", "look", "--model", "m", flag, value)
    assert result.code == 2
    assert words in " ".join(result.err.replace("│", " ").split())


@pytest.mark.parametrize("text", ["[", "7", '{"description": "no name"}', '["a"]'])
async def test_a_file_that_holds_no_tools_is_refused(aibridge: Run, tmp_path: Path, text: str) -> None:
    path = tmp_path / "tools.json"
    path.write_text(text)
    assert (await aibridge("chat", "look", "--model", "m", "--tool", str(path))).code == 2
