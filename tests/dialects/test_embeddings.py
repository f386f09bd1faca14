"""Embeddings through real sockets: every form of vector arrives as 32-bit floats, in order."""

import base64
import json
import struct
from array import array
from typing import Any

import pytest

from aibridge.v1 import embeddings_pb2
from tests.dialects.cases import StatusCode, payload
from tests.support.bridge import Bridge, Start
from tests.support.gateway import respond, respond_json
from tests.support.outcomes import Outcome, ask

pytestmark = pytest.mark.asyncio(loop_scope="module")

Request = embeddings_pb2.CreateEmbeddingRequest
VECTORS = [[0.1, -0.25, 1.0], [1.0, 0.0, 0.0]]
USAGE = {"prompt_tokens": 3, "total_tokens": 3}


def float32(vector: list[float]) -> list[float]:
    """The numbers, rounded to 32 bits."""
    return list(array("f", vector))


def text(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def listed(*vectors: Any, **more: Any) -> dict[str, Any]:
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    return {"object": "list", "data": data, "model": "m", "usage": USAGE, **more}


def read(outcome: Outcome) -> list[list[float]]:
    assert outcome.code is StatusCode.OK, outcome.message
    return [list(entry.embedding) for entry in outcome.messages[0].data]


TEXTS = {"input_texts": {"items": ["a", "b"]}, "input": None}
TOKENS = {"input_token_lists": {"items": [{"items": [1, 2]}, {"items": [3]}]}, "input": None}
RAW = {"input_json": '[{"image": "x"}, {"text": "y"}]', "input": None}
V0, V1 = ({"index": index, "embedding": vector} for index, vector in enumerate(VECTORS))
V1_TEXT = {"index": 1, "embedding": text(VECTORS[1])}


async def embed(bridge: Bridge, body: Any, **request: Any) -> Outcome:
    bridge.gateway.script(respond(body) if isinstance(body, bytes) else respond_json(body))
    return await ask(bridge.embeddings.CreateEmbedding(Request(**{"model": "m", "input": "hi", **request})))


async def test_e19(bridge: Bridge) -> None:
    """Lists of tokens and options go out unchanged. Vectors are sorted into the order of the inputs."""
    outcome = await embed(
        bridge,
        payload("e19.json"),
        model="openai/text-embedding-3-small",
        input_token_lists={"items": [{"items": [15339, 1917]}, {"items": [264]}]},
        input=None,
        encoding_format="base64",
        dimensions=3,
    )
    assert bridge.gateway.last.json == json.loads(payload("e19-request.json"))
    assert read(outcome) == [float32(vector) for vector in VECTORS]
    (message,) = outcome.messages
    assert [entry.index for entry in message.data] == [0, 1]
    assert message.provider_metadata_json == '{"gateway":{"routing":{},"cost":"0.00000012"}}'
    assert message.extra_json == ""
    assert message.usage.total_tokens == 3
    assert json.loads(outcome.trailers["aibridge-usage"]) == USAGE


@pytest.mark.parametrize("asked", [None, "float", "base64"])
@pytest.mark.parametrize("sent", ["float", "base64"])
async def test_either_form_is_taken(bridge: Bridge, asked: str | None, sent: str) -> None:
    """Either form of vector is accepted. The bridge asks for base64 if the caller sets no format."""
    vectors = VECTORS if sent == "float" else [text(vector) for vector in VECTORS]
    outcome = await embed(bridge, listed(*vectors), encoding_format=asked, **TEXTS)
    assert bridge.gateway.last.json["encoding_format"] == (asked or "base64")
    assert read(outcome) == [float32(vector) for vector in VECTORS]


async def test_base64_is_a_setting(start: Start) -> None:
    """With the setting off, the bridge does not ask for base64."""
    async with start(embeddings_base64=False) as bridge:
        assert read(await embed(bridge, listed(VECTORS[0]))) == [float32(VECTORS[0])]
        assert bridge.gateway.last.json == {"model": "m", "input": "hi"}


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({"input": "hi"}, '"hi"'),
        ({"input": ""}, '""'),
        ({"input_texts": {"items": [""]}}, '[""]'),
        ({"input_tokens": {"items": [1, 2, 3]}}, "[1,2,3]"),
        ({"input_token_lists": {"items": [{"items": [1, 2, 3]}]}}, "[[1,2,3]]"),
        (
            {"input_json": '[{"content": [{"type": "text", "text": "hi"}], "weight": 2.50}]'},
            '[{"content": [{"type": "text", "text": "hi"}], "weight": 2.50}]',
        ),
    ],
    ids=["string", "empty-string", "strings", "tokens", "token-lists", "raw"],
)
async def test_input_forms(bridge: Bridge, fields: dict[str, Any], sent: str) -> None:
    """All forms of input keep their form: a text is not sent as a list, nor a list of tokens as a batch."""
    bridge.gateway.script(respond_json(listed(text(VECTORS[0]))))
    await bridge.embeddings.CreateEmbedding(Request(model="m", **fields))
    assert bridge.gateway.last.body.decode() == f'{{"model":"m","input":{sent},"encoding_format":"base64"}}'


