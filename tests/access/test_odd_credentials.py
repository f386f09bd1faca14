"""Unusual tokens files and metadata, and clocks that jump."""

import math
import re
import statistics
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from aibridge.v1 import chat_pb2
from bridge.access import callers as module
from bridge.access import tokens
from bridge.access.callers import _PREFIX, Callers, _Known
from bridge.access.tokens import parse
from bridge.call import Caller
from bridge.files import UnusableFileError
from bridge.settings import load
from tests.access.files import bearer, put
from tests.access.raw import call, request_headers
from tests.support.bridge import Start
from tests.support.details import failed, verdict
from tests.support.gateway import Gateway, respond_json
from tests.support.payloads import COMPLETION

ONE, TWO = tokens.new("one"), tokens.new("two")


@pytest.fixture(autouse=True)
def _a_gateway_that_answers(gateway: Gateway) -> None:
    gateway.script(respond_json(COMPLETION))


# --------------------------------------------------------------------------------------------------- the tokens file


def names(text: str) -> list[str]:
    return sorted(parse([text.encode()]).values())


def named(value: object) -> str:
    """A parameter id that is equal in each process, although the tokens' digests differ."""
    return re.sub(r"[0-9a-fA-F]{8,}", "...", ascii(value))[:60]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{ONE.line}\n\n\n{TWO.line}\n", ["one", "two"]),
        (f"{ONE.line}\r\n\r\n{TWO.line}\r\n", ["one", "two"]),
        (f"\ufeff{ONE.line}\n{TWO.line}", ["one", "two"]),
        (f"\t {ONE.line} \t\n#{TWO.line}\n # {TWO.line}", ["one"]),
        (f"{ONE.line}\n{ONE.line}\n", ["one"]),  # the same line twice
        (f"{ONE.line}\n{TWO.line.replace('two', 'one')}", ["one", "one"]),  # one caller, two tokens
        (f"{ONE.line}\n{TWO.line.replace('two', 'One')}", ["One", "one"]),  # a different caller
        (ONE.line.replace(" ", "\t \t"), ["one"]),
        (f"# ends here\u2028{TWO.line}\n{ONE.line}", ["one"]),  # not a line end here
        (f"# ends here\x85{TWO.line}\n{ONE.line}", ["one"]),
        (f"# ends here\r{TWO.line}\n{ONE.line}", ["one"]),
        (f"# ends here\x0b{TWO.line}\x0c\n{ONE.line}", ["one"]),
    ],
    ids=named,
)
def test_odd_lines(text: str, expected: list[str]) -> None:
    """Blank lines, CRLF, a byte order mark and comments are accepted. Only a line feed ends a line."""
    assert names(text) == expected


@pytest.mark.parametrize(
    "line",
    [
        ONE.line.upper(),
        ONE.line.replace("sha256", "SHA256"),
        ONE.line[:-1] + "G",
        ONE.line[:-1],
        ONE.line + "0",
        ONE.line.replace(" ", "\u00a0"),
        ONE.line.replace(" ", ""),
        f"\u00a0{ONE.line}",
        f"{ONE.line} {TWO.line}",
        f"{ONE.line} # comment",
        f"\uff4fne {ONE.line.split()[1]}",
        f"on\u0435 {ONE.line.split()[1]}",  # a Cyrillic letter
        f"one\0 {ONE.line.split()[1]}",
        f"{'x' * 65} {ONE.line.split()[1]}",
    ],
    ids=named,
)
def test_lines_that_are_none(line: str) -> None:
    """A malformed line is refused by number, without quoting it."""
    with pytest.raises(UnusableFileError, match=r"^line 2 is not `NAME sha256:HEX`$"):
        parse([f"{TWO.line}\n{line}".encode()])


def test_two_names_for_one_token() -> None:
    """One token for two names is refused, even if the names differ only in case."""
    with pytest.raises(UnusableFileError, match="line 2 repeats the token of another name"):
        parse([f"{ONE.line}\n{ONE.line.replace('one', 'One')}".encode()])


