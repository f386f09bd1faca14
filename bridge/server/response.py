"""The caller's end of a streamed response, which handlers write to."""

from typing import Any

import grpc

from bridge.call import CallRecord
from bridge.server.inflight import InFlightCall


class StreamedResponse:
    """Writes messages one after the other, and tracks each write for the boundary and for the stop."""

    __slots__ = ("_call", "_context", "_record")

    def __init__(self, context: grpc.aio.ServicerContext[Any, Any], record: CallRecord, call: InFlightCall) -> None:
        self._context = context
        self._record = record
        self._call = call

    async def write(self, message: Any) -> None:
        """Send a message. Returns when flow control has let it out.

        Raises:
            BridgeError: BRIDGE_SHUTTING_DOWN if the bridge has stopped the call meanwhile.
        """
        self._call.begin_write()
        await self._context.write(message)
        self._record.delivered += 1
        self._call.end_write()

    async def heartbeat(self, message: Any) -> None:
        """As `write`, for an empty message, which is not counted."""
        self._call.begin_write()
        await self._context.write(message)
        self._call.end_write()
