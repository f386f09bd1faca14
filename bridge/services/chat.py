"""ChatService: POST /chat/completions, plain and streamed."""

from functools import partial
from typing import Any, Final

from aibridge.v1 import chat_pb2
from bridge.call import CallContext, ResponseStream
from bridge.codec import encode
from bridge.errors import BridgeError, Reason, invalid
from bridge.jsontext import dumps, loads
from bridge.services.checks import check_chat
from bridge.services.coalesce import Coalescer
from bridge.services.entry import built, converted, digested
from bridge.services.heartbeat import beating, interval_of
from bridge.services.permits import permit
from bridge.settings import Settings
from bridge.upstream.chunk import Chunk
from bridge.upstream.client import Upstream
from bridge.upstream.failures import malformed
from bridge.upstream.stream import stream

_PATH: Final = "/chat/completions"
_HEARTBEAT: Final = chat_pb2.CreateChatCompletionStreamResponse()


class ChatService:
    """Chat completions. Both RPCs take the same request; `stream` follows from the RPC."""

    def __init__(self, upstream: Upstream, settings: Settings) -> None:
        self._upstream = upstream
        self._settings = settings

    async def CreateChatCompletion(
        self, request: chat_pb2.CreateChatCompletionRequest, call: CallContext
    ) -> chat_pb2.CreateChatCompletionResponse:
        """A whole completion."""
        body = await converted(call, _body, call, request, stream=False)
        answer = await self._upstream.post(_PATH, call, body)
        return await digested(call, _reply, call, request, answer)

    async def CreateChatCompletionStream(
        self, request: chat_pb2.CreateChatCompletionRequest, call: CallContext, response: ResponseStream
    ) -> None:
        """A completion as it is generated, one message for each event, or for those of one read.

        A coroutine that writes, not a generator that yields: grpcio does not close generators in time when the caller
        cancels (grpc/grpc#42295), and the upstream would go on generating.
        """
        body = await converted(call, _body, call, request, stream=True)
        options = request.bridge_options
        merges = options.coalesce if options.HasField("coalesce") else self._settings.coalesce
        merge = Coalescer().merge if merges else iter
        message = chat_pb2.CreateChatCompletionStreamResponse()
        delta, text = chat_pb2.ChatCompletionDelta(), ""
        interval = interval_of(options, self._settings)
        beat = partial(response.heartbeat, _HEARTBEAT)
        async with stream(self._upstream, self._settings, _PATH, call, body) as chunks:
            while batch := await (beating(chunks.read, interval, beat) if interval else chunks.read()):
                for chunk in merge(batch):
                    if isinstance(chunk, str):
                        setattr(delta, text, chunk)  # the message before was written when it was handed over
                    else:
                        message = await digested(call, _message, chunk, call)
                        if chunk.repeats:
                            delta, text = message.choices[0].delta, chunk.repeats
                    await response.write(message)


def _reply(call: CallContext, request: Any, answer: dict[str, Any]) -> chat_pb2.CreateChatCompletionResponse:
    reply = built(chat_pb2.CreateChatCompletionResponse, answer, inline=call.inline_data)
    _check_choices(request, reply, answer.get("choices"))
    if any(choice.finish_reason == "error" for choice in reply.choices):
        raise BridgeError(Reason.UPSTREAM_INTERNAL_ERROR, "the upstream ended a choice with finish_reason `error`")
    return reply


def _check_choices(request: Any, reply: chat_pb2.CreateChatCompletionResponse, choices: Any) -> None:
    """See that a whole reply has choices, as far as it was not deferred: then it has an id to fetch them with (xAI)."""
    if choices is None and request.deferred and reply.request_id:
        return
    if not isinstance(choices, list) or len(reply.choices) != len(choices):
        raise malformed("has no list of choices")


def _message(chunk: Chunk, call: CallContext) -> chat_pb2.CreateChatCompletionStreamResponse:
    message = built(chat_pb2.CreateChatCompletionStreamResponse, chunk.value, inline=call.inline_data)
    if chunk.value.get("choices") and not message.choices:
        raise malformed("has a chunk whose choices are not a list of objects")
    return message


def _body(call: CallContext, request: chat_pb2.CreateChatCompletionRequest, *, stream: bool) -> bytes:
    permit(call, request)
    body = encode(request)
    check_chat(request)
    if "stream" in body and loads(dumps(body["stream"])) not in (stream, None):
        other = "CreateChatCompletion" if stream else "CreateChatCompletionStream"
        raise invalid("extra_json", f"has a `stream` that is not this RPC's; {other} has the other")
    if stream:
        body["stream"] = True
    return dumps(body)
