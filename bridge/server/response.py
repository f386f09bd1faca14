"""The caller's end of a streamed response, which handlers write to."""

from typing import Any

import grpc

from bridge.call import CallRecord
from bridge.server.inflight import InFlightCall


class Response:
    """Writes messages one after the other, and keeps the state of writing for the boundary and for the stop."""

    __slots__ = ("_call", "_context", "_record")

    def __init__(self, context: grpc.aio.ServicerContext[Any, Any], record: CallRecord, call: InFlightCall) -> None:
        self._context = context
        self._record = record
        self._call = call

    async def write(self, message: Any) -> None:
        """Send a message, when flow control lets it out.

        Raises:
            BridgeError: BRIDGE_SHUTTING_DOWN if the bridge has stopped the call meanwhile.
        """
        self._call.begin_write()
        await self._context.write(message)
        self._record.delivered += 1
        self._call.end_write()

    async def heartbeat(self, message: Any) -> None:
        """As `write`, for a message that says nothing and is not counted."""
        self._call.begin_write()
        await self._context.write(message)
        self._call.end_write()
