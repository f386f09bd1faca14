"""Streams of many servers: the upstream's bytes, and the messages that the caller receives.

The bytes are in `payloads/`, the messages in `streams/`, with a module for each theme.
"""

import json

import pytest

from aibridge.v1 import chat_pb2
from tests.dialects.cases import Stream
from tests.dialects.streams import STREAMS
from tests.support.bridge import Bridge
from tests.support.gateway import Script
from tests.support.outcomes import Outcome, by_byte, by_event, drain, whole

Request = chat_pb2.CreateChatCompletionRequest

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Larger payloads are not sent byte by byte, which would take long.
SMALL = 2600


async def play(bridge: Bridge, hello: Request, script: Script) -> Outcome:
    bridge.gateway.script(script)
    return await drain(bridge.chat.CreateChatCompletionStream(hello))


@pytest.mark.parametrize("stream", STREAMS, ids=str)
async def test_stream(bridge: Bridge, hello: Request, stream: Stream) -> None:
    """The caller gets these messages and this status, wherever the bytes are split."""
    for send in (whole, by_event, by_byte) if len(stream.sent) <= SMALL else (whole, by_event):
        check(stream, await play(bridge, hello, send(stream.sent)))


def check(stream: Stream, outcome: Outcome) -> None:
    assert outcome.messages == stream.messages
    assert outcome.code is stream.code, outcome.message
    assert json.loads(outcome.trailers.get("aibridge-usage", "null")) == stream.usage
    if stream.reason:
        assert outcome.info.reason == stream.reason
        assert outcome.info.metadata.get("chunksDelivered", "0") == str(len(stream.received))
        assert stream.metadata.items() <= dict(outcome.info.metadata).items()
        assert stream.message in {"", outcome.message}
