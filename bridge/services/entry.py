"""What every RPC begins with, and the message that each reply becomes."""

from functools import partial
from typing import Any, TypeVar

from google.protobuf.message import Message

from bridge.call import Call, current
from bridge.codec import build
from bridge.codec.paths import proto_path
from bridge.jsontext import MalformedJSONError
from bridge.upstream.failures import malformed

M = TypeVar("M", bound=Message)


def enter(request: Any) -> Call:
    """The call that is being served, with what it has to know of its request."""
    call = current.get()
    call.adopt(request)
    call.locate = partial(proto_path, request.DESCRIPTOR)
    return call


def built(message_type: type[M], value: dict[str, Any], *, inline: bool = False) -> M:
    """The message for a JSON object from the upstream.

    Raises:
        BridgeError: UPSTREAM_MALFORMED_RESPONSE for an object that is nested more deeply than a message can be.
    """
    try:
        return build(message_type, value, inline=inline)
    except MalformedJSONError as error:
        raise malformed(f"is not valid ({error})") from None
