"""The codec by example: the payloads of api-surface section 15, and each rule of `bridge.codec` with its cases.

`same` (tests/support/strategies.py) compares JSON texts: numbers exactly, and without the nulls of typed members.
"""

import base64
import json
from typing import Any

import pytest
from google.protobuf.message import DecodeError, Message

from aibridge.v1 import chat_pb2, common_pb2, embeddings_pb2, models_pb2
from bridge import codec
from bridge.codec.readers import MAX_LEVELS
from bridge.errors import BridgeError, Reason
from bridge.jsontext import MAX_DEPTH, MalformedJSONError, dumps
from tests.codec import samples
from tests.support import strategies as make

Request = chat_pb2.CreateChatCompletionRequest
Response = chat_pb2.CreateChatCompletionResponse
Chunk = chat_pb2.CreateChatCompletionStreamResponse


def text_of(message: Message) -> str:
    return dumps(codec.encode(message)).decode()


def same(message: Message, text: str) -> bool:
    descriptor = message.DESCRIPTOR
    return bool(make.meaning(descriptor, make.parse(text_of(message))) == make.meaning(descriptor, make.parse(text)))


def chunks(name: str) -> list[Chunk]:
    return [codec.decode(Chunk, text.encode()) for text in samples.events(name)]


def request(**fields: Any) -> Request:
    return Request(model="m", messages=[{"role": "user", "content": "hi"}], **fields)


# --- the payloads -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("message_type", "text"), samples.everything())
def test_every_payload_survives(message_type: type[Message], text: str) -> None:
    """Each recorded body and event survives the codec, and protobuf's wire format."""
    message = codec.decode(message_type, text.encode())
    assert same(message_type.FromString(message.SerializeToString()), text)


@pytest.mark.parametrize(
    ("message_type", "text"), [case for case in samples.everything() if case.id not in samples.HAS_EXTRA]
)
def test_every_payload_is_typed(message_type: type[Message], text: str) -> None:
    """The schema knows everything in these payloads: `extra_json` has at most empty lists and maps."""
    message = codec.decode(message_type, text.encode())
    extras: list[str] = []
    pending: list[Message] = [message]
    while pending:
        for field, value in pending.pop().ListFields():
            if field.name == "extra_json":
                extras += [key for key, item in json.loads(value).items() if item not in ([], {})]
            elif field.message_type is not None and not make.is_map(field):
                pending += value if field.is_repeated else [value]
    assert extras == []


def test_e1_tool_calls() -> None:
    """E1: fragments of two interleaved calls, then only the usage."""
    received = chunks("E1")
    calls: dict[int, tuple[str, str]] = {}
    for chunk in received:
        for choice in chunk.choices:
            for call in choice.delta.tool_calls:
                name, arguments = calls.get(call.index, ("", ""))
                calls[call.index] = (name or call.function.name, arguments + call.function.arguments)
    assert calls == {0: ("get_tide", "{}"), 1: ("get_wind", '{"port":"Oban"}')}
    first = received[0]
    assert (first.id, first.created, first.obfuscation) == ("chatcmpl-e1", 1790000000, "q3")
    assert first.choices[0].delta.role == "assistant"
    assert not first.choices[0].delta.HasField("content")
    assert not first.choices[0].HasField("finish_reason")
    assert received[4].choices[0].HasField("delta")
    assert received[4].choices[0].finish_reason == "tool_calls"
    assert not received[5].choices
    assert received[5].usage.completion_tokens_details.HasField("reasoning_tokens")
    assert not received[4].HasField("usage")


def test_e2_reasoning_with_a_late_signature() -> None:
    """E2: Vercel's reasoning with all its metadata, and the next request with it."""
    received = chunks("E2")
    blocks = [detail for chunk in received for choice in chunk.choices for detail in choice.delta.reasoning_details]
    assert [(block.text, block.signature) for block in blocks] == [("Need the tide", ""), ("", "U0lHTkFUVVJF")]
    assert all(block.HasField("text") and block.HasField("index") for block in blocks)
    last = received[-1]
    metadata = last.choices[0].delta.provider_metadata_json
    assert metadata.startswith('{"anthropic":{"stopSequence":null},"gateway":{"routing":{"finalProvider":"anthropic"')
    assert last.generation_id == "gen_01E2"
    assert last.usage.cost == 0.000543
    assert last.usage.HasField("is_byok")
    assert not last.usage.cost_details.HasField("upstream_inference_cost")
    turn = codec.decode(Request, samples.BODIES["E2"].encode()).messages[1]
    assert turn.reasoning_details[0].signature == "U0lHTkFUVVJF"
    assert turn.tool_calls[0].function.arguments == "{}"


