"""Keys and tokens in files, which change while the bridge runs. The last valid one stays in use."""

import asyncio
import os
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from aibridge.v1 import chat_pb2
from bridge import settings
from bridge.server.app import App
from bridge.settings import SettingsError
from bridge.upstream.credentials import Credential, Credentials
from tests.support.bridge import Start
from tests.support.gateway import Gateway, respond_json
from tests.support.payloads import COMPLETION

OLD, NEW = "sk-old-key", "sk-new-key-that-is-longer"
SETTINGS = ("upstream_api_key_file", "upstream_oidc_token_file")
Change = Callable[[Path], None]


def age(path: Path, seconds: float) -> None:
    """Make a file older."""
    then = time.time() - seconds
    os.utime(path, (then, then))


def put(path: Path, text: str, seconds: float = 1.0) -> None:
    """Write a file with an older time of modification."""
    path.write_text(text)
    age(path, seconds)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with the old key, laid out as Kubernetes mounts a secret: file → ..data/file → ..2026_1/file."""
    version = tmp_path / "..2026_1"
    version.mkdir()
    put(version / "key", f"{OLD}\n", 10)
    (tmp_path / "..data").symlink_to(version.name)
    (tmp_path / "key").symlink_to("..data/key")
    return tmp_path / "key"


@pytest.fixture(params=SETTINGS)
def chosen(request: pytest.FixtureRequest, file: Path) -> Credentials:
    return Credentials(settings.load(**{request.param: file}))


def value(chosen: Credentials) -> str:
    credential = chosen.choose(())
    assert credential.uses_bridge_credential
    return (credential.authorization or "").removeprefix("Bearer ")


def swap_symlink(path: Path) -> None:
    folder = path.parent
    version = folder / "..2026_2"
    version.mkdir()
    put(version / path.name, NEW)
    (folder / "..data_tmp").symlink_to(version.name)
    (folder / "..data_tmp").rename(folder / "..data")


def replace(path: Path) -> None:
    other = path.with_name("other")
    put(other, NEW)
    other.replace(path)


def replace_with_an_older_file(path: Path) -> None:
    other = path.with_name("other")
    put(other, NEW, 1000)
    other.replace(path)


def write_in_place(path: Path) -> None:
    put(path, NEW)


def write_with_a_clock_ahead(path: Path) -> None:
    put(path, NEW, -1000)


@pytest.mark.parametrize(
    "change", [swap_symlink, replace, replace_with_an_older_file, write_in_place, write_with_a_clock_ahead]
)
def test_a_new_one(chosen: Credentials, file: Path, change: Change) -> None:
    """The next request has the new key."""
    assert value(chosen) == OLD
    change(file)
    with capture_logs() as logs:
        assert value(chosen) == value(chosen) == NEW
    assert [line["event"] for line in logs] == ["credential file read again"]
    assert NEW not in str(logs)


def remove(path: Path) -> None:
    path.unlink()


def remove_the_folder(path: Path) -> None:
    (path.parent / "..data").unlink()


def empty(path: Path) -> None:
    path.write_text("")


def blank(path: Path) -> None:
    path.write_text(" \n\n")


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_pipe(path: Path) -> None:
    """A pipe without a writer: opening it blocks."""
    path.unlink()
    os.mkfifo(path)


def a_loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def no_text(path: Path) -> None:
    path.write_bytes(b"\xff\xfe" * 20)


def two_lines(path: Path) -> None:
    path.write_text(f"{NEW}\nx-injected: header\n")


def too_large(path: Path) -> None:
    path.write_text("k" * (1 << 20))


BAD = [remove, remove_the_folder, empty, blank, a_folder, a_pipe, a_loop, no_text, two_lines, too_large]


@pytest.mark.parametrize("change", BAD)
def test_the_last_good_one_stays(chosen: Credentials, file: Path, change: Change) -> None:
    """The last valid key stays in use, with one warning for the operator, until a valid one is there again."""
    assert value(chosen) == OLD
    change(file)
    if file.exists():
        age(file, 1)
    with capture_logs() as logs:
        assert [value(chosen) for _ in range(3)] == [OLD] * 3
    assert [(line["event"], line["in_force"]) for line in logs] == [("credential file unusable", True)]
    if file.is_dir():
        file.rmdir()
    file.unlink(missing_ok=True)
    if not file.parent.joinpath("..data").exists():
        file.parent.joinpath("..data").symlink_to("..2026_1")
    put(file, NEW)
    assert value(chosen) == NEW


def test_a_file_without_permission(chosen: Credentials, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be read is simulated, because root can read any file."""
    assert value(chosen) == OLD
    replace(file)

    def refuse(*_: Any) -> bytes:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuse)
        with capture_logs() as logs:
            assert value(chosen) == OLD
    assert logs[0]["problem"] == "PermissionError"
    assert value(chosen) == NEW


def test_half_a_secret_is_not_used(chosen: Credentials, file: Path) -> None:
    """A file that is written in place, in several writes, is used once it has not changed for a while."""
    assert value(chosen) == OLD
    with file.open("w") as stream:
        assert value(chosen) == OLD
        for piece in ("sk-new", "-key-that"):
            stream.write(piece)
            stream.flush()
            assert value(chosen) == OLD
        stream.write("-is-longer")
    assert value(chosen) == OLD
    age(file, 0.2)
    assert value(chosen) == NEW


def test_a_problem_that_comes_back_is_told_again(chosen: Credentials, file: Path) -> None:
    hidden = file.with_name("hidden")
    with capture_logs() as logs:
        for _ in range(2):
            assert value(chosen) == OLD
            file.rename(hidden)
            assert value(chosen) == OLD
            hidden.rename(file)
    assert [line["problem"] for line in logs] == ["FileNotFoundError"] * 2


