"""A request to the reflection service."""

from collections.abc import AsyncIterator

import grpc
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse


async def ask(channel: grpc.aio.Channel, version: str, **question: str) -> ServerReflectionResponse:
    method = channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=ServerReflectionRequest.SerializeToString,
        response_deserializer=ServerReflectionResponse.FromString,
    )

    async def questions() -> AsyncIterator[ServerReflectionRequest]:
        yield ServerReflectionRequest(**question)

    return await method(questions()).read()