def test_e3_encrypted_reasoning() -> None:
    """E3: a response's message goes into the next request unchanged."""
    message = codec.decode(Response, samples.BODIES["E3"].encode()).choices[0].message
    assert [detail.type for detail in message.reasoning_details] == ["reasoning.summary", "reasoning.encrypted"]
    encoded = codec.encode(Request(messages=[message]))
    assert encoded["messages"][0] == json.loads(samples.BODIES["E3"])["choices"][0]["message"]


def test_e4_refusal() -> None:
    """E4: a refusal and its log probabilities; an empty list and a null stay different."""
    received = chunks("E4")
    assert "".join(chunk.choices[0].delta.refusal for chunk in received) == "I can't help with that."
    assert received[0].choices[0].delta.HasField("refusal")
    assert received[0].choices[0].logprobs.extra_json == '{"refusal":[]}'
    token = received[1].choices[0].logprobs.refusal[0]
    assert (token.token, token.logprob, list(token.bytes)) == ("I", -0.01, [73])


def test_e5_openrouter() -> None:
    """E5: repeated finish reasons, with the provider's own value."""
    received = chunks("E5")
    assert [chunk.choices[0].finish_reason for chunk in received] == ["", "stop", "stop"]
    assert {chunk.choices[0].native_finish_reason for chunk in received[1:]} == {"completed"}
    assert received[-1].provider == "xAI"
    assert received[-1].usage.cost == 0.0000019


def test_e6_e7_errors_within() -> None:
    """E6, E7: an error inside a chunk or a choice stays readable."""
    chunk = chunks("E6")[0]
    assert json.loads(chunk.extra_json)["error"]["code"] == 429
    choice = codec.decode(Response, samples.BODIES["E7"].encode()).choices[0]
    assert json.loads(choice.error_json)["metadata"] == {"error_type": "provider_unavailable"}
    assert choice.message.content == "partial"


def test_e9_logprobs() -> None:
    """E9: bytes of a token that is part of a character, null bytes, an integral double."""
    tokens = codec.decode(Response, samples.BODIES["E9"].encode()).choices[0].logprobs.content
    assert bytes(byte for token in tokens for byte in token.bytes).decode() == "é!"
    assert tokens[0].top_logprobs[1].logprob == -9999
    assert tokens[0].top_logprobs[1].extra_json == ""
    assert tokens[1].HasField("logprob")
    assert tokens[1].logprob == 0


def test_e10_e11_images_and_audio() -> None:
    """E10, E11: data URLs and base64 arrive as text, fragments of audio with all members."""
    assert chunks("E10")[0].choices[0].delta.images[0].image_url.url == "data:image/png;base64,iVBORw0KGgo="
    assert codec.decode(Response, samples.BODIES["E10"].encode()).choices[0].message.images[0].type == "image_url"
    audio = [chunk.choices[0].delta.audio for chunk in chunks("E11")]
    assert b"".join(base64.b64decode(piece.data) for piece in audio) == b"\x00\x00\xff\x7f\x00\x80"
    assert "".join(piece.transcript for piece in audio) == "Hello"
    assert audio[3].expires_at == 1790004500


def test_e12_annotations() -> None:
    """E12: citations of web pages and files."""
    first, second = codec.decode(Response, samples.BODIES["E12"].encode()).choices[0].message.annotations
    assert (first.url_citation.start_index, first.url_citation.end_index) == (20, 23)
    assert second.file.content[0].text == "p1"


def test_e13_azure() -> None:
    """E13: zeroes, empty strings, an empty message and an empty list of choices keep their presence."""
    first, second = chunks("E13")
    assert first.HasField("created")
    assert first.HasField("id")
    assert first.prompt_filter_results[0].content_filter_results.jailbreak.HasField("detected")
    assert second.choices[0].HasField("content_filter_results")
    assert second.choices[0].delta.HasField("content")


def test_e14_gemini() -> None:
    """E14: tool calls without index, with a signature on the first."""
    first, second = chunks("E14")[0].choices[0].delta.tool_calls
    assert first.extra_content.google.thought_signature == "c2ln"
    assert not first.HasField("index")
    assert not second.HasField("extra_content")


