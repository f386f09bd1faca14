"""Failures from all kinds of statuses, on grpcio-testing's channel, without a network."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import grpc
import grpc_testing
import pytest
from google.protobuf.message import Message
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RequestInfo, RetryInfo
from google.rpc.status_pb2 import Status

from aibridge.client import CallFailed, Client, failure_of
from aibridge.v1 import chat_pb2, models_pb2
from aibridge.v1.errors_pb2 import UpstreamError
from bridge.call import CallRecord
from bridge.errors import BridgeError, ErrorResponse, Reason
from bridge.status import status_of

LIST = models_pb2.DESCRIPTOR.services_by_name["ModelsService"].methods_by_name["ListModels"]
STREAM = chat_pb2.DESCRIPTOR.services_by_name["ChatService"].methods_by_name["CreateChatCompletionStream"]


@pytest.fixture
def channel() -> Any:
    return grpc_testing.channel([LIST.containing_service, STREAM.containing_service], grpc_testing.strict_real_time())


@pytest.fixture
def call() -> Iterator[Callable[..., Future[Any]]]:
    """Runs a blocking call in a thread, while the test acts as the server."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit


def details(*messages: Message, code: int = Code.INVALID_ARGUMENT) -> tuple[tuple[str, bytes]]:
    status = Status(code=code, message="m")
    for message in messages:
        status.details.add().Pack(message)
    return (("grpc-status-details-bin", status.SerializeToString()),)


class Ended(grpc.RpcError):
    """A call that has ended, as grpcio raises it."""

    def __init__(self, code: grpc.StatusCode, text: str | None = "", trailers: Any = ()) -> None:
        super().__init__()
        self.code = lambda: code
        self.details = lambda: text
        self.trailing_metadata = lambda: trailers


def test_a_response_and_the_metadata_that_went_with_the_call(channel: Any, call: Callable[..., Future[Any]]) -> None:
    client = Client(channel, metadata=(("authorization", "Bearer t"),))
    future = call(client.models.ListModels, models_pb2.ListModelsRequest(), metadata=(("x-request-id", "r1"),))
    metadata, request, rpc = channel.take_unary_unary(LIST)
    rpc.terminate(models_pb2.ListModelsResponse(object="list"), (), grpc.StatusCode.OK, "")
    assert future.result(5).object == "list"
    assert request == models_pb2.ListModelsRequest()
    assert [tuple(pair) for pair in metadata][:2] == [("authorization", "Bearer t"), ("x-request-id", "r1")]


def test_a_response_with_its_trailers(channel: Any, call: Callable[..., Future[Any]]) -> None:
    future = call(Client(channel).models.ListModels.with_trailers, models_pb2.ListModelsRequest())
    rpc = channel.take_unary_unary(LIST)[2]
    rpc.terminate(models_pb2.ListModelsResponse(object="list"), (("x-request-id", "r"),), grpc.StatusCode.OK, "")
    response, trailers = future.result(5)
    assert (response.object, trailers["x-request-id"]) == ("list", "r")


@pytest.mark.parametrize(
    ("code", "reason", "pushback", "retryable"),
    [
        (grpc.StatusCode.UNAVAILABLE, Reason.UPSTREAM_BAD_GATEWAY, None, True),
        (grpc.StatusCode.UNAVAILABLE, Reason.UPSTREAM_BAD_GATEWAY, "-1", False),
        (grpc.StatusCode.UNAVAILABLE, Reason.UPSTREAM_TLS_ERROR, None, False),
        (grpc.StatusCode.ABORTED, Reason.UPSTREAM_CONFLICT, None, True),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, Reason.RATE_LIMIT_EXCEEDED, "1500", True),
        (grpc.StatusCode.INTERNAL, Reason.UPSTREAM_INTERNAL_ERROR, "-1", False),
        (grpc.StatusCode.UNAVAILABLE, None, None, True),
        (grpc.StatusCode.DEADLINE_EXCEEDED, None, None, False),
    ],
)
def test_whether_it_is_worth_another_try(
    code: grpc.StatusCode, reason: Reason | None, pushback: str | None, retryable: bool  # noqa: FBT001 # a parameter
) -> None:  # fmt: skip
    """The pushback decides, then the reason. Without either, only UNAVAILABLE is retryable."""
    trailers: Any = details(ErrorInfo(reason=reason.name, domain="aibridge")) if reason else ()
    if pushback:
        trailers = (*trailers, ("grpc-retry-pushback-ms", pushback))
    assert failure_of(Ended(code, "no", trailers)).retryable is retryable


def test_the_caller_decides_where_grpc_may_not_retry() -> None:
    """With `RetryInfo` and a pushback of -1, the caller decides: it may have been billed, or retried."""
    info = ErrorInfo(reason="UPSTREAM_CONNECTION_LOST", domain="aibridge")
    retry = RetryInfo(retry_delay={"seconds": 3})
    trailers = (*details(info, retry), ("grpc-retry-pushback-ms", "-1"))
    error = failure_of(Ended(grpc.StatusCode.UNAVAILABLE, "no", trailers))
    assert (error.retryable, error.retry_delay) == (True, 3.0)


