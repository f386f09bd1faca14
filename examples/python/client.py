"""A synchronous client of aibridge, with the generated stubs and nothing else of the project."""

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from google.rpc import code_pb2, error_details_pb2
from grpc_status import rpc_status

from aibridge.v1 import (
    chat_pb2,
    chat_pb2_grpc,
    embeddings_pb2,
    embeddings_pb2_grpc,
    errors_pb2,
    models_pb2,
    models_pb2_grpc,
)

MESSAGE_SIZE = 64 << 20
TIMEOUT = 10  # seconds


@dataclass
class Failure:
    """What a failed call says: decide by `code` and `reason`."""

    code: str
    reason: str = ""
    retry_delay_ms: int | None = None
    request_id: str = ""
    violations: list[tuple[str, str]] = field(default_factory=list)
    resource: tuple[str, str] = ("", "")
    upstream: errors_pb2.UpstreamError | None = None


def failure_of(error: grpc.RpcError) -> Failure:
    """The details of `google.rpc.Status`, which come with each failure."""
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
            wrong = unpack(detail, error_details_pb2.BadRequest()).field_violations
            failure.violations = [(violation.field, violation.description) for violation in wrong]
        elif detail.Is(error_details_pb2.ResourceInfo.DESCRIPTOR):
            resource = unpack(detail, error_details_pb2.ResourceInfo())
            failure.resource = (resource.resource_type, resource.resource_name)
        elif detail.Is(errors_pb2.UpstreamError.DESCRIPTOR):
            failure.upstream = unpack(detail, errors_pb2.UpstreamError())
    return failure


def unpack(detail, message):
    """A detail as a message of its type."""
    detail.Unpack(message)
    return message


def connect(target: str) -> grpc.Channel:
    """A channel with retries as the bridge advises, keepalive during calls, and room for a batch of embeddings."""
    service_config = Path("../service_config.json").read_text(encoding="utf-8")
    return grpc.insecure_channel(
        target,
        options=[
            ("grpc.service_config", service_config),
            ("grpc.keepalive_time_ms", 60_000),
            ("grpc.keepalive_timeout_ms", 20_000),
            ("grpc.keepalive_permit_without_calls", 0),
            ("grpc.http2.max_pings_without_data", 0),
            ("grpc.max_receive_message_length", MESSAGE_SIZE),
            ("grpc.max_send_message_length", MESSAGE_SIZE),
        ],
    )


def user(text: str) -> chat_pb2.ChatCompletionMessage:
    """A user's message."""
    return chat_pb2.ChatCompletionMessage(role="user", content=text)


def asking(model: str, text: str = "Hello!") -> chat_pb2.CreateChatCompletionRequest:
    """A request with one message."""
    return chat_pb2.CreateChatCompletionRequest(model=model, messages=[user(text)])


WEATHER = chat_pb2.Tool(
    type="function",
    function=chat_pb2.FunctionDefinition(
        name="get_weather",
        description="The weather in a city, now.",
        parameters_json='{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}',
    ),
)


