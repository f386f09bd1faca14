from typing import Any as _Any, Literal as _Literal, overload as _overload
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    """Why a call failed: google.rpc.ErrorInfo.reason is the name of one of these constants. Compare it with that name, for
    example `Reason.Name(Reason.RATE_LIMIT_EXCEEDED)` in Python. The numbers are never sent. docs/errors.md has the gRPC
    code and the retry advice of each. A newer bridge may send a reason that this enum does not have yet: then decide by
    the gRPC code.

    The names have no prefix, so that a name is the text on the wire (as in google.api.ErrorReason).
    """
    __slots__ = ()
    REASON_UNSPECIFIED: _ClassVar[Reason]
    """Never sent."""
    CALLER_UNAUTHENTICATED: _ClassVar[Reason]
    """The call has no credential that the bridge accepts."""
    CALLER_NOT_ALLOWED: _ClassVar[Reason]
    """The caller is authenticated, but not allowed to do this."""
    CALLER_UNVERIFIABLE: _ClassVar[Reason]
    """The bridge has no keys yet to verify callers' tokens."""
    INVALID_REQUEST: _ClassVar[Reason]
    """The request is wrong. BadRequest names the field if it is known."""
    INVALID_METADATA: _ClassVar[Reason]
    """A metadata value cannot be sent as an HTTP header."""
    REQUEST_TOO_LARGE: _ClassVar[Reason]
    """The upstream rejects a request body of this size."""
    CONTEXT_LENGTH_EXCEEDED: _ClassVar[Reason]
    """The prompt does not fit the model's context window."""
    CONTENT_FILTERED: _ClassVar[Reason]
    """The upstream's content policy rejects the prompt."""
    CALLER_CREDENTIALS_REJECTED: _ClassVar[Reason]
    """The upstream rejects the caller's own credential."""
    BRIDGE_CREDENTIALS_REJECTED: _ClassVar[Reason]
    """The upstream rejects the bridge's credential."""
    ACCESS_DENIED: _ClassVar[Reason]
    """The credential is not allowed to do this."""
    LEGAL_RESTRICTION: _ClassVar[Reason]
    """The upstream refuses for legal reasons."""
    REGION_UNSUPPORTED: _ClassVar[Reason]
    """The upstream does not serve this country or region."""
    MODEL_NOT_FOUND: _ClassVar[Reason]
    """The model does not exist. ResourceInfo names it."""
    MODEL_RETIRED: _ClassVar[Reason]
    """The model existed once and was removed."""
    ENDPOINT_NOT_FOUND: _ClassVar[Reason]
    """The upstream has no such endpoint. Check its base URL."""
    INSUFFICIENT_QUOTA: _ClassVar[Reason]
    """The account's credit or spending limit is used up."""
    RATE_LIMIT_EXCEEDED: _ClassVar[Reason]
    """Too many requests or tokens for now."""
    BRIDGE_OVERLOADED: _ClassVar[Reason]
    """A limit of the bridge itself is reached."""
    UPSTREAM_NOT_SUPPORTED: _ClassVar[Reason]
    """The upstream does not implement this."""
    UPSTREAM_TIMEOUT: _ClassVar[Reason]
    """No response in time. Tokens may have been billed."""
    UPSTREAM_CONFLICT: _ClassVar[Reason]
    """Conflict with another request. The caller decides whether to retry."""
    UPSTREAM_PRECONDITION_FAILED: _ClassVar[Reason]
    """A condition of the request is not met."""
    UPSTREAM_CLIENT_ERROR: _ClassVar[Reason]
    """Any other client error (4xx)."""
    UPSTREAM_DEPENDENCY_FAILED: _ClassVar[Reason]
    """Something that the request depends on failed."""
    UPSTREAM_TOO_EARLY: _ClassVar[Reason]
    """The upstream refuses a request that might be a replay."""
    UPSTREAM_CLOSED_REQUEST: _ClassVar[Reason]
    """The upstream gave up on the request."""
    UPSTREAM_INTERNAL_ERROR: _ClassVar[Reason]
    """The upstream failed on this request."""
    UPSTREAM_BAD_GATEWAY: _ClassVar[Reason]
    """A proxy in front of the model could not reach it."""
    UPSTREAM_UNAVAILABLE: _ClassVar[Reason]
    """The upstream is down or still starting."""
    UPSTREAM_OVERLOADED: _ClassVar[Reason]
    """The upstream has more work than it can do."""
    UPSTREAM_SERVER_ERROR: _ClassVar[Reason]
    """Any other server error (5xx)."""
    UPSTREAM_UNREACHABLE: _ClassVar[Reason]
    """The bridge cannot connect to the upstream. Nothing was sent."""
    UPSTREAM_TLS_ERROR: _ClassVar[Reason]
    """The upstream's certificate cannot be verified."""
    UPSTREAM_WRITE_FAILED: _ClassVar[Reason]
    """The request could not be sent completely."""
    UPSTREAM_CONNECTION_LOST: _ClassVar[Reason]
    """The connection broke before the headers of the response were complete."""
    UPSTREAM_FIRST_EVENT_TIMEOUT: _ClassVar[Reason]
    """The stream started, and no event arrived in time."""
    UPSTREAM_STREAM_STALLED: _ClassVar[Reason]
    """No chunk arrived in time in the middle of the stream."""
    UPSTREAM_STREAM_INTERRUPTED: _ClassVar[Reason]
    """The response was cut off before its end."""
    UPSTREAM_MALFORMED_RESPONSE: _ClassVar[Reason]
    """The response does not follow the API."""
    UPSTREAM_RESPONSE_TOO_LARGE: _ClassVar[Reason]
    """A response or an event exceeds the bridge's size limit."""
    UPSTREAM_UNEXPECTED_REDIRECT: _ClassVar[Reason]
    """A redirect. The bridge does not follow redirects, which would send the key elsewhere."""
    BRIDGE_REQUEST_REJECTED: _ClassVar[Reason]
    """The upstream rejects headers or an encoding that the bridge chose."""
    BRIDGE_SHUTTING_DOWN: _ClassVar[Reason]
    """The bridge is shutting down."""
    BRIDGE_INTERNAL: _ClassVar[Reason]
    """An internal error of the bridge. Its log has the request id."""
    RAW_PATH_NOT_ALLOWED: _ClassVar[Reason]
    """The bridge's setting `raw_paths` does not allow this path."""
    REQUEST_TIMEOUT: _ClassVar[Reason]
    """The request's message did not arrive in time. Nothing was sent."""
    UPSTREAM_PROXY_REJECTED: _ClassVar[Reason]
    """The forward proxy requires a valid credential (HTTP 407)."""
