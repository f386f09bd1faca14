"""gRPC reflection: `v1alpha`, which grpcio provides, and `v1`, which is the same protocol under another name.

grpcio-reflection has no `v1` (grpc/grpc#38576). The messages are identical on the wire, so one servicer serves both.
The descriptor of `v1` is made from that of `v1alpha`, because tools describe every listed service, also this one.
"""

from collections.abc import Sequence
from typing import Any, Final

import grpc
from google.protobuf import descriptor_pool, text_format
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import reflection, reflection_pb2
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from bridge.server.gate import Gate

V1: Final = "grpc.reflection.v1.ServerReflection"


_V1_FILE: Final = "grpc/reflection/v1/reflection.proto"


class _Symbols:
    """The descriptor pool with the file of `v1`. It also finds methods by name, as ghz does."""

    def __init__(self) -> None:
        self._pool = descriptor_pool.Default()
        self._own = descriptor_pool.DescriptorPool()
        self._own.Add(_v1_file())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    def FindFileByName(self, name: str) -> FileDescriptor:  # noqa: N802 # the pool's name for it
        """As the method of the pool. Raises KeyError if there is no such file."""
        return (self._own if name == _V1_FILE else self._pool).FindFileByName(name)

    def FindFileContainingSymbol(self, symbol: str) -> FileDescriptor:  # noqa: N802 # the pool's name for it
        """As the method of the pool. Raises KeyError if nothing has this name."""
        pool = self._own if symbol.startswith("grpc.reflection.v1.") else self._pool
        try:
            return pool.FindFileContainingSymbol(symbol)
        except KeyError:
            return pool.FindMethodByName(symbol).containing_service.file


def _v1_file() -> FileDescriptorProto:
    """The file of `v1`: the file of `v1alpha` under the other name."""
    file = FileDescriptorProto()
    reflection_pb2.DESCRIPTOR.CopyToProto(file)
    text = text_format.MessageToString(file).replace("v1alpha", "v1")
    made = text_format.Parse(text, FileDescriptorProto())
    made.name = _V1_FILE  # the official path; grpcio-reflection has `v1alpha` in another folder
    return made


def add_reflection(server: Gate, services: Sequence[str]) -> None:
    """Serve both versions. `services` are the names to list in addition to reflection itself."""
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
