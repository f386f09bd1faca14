"""Typed stubs and servicers of aibridge/v1/raw.proto. Made by tools/stubs.py; do not edit."""

from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any, overload

import grpc
import grpc.aio

from aibridge.v1 import raw_pb2


class _Context(grpc.ServicerContext, grpc.aio.ServicerContext[Any, Any]):  # type: ignore[misc]
    """Either context, so that a servicer can name the one of its server."""

class RawServiceStub:
    """Calls any endpoint of the gateway that the bridge allows."""
    @overload
    def __new__(cls, channel: grpc.aio.Channel) -> RawServiceAsyncStub: ...
    @overload
    def __new__(cls, channel: grpc.Channel) -> RawServiceStub: ...
    Call: grpc.UnaryUnaryMultiCallable[raw_pb2.RawRequest, raw_pb2.RawResponse]
    """Makes an HTTP request and returns its response whole.

    Both RPCs are the same request. They differ in how the response is read.
    """
    Stream: grpc.UnaryStreamMultiCallable[raw_pb2.RawRequest, raw_pb2.RawEvent]
    """Makes an HTTP request and returns the server-sent events of its response, one message per event. The body must ask
    for a stream in the endpoint's own way, usually with `"stream": true`. Status OK means that the stream is complete.

    Both RPCs are the same request. They differ in how the response is read.
    """

class RawServiceAsyncStub(RawServiceStub):  # type: ignore[misc]
    """`RawServiceStub` on a `grpc.aio.Channel`. For annotations only: the class does not exist at run time."""
    Call: grpc.aio.UnaryUnaryMultiCallable[raw_pb2.RawRequest, raw_pb2.RawResponse]  # type: ignore[assignment]
    """Makes an HTTP request and returns its response whole.

    Both RPCs are the same request. They differ in how the response is read.
    """
    Stream: grpc.aio.UnaryStreamMultiCallable[raw_pb2.RawRequest, raw_pb2.RawEvent]  # type: ignore[assignment]
    """Makes an HTTP request and returns the server-sent events of its response, one message per event. The body must ask
    for a stream in the endpoint's own way, usually with `"stream": true`. Status OK means that the stream is complete.

    Both RPCs are the same request. They differ in how the response is read.
    """

class RawServiceServicer:
    """Calls any endpoint of the gateway that the bridge allows."""
    def Call(self, request: raw_pb2.RawRequest, context: _Context) -> raw_pb2.RawResponse | Awaitable[raw_pb2.RawResponse]:
        """Makes an HTTP request and returns its response whole.

        Both RPCs are the same request. They differ in how the response is read.
        """
    def Stream(self, request: raw_pb2.RawRequest, context: _Context) -> Iterator[raw_pb2.RawEvent] | AsyncIterator[raw_pb2.RawEvent] | Awaitable[None]:
        """Makes an HTTP request and returns the server-sent events of its response, one message per event. The body must ask
        for a stream in the endpoint's own way, usually with `"stream": true`. Status OK means that the stream is complete.

        Both RPCs are the same request. They differ in how the response is read.
        """

def add_RawServiceServicer_to_server(servicer: RawServiceServicer, server: grpc.Server | grpc.aio.Server) -> None: ...