async def test_vllm_messages_instead_of_input(bridge: Bridge) -> None:
    bridge.gateway.script(respond_json(listed(text(VECTORS[0]))))
    await bridge.embeddings.CreateEmbedding(Request(model="m", messages_json='[{"role": "user", "content": "hi"}]'))
    assert bridge.gateway.last.json["messages"] == [{"role": "user", "content": "hi"}]
    assert "input" not in bridge.gateway.last.json


async def test_no_usage(bridge: Bridge) -> None:
    """A missing usage stays missing."""
    outcome = await embed(bridge, listed(VECTORS[0], usage=None))
    assert read(outcome) == [float32(VECTORS[0])]
    assert not outcome.messages[0].HasField("usage")
    assert "aibridge-usage" not in outcome.trailers


async def test_ollama_nulls(bridge: Bridge) -> None:
    """Ollama returns null for an empty text. That is an empty list, not an error."""
    outcome = await embed(bridge, {"object": "", "data": None, "model": "", "usage": None}, input="")
    assert read(outcome) == []


WRONG_NUMBERS: list[tuple[dict[str, Any], Any]] = [
    ({}, []),
    ({}, None),
    ({}, [V0, V1]),
    ({}, [{"index": 0}]),
    ({}, [{"index": 0, "embedding": None}]),
    (TEXTS, [V0]),
    (TEXTS, [V0, V1, V1]),
    (TEXTS, [V0, {"index": 1, "embedding": None}]),
    (TEXTS, [V0, V1_TEXT, None]),
    ({}, [{"index": 0, "embedding": []}]),
    ({}, [{"index": 0, "embedding": ""}]),
    (TEXTS, [V0, {"index": 1, "embedding": []}]),
    (TEXTS, [V0, V1_TEXT, {"index": 2}]),
    (TEXTS, None),
    (TOKENS, [V0]),
    (TOKENS, []),
    (RAW, [V1_TEXT]),
    ({"input_tokens": {"items": [1, 2]}, "input": None}, [V0, V1]),
    ({"input_json": "[1, 2]", "input": None}, [V0, V1]),
    ({"input_json": '"a"', "input": None}, []),
    ({"messages_json": "[]", "input": None}, [V0, V1]),
]


@pytest.mark.parametrize(("request_fields", "data"), WRONG_NUMBERS)
async def test_wrong_number_of_vectors(bridge: Bridge, request_fields: dict[str, Any], data: Any) -> None:
    """Fewer or more vectors than inputs is an error, because nobody could assign them."""
    outcome = await embed(bridge, {"object": "list", "data": data}, **request_fields)
    assert (outcome.code, outcome.info.reason) == (StatusCode.INTERNAL, "UPSTREAM_MALFORMED_RESPONSE")
    assert outcome.messages == []


