"""A synchronous client of aibridge: models, chat with a tool, streams, embeddings, and every kind of failure."""

import os

import grpc
from common import OPTIONS, RATE_LIMIT_EXCEEDED, TIMEOUT, WEATHER, add_tool_calls, asking, ending, failure_of

from aibridge.v1 import chat_pb2_grpc, embeddings_pb2, embeddings_pb2_grpc, models_pb2, models_pb2_grpc


class Example:
    """The steps, with the stubs that they call."""

    def __init__(self, channel: grpc.Channel, token: str) -> None:
        self.models_stub = models_pb2_grpc.ModelsServiceStub(channel)
        self.chat_stub = chat_pb2_grpc.ChatServiceStub(channel)
        self.embeddings_stub = embeddings_pb2_grpc.EmbeddingsServiceStub(channel)
        self.metadata = [("authorization", f"Bearer {token}")] if token else []

    def complete(self, request, timeout=TIMEOUT, metadata=()):
        """One chat completion."""
        return self.chat_stub.CreateChatCompletion(request, timeout=timeout, metadata=[*self.metadata, *metadata])

    def chunks(self, request):
        """A streamed one: iterate over it, or cancel it."""
        return self.chat_stub.CreateChatCompletionStream(request, timeout=TIMEOUT, metadata=self.metadata)

    def models(self) -> None:
        response = self.models_stub.ListModels(models_pb2.ListModelsRequest(), timeout=TIMEOUT, metadata=self.metadata)
        print("models:", *(model.id for model in response.data))

    def chat(self) -> None:
        request = asking("example/chat", "What is the weather in Paris?")
        request.tools.append(WEATHER)
        message = self.complete(request).choices[0].message
        call = message.tool_calls[0]
        print("chat: call", call.function.name, call.function.arguments)

        request.messages.append(message)
        request.messages.add(role="tool", tool_call_id=call.id, content='{"degrees":21}')
        response = self.complete(request)
        print("chat:", response.choices[0].message.content)
        print("chat:", ending(response.choices[0].finish_reason, response.usage))

    def stream(self) -> None:
        request = asking("example/stream")
        request.stream_options.include_usage = True
        text, finish_reason, usage = "", "", None
        for chunk in self.chunks(request):
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
        calls, finish_reason = {}, ""
        for chunk in self.chunks(request):
            for choice in chunk.choices:
                add_tool_calls(calls, choice.delta.tool_calls)
                finish_reason = choice.finish_reason or finish_reason
        for _, call in sorted(calls.items()):
            print("tools:", call.id, call.function.name, call.function.arguments)
        print("tools: finish_reason", finish_reason)

    def embed(self) -> None:
        texts = embeddings_pb2.InputTexts(items=["a lighthouse", "a rowing boat"])
        request = embeddings_pb2.CreateEmbeddingRequest(model="example/embed", input_texts=texts)
        response = self.embeddings_stub.CreateEmbedding(request, timeout=TIMEOUT, metadata=self.metadata)
        for embedding in response.data:
            print("embed:", *embedding.embedding)

    def retry(self) -> None:
        request = models_pb2.RetrieveModelRequest(model="example/flaky")
        print("retry:", self.models_stub.RetrieveModel(request, timeout=TIMEOUT, metadata=self.metadata).id)

    def cancel(self) -> None:
        stream, count = self.chunks(asking("example/endless")), 0
        try:
            for _ in stream:
                count += 1
                if count == 3:
                    stream.cancel()
        except grpc.RpcError as error:
            print("cancel:", failure_of(error).code, "after", count, "chunks")

    def deadline(self) -> None:
        try:
            self.complete(asking("example/slow"), timeout=0.5)
        except grpc.RpcError as error:
            print("deadline:", failure_of(error).code)

    def invalid(self) -> None:
        request = asking("example/chat")
        request.messages.add(role="user")
        try:
            self.complete(request)
        except grpc.RpcError as error:
            failure = failure_of(error)
            print("invalid:", failure.code, failure.reason)
            for violation in failure.violations:
                print("invalid:", violation.field, violation.description)

    def rate_limit(self) -> None:
        try:
            self.complete(asking("example/rate-limited"), metadata=[("x-request-id", "example-rate-limit")])
        except grpc.RpcError as error:
            failure = failure_of(error)
            print("rate-limit:", failure.code, failure.reason)
            if failure.reason == RATE_LIMIT_EXCEEDED:
                print("rate-limit: retry after", failure.retry_delay_ms, "ms")
            print("rate-limit: upstream HTTP", failure.upstream.http_status, failure.upstream.code)
            print("rate-limit: request id", failure.request_id)

    def cut(self) -> None:
        text, count = "", 0
        try:
            for chunk in self.chunks(asking("example/cut")):
                count += 1
                text += "".join(choice.delta.content for choice in chunk.choices)
        except grpc.RpcError as error:
            failure = failure_of(error)
            print("cut:", text, "after", count, "chunks")
            print("cut:", failure.code, failure.reason)

    def missing(self) -> None:
        request = models_pb2.RetrieveModelRequest(model="example/missing")
        try:
            self.models_stub.RetrieveModel(request, timeout=TIMEOUT, metadata=self.metadata)
        except grpc.RpcError as error:
            failure = failure_of(error)
            print("missing:", failure.code, failure.reason)
            print("missing:", failure.resource.resource_type, failure.resource.resource_name)


def main() -> None:
    with grpc.insecure_channel(os.environ.get("AIBRIDGE_TARGET", "127.0.0.1:50051"), OPTIONS) as channel:
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
