from typing import Any as _Any, Literal as _Literal, overload as _overload
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class UpstreamError(_message.Message):
    """The gateway's error as it came: a detail of google.rpc.Status, next to ErrorInfo with domain "aibridge".
    For logs and for callers that need the original words; decide on the status code and ErrorInfo.reason.
    Gateways write errors in some twenty shapes, so any field may be missing.
    """
    __slots__ = ("http_status", "type", "code", "param", "message", "body")
    HTTP_STATUS_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    PARAM_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    http_status: int
    """HTTP status of the reply, 100 to 599. 200 where the error was in the body or in the stream."""
    type: str
    """Kind of error, as `invalid_request_error`."""
    code: str
    """Code, as `context_length_exceeded`. Numbers become text: "429"."""
    param: str
    """The offending parameter, as `messages[0].content`. Where it is not a string, its JSON text."""
    message: str
    """Message for people, clipped to 512 characters, with keys and tokens masked."""
    body: str
    """The body, clipped so that all details fit into 2 KiB, with keys and tokens masked. May be JSON, HTML or
    text.
    """
    def __init__(self, http_status: _Optional[int] = ..., type: _Optional[str] = ..., code: _Optional[str] = ..., param: _Optional[str] = ..., message: _Optional[str] = ..., body: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["http_status", "type", "code", "param", "message", "body"]) -> bool: ...
    def ClearField(self, field_name: _Literal["http_status", "type", "code", "param", "message", "body"]) -> None: ...
