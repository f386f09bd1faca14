"""The table of streams agrees with its payloads: it expects everything that they contain."""

import re

import pytest

from tests.dialects.cases import DONE, PAYLOADS, Stream
from tests.dialects.law import assert_nothing_lost
from tests.dialects.streams import STREAMS

#: The events of `e20`, whose framing is too complex for a pattern.
TORTURE = ['{"choices":\n[]}', '{"choices":[{"index":0,"delta":{"content":"a\u2028b"}}]}']


@pytest.fixture(autouse=True)
def _nothing_sent_yet() -> None:
    """Nothing is sent here."""


def events(stream: Stream) -> list[str]:
    """The data of the events that make messages, read without the bridge's decoder."""
    if stream.name == "e20":
        return TORTURE
    data = re.findall(rb"^data: ?(.*?)$", stream.sent.partition(b"data: " + DONE)[0], re.MULTILINE)
    return [event.decode() for event in data][: len(stream.received)]


@pytest.mark.parametrize("stream", STREAMS, ids=str)
def test_nothing_is_lost(stream: Stream) -> None:
    """Each event of a stream has one message with the same content, except null members."""
    sent = events(stream)
    assert len(sent) == len(stream.messages)
    for message, event in zip(stream.messages, sent, strict=True):
        assert_nothing_lost(message, event)


def test_every_payload_is_played() -> None:
    """Each payload file is used exactly once."""
    assert sorted(stream.name for stream in STREAMS) == sorted(path.stem for path in PAYLOADS.glob("*.sse"))
