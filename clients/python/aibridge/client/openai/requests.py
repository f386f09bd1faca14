"""HTTP requests of the OpenAI API as RPCs. No I/O."""

import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, unquote

from google.protobuf.message import Message

from aibridge.client.openai.codec import build
from aibridge.client.openai.jsontext import MalformedJSONError, loads
from aibridge.client.openai.raw import raw_request, streams
from aibridge.client.openai.responses import HttpResponse, refusal
from aibridge.v1.chat_pb2 import CreateChatCompletionRequest
from aibridge.v1.embeddings_pb2 import CreateEmbeddingRequest
from aibridge.v1.models_pb2 import ListModelsRequest, RetrieveModelRequest

#: The leftmost match is used, so an id may contain these words; the part before it is the base URL's.
_ROUTE: Final = re.compile(r"/(?:(chat/completions)|(embeddings)|(models)(?:/(.+))?)/*$")
#: Headers that frame an HTTP message or describe the HTTP library. All others are sent, and the bridge decides which to
#: forward.
_FRAMING: Final = frozenset(
    {"accept", "connection", "cookie", "expect", "host", "te", "transfer-encoding", "user-agent"}
)
_FRAMING_PREFIXES: Final = ("accept-", "content-", "grpc-", "proxy-", "x-stainless-", ":")
_KEY: Final = re.compile(r"[0-9a-z_.-]+")
_VALUE: Final = re.compile(r"[\x20-\x7e]*")


class Rpc(NamedTuple):
    """A prepared call: the stub, its method, and how to write the response.

    `base64` says that the request asks for vectors as base64 text.
    """

    stub: str
    method: str
    message: Message
    streams: bool = False
    base64: bool = False

    def of(self, client: Any) -> Any:
        """The client's RPC."""
        return getattr(getattr(client, self.stub), self.method)


class NoRpcError(Exception):
    """A request without an RPC; `response` is the HTTP response for it."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__(response.status)
        self.response = response


def rpc_of(method: str, target: str, body: bytes, content_type: str) -> Rpc:
    """The RPC of a request to `target`: path and query, percent-encoded as they were sent.

    A request without an RPC of its own goes to RawService.

    Raises:
        NoRpcError: the request cannot be sent, or its body has to be a JSON object and is not.
    """
    path, _, query = target.partition("?")
    route = _ROUTE.search(path)
    chat, embeddings, _, model = route.groups() if route is not None else (None, None, None, None)
    if route is None or method != ("POST" if chat or embeddings else "GET"):
        return _raw(method, target, body, content_type)
    if chat:
        value, message = _body(CreateChatCompletionRequest, body)
        streams = value.get("stream") is True
        return Rpc("chat", "CreateChatCompletionStream" if streams else "CreateChatCompletion", message, streams)
    if embeddings:
        value, message = _body(CreateEmbeddingRequest, body)
        return Rpc("embeddings", "CreateEmbedding", message, base64=value.get("encoding_format") == "base64")
    if model:
        return Rpc("models", "RetrieveModel", _once(RetrieveModelRequest(model=unquote(model))))
    return Rpc("models", "ListModels", _once(_page(query)))


def _raw(method: str, target: str, body: bytes, content_type: str) -> Rpc:
    request = raw_request(method, target, body, content_type)
    if isinstance(request, HttpResponse):
        raise NoRpcError(request)
    streamed = streams(request)
    return Rpc("raw", "Stream" if streamed else "Call", _once(request), streamed)


def metadata_of(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The headers to send, as gRPC metadata.

    Raises:
        ValueError: a value cannot be sent; the message names its header.
    """
    pairs = []
    for name, value in headers:
        key = name.lower()
        if key in _FRAMING or key.startswith(_FRAMING_PREFIXES) or key.endswith("-bin"):
            continue
        if not (_KEY.fullmatch(key) and _VALUE.fullmatch(value)):
            raise ValueError(f"the header {name!r} has characters that metadata cannot hold")
        pairs.append((key, value.strip()))
    return tuple(pairs)


def _page(query: str) -> ListModelsRequest:
    """The parameters of a query. Those without a field go in `extra_json`."""
    members: dict[str, Any] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        before = members.get(key)
        members[key] = value if before is None else [*(before if isinstance(before, list) else [before]), value]
    limit = members.get("limit")
    if isinstance(limit, str) and re.fullmatch("[0-9]{1,9}", limit):
        members["limit"] = int(limit)
    return build(ListModelsRequest, members)


def _body(message_type: Any, body: bytes) -> tuple[dict[str, Any], Message]:
    try:
        value = loads(body)
        message = build(message_type, _without_stream(value)) if isinstance(value, dict) else None
    except MalformedJSONError:
        message = None
    if message is None:
        raise NoRpcError(refusal(400, "the body is not a JSON object", "invalid_json"))
    return value, _once(message)


def _without_stream(value: dict[str, Any]) -> dict[str, Any]:
    """A body without `stream`, because the RPC decides it."""
    return {key: item for key, item in value.items() if key != "stream"}


def _once(message: Any) -> Message:
    """The request with the bridge's retries off: the library retries, and attempts would multiply."""
    message.bridge_options.retry = False
    request: Message = message
    return request