async def test_names_are_compared_with_case(
    start: Start, tmp_path: Path, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """Names are case-sensitive: the rules of `one` do not apply to `One`."""
    file = put(tmp_path / "tokens", ONE.line, TWO.line.replace("two", "One"))
    rules = put(tmp_path / "callers.toml", "[one]", "models = []", "[One]")
    async with start(caller_tokens_file=file, callers_file=rules) as bridge:
        failure = await failed(bridge.chat.CreateChatCompletion(hello, metadata=bearer(ONE.token)))
        assert verdict(failure)[1] == "CALLER_NOT_ALLOWED"
        await bridge.chat.CreateChatCompletion(hello, metadata=bearer(TWO.token))


def test_the_whole_digest_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two digests with an equal prefix are different tokens, and the comparison takes constant time."""
    digest = tokens.digest(ONE.token)
    near = digest[:-1] + bytes([digest[-1] ^ 1])
    known = _Known(near, "one", Caller("one"), math.inf, math.inf)
    assert near[:_PREFIX] == digest[:_PREFIX]
    assert not known.counts(digest)
    assert known.counts(near)
    compared = []
    monkeypatch.setattr(module, "compare_digest", lambda *given: compared.append(given) or False)
    assert not known.counts(digest)
    assert compared == [(near, digest)]
    assert sha256(ONE.token.encode()).digest() == digest


@pytest.mark.alone
async def test_the_time_of_a_wrong_token(tmp_path: Path) -> None:
    """A wrong token takes the same time, even if only its last character differs."""
    made = [tokens.new(f"caller{number}") for number in range(1000)]
    known = Callers(load(caller_tokens_file=put(tmp_path / "tokens", *(token.line for token in made))))
    known._refresh()

    def seconds(token: str) -> float:
        began = time.perf_counter()
        for _ in range(200):
            found = known._known.get(tokens.digest(token)[:_PREFIX])
            assert found is None or found.counts(tokens.digest(token))
        return time.perf_counter() - began

    wrong = [token.token[:-1] + ("x" if token.token[-1] != "x" else "y") for token in made[:50]]
    far = [tokens.new("x").token for _ in range(50)]
    near, none = (statistics.median(map(seconds, some)) for some in (wrong, far))
    assert 0.5 < near / none < 2


# ----------------------------------------------------------------------------------------------------------- metadata


@pytest.mark.parametrize(
    "more",
    [
        [(b"authorization", b"Bearer %s"), (b"authorization", b"Bearer %s")],
        [(b"authorization", b"Bearer %s, Bearer %s")],
        [(b"authorization-bin", b"Bearer %s")],
        [(b"Authorization", b"Bearer %s")],  # not a valid HTTP/2 name
        [(b"authorization", b"Bearer\t%s")],
        [(b"authorization", b"Bearer %s\0")],
        [(b"authorization", b"Bearer %s\xff")],
        [(b"authorization", b"\xef\xbb\xbfBearer %s")],
        [(b"authorization", "\uff22earer %s".encode())],
        [(b"proxy-authorization", b"Bearer %s")],
        [(b"cookie", b"authorization=Bearer %s")],
        [(b":authorization", b"Bearer %s")],
        [(b"grpc-authorization", b"Bearer %s")],
    ],
    ids=str,
)
async def test_a_credential_in_an_odd_place(start: Start, tmp_path: Path, more: list[tuple[bytes, bytes]]) -> None:
    """A good token is refused unless it is alone in `authorization`."""
    message = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
    headers = [(name, value.replace(b"%s", ONE.token.encode())) for name, value in more]
    async with start(caller_tokens_file=put(tmp_path / "tokens", ONE.line)) as bridge:
        response = await call(bridge.address, request_headers(headers), message.SerializeToString())
        assert response.status != "0"
        assert not bridge.gateway.requests
        good = request_headers([(b"authorization", b"Bearer " + ONE.token.encode())])
        assert (await call(bridge.address, good, message.SerializeToString())).status == "0"


ODD_METADATA: list[tuple[tuple[str, Any], ...]] = [
    (("x-request-id", "a"), ("x-request-id", "b")),
    (("x-request-id-bin", b"\xff\0\r\n"),),
    (("traceparent-bin", b"\0" * 200),),
    (("x-title-bin", b"a\nb"), ("http-referer-bin", b"\xff")),
    (("grpc-previous-rpc-attempts", "999"),),
    (("baggage", "key=value"),),
    (("baggage", "k=" + "v" * 4000), ("baggage", "secret=1")),
]


@pytest.mark.parametrize("metadata", ODD_METADATA, ids=lambda metadata: str(metadata)[:40])
async def test_odd_metadata(start: Start, hello: chat_pb2.CreateChatCompletionRequest, metadata: Any) -> None:
    """Unusual metadata does not fail the call.

    Each header goes upstream once at most, and no binary or baggage header does.
    """
    async with start() as bridge:
        await bridge.chat.CreateChatCompletion(hello, metadata=metadata)
        head = bridge.gateway.last.head.lower()
    names_sent = [line.partition(b":")[0] for line in head.split(b"\r\n")[1:] if line]
    assert len(names_sent) == len(set(names_sent))
    assert not any(name.endswith(b"-bin") or name == b"baggage" for name in names_sent)


# -------------------------------------------------------------------------------------------------------------- clocks


@pytest.mark.parametrize(
    ("wall", "monotonic", "counts"),
    [(0, 0, True), (29, 29, True), (31, 31, False), (31, 1, False), (-3600, 29, True), (-3600, 31, False)],
)
def test_clocks_that_jump(monkeypatch: pytest.MonkeyPatch, wall: float, monotonic: float, counts: bool) -> None:  # noqa: FBT001 # a column
    """A clock that is set back does not extend a verified token; a clock that is set ahead ends it."""
    now, tick = time.time(), time.monotonic()
    known = _Known(b"digest", "sub:x", Caller("sub:x"), now + 30, tick + 30)
    with monkeypatch.context() as later:
        later.setattr(module.time, "time", lambda: now + wall)
        later.setattr(module.time, "monotonic", lambda: tick + monotonic)
        assert known.counts(b"digest") is counts


async def test_files_and_a_clock_that_goes_back(
    start: Start, tmp_path: Path, hello: chat_pb2.CreateChatCompletionRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A removed token is refused, even if the file's date is in the future."""
    file = put(tmp_path / "tokens", ONE.line, TWO.line)
    async with start(caller_tokens_file=file) as bridge:
        await bridge.chat.CreateChatCompletion(hello, metadata=bearer(ONE.token))
        real: Callable[[], int] = time.time_ns
        monkeypatch.setattr("bridge.files.time.time_ns", lambda: real() - 3_600_000_000_000)
        file.write_text(TWO.line + "\n")
        monkeypatch.setattr(bridge.app._callers, "_next", 0.0)
        monkeypatch.setattr(bridge.app._callers._tokens, "_next", 0.0)
        with capture_logs():
            failure = await failed(bridge.chat.CreateChatCompletion(hello, metadata=bearer(ONE.token)))
        assert failure.reason == "CALLER_UNAUTHENTICATED"
        await bridge.chat.CreateChatCompletion(hello, metadata=bearer(TWO.token))