def test_e15_custom_tools() -> None:
    """E15: definition, choice, call and fragment of a custom tool."""
    body = codec.decode(Request, samples.BODIES["E15_request"].encode())
    assert body.tools[0].custom.format.grammar.syntax == "lark"
    assert body.tool_choice_named.allowed_tools.tools[0].custom.name == "calc"
    response = codec.decode(Response, samples.BODIES["E15_response"].encode())
    assert response.choices[0].message.tool_calls[0].custom.input == "1+2+3"
    assert chunks("E15")[0].choices[0].delta.tool_calls[0].custom.input == "1+"


def test_e16_mistral() -> None:
    """E16: content is an array of parts in one event and a string in the next."""
    first, second = chunks("E16")
    assert first.choices[0].delta.content_parts.items[0].thinking.items[0].text == "Let me see"
    assert second.choices[0].delta.content == "Answer"
    assert second.choices[0].finish_reason == "model_length"


def test_e17_choices() -> None:
    """E17: two choices, the second of which starts first."""
    assert [[choice.index for choice in chunk.choices] for chunk in chunks("E17")] == [[1], [0, 1], [0]]


def test_e18_presence() -> None:
    """E18: zeroes, large integers, key order and empty messages reach the upstream; nulls do not."""
    body = codec.decode(Request, samples.BODIES["E18"].encode())
    text = text_of(body)
    assert body.seed == 2**53 + 1
    assert '"seed":9007199254740993' in text
    schema = (
        '{"type":"object","properties":{"z":{"type":"integer","maximum":10},"a":{"type":"string"}},"required":["z"]}'
    )
    assert body.tools[0].function.parameters_json == schema
    assert f'"parameters":{schema}' in text
    assert '"web_search_options":{}' in text
    assert '"top_logprobs":0' in text
    assert '"temperature":0,' in text
    assert '"logprobs":false' in text
    assert '"reasoning":{"max_tokens":0,"exclude":false}' in text
    assert not body.tools[0].function.HasField("strict")
    assert "strict" not in text
    assert body.messages[2].WhichOneof("content_kind") is None
    assert body.messages[3].content == ""
    assert body.messages[3].HasField("content")
    assert body.messages[0].content_parts.items[0].cache_control.type == "ephemeral"
    assert body.messages[1].content_parts.items[2].file.media_type == "application/pdf"
    assert list(body.stop_sequences.items) == ["\n\n"]
    assert dict(body.logit_bias) == {"50256": -100}
    assert list(body.provider_options.gateway.order) == ["vertex", "anthropic"]
    assert body.provider_options.gateway.zero_data_retention
    assert body.provider_options.extra_json == '{"anthropic":{"effort":"low"}}'
    assert body.response_format.schema_json == '{"type":"object"}'


def test_e19_embeddings() -> None:
    """E19: lists of tokens. `tests/services/test_vectors.py` has the response."""
    body = codec.decode(embeddings_pb2.CreateEmbeddingRequest, samples.BODIES["E19_request"].encode())
    assert [list(tokens.items) for tokens in body.input_token_lists.items] == [[15339, 1917], [264]]
    assert body.dimensions == 3


# --- the rules --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ('"hi"', "input", "hi"),
        ('""', "input", ""),
        ('["a","b"]', "input_texts", ["a", "b"]),
        ("[]", "input_texts", []),
        ("[1,2]", "input_tokens", [1, 2]),
        ("[[1],[]]", "input_token_lists", [[1], []]),
        ('[1,"a"]', "input_json", '[1,"a"]'),
        ('[{"image":"u"}]', "input_json", '[{"image":"u"}]'),
        ("{}", "input_json", "{}"),
        ("7", "input_json", "7"),
        ("false", "input_json", "false"),
    ],
)
def test_unions_by_json_type(text: str, field: str, value: Any) -> None:
    """The JSON type of a value selects the alternative, and each alternative encodes to its own type."""
    body = codec.decode(embeddings_pb2.CreateEmbeddingRequest, f'{{"input":{text}}}'.encode())
    assert body.WhichOneof("input_kind") == field
    found = getattr(body, field)
    if isinstance(value, list):
        found = [list(item.items) if hasattr(item, "items") else item for item in found.items]
    assert found == value
    assert text_of(body) == f'{{"input":{text}}}'


