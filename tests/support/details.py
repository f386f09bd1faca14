"""The parts of a failed call: code, message, details and trailers. Also responses that make a call fail."""

from collections.abc import AsyncIterator, Awaitable, Iterable
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, QuotaFailure, RequestInfo, ResourceInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_status.rpc_status import from_call

from aibridge.v1.errors_pb2 import UpstreamError

#: For tests that hold for both chat RPCs.
RPCS = pytest.mark.parametrize("rpc", ["CreateChatCompletion", "CreateChatCompletionStream"])

TYPES = (ErrorInfo, RetryInfo, BadRequest, QuotaFailure, ResourceInfo, RequestInfo, UpstreamError)


@dataclass(frozen=True)
class Failure:
    """A failed call. `details` are by the name of their type; two of one type are an error."""

    code: str
    message: str
    status: Status
    details: dict[str, Any]
    trailers: dict[str, str]

    @property
    def reason(self) -> str:
        return str(self.details["ErrorInfo"].reason)

    @property
    def metadata(self) -> dict[str, str]:
        return dict(self.details["ErrorInfo"].metadata)

    @property
    def pushback(self) -> str | None:
        """The advice to gRPC's retries: `-1`, milliseconds, or None."""
        return self.trailers.get("grpc-retry-pushback-ms")

    @property
    def delay_ms(self) -> int | None:
        """The delay of `RetryInfo`."""
        info = self.details.get("RetryInfo")
        return None if info is None else int(info.retry_delay.ToMilliseconds())

    @property
    def shown(self) -> str:
        """All that left the bridge with this failure, as one text."""
        return f"{self.message}\n{self.status}\n{self.trailers}"


def failure(error: grpc.aio.AioRpcError) -> Failure:
    """Take a failed call apart, and check the rules that hold for all failures."""
    status = from_call(error)  # raises if the status and its details disagree
    assert status is not None, f"no details: {error!r}"
    details: dict[str, Any] = {}
    for packed in status.details:
        detail = _unpack(packed)
        assert detail.DESCRIPTOR.name not in details, "AIP-193: each type of detail at most once"
        details[detail.DESCRIPTOR.name] = detail
    assert details["ErrorInfo"].domain == "aibridge"
    assert status.ByteSize() <= 2048
    assert len(status.message) <= 512
    assert status.message
    assert not any(character < " " or "\x7f" <= character <= "\x9f" for character in status.message)
    trailers = {str(key): value for key, value in error.trailing_metadata() if isinstance(value, str)}
    assert details["RequestInfo"].request_id == trailers["x-request-id"]
    return Failure(error.code().name, error.details() or "", status, details, trailers)


def _unpack(packed: Any) -> Message:
    for kind in TYPES:
        if packed.Is(kind.DESCRIPTOR):
            detail = kind()
            packed.Unpack(detail)
            return detail
    raise AssertionError(f"a detail of an unknown type: {packed.type_url}")


async def failed(call: Awaitable[Any]) -> Failure:
    """The failure of a unary call."""
    try:
        response = await call
    except grpc.aio.AioRpcError as error:
        return failure(error)
    raise AssertionError(f"the call did not fail: {response}")


async def failed_stream(call: AsyncIterator[Any]) -> tuple[list[str], Failure]:
    """The text of each chunk that a stream delivered before it failed, and its failure."""
    received = []
    try:
        async for chunk in call:
            received.append(text(chunk.choices))  # noqa: PERF401 # a comprehension would lose what came before the error
    except grpc.aio.AioRpcError as error:
        return received, failure(error)
    raise AssertionError(f"the stream did not fail: {received}")


async def failed_either(bridge: Any, rpc: str, request: Any, **options: Any) -> Failure:
    """The failure of one of the chat RPCs, before it delivers anything."""
    call = getattr(bridge.chat, rpc)(request, **options)
    if rpc == "CreateChatCompletion":
        return await failed(call)
    received, result = await failed_stream(call)
    assert received == []
    assert result.metadata["chunksDelivered"] == "0"
    return result


def text(choices: Iterable[Any]) -> str:
    return "".join(choice.delta.content for choice in choices)


def refusal(**members: Any) -> dict[str, Any]:
    """OpenAI's error object."""
    return {"error": {"message": "the upstream's words", **members}}


def verdict(result: Failure) -> tuple[str, str, str | None]:
    """The code, the reason and the retry advice."""
    return result.code, result.reason, result.pushback
