from typing import Any as _Any, Literal as _Literal, overload as _overload
from aibridge.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HttpMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    """An HTTP method."""
    __slots__ = ()
    HTTP_METHOD_UNSPECIFIED: _ClassVar[HttpMethod]
    """Means POST."""
    HTTP_METHOD_GET: _ClassVar[HttpMethod]
    """Reads something."""
    HTTP_METHOD_POST: _ClassVar[HttpMethod]
    """Runs or creates something."""
    HTTP_METHOD_DELETE: _ClassVar[HttpMethod]
    """Deletes something."""
HTTP_METHOD_UNSPECIFIED: HttpMethod
HTTP_METHOD_GET: HttpMethod
HTTP_METHOD_POST: HttpMethod
HTTP_METHOD_DELETE: HttpMethod

class RawRequest(_message.Message):
    """An HTTP request below the gateway's base URL. Its headers come from the call's metadata, by the same rules as with the
    other services. Multipart and binary bodies cannot be sent.
    """
    __slots__ = ("path", "method", "query", "body_json", "bridge_options")
    PATH_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    BODY_JSON_FIELD_NUMBER: _ClassVar[int]
    BRIDGE_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    path: str
    """Required. Path below the base URL, for example `/responses` or `/responses/resp_123/cancel`. It starts with a slash.
    Segments consist of letters, digits and `-._~!$&'()+=:@`, and must not be empty, `.` or `..`. At most 1024
    characters. A pattern of the bridge's setting `raw_paths` must match it.
    """
    method: HttpMethod
    """Default: POST."""
    query: _containers.RepeatedCompositeFieldContainer[QueryParameter]
    """Parameters of the URL's query, in order. The bridge percent-encodes them. At most 8192 characters together."""
    body_json: str
    """Any JSON: the body, sent byte for byte. Only with POST."""
    bridge_options: _common_pb2.BridgeOptions
    """Options for the bridge itself. Only `retry` and `heartbeat` have an effect here."""
    def __init__(self, path: _Optional[str] = ..., method: _Optional[_Union[HttpMethod, str]] = ..., query: _Optional[_Iterable[_Union[QueryParameter, _Mapping[str, _Any]]]] = ..., body_json: _Optional[str] = ..., bridge_options: _Optional[_Union[_common_pb2.BridgeOptions, _Mapping[str, _Any]]] = ...) -> None: ...
    def HasField(self, field_name: _Literal["path", "method", "body_json", "bridge_options"]) -> bool: ...
    def ClearField(self, field_name: _Literal["path", "method", "query", "body_json", "bridge_options"]) -> None: ...

class QueryParameter(_message.Message):
    """A parameter of a URL's query. A name may be repeated."""
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    """Required. Name, not percent-encoded."""
    value: str
    """Value, not percent-encoded. Default: the empty string."""
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["name", "value"]) -> bool: ...
    def ClearField(self, field_name: _Literal["name", "value"]) -> None: ...

class RawResponse(_message.Message):
    """The response to a request that succeeded. A failure is a gRPC status, as with the other services."""
    __slots__ = ("http_status", "body_json")
    HTTP_STATUS_FIELD_NUMBER: _ClassVar[int]
    BODY_JSON_FIELD_NUMBER: _ClassVar[int]
    http_status: int
    """HTTP status, 200 to 299."""
    body_json: str
    """Any JSON: the body, byte for byte, without white space around it. Absent if the response has none, as with status
    204.
    """
    def __init__(self, http_status: _Optional[int] = ..., body_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["http_status", "body_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["http_status", "body_json"]) -> None: ...

class RawEvent(_message.Message):
    """A server-sent event. A message without any field is a heartbeat, see BridgeOptions.heartbeat."""
    __slots__ = ("event", "data")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    event: str
    """Name of the event, for example `response.output_text.delta`. Absent if it has none."""
    data: str
    """Data of the event, usually JSON. Several lines are joined with a line feed. `[DONE]`, which ends some streams, is
    not sent: status OK says the same.
    """
    def __init__(self, event: _Optional[str] = ..., data: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["event", "data"]) -> bool: ...
    def ClearField(self, field_name: _Literal["event", "data"]) -> None: ...