REASON_UNSPECIFIED: Reason
CALLER_UNAUTHENTICATED: Reason
CALLER_NOT_ALLOWED: Reason
CALLER_UNVERIFIABLE: Reason
INVALID_REQUEST: Reason
INVALID_METADATA: Reason
REQUEST_TOO_LARGE: Reason
CONTEXT_LENGTH_EXCEEDED: Reason
CONTENT_FILTERED: Reason
CALLER_CREDENTIALS_REJECTED: Reason
BRIDGE_CREDENTIALS_REJECTED: Reason
ACCESS_DENIED: Reason
LEGAL_RESTRICTION: Reason
REGION_UNSUPPORTED: Reason
MODEL_NOT_FOUND: Reason
MODEL_RETIRED: Reason
ENDPOINT_NOT_FOUND: Reason
INSUFFICIENT_QUOTA: Reason
RATE_LIMIT_EXCEEDED: Reason
BRIDGE_OVERLOADED: Reason
UPSTREAM_NOT_SUPPORTED: Reason
UPSTREAM_TIMEOUT: Reason
UPSTREAM_CONFLICT: Reason
UPSTREAM_PRECONDITION_FAILED: Reason
UPSTREAM_CLIENT_ERROR: Reason
UPSTREAM_DEPENDENCY_FAILED: Reason
UPSTREAM_TOO_EARLY: Reason
UPSTREAM_CLOSED_REQUEST: Reason
UPSTREAM_INTERNAL_ERROR: Reason
UPSTREAM_BAD_GATEWAY: Reason
UPSTREAM_UNAVAILABLE: Reason
UPSTREAM_OVERLOADED: Reason
UPSTREAM_SERVER_ERROR: Reason
UPSTREAM_UNREACHABLE: Reason
UPSTREAM_TLS_ERROR: Reason
UPSTREAM_WRITE_FAILED: Reason
UPSTREAM_CONNECTION_LOST: Reason
UPSTREAM_FIRST_EVENT_TIMEOUT: Reason
UPSTREAM_STREAM_STALLED: Reason
UPSTREAM_STREAM_INTERRUPTED: Reason
UPSTREAM_MALFORMED_RESPONSE: Reason
UPSTREAM_RESPONSE_TOO_LARGE: Reason
UPSTREAM_UNEXPECTED_REDIRECT: Reason
BRIDGE_REQUEST_REJECTED: Reason
BRIDGE_SHUTTING_DOWN: Reason
BRIDGE_INTERNAL: Reason
RAW_PATH_NOT_ALLOWED: Reason
REQUEST_TIMEOUT: Reason
UPSTREAM_PROXY_REJECTED: Reason

class UpstreamError(_message.Message):
    """The gateway's error as it came: a detail of google.rpc.Status, next to ErrorInfo with domain "aibridge".
    For logs, and for callers that need the original words. Decide by the status code and ErrorInfo.reason.
    Gateways write errors in many forms, so any field may be missing.
    """
    __slots__ = ("http_status", "type", "code", "param", "message", "body")
    HTTP_STATUS_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    PARAM_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    http_status: int
    """HTTP status of the response, 100 to 599. 200 if the error was in the body or in the stream."""
    type: str
    """Kind of error, for example `invalid_request_error`."""
    code: str
    """Code, for example `context_length_exceeded`. Numbers become text: "429"."""
    param: str
    """The wrong parameter, for example `messages[0].content`. If it is not a string, its JSON text."""
    message: str
    """Message for people. At most 512 characters, with keys and tokens masked."""
    body: str
    """The body, cut so that all details fit into 2 KiB, with keys and tokens masked. May be JSON, HTML or text."""
    def __init__(self, http_status: _Optional[int] = ..., type: _Optional[str] = ..., code: _Optional[str] = ..., param: _Optional[str] = ..., message: _Optional[str] = ..., body: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["http_status", "type", "code", "param", "message", "body"]) -> bool: ...
    def ClearField(self, field_name: _Literal["http_status", "type", "code", "param", "message", "body"]) -> None: ...
