"""The common steps of all RPCs: parse the request within limits, and build the message of the response."""

from functools import partial
from typing import Any, Final, TypeVar

from google.protobuf.message import DecodeError, Message

from aibridge.v1 import chat_pb2
from bridge.call import CallContext, Caller, CallRecord
from bridge.clean import word
from bridge.codec import build
from bridge.codec.paths import proto_path
from bridge.errors import BridgeError, Reason
from bridge.jsontext import MalformedJSONError
from bridge.offload import offload
from bridge.services.elements import message_elements
from bridge.upstream.chunk import Chunk
from bridge.upstream.failures import malformed

M = TypeVar("M", bound=Message)

#: Requests up to this size are converted on the event loop: 8000 empty messages take 15 ms.
_SMALL_BYTES: Final = 16 << 10
#: Up to this size, requests with few elements are converted there too: 1 MiB of text takes 1 ms.
_SPARSE_BYTES: Final = 1 << 20
_FEW: Final = 2000


async def parse_request(
    record: CallRecord, deadline: float, caller: Caller | None, message_type: type[M], data: bytes, max_elements: int
) -> tuple[M, CallContext]:
    """The request of a call, and the call's context. A large request is parsed in a thread.

    Raises:
        BridgeError: INVALID_REQUEST if it is not a message of this type, or has more than `max_elements` elements.
    """
    is_large = len(data) > min(_SMALL_BYTES, max_elements) and not _is_sparse(
        message_type, data, min(_FEW, max_elements)
    )
    request: Any
    request = (
        await offload(_parse_bounded, message_type, data, max_elements) if is_large else _parse(message_type, data)
    )
    model = request.model if hasattr(request, "model") else ""
    record.model = word(model)
    if record.trace is not None:
        record.trace.adopt(request)
    options = request.bridge_options
    return request, CallContext(
        record,
        record.method,
        record.metadata,
        deadline,
        caller,
        model=model,
        choices=max(1, request.n) if hasattr(request, "n") else 1,
        may_retry=options.retry if options.HasField("retry") else True,
        inline_data=options.inline_data,
        is_large=is_large,
        locate=partial(proto_path, request.DESCRIPTOR),
    )


def _is_sparse(message_type: Any, data: bytes, few: int) -> bool:
    """Whether a large message has few elements with much text, so that it is cheap to convert."""
    return len(data) <= _SPARSE_BYTES and message_elements(message_type.DESCRIPTOR, data, few) <= few


def _parse_bounded(message_type: type[M], data: bytes, max_elements: int) -> M:
    if len(data) > max_elements and message_elements(message_type.DESCRIPTOR, data, max_elements) > max_elements:
        message = f"the request has more than {max_elements} elements: fields, list items and values in JSON text"
        raise BridgeError(Reason.INVALID_REQUEST, message, metadata={"maxElements": str(max_elements)})
    return _parse(message_type, data)


def _parse(message_type: type[M], data: bytes) -> M:
    try:
        return message_type.FromString(data)
    except DecodeError:
        message = "the request is not a message of the method's request type"
        raise BridgeError(Reason.INVALID_REQUEST, message) from None


def with_operation(call: CallContext, operation: str, model: str) -> CallContext:
    """The context of a call whose operation and model are only known from its path and JSON body."""
    call.record.operation, call.record.model = operation, word(model)
    return call._replace(model=model)


def build_response(message_type: type[M], value: dict[str, Any], *, inline: bool = False) -> M:
    """The message for a JSON object from the upstream.

    Raises:
        BridgeError: UPSTREAM_MALFORMED_RESPONSE for an object that is nested too deeply for a message.
    """
    try:
        return build(message_type, value, inline=inline)
    except MalformedJSONError as error:
        raise malformed(f"is not valid ({error})") from None


def chunk_message(chunk: Chunk, call: CallContext) -> chat_pb2.CreateChatCompletionStreamResponse:
    """The message of a chunk of a stream.

    Raises:
        BridgeError: as `build_response`; UPSTREAM_MALFORMED_RESPONSE for choices that are not a list of objects.
    """
    message = build_response(chat_pb2.CreateChatCompletionStreamResponse, chunk.value, inline=call.inline_data)
    if chunk.value.get("choices") and not message.choices:
        raise malformed("has a chunk whose choices are not a list of objects")
    return message
