"""Vectors reach the message as packed floats in the order of the inputs. Anything else stays as it is."""

import json
import math
import tracemalloc
from array import array
from base64 import b64encode
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from aibridge.v1.embeddings_pb2 import CreateEmbeddingResponse
from bridge.codec import build
from bridge.errors import BridgeError, Reason
from bridge.jsontext import MalformedJSONError, loads
from bridge.services.vectors import RESPONSE_TYPE, Vectors, sort


def response_of(data: bytes, *, is_float32: bool = True) -> CreateEmbeddingResponse:
    """Convert as EmbeddingsService does: a small response, a large one, and one without extraction of texts."""
    cuts: tuple[Callable[[Vectors, bytes], bytes], ...] = (
        lambda _, text: text,
        Vectors.take_texts,
        lambda vectors, text: vectors.take_lists(vectors.take_texts(text)),
    )
    plain, small, large = (_response_of(data, Vectors(is_float32=is_float32), cut) for cut in cuts)
    assert plain == small == large
    return small


def _response_of(data: bytes, vectors: Vectors, cut: Callable[[Vectors, bytes], bytes]) -> CreateEmbeddingResponse:
    value = loads(cut(vectors, data))
    vectors.place(value)
    response = build(RESPONSE_TYPE, value)
    sort(response)
    return CreateEmbeddingResponse.FromString(response.SerializeToString())


def packed(*numbers: float) -> str:
    return b64encode(array("f", numbers).tobytes()).decode()


def body(*items: Any, **members: Any) -> bytes:
    data = [{"object": "embedding", "index": number, "embedding": item} for number, item in enumerate(items)]
    return json.dumps({"object": "list", "data": data, **members}, separators=(",", ":")).encode()


def test_e19() -> None:
    """Base64 in reversed order, with the gateway's metadata."""
    data = (
        b'{"object":"list","data":[{"object":"embedding","index":1,"embedding":"AACAPwAAAAAAAAAA"},'
        b'{"object":"embedding","index":0,"embedding":"zczMPQAAgL4AAIA/"}],"model":"openai/text-embedding-3-small",'
        b'"usage":{"prompt_tokens":3,"total_tokens":3},'
        b'"providerMetadata":{"gateway":{"routing":{},"cost":"0.00000012"}}}'
    )
    response = response_of(data)
    assert [item.index for item in response.data] == [0, 1]
    assert list(response.data[0].embedding) == pytest.approx([0.1, -0.25, 1])
    assert list(response.data[1].embedding) == [1, 0, 0]
    assert response.provider_metadata_json == '{"gateway":{"routing":{},"cost":"0.00000012"}}'
    assert response.usage.prompt_tokens == 3
    assert not any(item.HasField("extra_json") or item.HasField("embedding_json") for item in response.data)


@pytest.mark.parametrize("vector", [[0.5, -1, 0, 3e38], [0.1], [1, 2, 3], [1e-45, -0.0]])
def test_lists_and_base64_are_the_same(vector: list[float]) -> None:
    """The caller cannot tell which form the gateway used."""
    from_list, from_text = response_of(body(vector)), response_of(body(packed(*vector)))
    assert from_list == from_text
    assert from_list.data[0].embedding == array("f", vector).tolist()


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
@pytest.mark.parametrize("form", [lambda *numbers: list(numbers), packed], ids=["list", "base64"])
def test_order_is_that_of_index(order: list[int], form: Any) -> None:
    """Each vector stays with its index, and they come in the order of the inputs."""
    data = [{"embedding": form(index, 0.5), "index": index} for index in order]
    response = response_of(json.dumps({"data": data}).encode())
    assert [(item.index, list(item.embedding)) for item in response.data] == [(i, [i, 0.5]) for i in range(3)]


def test_order_without_index_is_kept() -> None:
    """If the gateway does not number all vectors, its order stays."""
    data = [{"embedding": [2.0], "index": 1}, {"embedding": [1.0]}, {"embedding": [0.0], "index": 0}]
    assert [item.embedding[0] for item in response_of(json.dumps({"data": data}).encode()).data] == [2, 1, 0]


