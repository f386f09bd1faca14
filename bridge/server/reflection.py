"""gRPC reflection, `v1alpha` as grpcio has it and `v1`, which is the same protocol under another name.

grpcio-reflection does not know `v1` (grpc/grpc#38576); the messages are identical on the wire, so one servicer answers
both.
"""

from collections.abc import Sequence
from typing import Any, Final

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from grpc_reflection.v1alpha import reflection
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from bridge.server.gate import Gate

V1: Final = "grpc.reflection.v1.ServerReflection"


class _Symbols:
    """The descriptor pool, finding methods too: the protocol lets clients ask for one by name, and ghz does."""

    def __init__(self) -> None:
        self._pool = descriptor_pool.Default()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    def FindFileContainingSymbol(self, symbol: str) -> FileDescriptor:  # noqa: N802 # the pool's name for it
        """As the pool's own. Raises KeyError if there is nothing by this name."""
        try:
            return self._pool.FindFileContainingSymbol(symbol)
        except KeyError:
            return self._pool.FindMethodByName(symbol).containing_service.file


def add_reflection(server: Gate, services: Sequence[str]) -> None:
    """Serve both versions; `services` are the names to list, besides reflection's own."""
    names = (*services, V1, reflection.SERVICE_NAME)
    handler = grpc.stream_stream_rpc_method_handler(
        reflection.aio.ReflectionServicer(names, _Symbols()).ServerReflectionInfo,
        request_deserializer=ServerReflectionRequest.FromString,
        response_serializer=ServerReflectionResponse.SerializeToString,
    )
    for name in (V1, reflection.SERVICE_NAME):
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(name, {"ServerReflectionInfo": handler}),)
        )
