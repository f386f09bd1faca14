"""Each limit on connections has its effect, because gRPC silently ignores unknown options."""

import asyncio
import resource
import time
from collections.abc import Iterator

import pytest

from aibridge.v1 import chat_pb2
from bridge import settings
from bridge.server import options
from tests.support.bridge import Start
from tests.support.gateway import respond_json
from tests.support.http2 import Connection, calling, chat, message
from tests.support.payloads import COMPLETION

REQUEST = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])


async def closes(connection: Connection, seconds: float) -> bool:
    """Whether the bridge closes the connection in this time."""

    def read() -> bool:
        until = time.monotonic() + seconds
        while not connection.closed and time.monotonic() < until:
            connection.read(0.02)
        return connection.closed

    return await asyncio.to_thread(read)


async def test_streams_of_a_connection(start: Start) -> None:
    """The bridge tells each connection how many calls it may have open."""
    async with start(max_concurrent_streams=7) as bridge, calling(bridge.address) as caller:
        await asyncio.to_thread(caller.connection.read, 0.05)
        assert caller.connection.max_streams == 7


async def test_connections(start: Start) -> None:
    """A connection over the limit is closed. When one has ended, another may connect."""
    async with start(max_connections=1) as bridge:
        async with calling(bridge.address) as first, calling(bridge.address) as second:
            assert await closes(second.connection, 5)
            assert not await closes(first.connection, 0.05)
        async with asyncio.timeout(5):
            while True:
                async with calling(bridge.address) as third:
                    if not await closes(third.connection, 0.05):
                        break


async def test_a_connection_that_says_nothing(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A silent connection is closed after a time, which is short here."""
    monkeypatch.setattr(options, "_HANDSHAKE_MS", 50)
    async with start() as bridge:
        connection = await asyncio.to_thread(Connection, bridge.address, preface=b"")
        assert await closes(connection, 5)
        connection.close()


async def test_a_caller_who_never_reads(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection of a caller that never reads ends when its calls must have ended, which frees its memory."""
    monkeypatch.setattr(options, "_GRACE_SECONDS", 0.05)
    async with start(max_connection_age=0.05, default_deadline=0.2) as bridge:
        bridge.gateway.script(respond_json(COMPLETION))
        async with calling(bridge.address, first_window=0) as caller:
            await caller.call(chat("CreateChatCompletion"), message(REQUEST.SerializeToString()), end=True)
            began = time.monotonic()
            assert await closes(caller.connection, 5)
            assert time.monotonic() - began > 0.2


@pytest.fixture
def limit_of_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("limit_of_files")
def test_files_are_left_for_the_upstream() -> None:
    """The limit of open files is raised as far as possible. If it is too low, fewer connections are accepted."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    small = settings.load(max_connections=500, upstream_connections=100)
    resource.setrlimit(resource.RLIMIT_NOFILE, (300, hard))
    passed = dict(options.of_calls(small))
    assert passed["grpc.max_allowed_incoming_connections"] == 300 - 100 - 128
    options.raise_file_limit(small)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (728, hard)
    passed = dict(options.of_calls(small))
    assert passed["grpc.max_allowed_incoming_connections"] == 500
    options.raise_file_limit(settings.load(max_connections=1_000_000))
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(hard, 1_000_000 + 2048 + 128), hard)
    options.raise_file_limit(small)  # which never lowers it
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 728