@pytest.mark.parametrize(
    ("message_type", "text"),
    [
        (Response, '{"choices":3}'),
        (Response, '{"choices":[{"index":0},3]}'),
        (Response, '{"choices":[null]}'),
        (Response, '{"choices":[]}'),
        (Response, '{"choices":{}}'),
        (Response, '{"id":7}'),
        (Response, '{"created":"now"}'),
        (Response, '{"created":1.5}'),
        (Response, '{"created":9223372036854775808}'),
        (Response, '{"created":true}'),
        (Response, '{"usage":[]}'),
        (Response, '{"usage":"none"}'),
        (Response, '{"metadata":{}}'),
        (Response, '{"metadata":{"a":1}}'),
        (Response, '{"metadata":{"a":null}}'),
        (Response, '{"images":{"a":1}}'),
        (Response, '{"bridge_options":{"retry":false}}'),
        (Response, '{"extra_json":"{}"}'),
        (common_pb2.Usage, '{"cost":"0.5"}'),
        (common_pb2.Usage, '{"market_cost":9007199254740993}'),
        (common_pb2.Usage, '{"market_cost":true}'),
        (chat_pb2.Choice, '{"index":2147483648}'),
        (common_pb2.Usage, '{"prompt_tokens":2147483648}'),
        (common_pb2.Usage, '{"total_tokens":-2147483649}'),
        (Request, '{"max_tokens":3000000000}'),
        (Request, '{"stop_token_ids":[1,2147483648]}'),
        (chat_pb2.Choice, '{"stop_reason":2147483648}'),
        (common_pb2.ProviderTimeouts, '{"byok":{"openai":2147483648}}'),
        (chat_pb2.TokenLogprob, '{"bytes":[1,null]}'),
        (chat_pb2.FunctionDefinition, '{"strict":1}'),
        (chat_pb2.FunctionCall, '{"arguments":{"port":"Oban"}}'),
        (chat_pb2.ModerationResult, '{"categories":{"hate":"no"}}'),
    ],
)
def test_misfits_go_to_extra_json(message_type: type[Message], text: str) -> None:
    """A value of another type than the schema's is kept unchanged and does not fail the call."""
    message: Any = codec.decode(message_type, text.encode())
    assert message.extra_json == text
    assert len(message.ListFields()) == 1
    assert text_of(message) == text


@pytest.mark.parametrize(("text", "value"), [("12.0", 12), ("1E3", 1000), ("-0.0", 0), ("9007199254740992.0", 2**53)])
def test_integers_with_a_point(text: str, value: int) -> None:
    """Integers written with a decimal point are accepted, because some servers count in floats."""
    assert codec.decode(Response, f'{{"created":{text}}}'.encode()).created == value


@pytest.mark.parametrize("count", [2**31 - 1, -(2**31), 0])
def test_counts_of_32_bits(count: int) -> None:
    """Counts up to the maximum of int32 go to their field. A request may exceed it in `extra_json`."""
    text = f'{{"max_tokens":{count}}}'
    assert codec.decode(Request, text.encode()) == Request(max_tokens=count)
    assert text_of(Request(max_tokens=count)) == text
    assert text_of(Request(extra_json='{"max_tokens": 3000000000}')) == '{"max_tokens":3000000000}'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0.0"),
        (1.0, "1"),
        (0.7, "0.7"),
        (2.0**53, "9007199254740992"),
        (1e22, "1e22"),
        (5e-324, "5e-324"),
    ],
)
def test_integral_doubles_are_written_as_integers(value: float, text: str) -> None:
    """Integral doubles are written as integers, because some servers refuse 0.0. -0.0 stays a double."""
    assert text_of(Request(temperature=value)).lower().replace("e+", "e") == f'{{"temperature":{text}}}'


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(
    ("body", "path"),
    [
        (lambda number: Request(temperature=number), "temperature"),
        (lambda number: Request(logit_bias={"7": number}), 'logit_bias["7"]'),
        (
            lambda number: Request(provider={"preferred_max_latency_percentiles": {"p99": number}}),
            "provider.preferred_max_latency_percentiles.p99",
        ),
    ],
)
def test_numbers_that_json_has_not(body: Any, path: str, number: float) -> None:
    """A number that JSON cannot express is refused, because null would be a different request."""
    refused(body(number), path, "must be a finite number")


def refused(message: Message, path: str, words: str) -> None:
    with pytest.raises(BridgeError) as failure:
        codec.encode(message)
    error = failure.value
    assert error.reason is Reason.INVALID_REQUEST
    assert error.violations[0][0] == path
    assert words in error.message
    assert error.message.startswith(path)