@pytest.mark.parametrize("escape", [("/", "\\/"), ("/", "\\u002f"), ("+", "\\u002B"), ("=", "\\u003d")])
@pytest.mark.parametrize("unknown", ["", ',"zz":2.50', ',"zz":{"a" : [ 1E5 ]}'])
def test_escaped_base64(escape: tuple[str, str], unknown: str) -> None:
    """PHP escapes the slash and .NET the plus. Unknown members beside the vector keep their value."""
    floats = array("f")
    floats.frombytes(b"\xfb\xef\xbe?\xff\xff\x7f?")
    text = b64encode(floats.tobytes()).decode()
    assert escape[0] in text
    data = '{"data":[{"embedding":"' + text.replace(*escape) + '"' + unknown + "}]}"
    item = response_of(data.encode()).data[0]
    assert array("f", item.embedding).tobytes() == floats.tobytes()
    assert json.loads(item.extra_json or "{}") == json.loads("{" + unknown[1:] + "}")


@pytest.mark.parametrize("data", [
    b'{"data":[{"object":"embedding","embedding":[0.5,1],"zz": 2.50},{"embedding" : [ 1 , 2 ] ,"index": 1, "yy":1E5}]}',
    b'{"data":[{"zz": 2.50,"embedding":"AAAAPwAAgD8="},{"yy":1E5,"index":1,"embedding":"AACAPwAAAEA="}], "n": [1.0]}',
])  # fmt: skip
def test_unknown_members_keep_their_value(data: bytes) -> None:
    """Extraction of vectors does not change other members."""
    response = response_of(data)
    assert [list(item.embedding) for item in response.data] == [[0.5, 1], [1, 2]]
    assert [item.extra_json for item in response.data] == ['{"zz":2.5}', '{"yy":100000.0}']


@pytest.mark.parametrize(
    "vector",
    [
        [[0.25, 2], [3, 4]],
        [],
        [None, 1],
        ["a"],
        [1, "a"],
        [{"a": 1}],
    ],
)
def test_what_is_no_vector_stays_raw(vector: Any) -> None:
    """Several vectors per input, or anything else that a model returns, arrive as JSON text."""
    text = json.dumps(vector, separators=(",", ":"))
    item = response_of(body(vector)).data[0]
    assert item.embedding_json == text
    assert not item.embedding


def test_vectors_of_both_kinds_in_one_response() -> None:
    """A raw vector before an extracted one is not taken for it."""
    data = b'{"data":[{"embedding":[[1, 2],[3]], "zz": 2.50},{"embedding":[1,2]},{"embedding":{"embedding":[7]}}]}'
    response = response_of(data)
    assert [list(item.embedding) for item in response.data] == [[], [1, 2], []]
    assert json.loads(response.data[0].embedding_json) == [[1, 2], [3]]
    assert json.loads(response.data[0].extra_json) == {"zz": 2.5}
    assert json.loads(response.data[2].extra_json) == {"embedding": {"embedding": [7]}}


def test_members_of_the_same_name_elsewhere() -> None:
    """`embedding` as a text, inside an unknown object, and twice in one object: the right vector is found."""
    item = b'{"meta":{"embedding":[8.50]},"object":"embedding","embedding":[6],"embedding":[1,2]}'
    data = b'{"embedding":[9],"data":[' + item + b"]}"
    response = response_of(data)
    assert list(response.data[0].embedding) == [1, 2]
    assert json.loads(response.data[0].extra_json) == {"meta": {"embedding": [8.5]}}
    assert json.loads(response.extra_json) == {"embedding": [9]}


def test_other_number_formats_stay_as_they_are() -> None:
    """Base64 is not read as 32-bit floats if another format was requested."""
    item = response_of(body("AAECAw=="), is_float32=False).data[0]
    assert json.loads(item.extra_json) == {"embedding": "AAECAw=="}
    assert not item.embedding


