"""Each case of the table through real sockets, whole and in pieces of a few bytes."""

import json

import grpc
import pytest

from aibridge.v1 import chat_pb2, embeddings_pb2
from tests.dialects.cases import payload
from tests.dialects.field.case import EMBEDDINGS, FINISHED, LIMIT, OK, STREAM, Case, http, recorded
from tests.dialects.field.statuses import waits
from tests.dialects.field.table import CASES
from tests.support.bridge import Bridge, Start
from tests.support.gateway import Gateway
from tests.support.outcomes import Outcome, ask, drain, raw

pytestmark = pytest.mark.asyncio(loop_scope="module")

HELLO = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hello"}])
TWO = embeddings_pb2.CreateEmbeddingRequest(model="m", input_texts={"items": ["a", "b"]})


async def outcome_of(bridge: Bridge, case: Case, size: int) -> Outcome:
    bridge.gateway.script(raw(case.sent, size))
    if case.rpc == STREAM:
        return await drain(bridge.chat.CreateChatCompletionStream(HELLO))
    if case.rpc == EMBEDDINGS:
        return await ask(bridge.embeddings.CreateEmbedding(TWO))
    return await ask(bridge.chat.CreateChatCompletion(HELLO))


def text_of(case: Case, outcome: Outcome) -> str:
    choices = [choice for message in outcome.messages for choice in message.choices]
    return "".join(choice.delta.content if case.rpc == STREAM else choice.message.content for choice in choices)


@pytest.mark.parametrize("case", CASES, ids=map(str, CASES))
async def test_case(case: Case, bridge: Bridge) -> None:
    """The status reports the upstream's error, and earlier chunks are delivered, whole and in pieces of seven bytes."""
    for size in (1 << 20, 7):
        check(case, await outcome_of(bridge, case, size))


def check(case: Case, outcome: Outcome) -> None:
    assert (outcome.info.reason if outcome.details else "") == case.reason, outcome.message
    assert (outcome.code is grpc.StatusCode.OK) == (case.reason == OK)
    assert text_of(case, outcome) == case.text if case.rpc != EMBEDDINGS else outcome.messages == []
    if case.message:
        assert outcome.message == case.message
    if case.code:
        assert outcome.code.name == case.code
    if case.pushback:
        assert outcome.trailers["grpc-retry-pushback-ms"] == case.pushback
    if case.error_code:
        assert outcome.info.metadata["errorCode"] == case.error_code
    assert set(case.trailers) <= outcome.trailers.keys()


async def test_each_recorded_case_is_played() -> None:
    """The table contains the 24 cases of the file."""
    assert {case.sent for case in CASES} >= {recorded(name) for name in json.loads(payload("field.json"))}


@pytest.mark.parametrize("sent", [recorded("retry-info"), waits({"seconds": 34}), waits("30s")])
async def test_a_wait_beyond_the_deadline(sent: bytes, start: Start, gateway: Gateway) -> None:
    """A delay in the body counts like `Retry-After`: if the deadline is earlier, the bridge does not wait."""
    async with start(max_retries=2) as bridge:
        gateway.script(raw(sent))
        outcome = await ask(bridge.chat.CreateChatCompletion(HELLO, timeout=10))
    assert (outcome.info.reason, outcome.info.metadata["attempts"]) == (LIMIT, "1")
    assert len(gateway.requests) == 1


@pytest.mark.parametrize("sent", [waits("0.02s"), waits({"nanos": 20_000_000})])
async def test_a_wait_within_the_deadline(sent: bytes, start: Start, gateway: Gateway) -> None:
    """The bridge waits for a short delay and retries."""
    async with start(max_retries=2) as bridge:
        gateway.script(raw(sent), raw(http(json.dumps(FINISHED))))
        outcome = await ask(bridge.chat.CreateChatCompletion(HELLO))
    assert (outcome.code, len(gateway.requests)) == (grpc.StatusCode.OK, 2)