def test_everything_that_a_status_of_the_bridge_says(channel: Any, call: Callable[..., Future[Any]]) -> None:
    response = ErrorResponse(
        http_status=429, type="t", code="rate_limit_exceeded", param="messages", message="slow down"
    )
    failure = BridgeError(
        Reason.RATE_LIMIT_EXCEEDED, "slow down", response=response, delay=2.5, violations=(("messages[0]", "is long"),)
    )
    status = status_of(failure, CallRecord("/aibridge.v1.ModelsService/ListModels", (), "request-1", model="m"))
    future = call(Client(channel).models.ListModels, models_pb2.ListModelsRequest())
    rpc = channel.take_unary_unary(LIST)[2]
    rpc.terminate(None, status.trailing_metadata, status.code, status.details)
    with pytest.raises(CallFailed) as caught:
        future.result(5)
    error = caught.value
    assert (error.code, error.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMIT_EXCEEDED")
    assert str(error) == "RESOURCE_EXHAUSTED RATE_LIMIT_EXCEEDED: slow down"
    assert (error.message, error.retry_delay, error.request_id) == ("slow down", 2.5, "request-1")
    assert error.violations == (("messages[0]", "is long"),)
    assert error.metadata["model"] == "m"
    assert error.upstream is not None
    assert (error.upstream.http_status, error.upstream.code) == (429, "rate_limit_exceeded")


def test_a_stream_hands_out_what_came_before_it_failed(channel: Any) -> None:
    stream = Client(channel).chat.CreateChatCompletionStream(chat_pb2.CreateChatCompletionRequest())
    rpc = channel.take_unary_stream(STREAM)[2]
    rpc.send_response(chat_pb2.CreateChatCompletionStreamResponse(id="1"))
    assert next(stream).id == "1"
    rpc.terminate(details(ErrorInfo(reason="R", domain="aibridge")), grpc.StatusCode.UNAVAILABLE, "cut")
    with pytest.raises(CallFailed, match="UNAVAILABLE R: cut"):
        next(stream)


def test_a_stream_ends(channel: Any) -> None:
    """A stream that ends with OK gives its chunks and its trailers."""
    with Client(channel).chat.CreateChatCompletionStream(chat_pb2.CreateChatCompletionRequest()) as stream:
        rpc = channel.take_unary_stream(STREAM)[2]
        rpc.send_response(chat_pb2.CreateChatCompletionStreamResponse(id="1"))
        rpc.terminate((("aibridge-usage", "{}"),), grpc.StatusCode.OK, "")
        assert [chunk.id for chunk in stream] == ["1"]
        assert stream.trailing_metadata()["aibridge-usage"] == "{}"


def test_a_stream_that_is_left_is_cancelled(channel: Any) -> None:
    with Client(channel).chat.CreateChatCompletionStream(chat_pb2.CreateChatCompletionRequest()) as stream:
        rpc = channel.take_unary_stream(STREAM)[2]
        rpc.send_response(chat_pb2.CreateChatCompletionStreamResponse(id="1"))
        next(stream)
    rpc.cancelled()  # waits for it


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Connection refused",
            "no connection to a bridge at there:1: Connection refused",
        ),
        (
            "errors resolving x:1: [A: Domain name not found]",
            "no connection to a bridge at there:1: Domain name not found",
        ),
        ("Socket closed", "no connection to a bridge at there:1: Socket closed"),
    ],
)
def test_no_connection(text: str, message: str) -> None:
    error = failure_of(Ended(grpc.StatusCode.UNAVAILABLE, text, None), "there:1")
    assert (error.code, error.message, error.reason) == (grpc.StatusCode.UNAVAILABLE, message, "")
    assert (error.retry_delay, error.request_id, error.violations, error.upstream) == (None, "", (), None)


def test_the_reason_of_someone_else_is_none_of_ours() -> None:
    info = ErrorInfo(reason="RATE_LIMIT_EXCEEDED", domain="googleapis.com", metadata={"a": "b"})
    error = failure_of(Ended(grpc.StatusCode.RESOURCE_EXHAUSTED, "no", details(info)))
    assert (error.message, error.reason, error.metadata) == ("no", "", {})


@pytest.mark.parametrize("trailer", [b"\xff\xff\xff", b"", Status(code=3, message="m").SerializeToString()])
def test_details_that_cannot_be_read_leave_code_and_message(trailer: bytes) -> None:
    trailers = (("x-request-id", "r"), ("grpc-status-details-bin", trailer))
    error = failure_of(Ended(grpc.StatusCode.INVALID_ARGUMENT, "wrong", trailers))
    assert (error.code, error.message, error.request_id) == (grpc.StatusCode.INVALID_ARGUMENT, "wrong", "r")


def test_one_detail_that_cannot_be_read_leaves_the_others() -> None:
    status = Status(code=3, message="m")
    for message in (RetryInfo(), UpstreamError(http_status=400), ErrorInfo(reason="R", domain="aibridge")):
        status.details.add().Pack(message)
    status.details[0].value = b"\xff"
    error = failure_of(Ended(grpc.StatusCode.INVALID_ARGUMENT, "wrong", [("grpc-status-details-bin",
                                                                          status.SerializeToString())]))  # fmt: skip
    assert (error.reason, error.retry_delay) == ("R", None)
    assert error.upstream == UpstreamError(http_status=400)


def test_details_without_delay_request_or_violations() -> None:
    trailers = details(ErrorInfo(reason="R", domain="aibridge"), BadRequest(), RequestInfo(request_id="q"))
    error = failure_of(Ended(grpc.StatusCode.INVALID_ARGUMENT, None, trailers))
    assert (error.message, error.violations, error.request_id) == ("the server sent no message", (), "q")
