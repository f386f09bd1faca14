"""Requests without an RPC, as calls of the bridge's RawService. No I/O."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import grpc

from aibridge.client.failures import CallFailed
from aibridge.client.openai.jsontext import MalformedJSONError, loads
from aibridge.client.openai.responses import DONE, HEARTBEAT, HttpResponse, error_event, headers_of, refusal
from aibridge.v1.raw_pb2 import (
    HTTP_METHOD_DELETE,
    HTTP_METHOD_GET,
    HTTP_METHOD_POST,
    QueryParameter,
    RawEvent,
    RawRequest,
    RawResponse,
)

_METHODS: Final[Mapping[str, Any]] = {
    "GET": HTTP_METHOD_GET,
    "POST": HTTP_METHOD_POST,
    "DELETE": HTTP_METHOD_DELETE,
}
#: The part before the path: the base URL's path, up to its version segment.
_BASE: Final = re.compile(r".*?/v\d[^/]*(?:/openai)?(?=/)")
#: Library options that use an endpoint for which the bridge has an RPC.
_INSTEAD: Final[Mapping[str, str]] = {
    "responses": "chat completions can be used instead: ChatOpenAI(use_responses_api=False) in LangChain,"
    " OpenAIChatCompletionsModel in the OpenAI Agents SDK",
    "completions": "chat completions can be used instead",
}


def raw_request(method: str, target: str, body: bytes, content_type: str) -> RawRequest | HttpResponse:
    """The RawRequest of an HTTP request, or a response if RawService cannot send it."""
    if method not in _METHODS:
        return refusal(405, f"the bridge carries GET, POST and DELETE, not {method}", "method_not_allowed")
    media_type = content_type.partition(";")[0].strip().lower()
    if body and media_type not in {"", "application/json"} and not media_type.endswith("+json"):
        return refusal(415, f"the bridge carries JSON bodies only, not {media_type}", "unsupported_media_type")
    path, _, query = target.partition("?")
    request = RawRequest(
        path=_BASE.sub("", path, count=1).rstrip("/"),
        method=_METHODS[method],
        query=[QueryParameter(name=name, value=value) for name, value in parse_qsl(query, keep_blank_values=True)],
    )
    if body:
        try:
            request.body_json = body.decode()
        except UnicodeDecodeError:
            return refusal(400, "the body is not JSON", "invalid_json")
    return request


def streams(request: RawRequest) -> bool:
    """Whether a request asks for a stream, in its body or in its query."""
    if any((parameter.name, parameter.value) == ("stream", "true") for parameter in request.query):
        return True
    try:
        value = loads(request.body_json.encode()) if request.body_json else None
    except MalformedJSONError:
        return False  # the bridge reports it
    return isinstance(value, dict) and value.get("stream") is True


def raw_response(response: RawResponse, trailers: Mapping[str, str | bytes]) -> HttpResponse:
    """The HTTP response for a RawResponse."""
    content = {"content-type": "application/json"} if response.HasField("body_json") else {}
    return HttpResponse(response.http_status, {**content, **headers_of(trailers)}, response.body_json.encode())


def not_allowed(request: RawRequest, failure: CallFailed) -> HttpResponse | None:
    """The response for a path that the bridge does not allow, with advice; None for other failures."""
    is_older = failure.code is grpc.StatusCode.UNIMPLEMENTED and not failure.reason  # than RawService
    if failure.reason != "RAW_PATH_NOT_ALLOWED" and not is_older:
        return None
    instead = _INSTEAD.get(request.path.split("/")[1] if "/" in request.path else "", "")
    message = (
        f"the bridge has no RPC for {request.path} and does not allow it: its operator can, with the setting"
        f" raw_paths (AIBRIDGE_RAW_PATHS={request.path})"
    )
    return refusal(404, f"{message}; {instead}" if instead else message, "unknown_url")


class RawEvents:
    """Writes the events of one stream as the gateway sent them."""

    def __init__(self) -> None:
        self._is_named = False
        self._failed = False

    def event(self, message: RawEvent) -> bytes:
        """An event; a comment for a heartbeat."""
        if not message.ListFields():
            return HEARTBEAT
        self._is_named = self._is_named or bool(message.event)
        self._failed = message.event == "response.failed"
        return "".join(_lines(message)).encode()

    def end(self) -> bytes:
        """The end of a stream: nothing if events have names, because the last event marks the end."""
        return b"" if self._is_named else DONE

    def error(self, failure: CallFailed) -> bytes:
        """The event of an error; nothing after `response.failed`, which reports it."""
        return b"" if self._failed else error_event(failure)


def _lines(event: RawEvent) -> Iterator[str]:
    if event.event:
        yield f"event: {event.event}\n"
    for line in event.data.split("\n"):
        yield f"data: {line}\n"
    yield "\n"