@pytest.mark.parametrize("text", ["!!!!", "AACAP", "AACAPw=", "AACAPw==\n", "AACA Pw==", "-_=", "é"])
def test_bad_base64(text: str) -> None:
    """Bad base64 makes the response malformed, and the message does not quote it."""
    with pytest.raises(BridgeError, match="not base64") as failure:
        response_of(body([1.0], text))
    assert failure.value.reason is Reason.UPSTREAM_MALFORMED_RESPONSE


@pytest.mark.parametrize("separator", [":", ": ", " :\t", "\n:\r\n "])
def test_texts_are_taken_out_before_the_response_is_parsed(separator: str) -> None:
    """Vectors are extracted before parsing, however the members are separated, so that little text is left to parse."""
    data = body(packed(*range(1000)), packed(0.5), "").replace(b'"embedding":', f'"embedding"{separator}'.encode())
    assert b'"embedding"' in data
    vectors = Vectors(is_float32=True)
    assert len(vectors.take_texts(data)) < 400
    assert Vectors(is_float32=False).take_texts(data) is data
    assert list(response_of(data).data[0].embedding) == list(range(1000))


@pytest.mark.parametrize(
    "text",
    [
        b'{"data":[{"embedding":"AACAPw=="},{"embedding":"',
        b'{"data":[{"embedding":"AACAPw',
        b'{"data":[{"embedding"',
        b'{"data":[{"embedding":',
    ],
)
def test_text_that_is_cut_off_stays_malformed(text: bytes) -> None:
    """Extraction does not turn malformed text into JSON."""
    with pytest.raises(MalformedJSONError):
        loads(Vectors(is_float32=True).take_texts(text))


def test_texts_of_other_members_and_within_strings_stay() -> None:
    """Texts that only look like a vector of the response stay as they were."""
    inner = json.dumps({"embedding": "AACAPw=="}, separators=(",", ":"))
    data = body(packed(1), note=inner, more=[{"embedding": "AACAPw=="}, {"embedding": ["AACAPw=="]}])
    extra = json.loads(response_of(data).extra_json)
    assert extra == {"note": inner, "more": [{"embedding": "AACAPw=="}, {"embedding": ["AACAPw=="]}]}


@pytest.mark.parametrize("size", [1, 2, 3, 5, 4095])
def test_bytes_that_are_no_whole_floats(size: int) -> None:
    """Bytes that do not divide into floats are malformed."""
    with pytest.raises(BridgeError, match="not a row of 32-bit floats") as failure:
        response_of(body(b64encode(bytes(size)).decode()))
    assert failure.value.reason is Reason.UPSTREAM_MALFORMED_RESPONSE


def test_special_floats_survive_base64() -> None:
    """Infinities, NaN and the sign of zero survive base64."""
    vector = response_of(body(packed(math.inf, -math.inf, math.nan, -0.0))).data[0].embedding
    assert vector[:2] == [math.inf, -math.inf]
    assert math.isnan(vector[2])
    assert math.copysign(1, vector[3]) == -1


@pytest.mark.parametrize(
    "value", [{}, {"data": None}, {"data": {}}, {"data": "x"}, {"data": []}, {"data": [None, 3, {}]}]
)
def test_responses_without_vectors(value: Any) -> None:
    """A response without vectors does not change."""
    placed = deepcopy(value)
    Vectors(is_float32=True).place(placed)
    assert placed == value


def test_large_batch() -> None:
    """A batch of 2048 vectors of 3072 numbers, 32 MiB of text, takes little more memory than its floats."""
    count, length = 2048, 3072
    floats = array("f", [number / length for number in range(length)])
    text = b64encode(floats.tobytes()).decode()
    data = json.dumps(
        {"data": [{"object": "embedding", "index": i, "embedding": text} for i in reversed(range(count))], "zz": 2.50}
    ).encode()
    value = loads(data)
    tracemalloc.start()
    try:
        Vectors(is_float32=True).place(value)
        response = build(RESPONSE_TYPE, value)
        sort(response)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    size = count * length * 4
    assert peak < 2.5 * size  # memory of Python; protobuf's is the other `size`
    assert response.ByteSize() > size
    assert response.data[0].index == 0
    assert response.data[count - 1].embedding == floats.tobytes()
