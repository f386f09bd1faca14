"""The typed clients match the contract, and the code that both clients share."""

import asyncio
import pkgutil
import typing
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from google.protobuf.descriptor import MethodDescriptor
from grpc_health.v1 import health_pb2

import aibridge.v1
from aibridge.client import asynchronous, sync
from aibridge.client.calls import finish

NAMES = [name for _, name, _ in pkgutil.iter_modules(aibridge.v1.__path__) if name.endswith("_pb2")]
MODULES = [*(import_module(f"aibridge.v1.{name}") for name in NAMES), health_pb2]
METHODS = [m for module in MODULES for service in module.DESCRIPTOR.services_by_name.values() for m in service.methods]


@pytest.mark.parametrize("library", [sync, asynchronous], ids=["sync", "aio"])
@pytest.mark.parametrize("method", [m for m in METHODS if m.name != "List"], ids=lambda method: method.full_name)
def test_each_rpc_has_its_own_messages(library: ModuleType, method: MethodDescriptor) -> None:
    """The client's annotations match the descriptor: no RPC is missing, and none has another's messages."""
    service = method.containing_service.name
    attribute = typing.get_type_hints(getattr(library, service))[method.name]
    expected = library.Streaming if method.server_streaming else library.Unary
    assert typing.get_origin(attribute) is expected
    assert [kind.DESCRIPTOR.full_name for kind in typing.get_args(attribute)] == [
        method.input_type.full_name,
        method.output_type.full_name,
    ]
    assert service in {kind.__name__ for kind in typing.get_type_hints(library.Client).values()}


def test_what_never_waits_is_finished() -> None:
    """A coroutine that does not wait returns its result or raises its own error."""

    async def inner(value: int) -> int:
        if value < 0:
            raise ValueError(value)
        return value + 1

    async def outer(value: int) -> int:
        return await inner(value) + await inner(value)

    assert finish(outer(1)) == 4
    with pytest.raises(ValueError, match="-1"):
        finish(outer(-1))


def test_what_waits_is_refused() -> None:
    """A coroutine that waits is refused and closed, because there is no event loop."""
    ended: list[str] = []

    async def waits() -> Any:
        try:
            await asyncio.sleep(0)
        finally:
            ended.append("closed")

    with pytest.raises(RuntimeError, match=r"use aibridge\.client\.aio"):
        finish(waits())
    assert ended == ["closed"]