def function(**fields: Any) -> Request:
    return request(tools=[{"type": "function", "function": {"name": "f", **fields}}])


@pytest.mark.parametrize(
    ("message", "path", "words"),
    [
        (function(parameters_json="{"), "tools[0].function.parameters_json", "is not JSON"),
        (function(parameters_json=""), "tools[0].function.parameters_json", "is not JSON"),
        (function(parameters_json="[]"), "tools[0].function.parameters_json", "must be a JSON object"),
        (function(parameters_json='"{}"'), "tools[0].function.parameters_json", "must be a JSON object"),
        (function(parameters_json="null"), "tools[0].function.parameters_json", "must be a JSON object"),
        (function(parameters_json='{"maximum": NaN}'), "tools[0].function.parameters_json", "is not JSON"),
        (function(parameters_json="[" * 100_000), "tools[0].function.parameters_json", "is not JSON"),
        (function(extra_json="{"), "tools[0].function.extra_json", "is not JSON"),
        (function(extra_json="[1]"), "tools[0].function.extra_json", "must be a JSON object"),
        (function(extra_json='{"name":"g"}'), "tools[0].function.extra_json", "overrides the field 'name'"),
        (
            function(parameters_json="{}", extra_json='{"a":1,"parameters":{}}'),
            "tools[0].function.extra_json",
            "overrides the field 'parameters'",
        ),
        (request(extra_json='{"messages":[]}'), "extra_json", "overrides the field 'messages'"),
        (request(stop="a", extra_json='{"stop":["b"]}'), "extra_json", "overrides the field 'stop'"),
        (
            request(provider_options={}, extra_json='{"providerOptions":{}}'),
            "extra_json",
            "overrides the field 'providerOptions'",
        ),
        (request(extra_json='{"a":' + "[" * 1010 + "]" * 1010 + "}"), "extra_json", "is not JSON: nested too deeply"),
        (request(extra_json='{"a":' + "[" * 500 + "]" * 500 + "}"), "extra_json", "is not JSON: nested too deeply"),
        (request(documents_json="[" * 501 + "]" * 501), "documents_json", "is not JSON: nested too deeply"),
        (request(documents_json="[" * 1000), "documents_json", "is not JSON: nested too deeply"),
        (
            request(response_format={"json_schema": {"schema_json": "7"}}),
            "response_format.json_schema.schema_json",
            "must be a JSON object",
        ),
        (request(documents_json="{}"), "documents_json", "must be a JSON array"),
        (
            request(provider_options={"gateway": {"byok_json": "[]"}}),
            "provider_options.gateway.byok_json",
            "must be a JSON object",
        ),
        (request(reasoning_json="high"), "reasoning_json", "is not JSON"),
        (
            Request(messages=[{"content_parts": {"items": [{}, {"image_url": {"extra_json": "x"}}]}}]),
            "messages[0].content_parts.items[1].image_url.extra_json",
            "is not JSON",
        ),
        (
            Request(messages=[{}, {"reasoning_details": [{"extra_json": "{]"}]}]),
            "messages[1].reasoning_details[0].extra_json",
            "is not JSON",
        ),
    ],
)
def test_requests_that_have_no_json(message: Message, path: str, words: str) -> None:
    """The error names the field as the caller wrote it, and does not quote its value."""
    refused(message, path, words)


@pytest.mark.parametrize(
    "extra",
    [
        '{"quantum_mode":{"b":1,"a":2.50}}',
        '{"temperature":"hot"}',
        '{"stop":null}',
        '{"tools":[]}',
        '{"bridge_option":1,"n":1E2}',
        '{"é":"\\u00e9\\/\\ud83d","":0}',
        '{"big":' + "7" * 400 + "}",
        '{"z":1e400}',
    ],
)
def test_extra_members_of_a_request(extra: str) -> None:
    """Members of `extra_json` go into the body byte for byte."""
    text = text_of(request(extra_json=extra))
    assert text == '{"model":"m","messages":[{"role":"user","content":"hi"}],' + extra[1:]


def test_extra_members_with_spaces() -> None:
    """The members' own text is kept; white space between them is not."""
    body = Request(extra_json=' { "a" : { "b" : [ 1.0 ,2 ] } , "c":"x" }\n')
    assert text_of(body) == '{"a":{ "b" : [ 1.0 ,2 ] },"c":"x"}'