@pytest.mark.parametrize("fields", [TEXTS, TOKENS, RAW], ids=["texts", "tokens", "raw"])
@pytest.mark.parametrize("data", [[V0, V1], [V1_TEXT, V0]], ids=["in order", "in reverse"])
async def test_right_number_of_vectors(bridge: Bridge, fields: dict[str, Any], data: Any) -> None:
    """With one vector per input, vectors in any order and form are sorted by input."""
    assert read(await embed(bridge, {"data": data}, **fields)) == [float32(vector) for vector in VECTORS]


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("padded", [True, False], ids=["padded", "bare"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode], ids=["standard", "for URLs"])
async def test_forms_of_base64(bridge: Bridge, length: int, padded: bool, encode: Any) -> None:  # noqa: FBT001
    """Base64 is read with and without padding, in either alphabet."""
    floats = array("f")
    floats.frombytes(b"\xfb\xef\xbe?\xff\xff\x7f?\xfe\xfb\xef?"[: 4 * length])
    sent = encode(floats.tobytes()).decode()
    outcome = await embed(bridge, listed(sent if padded else sent.rstrip("=")))
    assert read(outcome) == [floats.tolist()]


@pytest.mark.parametrize("body", [{}, {"data": "none"}, {"data": [1]}, {"data": {"embedding": [1.0]}}])
async def test_no_list_of_embeddings(bridge: Bridge, body: dict[str, Any]) -> None:
    """A response without a list of embeddings is an error, not an empty success."""
    outcome = await embed(bridge, {"object": "list", "model": "m", **body})
    assert (outcome.code, outcome.info.reason) == (StatusCode.INTERNAL, "UPSTREAM_MALFORMED_RESPONSE")


@pytest.mark.parametrize("vector", ["AACAPw=", "AACA", "AAC", "AACAPw=A", "not base64!"])
async def test_base64_that_is_no_floats(bridge: Bridge, vector: str) -> None:
    outcome = await embed(bridge, listed(vector))
    assert (outcome.code, outcome.info.reason) == (StatusCode.INTERNAL, "UPSTREAM_MALFORMED_RESPONSE")


@pytest.mark.parametrize("vector", [[None, None], [0.5, None], ["0.5", "1"], [[0.5], None]], ids=json.dumps)
async def test_lists_of_other_values(bridge: Bridge, vector: Any) -> None:
    """A list with null in place of a number is no vector, and a call without a vector is not OK."""
    outcome = await embed(bridge, listed(vector))
    assert (outcome.code, outcome.info.reason) == (StatusCode.INTERNAL, "UPSTREAM_MALFORMED_RESPONSE")
    assert outcome.messages == []


async def test_multi_vector(bridge: Bridge) -> None:
    """Several vectors for an input stay JSON."""
    body = b'{"object":"list","data":[{"index":0,"embedding":[[0.10, 1],[2, 3.5]]}],"model":"jina-colbert"}'
    outcome = await embed(bridge, body)
    assert outcome.messages[0].data[0].embedding_json == "[[0.1,1],[2,3.5]]"
    assert read(outcome) == [[]]


async def test_vllm_other_number_formats(bridge: Bridge) -> None:
    """Base64 text that is not 32-bit floats stays text."""
    outcome = await embed(bridge, listed("AAAA"), embed_dtype="float16", encoding_format="base64")
    assert read(outcome) == [[]]
    assert outcome.messages[0].data[0].extra_json == '{"embedding":"AAAA"}'


async def test_floats_beyond_32_bits(bridge: Bridge) -> None:
    """A number that is too large for 32 bits does not become infinite."""
    outcome = await embed(bridge, listed([1e300, 0.5]))
    assert json.loads(outcome.messages[0].data[0].embedding_json) == [1e300, 0.5]


async def test_a_full_batch(bridge: Bridge) -> None:
    """2048 inputs of 3072 dimensions, 25 MB, pass with the default limits."""
    texts = [text([float(index), 1.0, 0.5] * 1024) for index in range(2048)]
    outcome = await embed(bridge, listed(*reversed(texts)), input_texts={"items": ["x"] * 2048}, input=None)
    assert outcome.code is StatusCode.OK, outcome.message
    data = outcome.messages[0].data
    assert len(data) == 2048
    assert {len(entry.embedding) for entry in data} == {3072}
    assert all(entry.embedding[3069] == 2047 - index for index, entry in enumerate(data))
