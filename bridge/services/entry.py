"""What every RPC begins with."""

from functools import partial
from typing import Any

from bridge.call import Call, current
from bridge.codec.paths import proto_path


def enter(request: Any) -> Call:
    """The call that is being served, with what it has to know of its request."""
    call = current.get()
    call.adopt(request)
    call.locate = partial(proto_path, request.DESCRIPTOR)
    return call