def test_half_a_surrogate_pair_as_a_key() -> None:
    """Half a surrogate pair as a key cannot be sent as UTF-8, but does not fail the call."""
    assert text_of(Request(extra_json='{"\\ud83d":"\\ud83d"}')) == '{"\ufffd":"\\ud83d"}'


def test_raw_json_keeps_its_spaces() -> None:
    """A schema goes upstream byte for byte."""
    schema = '{ "type" : "object",\n  "properties": { "z": {"maximum": 10.0}, "a": {} } }'
    body = function(parameters_json=schema)
    assert f'"parameters":{schema}' in text_of(body)


@pytest.mark.parametrize(
    "text",
    [
        '{"x":NaN,"y":"line\nfeed","z":123456789012345678901234567890}',
        '{"x":[-Infinity,{"a":NaN}],"y":"\x00","z":123456789012345678901234567890}',
    ],
)
def test_extra_json_is_always_json(text: str) -> None:
    """`extra_json` is strict JSON, even if the upstream's text was not."""
    message = codec.decode(Chunk, text.encode())
    value = json.loads(message.extra_json, parse_constant=pytest.fail)
    assert value["z"] == 123456789012345678901234567890
    assert value["y"] in {"line\nfeed", "\x00"}
    assert value.get("x") in (None, [None, {"a": None}])


def test_empty_lists_and_maps_are_not_nothing() -> None:
    """`"tool_calls": []` survives, although protobuf cannot tell it from an absent list."""
    text = '{"index":0,"message":{"tool_calls":[],"annotations":[]},"token_ids":[]}'
    choice = codec.decode(chat_pb2.Choice, text.encode())
    assert choice.extra_json == '{"token_ids":[]}'
    assert json.loads(text_of(choice)) == json.loads(text)


def test_null_is_absent() -> None:
    """In known members null counts as absent. Inside raw and unknown values it is kept."""
    usage = '"usage":{"cost":null,"yy":{"a":null}}'
    text = '{"id":null,"zz":null,' + usage + ',"metrics":{"a":[null]},"moderation":{"input":null}}'
    message = codec.decode(Response, text.encode())
    assert text_of(message) == '{"usage":{"yy":{"a":null}},"moderation":{},"metrics":{"a":[null]}}'


@pytest.mark.parametrize(
    ("message_type", "text"),
    [
        (Response, '{"zz":NaN}'),
        (Response, '{"model":-Infinity, "zz":[2.50]}'),
        (common_pb2.Usage, '{"cost":NaN,"prompt_tokens":1}'),
        (embeddings_pb2.CreateEmbeddingRequest, '{"input":NaN}'),
        (chat_pb2.FunctionDefinition, '{"parameters":NaN}'),
    ],
)
def test_nan_is_absent(message_type: type[Message], text: str) -> None:
    """NaN counts as absent in members, because JSON can only express it as null."""
    message: Any = codec.decode(message_type, text.encode())
    assert "null" not in str(message)
    assert codec.decode(message_type, codec.to_json(message)) == message
    assert codec.build(message_type, json.loads(text)) == message


def test_nan_beside_an_integer_over_64_bits() -> None:
    """Each is kept as far as possible: NaN becomes null, and everything around it stays."""
    message = codec.decode(Response, b'{"zz":{"a":NaN,"b":[123456789012345678901234567890]}}')
    assert message.extra_json == '{"zz":{"a":null,"b":[123456789012345678901234567890]}}'


def test_last_of_equal_keys_counts() -> None:
    """Of members with the same name the last one counts, as in every JSON parser."""
    text = b'{"id":"a","zz":1,"id":"b","zz":[2.50, 3]}'
    message = codec.decode(Response, text)
    assert (message.id, message.extra_json) == ("b", '{"zz":[2.5,3]}')


def test_bridge_options_stay_here() -> None:
    """Bridge options never go upstream."""
    options = {"coalesce": True, "retry": False, "inline_data": True}
    assert text_of(Request(model="m", bridge_options=options)) == '{"model":"m"}'
    assert text_of(embeddings_pb2.CreateEmbeddingRequest(bridge_options=options)) == "{}"
    assert text_of(models_pb2.RetrieveModelRequest(bridge_options=options)) == "{}"


def test_bytes_become_base64() -> None:
    """Bytes that a caller sends become base64 text."""
    part = chat_pb2.ContentPart(input_audio={"data_raw": b"\x00\xff\xfe", "format": "wav"})
    assert text_of(part) == '{"input_audio":{"data":"AP/+","format":"wav"}}'
    assert codec.decode(chat_pb2.ContentPart, text_of(part).encode()).input_audio.data == "AP/+"
    assert text_of(chat_pb2.InputAudio(data_raw=b"")) == '{"data":""}'


