"""Requests through real sockets: exactly what the caller set arrives upstream, with the caller's own text."""

import json
from base64 import b64decode
from typing import Any

import pytest

from aibridge.v1 import chat_pb2
from bridge.codec import decode
from tests.dialects.cases import StatusCode, payload
from tests.dialects.streams.examples import PNG
from tests.support.bridge import Bridge
from tests.support.gateway import respond, respond_json, sse
from tests.support.outcomes import ask, drain

pytestmark = pytest.mark.asyncio(loop_scope="module")

Request = chat_pb2.CreateChatCompletionRequest
RESPONSE_TEXT = {"id": "c", "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}]}
HI = [{"role": "user", "content": "hi"}]
F_PARAMETERS = (
    '{"type":"object","properties":{"z":{"type":"integer","maximum":10},"a":{"type":"string"}},"required":["z"]}'
)
CACHE = {"type": "ephemeral"}
E18 = {
    "model": "anthropic/claude-x",
    "models": ["openai/gpt-x"],
    "messages": [
        {
            "role": "system",
            "content_parts": {"items": [{"type": "text", "text": "Be terse.", "cache_control": CACHE}]},
        },
        {
            "role": "user",
            "content_parts": {
                "items": [
                    {"type": "text", "text": "Summarise"},
                    {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
                    {
                        "type": "file",
                        "file": {"data": "JVBERi0=", "media_type": "application/pdf", "filename": "a.pdf"},
                    },
                ]
            },
        },
        {
            "role": "assistant",
            "extra_json": '{"content":null}',
            "tool_calls": [{"id": "t1", "type": "function", "function": {"name": "f", "arguments": ""}}],
        },
        {"role": "tool", "tool_call_id": "t1", "content": ""},
        {"role": "user", "content": "go on", "cache_control": CACHE},
    ],
    "temperature": 0,
    "seed": 9007199254740993,
    "top_logprobs": 0,
    "logprobs": False,
    "stop_sequences": {"items": ["\n\n"]},
    "logit_bias": {"50256": -100},
    "web_search_options": {},
    "reasoning": {"max_tokens": 0, "exclude": False},
    "tools": [
        {
            "type": "function",
            "function": {"name": "f", "parameters_json": F_PARAMETERS, "extra_json": '{"strict":null}'},
        }
    ],
    "response_format": {"type": "json", "name": "out", "schema_json": '{"type":"object"}'},
    "provider_options": {
        "gateway": {"order": ["vertex", "anthropic"], "zero_data_retention": True, "tags": ["t"], "caching": "auto"},
        "extra_json": '{"anthropic":{"effort":"low"}}',
    },
}


async def send(bridge: Bridge, **request: Any) -> Any:
    """The body that arrives upstream for a request."""
    bridge.gateway.script(respond_json(RESPONSE_TEXT))
    await bridge.chat.CreateChatCompletion(Request(**request))
    return bridge.gateway.last.json


async def test_e18(bridge: Bridge) -> None:
    """Zeros, false, null, empty text, empty objects and integers above 2^53 arrive unchanged."""
    assert await send(bridge, **E18) == json.loads(payload("e18.json"))
    body = bridge.gateway.last.body.decode()
    assert f'"parameters":{F_PARAMETERS}' in body
    assert '"seed":9007199254740993,' in body
    assert '"temperature":0,' in body
    assert '"content":null' in body
    assert '"strict":null' in body


async def test_e18_without_the_nulls(bridge: Bridge) -> None:
    """The same request read from JSON: explicit nulls in known members become absent, and nothing else changes."""
    bridge.gateway.script(respond_json(RESPONSE_TEXT))
    await bridge.chat.CreateChatCompletion(decode(Request, payload("e18.json")))
    expected = json.loads(payload("e18.json"))
    del expected["messages"][2]["content"]
    del expected["tools"][0]["function"]["strict"]
    assert bridge.gateway.last.json == expected
    assert f'"parameters":{F_PARAMETERS}' in bridge.gateway.last.body.decode()


async def test_e2_follow_up(bridge: Bridge) -> None:
    """A reasoning block that was accumulated from the deltas of E2 goes back with its signature, byte for byte."""
    sent = await send(
        bridge,
        model="anthropic/claude-x",
        messages=[
            {"role": "user", "content": "Tide at Oban?"},
            {
                "role": "assistant",
                "reasoning": "Need the tide",
                "reasoning_details": [
                    {
                        "type": "reasoning.text",
                        "text": "Need the tide",
                        "signature": "U0lHTkFUVVJF",
                        "format": "anthropic-claude-v1",
                        "index": 0,
                    }
                ],
                "tool_calls": [
                    {"id": "toolu_1", "type": "function", "function": {"name": "get_tide", "arguments": "{}"}}
                ],
            },
            {"role": "tool", "tool_call_id": "toolu_1", "content": "2.1 m rising"},
        ],
    )
    assert sent == json.loads(payload("e2-follow-up.json"))
    details = payload("e2-follow-up.json").decode().partition('"reasoning_details":')[2].partition("]")[0] + "]"
    assert f'"reasoning_details":{details}' in bridge.gateway.last.body.decode()


async def test_reasoning_comes_back_as_it_went_out(bridge: Bridge) -> None:
    """A received message in the next request sends the same block upstream."""
    details = (
        '[{"type":"reasoning.summary","summary":"S","id":"rs_1","format":"openai-responses-v1","index":0},'
        '{"type":"reasoning.encrypted","data":"b3BhcXVl","id":"rs_1","format":"openai-responses-v1","index":0},'
        '{"type":"reasoning.novel","blob":{"b":1,"a":2.5}}]'
    )
    message = f'{{"role":"assistant","content":"42","reasoning_details":{details}}}'
    bridge.gateway.script(respond(f'{{"choices":[{{"index":0,"message":{message},"finish_reason":"stop"}}]}}'))
    response = await bridge.chat.CreateChatCompletion(Request(model="m", messages=HI))
    await send(bridge, model="m", messages=[response.choices[0].message])
    assert bridge.gateway.last.body.decode() == f'{{"model":"m","messages":[{message}]}}'


async def test_stream_follows_from_the_rpc(bridge: Bridge) -> None:
    """The unary call sends no `stream`, and the streaming call sends true."""
    request = Request(model="m", messages=HI)
    bridge.gateway.script(respond_json(RESPONSE_TEXT), sse({"choices": [{"index": 0, "finish_reason": "stop"}]}))
    assert (await ask(bridge.chat.CreateChatCompletion(request))).code is StatusCode.OK
    assert (await drain(bridge.chat.CreateChatCompletionStream(request))).code is StatusCode.OK
    plain, streamed = (sent.json for sent in bridge.gateway.requests)
    assert plain == {"model": "m", "messages": HI}
    assert streamed == {"model": "m", "messages": HI, "stream": True}


@pytest.mark.parametrize(
    ("text", "whole", "streamed"),
    [("false", True, False), ("true", False, True), ("null", True, True), ('{"a": 1}', False, False)],
)
async def test_stream_in_extra_json(bridge: Bridge, text: str, *, whole: bool, streamed: bool) -> None:
    """`"stream": false` in `extra_json` is sent with the unary call. A value that contradicts the RPC is refused."""
    request = Request(model="m", messages=HI, extra_json=f'{{"stream": {text}}}')
    calls = (
        (whole, "CreateChatCompletionStream", bridge.chat.CreateChatCompletion, ask, respond_json(RESPONSE_TEXT)),
        (streamed, "CreateChatCompletion", bridge.chat.CreateChatCompletionStream, drain,
         sse({"choices": [{"index": 0, "finish_reason": "stop"}]})),
    )  # fmt: skip
    for allowed, other, call, play, script in calls:
        if allowed:
            bridge.gateway.script(script)
        outcome = await play(call(request))  # type: ignore[operator] # either of two pairs
        if allowed:
            assert outcome.code is StatusCode.OK
            assert bridge.gateway.last.json["stream"] is (True if play is drain else json.loads(text))
        else:
            assert outcome.code is StatusCode.INVALID_ARGUMENT
            assert (outcome.info.reason, other in outcome.message) == ("INVALID_REQUEST", True)


async def test_stream_options_are_the_callers(bridge: Bridge) -> None:
    """The bridge does not request usage by itself, and forwards the caller's stream_options."""
    bridge.gateway.script(sse({"choices": [{"index": 0, "finish_reason": "stop"}]}))
    await drain(bridge.chat.CreateChatCompletionStream(Request(model="m", messages=HI)))
    assert "stream_options" not in bridge.gateway.last.json
    options = {"include_usage": True, "include_obfuscation": False}
    await drain(bridge.chat.CreateChatCompletionStream(Request(model="m", messages=HI, stream_options=options)))
    assert bridge.gateway.last.json["stream_options"] == options


async def test_nothing_but_what_was_set(bridge: Bridge) -> None:
    """No default of the schema and no bridge option goes upstream, because models refuse unknown members."""
    await send(bridge, model="m", messages=HI, bridge_options={"retry": False, "coalesce": True})
    assert bridge.gateway.last.body == b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({"stop": "x"}, {"stop": "x"}),
        ({"stop_sequences": {"items": ["x"]}}, {"stop": ["x"]}),
        ({"stop_sequences": {}}, {"stop": []}),
        ({"tool_choice": "required"}, {"tool_choice": "required"}),
        (
            {"tool_choice_named": {"type": "function", "function": {"name": "f"}}},
            {"tool_choice": {"type": "function", "function": {"name": "f"}}},
        ),
        ({"function_call_named": {"name": "f"}}, {"function_call": {"name": "f"}}),
        ({"reasoning": {}}, {"reasoning": {}}),
        ({"reasoning_json": "true"}, {"reasoning": True}),
        ({"audio": {"voice": "alloy", "format": "wav"}}, {"audio": {"voice": "alloy", "format": "wav"}}),
        ({"audio": {"voice_custom": {"id": "v"}}}, {"audio": {"voice": {"id": "v"}}}),
        ({"logit_bias": {"50256": -0.5}}, {"logit_bias": {"50256": -0.5}}),
        ({"metadata": {"k": ""}}, {"metadata": {"k": ""}}),
        ({"provider": {"sort_rule": {"by": "price"}}}, {"provider": {"sort": {"by": "price"}}}),
        ({"extra_json": '{"tools": []}'}, {"tools": []}),
        ({"extra_json": '{"messages_of_tomorrow": null}'}, {"messages_of_tomorrow": None}),
    ],
    ids=str,
)
async def test_forms(bridge: Bridge, fields: dict[str, Any], sent: Any) -> None:
    """Each form of a union keeps its form."""
    assert await send(bridge, model="m", messages=HI, **fields) == {"model": "m", "messages": HI, **sent}


