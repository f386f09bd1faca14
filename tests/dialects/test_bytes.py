"""Bytes that a caller sends go upstream as base64 text, and come back as bytes if the call asks for it."""

from typing import Any

import pytest
from grpc import StatusCode

from aibridge.v1 import chat_pb2
from bridge.codec import encode
from bridge.jsontext import dumps, loads
from tests.support.bridge import Bridge
from tests.support.gateway import respond_json, sse
from tests.support.outcomes import ask, drain

pytestmark = pytest.mark.asyncio(loop_scope="module")

Request = chat_pb2.CreateChatCompletionRequest
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
DELTA = {"images": [IMAGE], "audio": {"id": "a1", "data": "AAD/fw==", "transcript": "hi"}}
PNG = b"\x89PNG\r\n\x1a\n"


def part(**fields: Any) -> Request:
    parts = {"items": [fields]}
    return Request(model="m", messages=[{"role": "user", "content_parts": parts}])


BAD = {
    "messages[0].content_parts.items[0].image_url.url_inline.data": {
        "type": "image_url",
        "image_url": {"url_inline": {"mime_type": "image/png"}},
    },
    "messages[0].content_parts.items[0].image_url.url_inline.mime_type": {
        "type": "image_url",
        "image_url": {"url_inline": {"data": b"GIF8", "mime_type": "text/html"}},
    },
    "messages[0].content_parts.items[0].audio_url.url_inline.mime_type": {
        "type": "audio_url",
        "audio_url": {"url_inline": {"data": b"RIFF"}},
    },
    "messages[0].content_parts.items[0].file.file_data_inline.mime_type": {
        "type": "file",
        "file": {"file_data_inline": {"data": b"%PDF", "mime_type": 'x"; drop'}},
    },
    "messages[0].content_parts.items[0].input_audio.data_raw": {
        "type": "input_audio",
        "input_audio": {"data_raw": b"", "format": "wav"},
    },
    "messages[0].content_parts.items[0].file.data_raw": {"type": "file", "file": {"data_raw": b""}},
}


@pytest.mark.parametrize(("path", "fields"), BAD.items(), ids=BAD.keys())
async def test_size_and_type_are_checked(bridge: Bridge, path: str, fields: dict[str, Any]) -> None:
    outcome = await ask(bridge.chat.CreateChatCompletion(part(**fields)))
    assert outcome.code is StatusCode.INVALID_ARGUMENT
    assert outcome.details["BadRequest"].field_violations[0].field == path
    assert bridge.gateway.requests == []


async def test_a_third_less_on_the_wire() -> None:
    """An image as bytes is smaller on the wire than the base64 text that the upstream gets."""
    data = bytes(range(256)) * 1000
    image = part(type="image_url", image_url={"url_inline": {"data": data, "mime_type": "image/png"}})
    assert image.ByteSize() < 0.76 * len(dumps(encode(image)))


async def test_a_response_as_bytes(bridge: Bridge, hello: Request) -> None:
    """With `inline_data`, images and audio arrive as bytes, unary and streamed. Encoding gives the original JSON."""
    hello.bridge_options.inline_data = True
    message = {"role": "assistant", "content": "Here.", **DELTA}
    completion = {"id": "c", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    bridge.gateway.script(respond_json(completion))
    outcome = await ask(bridge.chat.CreateChatCompletion(hello))
    (response,) = outcome.messages
    chunk = {"id": "c", "choices": [{"index": 0, "delta": DELTA, "finish_reason": "stop"}]}
    bridge.gateway.script(sse(chunk))
    (streamed,) = (await drain(bridge.chat.CreateChatCompletionStream(hello))).messages
    for part_ in (response.choices[0].message, streamed.choices[0].delta):
        assert part_.images[0].image_url.url_inline.data == PNG
        assert part_.images[0].image_url.url_inline.mime_type == "image/png"
        assert part_.audio.data_raw == b"\0\0\xff\x7f"
    assert loads(dumps(encode(response))) == completion
    assert loads(dumps(encode(streamed))) == chunk


@pytest.mark.parametrize(
    "url",
    ["https://example.org/a.png", "data:image/png,raw", "data:image/png;base64,iVBORw0KGgo", "data:image/png;base64,!"],
)
async def test_what_is_no_base64_stays_text(bridge: Bridge, hello: Request, url: str) -> None:
    hello.bridge_options.inline_data = True
    delta = {"images": [{"type": "image_url", "image_url": {"url": url}}], "audio": {"data": "YQ==YQ=="}}
    bridge.gateway.script(sse({"choices": [{"index": 0, "delta": delta, "finish_reason": "stop"}]}))
    (chunk,) = (await drain(bridge.chat.CreateChatCompletionStream(hello))).messages
    assert chunk.choices[0].delta.images[0].image_url.url == url
    assert chunk.choices[0].delta.audio.data == "YQ==YQ=="


async def test_text_unless_asked_for(bridge: Bridge, hello: Request) -> None:
    bridge.gateway.script(sse({"choices": [{"index": 0, "delta": DELTA, "finish_reason": "stop"}]}))
    (chunk,) = (await drain(bridge.chat.CreateChatCompletionStream(hello))).messages
    assert chunk.choices[0].delta.images[0].image_url.url == IMAGE["image_url"]["url"]
    assert chunk.choices[0].delta.audio.data == "AAD/fw=="