@pytest.mark.parametrize(
    ("inline", "url"),
    [
        ({"data": b"\x89PNG", "mime_type": "image/png"}, "data:image/png;base64,iVBORw=="),
        ({"data": b"", "mime_type": "image/png"}, "data:image/png;base64,"),
        ({"data": b"a"}, "data:;base64,YQ=="),
    ],
)
def test_inline_data_becomes_a_data_url(inline: dict[str, Any], url: str) -> None:
    """The URL has the caller's media type, or none."""
    assert codec.encode(chat_pb2.ImageUrl(url_inline=inline)) == {"url": url}
    assert codec.encode(chat_pb2.FileContent(file_data_inline=inline)) == {"file_data": url}


BINARY = [
    pytest.param(descriptor, key, field, id=f"{descriptor.name}.{field.name}")
    for descriptor in make.OBJECTS
    for key, fields in make.fields_of(descriptor).items()
    for field in fields
    if make.is_binary(field)
]


@pytest.mark.parametrize(("descriptor", "key", "field"), BINARY)
def test_bytes_where_they_are_asked_for(descriptor: Any, key: str, field: Any) -> None:
    """Base64 is decoded if encoding gives the same text. Other text stays text."""
    is_url = field.message_type is not None
    head = "data:image/png;base64," if is_url else ""
    for text, data in (
        ("iVBORw0=", b"\x89PNG\r"),
        ("", b""),
        ("iVBORw1=", None),
        ("iVBORw0", None),
        ("i VBORw=", None),
    ):
        body = json.dumps({key: head + text}).encode()
        for inline in (True, False):
            message: Any = codec.build(make.message_class(descriptor), json.loads(body), inline=inline)
            if inline and data is not None:
                found = getattr(message, field.name)
                assert (found.data if is_url else found) == data
                assert not is_url or found.mime_type == "image/png"
            else:
                assert not message.HasField(field.name)
            assert text_of(message) == body.decode().replace(": ", ":")


def test_vectors_that_are_no_float32() -> None:
    """A vector with a number that is too large for 32 bits stays in the JSON."""
    text = '{"embedding":[0.5,1e300]}'
    item = codec.decode(embeddings_pb2.Embedding, text.encode())
    assert json.loads(item.embedding_json) == [0.5, 1e300]
    assert json.loads(text_of(item)) == json.loads(text)
    assert list(codec.decode(embeddings_pb2.Embedding, b'{"embedding":[0.5,-1]}').embedding) == [0.5, -1]


@pytest.mark.parametrize(("number", "kept"), [("1e999", "1e999"), ("NaN", "null"), ("-Infinity", "null")])
def test_vectors_with_what_is_no_number_in_json(number: str, kept: str) -> None:
    """A vector with values that JSON cannot express stays in the JSON too."""
    item = codec.decode(embeddings_pb2.Embedding, f'{{"embedding":[0.5,{number}]}}'.encode())
    assert item.embedding_json == f"[0.5,{kept}]"
    assert codec.decode(embeddings_pb2.Embedding, codec.to_json(item)) == item


def test_the_sign_of_zero() -> None:
    """-0.0 and 0.0 are different numbers in protobuf and survive; -0 is 0, as in every JSON parser."""
    for text, written in (("-0.0", "-0.0"), ("-0.00", "-0.0"), ("-0e1", "-0.0"), ("-1e-400", "-0.0"), ("-0", "0")):
        message = codec.decode(Request, f'{{"temperature":{text}}}'.encode())
        assert text_of(message) == f'{{"temperature":{written}}}'
        assert codec.decode(Request, codec.to_json(message)) == message
    assert text_of(embeddings_pb2.Embedding(embedding=[-0.0, 0.0])) == '{"embedding":[-0.0,0]}'


@pytest.mark.parametrize("data", [b"", b"[]", b"7", b'"a"', b"null", b"{", b'{"a":1}x', b"\xff", b"[" * 100_000])
def test_what_is_no_object(data: bytes) -> None:
    """Text that is not a JSON object is refused without being quoted."""
    with pytest.raises(MalformedJSONError):
        codec.decode(Response, data)