def test_a_file_that_is_empty_from_the_start(tmp_path: Path) -> None:
    """With an empty file nothing is sent, not even the caller's credential, until the file has a key."""
    file = tmp_path / "key"
    file.touch()
    chosen = Credentials(settings.load(upstream_api_key_file=file))
    caller = (("authorization", "Bearer callers-own"),)
    with capture_logs() as logs:
        assert chosen.choose(caller) == Credential(None, uses_bridge_credential=True)
    assert [(line["problem"], line["in_force"]) for line in logs] == [("empty", False)]
    file.write_text(NEW)
    assert chosen.choose(caller) == Credential(f"Bearer {NEW}", uses_bridge_credential=True)


def test_a_key_file_wins_over_a_token_file(tmp_path: Path) -> None:
    for name in ("key", "token"):
        (tmp_path / name).write_text(f"the-{name}")
    both = {"upstream_api_key_file": tmp_path / "key", "upstream_oidc_token_file": tmp_path / "token"}
    assert value(Credentials(settings.load(**both))) == "the-key"
    key = {"upstream_api_key": "the-other-key", "upstream_oidc_token_file": tmp_path / "token"}
    assert value(Credentials(settings.load(**key))) == "the-other-key"


@pytest.mark.parametrize("name", ["upstream_api_key", "upstream_oidc_token"])
async def test_a_key_that_cannot_be_sent_is_a_setting_that_is_wrong(name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: contains characters") as caught:
        App(settings.load(**{name: "sk-one\nsk-two"}))
    assert "sk-" not in str(caught.value)


def rotate(file: Path, stop: threading.Event) -> None:
    """Change the key in each possible way, and leave it unchanged just long enough to be used."""
    folder = file.parent
    for number in count():
        text = f"sk-valid-{number}-{'x' * (number % 50)}-end"
        match number % 4:
            case 0:
                version = folder / f"..2027_{number}"
                version.mkdir()
                (version / "key").write_text(text)
                (folder / "..data_tmp").symlink_to(version.name)
                (folder / "..data_tmp").rename(folder / "..data")
            case 1:
                (folder / "..data" / "tmp").write_text(text)
                (folder / "..data" / "tmp").replace(file.resolve())
            case 2:
                with file.open("w") as stream:
                    for at in range(0, len(text), 6):
                        stream.write(text[at : at + 6])
                        stream.flush()
            case _:
                file.resolve().unlink()
        if stop.wait(0.12):
            return


@pytest.mark.slow
def test_no_moment_without_a_valid_one(chosen: Credentials, file: Path) -> None:
    """With swapped symlinks, and files that are replaced, written in pieces or deleted, each chosen key is complete."""
    stop = threading.Event()
    thread = threading.Thread(target=rotate, args=(file, stop))
    seen = {value(chosen)}
    thread.start()
    try:
        with capture_logs():
            end = time.monotonic() + 2
            while time.monotonic() < end:
                seen.add(value(chosen))
                time.sleep(0)  # let the other thread run
    finally:
        stop.set()
        thread.join()
    assert all(text == OLD or (text.startswith("sk-valid-") and text.endswith("-end")) for text in seen), seen
    assert len(seen) > 3


@pytest.mark.parametrize("name", SETTINGS)
async def test_through_a_socket(start: Start, gateway: Gateway, file: Path, name: str) -> None:
    """A bridge under load, whose key is replaced, deleted and restored: the gateway sees the old key, then the new."""
    gateway.script(respond_json(COMPLETION))
    request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
    caller = (("authorization", "Bearer callers-own"),)
    with capture_logs():
        async with start(**{name: file}) as bridge:

            async def calls() -> list[str]:
                begun = len(gateway.requests)
                sent = [bridge.chat.CreateChatCompletion(request, metadata=caller) for _ in range(8)]
                assert {(await call).choices[0].message.content for call in sent} == {"hello"}
                return [item.headers["authorization"] for item in gateway.requests[begun:]]

            assert set(await calls()) == {f"Bearer {OLD}"}
            swap_symlink(file)
            assert set(await calls()) == {f"Bearer {NEW}"}
            remove_the_folder(file)
            assert set(await calls()) == {f"Bearer {NEW}"}
            put(file.with_name("third"), "sk-third-key")
            file.with_name("third").rename(file)
            assert set(await calls()) == {"Bearer sk-third-key"}


async def test_written_in_place_through_a_socket(start: Start, gateway: Gateway, file: Path) -> None:
    """In real time: the new key is used soon after the last write, and no request has half of it."""
    gateway.script(respond_json(COMPLETION))
    request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
    async with start(upstream_api_key_file=file) as bridge:
        await bridge.chat.CreateChatCompletion(request)
        with file.open("w") as stream:
            for piece in ("sk-new", "-key-that", "-is-longer"):
                stream.write(piece)
                stream.flush()
                await bridge.chat.CreateChatCompletion(request)
        async with asyncio.timeout(10):
            while gateway.last.headers["authorization"] == f"Bearer {OLD}":
                await bridge.chat.CreateChatCompletion(request)
                await asyncio.sleep(0.02)
    assert {item.headers["authorization"] for item in gateway.requests} == {f"Bearer {OLD}", f"Bearer {NEW}"}


def test_a_large_number_of_requests_reads_the_file_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = count()
    read = Path.read_bytes

    def counting(path: Path) -> bytes:
        next(reads)
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", counting)
    chosen = Credentials(settings.load(upstream_api_key_file=file))
    assert {value(chosen) for _ in range(100)} == {OLD}
    assert next(reads) == 1