class Example:
    """The steps, with the stubs that they call."""

    def __init__(self, channel: grpc.Channel, token: str) -> None:
        self.models_stub = models_pb2_grpc.ModelsServiceStub(channel)
        self.chat_stub = chat_pb2_grpc.ChatServiceStub(channel)
        self.embeddings_stub = embeddings_pb2_grpc.EmbeddingsServiceStub(channel)
        self.metadata = [("authorization", f"Bearer {token}")] if token else []

    def models(self) -> None:
        reply = self.models_stub.ListModels(models_pb2.ListModelsRequest(), timeout=TIMEOUT, metadata=self.metadata)
        print("models:", *(model.id for model in reply.data))

    def chat(self) -> None:
        request = asking("example/chat", "What is the weather in Paris?")
        request.tools.append(WEATHER)
        reply = self.chat_stub.CreateChatCompletion(request, timeout=TIMEOUT, metadata=self.metadata)
        message = reply.choices[0].message
        call = message.tool_calls[0]
        print("chat: call", call.function.name, call.function.arguments)

        request.messages.append(message)
        request.messages.add(role="tool", tool_call_id=call.id, content='{"degrees":21}')
        reply = self.chat_stub.CreateChatCompletion(request, timeout=TIMEOUT, metadata=self.metadata)
        print("chat:", reply.choices[0].message.content)
        print("chat:", ending(reply.choices[0].finish_reason, reply.usage))

    def stream(self) -> None:
        request = asking("example/stream")
        request.stream_options.include_usage = True
        text, finish_reason, usage = "", "", None
        for chunk in self.chat_stub.CreateChatCompletionStream(request, timeout=TIMEOUT, metadata=self.metadata):
            for choice in chunk.choices:
                text += choice.delta.content
                finish_reason = choice.finish_reason or finish_reason
            if chunk.HasField("usage"):
                usage = chunk.usage
        print("stream:", text)
        print("stream:", ending(finish_reason, usage))

    def tools(self) -> None:
        request = asking("example/tools", "What is the weather in Paris, and how late is it there?")
        request.tools.append(WEATHER)
        calls: dict[int, chat_pb2.ToolCall] = defaultdict(chat_pb2.ToolCall)
        finish_reason = ""
        for chunk in self.chat_stub.CreateChatCompletionStream(request, timeout=TIMEOUT, metadata=self.metadata):
            for choice in chunk.choices:
                add_tool_calls(calls, choice.delta.tool_calls)
                finish_reason = choice.finish_reason or finish_reason
        for _, call in sorted(calls.items()):
            print("tools:", call.id, call.function.name, call.function.arguments)
        print("tools: finish_reason", finish_reason)

    def embed(self) -> None:
        texts = embeddings_pb2.InputTexts(items=["a lighthouse", "a rowing boat"])
        request = embeddings_pb2.CreateEmbeddingRequest(model="example/embed", input_texts=texts)
        reply = self.embeddings_stub.CreateEmbedding(request, timeout=TIMEOUT, metadata=self.metadata)
        for embedding in reply.data:
            print("embed:", *embedding.embedding)

    def retry(self) -> None:
        reply = self.chat_stub.CreateChatCompletion(asking("example/flaky"), timeout=TIMEOUT, metadata=self.metadata)
        print("retry:", reply.choices[0].message.content)

    def cancel(self) -> None:
        call = self.chat_stub.CreateChatCompletionStream(
            asking("example/endless"), timeout=TIMEOUT, metadata=self.metadata
        )
        chunks = 0
        try:
            for _ in call:
                chunks += 1
                if chunks == 3:
                    call.cancel()
        except grpc.RpcError as error:
            print("cancel:", failure_of(error).code, "after", chunks, "chunks")

    def deadline(self) -> None:
        try:
            self.chat_stub.CreateChatCompletion(asking("example/slow"), timeout=0.5, metadata=self.metadata)
        except grpc.RpcError as error:
            print("deadline:", failure_of(error).code)

    def invalid(self) -> None:
        request = asking("example/chat")
        request.messages.add(role="user")
        try:
            self.chat_stub.CreateChatCompletion(request, timeout=TIMEOUT, metadata=self.metadata)
        except grpc.RpcError as error:
            failure = failure_of(error)
            print("invalid:", failure.code, failure.reason)
            for path, description in failure.violations:
                print("invalid:", path, description)

    def rate_limit(self) -> None:
        metadata = [*self.metadata, ("x-request-id", "example-rate-limit")]
        try:
            self.chat_stub.CreateChatCompletion(asking("example/rate-limited"), timeout=TIMEOUT, metadata=metadata)
        except grpc.RpcError as error:
            failure = failure_of(error)
            print("rate-limit:", failure.code, failure.reason)
            print("rate-limit: retry after", failure.retry_delay_ms, "ms")
            if failure.upstream:
                print("rate-limit: upstream HTTP", failure.upstream.http_status, failure.upstream.code)
            print("rate-limit: request id", failure.request_id)

    def cut(self) -> None:
        text, chunks = "", 0
        try:
            for chunk in self.chat_stub.CreateChatCompletionStream(
                asking("example/cut"), timeout=TIMEOUT, metadata=self.metadata
            ):
                chunks += 1
                text += "".join(choice.delta.content for choice in chunk.choices)
        except grpc.RpcError as error:
            failure = failure_of(error)
            print("cut:", text, "after", chunks, "chunks")
            print("cut:", failure.code, failure.reason)

    def missing(self) -> None:
        request = models_pb2.RetrieveModelRequest(model="example/missing")
        try:
            self.models_stub.RetrieveModel(request, timeout=TIMEOUT, metadata=self.metadata)
        except grpc.RpcError as error:
            failure = failure_of(error)
            print("missing:", failure.code, failure.reason)
            print("missing:", *failure.resource)


def add_tool_calls(calls: dict[int, chat_pb2.ToolCall], deltas: Iterable[chat_pb2.ToolCall]) -> None:
    """Put tool calls together: each delta names its call by index; the arguments come in pieces."""
    for delta in deltas:
        call = calls[delta.index]
        call.id = delta.id or call.id
        call.function.name = delta.function.name or call.function.name
        call.function.arguments += delta.function.arguments


def ending(finish_reason: str, usage) -> str:
    """Why it ended, and what it took."""
    counts = f"{usage.prompt_tokens} + {usage.completion_tokens} = {usage.total_tokens}"
    return f"finish_reason {finish_reason}, {counts} tokens"


def main() -> None:
    target = os.environ.get("AIBRIDGE_TARGET", "127.0.0.1:50051")
    with connect(target) as channel:
        example = Example(channel, os.environ.get("AIBRIDGE_TOKEN", ""))
        example.models()
        example.chat()
        example.stream()
        example.tools()
        example.embed()
        example.retry()
        example.cancel()
        example.deadline()
        example.invalid()
        example.rate_limit()
        example.cut()
        example.missing()


if __name__ == "__main__":
    main()