@pytest.mark.parametrize("depth", [10, 200, 250, 255, 300, MAX_DEPTH - 1, MAX_DEPTH, 1000, 2000, 100_000])
@pytest.mark.parametrize("opening", ['{"a":', "["])
def test_depth(depth: int, opening: str) -> None:
    """Unknown values survive up to the nesting limit, counting their object, and are refused above it."""
    text = '{"zz":' + opening * depth + "1" + ("}" if opening == '{"a":' else "]") * depth + "}"
    if depth < MAX_DEPTH:
        message = codec.decode(Response, text.encode())
        assert message.extra_json == text
        assert text_of(message) == text
    else:
        with pytest.raises(MalformedJSONError, match=r"^nested too deeply$"):
            codec.decode(Response, text.encode())


@pytest.mark.parametrize("depth", [1, 20, 48, 49, 50, 51, 52, 100, 200, 249, 400, 5000])
@pytest.mark.parametrize("inside", ["{}", '{"text":"a"}', '{"thinking":[]}', '{"thinking":"a"}'])
def test_depth_of_messages(depth: int, inside: str) -> None:
    """Messages nested as deeply as protobuf can read survive; deeper ones are refused."""
    text = '{"thinking":[' * depth + inside + "]}" * depth
    levels = 2 * depth + (inside == '{"thinking":[]}')  # a list is a message, and so is each part
    if levels <= MAX_LEVELS:
        part = codec.decode(chat_pb2.ContentPart, text.encode())
        assert chat_pb2.ContentPart.FromString(part.SerializeToString()) == part
        assert text_of(part) == text
    else:
        with pytest.raises(MalformedJSONError, match=r"^nested too deeply$"):
            codec.decode(chat_pb2.ContentPart, text.encode())


@pytest.mark.parametrize("depth", [99, 100])
def test_one_level_more_is_none_that_protobuf_reads(depth: int) -> None:
    """A message that the codec refuses for its depth could not be read by protobuf."""
    part = chat_pb2.ContentPart()
    for level in range(depth + 1):
        wrapper = chat_pb2.ContentPart() if level % 2 else chat_pb2.ContentParts()
        (wrapper.thinking if level % 2 else wrapper.items.add()).CopyFrom(part)
        part = wrapper
    data = part.SerializeToString()
    if depth < MAX_LEVELS:
        type(part).FromString(data)
    else:
        with pytest.raises(DecodeError):
            type(part).FromString(data)


def test_keys_that_python_has_names_for() -> None:
    """Keys that are Python names are not special."""
    text = '{"__class__":1,"self":2,"DESCRIPTOR":3,"items":[4],"choices_kind":5,"__init__":{"a":6}}'
    message = codec.decode(Response, text.encode())
    assert message.extra_json == text
    assert text_of(message) == text


def test_white_space_around_a_document() -> None:
    """Blank lines before and a line feed after a document are accepted."""
    message = codec.decode(Response, b'\n\n {"id":"a","zz":{"b":1}}\r\n')
    assert (message.id, message.extra_json) == ("a", '{"zz":{"b":1}}')


@pytest.mark.parametrize(
    ("vector", "text"),
    [
        ([1.0, float("nan"), -0.5], "[1,null,-0.5]"),
        ([float("inf"), float("-inf")], "[null,null]"),
        ([0.0, -0.0], "[0,-0.0]"),
    ],
)
def test_vectors_with_numbers_that_json_has_no_word_for(vector: list[float], text: str) -> None:
    """A number that is not finite becomes null in a vector's JSON."""
    response = embeddings_pb2.CreateEmbeddingResponse(data=[{"index": 0, "embedding": vector}])
    assert codec.to_json(response).decode() == f'{{"data":[{{"index":0,"embedding":{text}}}]}}'


def test_numbers_of_requests_stay_finite() -> None:
    """A request with a number that is not finite is refused."""
    with pytest.raises(BridgeError, match="temperature: must be a finite number"):
        codec.to_json(Request(temperature=float("nan")))


@pytest.mark.parametrize("number", ["1e999", "-1e999"])
def test_a_number_that_no_double_holds(number: str) -> None:
    """A number that no double can hold keeps its digits."""
    text = f'{{"usage":{{"cost":{number}}}}}'
    message = codec.decode(chat_pb2.CreateChatCompletionResponse, text.encode())
    assert not message.usage.HasField("cost")
    assert message.usage.extra_json == f'{{"cost":{number}}}'
    assert codec.to_json(message).decode() == text
