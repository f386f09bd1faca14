"""A token that a command prints: read, renewed before its expiry, kept while the command fails, renewed on 401."""

import asyncio
import json
import shlex
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aibridge.v1 import chat_pb2
from bridge import settings
from bridge.settings import SettingsError
from bridge.upstream import command
from bridge.upstream.command import PrintedToken, TokenCommand, TokenCommandError, parse
from tests.support import scrape
from tests.support.bridge import Bridge, Start
from tests.support.details import failed
from tests.support.gateway import Exchange, Gateway, respond_json
from tests.support.payloads import COMPLETION
from tests.support.wait import until

_TIMEOUT_SECONDS = 10.0


class Script:
    """A program that prints what a file holds, and counts how often it was run."""

    def __init__(self, folder: Path) -> None:
        self.output, self._runs = folder / "output", folder / "runs"
        program = folder / "program.py"
        program.write_text(
            "import pathlib, sys\n"
            f"runs = pathlib.Path({str(self._runs)!r})\n"
            "with runs.open('a') as file: file.write('x')\n"
            f"text = pathlib.Path({str(self.output)!r}).read_text()\n"
            "sys.stdout.write(text)\n"
            "sys.exit(0 if text else 3)\n"
        )
        self.command = shlex.join([sys.executable, "-S", str(program)])

    def prints(self, text: str) -> None:
        self.output.write_text(text)

    @property
    def runs(self) -> int:
        return len(self._runs.read_text()) if self._runs.exists() else 0


@pytest.fixture
def script(tmp_path: Path) -> Script:
    made = Script(tmp_path)
    made.prints("first\n")
    return made


def ask(bridge: Bridge, **options: Any) -> Any:
    request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
    return bridge.chat.CreateChatCompletion(request, **options)


def date(seconds: float, zone: Any = UTC) -> str:
    return (datetime.now(zone) + timedelta(seconds=seconds)).isoformat()


@pytest.mark.parametrize(
    ("output", "token", "lifetime"),
    [
        ("abc\n", "abc", 0),
        ({"token": "abc"}, "abc", 0),
        ({"access_token": "abc", "expires_in": 3600}, "abc", 3600),
        ({"access_token": "abc", "expires_in": "3600"}, "abc", 3600),
        (
            lambda: {"accessToken": "abc", "expiresOn": "2001-01-01 00:00:00", "expires_on": time.time() + 900},
            "abc",
            900,
        ),
        (lambda: {"accessToken": "abc", "expiresOn": date(1200, None)}, "abc", 1200),
        (lambda: {"token": "abc", "expiry": date(600)}, "abc", 600),
        (lambda: {"status": {"token": "abc", "expirationTimestamp": date(300)}}, "abc", 300),
        ({"token": "abc", "expires_in": "soon"}, "abc", 0),
        ({"token": "abc", "expires_in": -5}, "abc", 1),
    ],
)
def test_what_commands_print(output: Any, token: str, lifetime: float) -> None:
    value = output() if callable(output) else output  # values that depend on the time are made here
    text = value if isinstance(value, str) else json.dumps(value)
    assert parse(text.encode()) == PrintedToken(token, pytest.approx(lifetime, abs=5))


def test_what_some_tools_write_in_their_own_way() -> None:
    """Some tools write milliseconds, which would delay the renewal for ever, no number at all, or a byte order mark."""
    moment = round((time.time() + 3600) * 1000)
    assert parse(json.dumps({"token": "t", "expires_at": moment}).encode()).lifetime == pytest.approx(3600, abs=5)
    assert parse(b'{"token": "t", "expires_in": "inf", "expires_on": "nan"}') == PrintedToken("t", 0)
    assert parse(b'\xef\xbb\xbf{"token": "t"}') == parse(b"\xef\xbb\xbft") == PrintedToken("t", 0)


@pytest.mark.parametrize(
    "output",
    [
        "",
        "\n",
        "{}",
        '{"token": ""}',
        '{"token": ["a"]}',
        '{"token": true}',
        "{",
        "two words",
        "line\nbreak",
        "é",
        "x" * 70000,
    ],
)
def test_what_is_no_token(output: str) -> None:
    with pytest.raises(TokenCommandError) as caught:
        parse(output.encode())
    assert not output.strip() or output.strip() not in str(caught.value)


async def test_the_token_goes_upstream_and_no_call_runs_the_command(
    start: Start, gateway: Gateway, script: Script
) -> None:
    gateway.script(respond_json(COMPLETION))
    async with start(upstream_token_command=script.command) as bridge:
        for _ in range(3):
            await ask(bridge)
        assert {request.headers["authorization"] for request in gateway.requests} == {"Bearer first"}
    assert script.runs == 1


async def test_it_is_renewed_before_it_expires(script: Script) -> None:
    script.prints(json.dumps({"token": "first", "expires_in": 2}))
    command = TokenCommand(script.command, timeout=5, refresh=300)
    await command.start()
    script.prints(json.dumps({"token": "second", "expires_in": 3600}))
    await until(lambda: command.value() == "second")
    assert script.runs == 2
    await command.close()


