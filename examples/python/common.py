"""What both clients use: channel options, failures, and the accumulation of tool calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from google.rpc import code_pb2, error_details_pb2
from grpc_status import rpc_status

from aibridge.v1 import chat_pb2, errors_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable

    import grpc

MESSAGE_SIZE = 64 << 20
TIMEOUT = 10  # seconds

#: `ErrorInfo.reason` is the name of a constant of `errors_pb2.Reason`.
RATE_LIMIT_EXCEEDED = errors_pb2.Reason.Name(errors_pb2.RATE_LIMIT_EXCEEDED)

#: Retries as the bridge advises, keepalive during calls, and room for a batch of embeddings.
OPTIONS = [
    ("grpc.service_config", Path(__file__).with_name("service_config.json").read_text(encoding="utf-8")),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 0),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_receive_message_length", MESSAGE_SIZE),
    ("grpc.max_send_message_length", MESSAGE_SIZE),
]


@dataclass
class Failure:
    """A failed call. Decide by `code` and `reason`."""

    code: str
    reason: str = ""
    retry_delay_ms: int | None = None
    request_id: str = ""
    violations: list[error_details_pb2.BadRequest.FieldViolation] = field(default_factory=list)
    resource: error_details_pb2.ResourceInfo | None = None
    upstream: errors_pb2.UpstreamError | None = None


def failure_of(error: grpc.RpcError) -> Failure:
    """The details in the failure's `google.rpc.Status`. `grpc.aio` has the same errors."""
    failure = Failure(code_pb2.Code.Name(error.code().value[0]))
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            failure.reason = unpack(detail, error_details_pb2.ErrorInfo()).reason
        elif detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
            failure.retry_delay_ms = unpack(detail, error_details_pb2.RetryInfo()).retry_delay.ToMilliseconds()
        elif detail.Is(error_details_pb2.RequestInfo.DESCRIPTOR):
            failure.request_id = unpack(detail, error_details_pb2.RequestInfo()).request_id
        elif detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            failure.violations = list(unpack(detail, error_details_pb2.BadRequest()).field_violations)
        elif detail.Is(error_details_pb2.ResourceInfo.DESCRIPTOR):
            failure.resource = unpack(detail, error_details_pb2.ResourceInfo())
        elif detail.Is(errors_pb2.UpstreamError.DESCRIPTOR):
            failure.upstream = unpack(detail, errors_pb2.UpstreamError())
    return failure


def unpack(detail, message):
    """A detail as a message of its type."""
    detail.Unpack(message)
    return message


def asking(model: str, text: str = "Hello!") -> chat_pb2.CreateChatCompletionRequest:
    """A request with one message."""
    message = chat_pb2.ChatCompletionMessage(role="user", content=text)
    return chat_pb2.CreateChatCompletionRequest(model=model, messages=[message])


WEATHER = chat_pb2.Tool(
    type="function",
    function=chat_pb2.FunctionDefinition(
        name="get_weather",
        description="The weather in a city, now.",
        parameters_json='{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}',
    ),
)


def add_tool_calls(calls: dict[int, chat_pb2.ToolCall], deltas: Iterable[chat_pb2.ToolCallDelta]) -> None:
    """Add deltas to tool calls. Each delta names its call by `index`, and the arguments come in pieces."""
    for delta in deltas:
        call = calls.setdefault(delta.index, chat_pb2.ToolCall())
        call.id = delta.id or call.id
        call.function.name = delta.function.name or call.function.name
        call.function.arguments += delta.function.arguments


def ending(finish_reason: str, usage) -> str:
    """The finish reason and the usage, as text."""
    counts = f"{usage.prompt_tokens} + {usage.completion_tokens} = {usage.total_tokens}"
    return f"finish_reason {finish_reason}, {counts} tokens"