async def test_e15_custom_tool(bridge: Bridge) -> None:
    """E15: a tool with a grammar, and the choice of it."""
    grammar = {"syntax": "lark", "definition": "start: /[0-9+]+/"}
    sent = await send(
        bridge,
        model="gpt-x",
        messages=[{"role": "user", "content": "sum 1..3"}],
        tools=[{"type": "custom", "custom": {"name": "calc", "format": {"type": "grammar", "grammar": grammar}}}],
        tool_choice_named={
            "type": "allowed_tools",
            "allowed_tools": {"mode": "required", "tools": [{"type": "custom", "custom": {"name": "calc"}}]},
        },
    )
    assert sent == json.loads(payload("e15-request.json"))


async def test_custom_tool_call(bridge: Bridge) -> None:
    """The input of a custom tool is text, and goes back as text."""
    call = {"id": "call_c", "type": "custom", "custom": {"name": "calc", "input": '{"not": json'}}
    messages = [{"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "call_c", "content": "6"}]
    assert (await send(bridge, model="m", messages=messages))["messages"] == messages


@pytest.mark.parametrize(
    ("part", "sent"),
    [
        (
            {"image_url": {"url_inline": {"data": b"\0\xff", "mime_type": "image/png"}, "detail": "low"}},
            {"image_url": {"url": "data:image/png;base64,AP8=", "detail": "low"}},
        ),
        ({"image_url_bare": "https://example.org/a.png"}, {"image_url": "https://example.org/a.png"}),
        (
            {"input_audio": {"data_raw": b"RIFF", "format": "wav"}},
            {"input_audio": {"data": "UklGRg==", "format": "wav"}},
        ),
        (
            {"input_audio": {"data": "UklGRg==", "format": "wav"}},
            {"input_audio": {"data": "UklGRg==", "format": "wav"}},
        ),
        ({"input_audio_bare": "UklGRg=="}, {"input_audio": "UklGRg=="}),
        (
            {"file": {"file_data_inline": {"data": b"%PDF", "mime_type": "application/pdf"}, "filename": "a.pdf"}},
            {"file": {"file_data": "data:application/pdf;base64,JVBERg==", "filename": "a.pdf"}},
        ),
        (
            {"file": {"data_raw": b"%PDF", "media_type": "application/pdf"}},
            {"file": {"data": "JVBERg==", "media_type": "application/pdf"}},
        ),
        ({"file": {"file_id": "file-1"}}, {"file": {"file_id": "file-1"}}),
        ({"file_id": "file-1"}, {"file_id": "file-1"}),
        (
            {"video_url": {"url_inline": {"data": b"\1", "mime_type": "video/mp4"}}},
            {"video_url": {"url": "data:video/mp4;base64,AQ=="}},
        ),
        (
            {"audio_url": {"url_inline": {"data": b"\1", "mime_type": "audio/ogg"}}},
            {"audio_url": {"url": "data:audio/ogg;base64,AQ=="}},
        ),
    ],
    ids=str,
)
async def test_parts(bridge: Bridge, part: dict[str, Any], sent: dict[str, Any]) -> None:
    """Parts in all forms. Bytes from the caller arrive as base64 text or as a `data:` URL."""
    kind = next(iter(sent)).removesuffix("_id")
    parts = {"items": [{"type": kind, **part}]}
    body = await send(bridge, model="m", messages=[{"role": "user", "content_parts": parts}])
    assert body["messages"] == [{"role": "user", "content": [{"type": kind, **sent}]}]


async def test_megabytes_of_bytes(bridge: Bridge) -> None:
    """A large image goes out completely, in several writes."""
    data = bytes(range(256)) * 8192
    parts = {"items": [{"type": "image_url", "image_url": {"url_inline": {"data": data, "mime_type": "image/png"}}}]}
    body = await send(bridge, model="m", messages=[{"role": "user", "content_parts": parts}])
    url = body["messages"][0]["content"][0]["image_url"]["url"]
    assert b64decode(url.removeprefix("data:image/png;base64,")) == data
