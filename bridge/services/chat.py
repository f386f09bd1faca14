"""ChatService: POST /chat/completions, unary and streamed."""

from typing import Any, Final

from aibridge.v1 import chat_pb2
from bridge.call import CallContext, ResponseStream
from bridge.codec import encode
from bridge.errors import invalid
from bridge.jsontext import dumps, loads
from bridge.offload import offload_if
from bridge.services.checks import check_chat
from bridge.services.entry import build_response
from bridge.services.options import interval_of, window_of
from bridge.services.permits import permit
from bridge.services.relay import Relay
from bridge.settings import Settings
from bridge.upstream.client import Upstream
from bridge.upstream.endings import check_ends
from bridge.upstream.failures import malformed
from bridge.upstream.stream import stream

_PATH: Final = "/chat/completions"


class ChatService:
    """Chat completions. Both RPCs take the same request; `stream` follows from the RPC."""

    def __init__(self, upstream: Upstream, settings: Settings) -> None:
        self._upstream = upstream
        self._settings = settings

    async def CreateChatCompletion(
        self, request: chat_pb2.CreateChatCompletionRequest, call: CallContext
    ) -> chat_pb2.CreateChatCompletionResponse:
        """The whole completion in one message."""
        body = await offload_if(call.is_large, _body, call, request, stream=False)
        value, is_large = await self._upstream.post(_PATH, call, body)
        return await offload_if(is_large, _response, call, request, value)

    async def CreateChatCompletionStream(
        self, request: chat_pb2.CreateChatCompletionRequest, call: CallContext, response: ResponseStream
    ) -> None:
        """The completion as it is generated: a message for each chunk, or for several if coalesced.

        This is a coroutine that writes, because grpcio does not close a generator in time when the caller cancels
        (grpc/grpc#42295), and the upstream would go on generating.
        """
        body = await offload_if(call.is_large, _body, call, request, stream=True)
        options = request.bridge_options
        relay = Relay(call, response, window_of(options, self._settings), interval_of(options, self._settings))
        await stream(self._upstream, self._settings, _PATH, call, body, relay)


def _response(call: CallContext, request: Any, value: dict[str, Any]) -> chat_pb2.CreateChatCompletionResponse:
    response = build_response(chat_pb2.CreateChatCompletionResponse, value, inline=call.inline_data)
    _check_choices(request, response, value.get("choices"))
    check_ends(value.get("choices"))
    return response


def _check_choices(request: Any, response: chat_pb2.CreateChatCompletionResponse, choices: Any) -> None:
    """Check that a whole response has choices. xAI's deferred ones have an id instead, with which to fetch them."""
    if choices is None and request.deferred and response.request_id:
        return
    if not isinstance(choices, list) or len(response.choices) != len(choices):
        raise malformed("has no list of choices")


def _body(call: CallContext, request: chat_pb2.CreateChatCompletionRequest, *, stream: bool) -> bytes:
    permit(call, request)
    body = encode(request)
    check_chat(request)
    if "stream" in body and loads(dumps(body["stream"])) not in (stream, None):
        other = "CreateChatCompletion" if stream else "CreateChatCompletionStream"
        raise invalid("extra_json", f"has a `stream` value that does not match this RPC; use {other}")
    if stream:
        body["stream"] = True
    return dumps(body)