async def test_the_last_good_token_stays_while_the_command_fails(script: Script) -> None:
    command = TokenCommand(script.command, timeout=5, refresh=0.05)
    await command.start()
    script.prints("")
    await until(lambda: script.runs >= 2)
    assert command.value() == "first"
    await command.close()


async def test_401_has_the_command_run_again_once(start: Start, gateway: Gateway, script: Script) -> None:
    """After a 401 the call succeeds with a new token; many at once run the command once."""

    async def only_second(exchange: Exchange) -> None:
        fresh = exchange.request.headers["authorization"] == "Bearer second"
        await respond_json(COMPLETION if fresh else {"error": {"message": "expired"}}, 200 if fresh else 401)(exchange)

    gateway.script(only_second)
    async with start(upstream_token_command=script.command) as bridge:
        bridge.app._upstream.credentials._command._latest = 0.0  # type: ignore[union-attr] # long ago
        script.prints("second")
        responses = await asyncio.gather(*(ask(bridge) for _ in range(8)))
        assert {response.choices[0].message.content for response in responses} == {"hello"}
    assert script.runs == 2


async def test_a_renewal_is_no_retry(start: Start, gateway: Gateway, script: Script) -> None:
    """After the renewal there is still a retry, and each of the three requests is counted."""
    responses = iter([(401, {"error": {"message": "expired"}}), (503, {"error": {"message": "busy"}})])

    async def in_turn(exchange: Exchange) -> None:
        status, body = next(responses, (200, COMPLETION))
        await respond_json(body, status)(exchange)

    gateway.script(in_turn)
    async with start(upstream_token_command=script.command, max_retries=1) as bridge:
        bridge.app._upstream.credentials._command._latest = 0.0  # type: ignore[union-attr] # long ago
        script.prints("second")
        await ask(bridge)
        seen = scrape.of([bridge.app.metrics])
    classes = [seen.sum("aibridge_upstream_requests_total", status_class=name) for name in ("2xx", "4xx", "5xx")]
    assert classes == [1, 1, 1]


async def test_401_is_told_if_the_command_gives_the_same_token(start: Start, gateway: Gateway, script: Script) -> None:
    gateway.script(respond_json({"error": {"message": "no"}}, 401))
    async with start(upstream_token_command=script.command) as bridge:
        assert (await failed(ask(bridge))).reason == "BRIDGE_CREDENTIALS_REJECTED"
    assert len(gateway.requests) == 1


async def test_a_command_that_hangs_is_killed(tmp_path: Path) -> None:
    marker = tmp_path / "child"
    program = f"sh -c 'sleep 60 & echo $! > {marker}; wait'"
    command = TokenCommand(program, timeout=0.5, refresh=300)
    with pytest.raises(TokenCommandError, match=r"no token within 0\.5 s"):
        await command.start()
    child = int(marker.read_text())
    await until(lambda: not _runs(child))


async def test_a_command_that_ends_while_it_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The problem is the time, also if the process is gone before the thread that killed it goes on."""
    kill = command._kill

    def slowly(process: Any) -> None:
        kill(process)
        time.sleep(0.05)

    monkeypatch.setattr(command, "_kill", slowly)
    with pytest.raises(TokenCommandError, match=r"no token within 0\.1 s"):
        await TokenCommand("sleep 60", timeout=0.1, refresh=300).start()


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


async def test_a_caller_with_a_command_of_its_own(
    start: Start, gateway: Gateway, script: Script, tmp_path: Path
) -> None:
    """The token of a command in `callers_file` goes upstream for that caller only."""
    from bridge.access import tokens  # noqa: PLC0415 # the module's name is a fixture's elsewhere

    made = tokens.new("search")
    listed, rules = tmp_path / "tokens", tmp_path / "callers.toml"
    listed.write_text(made.line + "\n")
    rules.write_text(f"[search]\nupstream_token_command = {json.dumps(script.command)}\n")
    gateway.script(respond_json(COMPLETION))
    options = {"caller_tokens_file": listed, "callers_file": rules, "upstream_api_key": "sk-of-the-bridge"}
    async with start(**options) as bridge:
        for _ in range(2):
            await ask(bridge, metadata=(("authorization", f"Bearer {made.token}"),))
    assert {request.headers["authorization"] for request in gateway.requests} == {"Bearer first"}
    assert script.runs == 1


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("no-such-program --flag", "upstream_token_command: must begin with a program on PATH"),
        ("/no/such/program x", "upstream_token_command: program /no/such/program not found"),
        ("echo 'half", "upstream_token_command: cannot be parsed as a command"),
    ],
)
def test_a_command_that_cannot_be_one(command: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load(upstream_token_command=command)
    assert words in str(caught.value)


def test_a_key_and_a_command_exclude_each_other() -> None:
    with pytest.raises(SettingsError, match="upstream_token_command: cannot be set together with upstream_api_key"):
        settings.load(upstream_token_command="echo x", upstream_api_key="sk-key")  # noqa: S106 # a command


@pytest.mark.parametrize(("command", "words"), [("true", "printed no token"), ("false", "exited with code 1")])
async def test_a_command_without_a_token_stops_the_start(start: Start, command: str, words: str) -> None:
    with pytest.raises(SettingsError, match=f"upstream_token_command: {words}"):
        async with start(upstream_token_command=command):
            pass
