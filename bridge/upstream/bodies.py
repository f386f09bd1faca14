"""Reads error bodies. Gateways write them in many shapes, and none is refused.

An error may be an object or a string under `error`, a flat object, an array around one of these, FastAPI's `detail`,
MiniMax's `base_resp`, an event of a stream, HTML, plain text, or nothing. `read` returns what it finds, not masked yet.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from bridge.jsontext import MalformedJSONError, dumps, loads
from bridge.upstream import delays, violations
from bridge.upstream.reasons import BASE_RESP
from bridge.upstream.sse import STRAY, EventDecoder, EventTooLargeError

_MAX_TEXT_BYTES: Final = 4096
#: Maximum nesting of errors inside errors, as JSON text or as objects.
_DEPTH: Final = 4
#: The start of an HTML page, usually from a proxy.
_MARKUP: Final = re.compile(r"<(?:!doctype|!--|\?xml|html|head|body|title|center|h\d|div|p|br)\b|<!--", re.IGNORECASE)
_JSON_BEGINS: Final = re.compile(r'\{\s*["}]|\[\s*[\[{"]')
#: The message in a JSON object that is cut off or invalid after it.
_SALVAGE: Final = re.compile(r'"(?:message|error|detail)"\s*:\s*"((?:[^"\\]|\\u[0-9a-fA-F]{4}|\\["\\/bfnrt])*)')
#: An HTTP status at the end of a code, as in Huawei's `A.81101.429`, or before words, as in `429 Too Many Requests`.
_STATUS_SUFFIX: Final = re.compile(r".*[._:-]([45][0-9]{2})(?: [A-Z][A-Za-z ]*)?", re.DOTALL)

# Names of members, as `fold` writes them, in order of precedence. `CONTAINERS` may hold the object of the error.
CONTAINERS: Final = ("error", "errors", "detail", "err", "errormsg", "exception", "fault")
_MESSAGES: Final = (
    *("message", "errormessage", "errordescription", "error", "msg", "errormsg", "errmsg", "err"),
    *("statusmsg", "detail", "faultstring", "retmsg", "description"),
)
_MESSAGES_AROUND: Final = ("errordescription", "error", "detail", "message", "msg", "title")
_MESSAGES_INSIDE: Final = ("message", "description", "details")  # of a status that is an object
CODES: Final = ("code", "errorcode", "errcode", "errno", "retcode")
_STATUSES: Final = (
    *("code", "status", "httpstatuscode", "httpstatus", "httpcode", "statuscode"),
    *("errorcode", "errcode", "error", "response"),
)
#: Texts that mean that there is no error, in lower case without punctuation.
_SUCCESS: Final = frozenset(
    (
        *("", "ok", "okay", "success", "succeeded", "successful", "successfully", "completed"),
        *("none", "null", "nil", "undefined", "false", "na", "noerror", "noerrors"),
    )
)
_PUNCTUATION: Final = str.maketrans("", "", " _-./!")
#: A longer text is not one of them.
_MAX_SUCCESS: Final = 32


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """The content of an error body. `status` is the HTTP status in it, `fields` are pairs of path and description.

    `name` is the error type for MiniMax's number, Google's reason, or Azure's inner code. `further` holds more names
    that it may have: the message, and the code and type of a nested error. `retry_after` is in seconds. `is_openai`
    says that the error comes from the API, and not from a router that does not know the path.
    """

    message: str = ""
    type: str | None = None
    code: str | None = None
    param: str | None = None
    name: str | None = None
    further: tuple[str | None, ...] = ()
    status: int | None = None
    model: str | None = None
    retry_after: float | None = None
    fields: tuple[tuple[str, str], ...] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)
    is_openai: bool = False


def read(data: bytes, read_json: Callable[[Any], ErrorBody] | None = None) -> ErrorBody:
    """Read the body of an error response: text, or JSON, events or lines with `read_json`, which is `read_value`."""
    for value in values(data):
        return (read_json or read_value)(value)
    return ErrorBody(message=_plain(data[:_MAX_TEXT_BYTES].decode("utf-8-sig", "replace")))


def values(data: bytes) -> Iterator[Any]:
    """The JSON values in a body: the whole body, or the events or lines in it. A part that is not JSON is text."""
    data = data.strip()
    with suppress(MalformedJSONError):
        yield loads(data)
        return
    decoder = EventDecoder(len(data) + 2)
    try:
        events = [*decoder.feed(data), *decoder.close()]
    except EventTooLargeError as error:  # an event has too many lines
        events = error.events
    for event in events:
        value = _json(event.data)
        if isinstance(value, (dict, list)):
            yield value
    yield from (event.data.decode("utf-8", "replace") for event in events[:1] if event.type != STRAY)


def read_value(value: Any, depth: int = 0) -> ErrorBody:
    """As `read`, for a parsed JSON value."""
    value = first_object(value)
    if isinstance(value, str):
        inside = _json(value.encode("utf-8", "replace")) if _JSON_BEGINS.match(value.lstrip()) else None
        is_error = depth < _DEPTH and isinstance(inside, (dict, list))
        return read_value(inside, depth + 1) if is_error else ErrorBody(message=_unwrap(value, depth))
    if not isinstance(value, dict):
        return ErrorBody()
    around = fold(value)
    error = _error(around, value)
    members = fold(error)
    code = _code(members) or _code(around)
    param = members.get("param")
    inner = _inner(members, depth)
    details = members.get("details")
    listed = violations.of_fastapi(around.get("detail")) or violations.of_lists(around.get("errors"))
    found = tuple(listed or violations.of_google(details)) or inner.fields
    message = inner.message or _message(members, around, depth)
    message = message or "; ".join(f"{path}: {text}" if path else text for path, text in found)
    if not found and isinstance(param, str) and _string(param):
        found = ((param, message),)
    return ErrorBody(
        message=message,
        type=_type(members),
        code=code,
        param=_string(param),
        further=(message, inner.code, inner.type, *inner.further),
        name=_name(members) if error is not around.get("baseresp") else BASE_RESP.get(code or ""),
        status=http_status_of(members) or http_status_of(around),
        model=_string(param.get("modelId")) if isinstance(param, dict) else None,
        retry_after=delays.in_body(error) or delays.in_body(value) or inner.retry_after,
        fields=found,
        numbers={
            name: members[key]
            for key, name in (("nprompttokens", "promptTokens"), ("nctx", "contextWindowTokens"))
            if type(members.get(key)) is int
        },
        is_openai=error is not value or around.get("object") == "error" or _is_flat_code(around),
    )


def fold(value: Mapping[str, Any]) -> dict[str, Any]:
    """The members by lower-case name without `_` and `-`: `ErrorMsg` equals `error_msg`. The first one counts."""
    return {key.lower().replace("_", "").replace("-", ""): item for key, item in reversed(list(value.items()))}


def is_blank(value: Any, depth: int = 0) -> bool:
    """Whether a value reports no error: it, or everything in it, is empty, zero, null or a word for success."""
    if isinstance(value, str):
        text = value.strip()
        if len(text) > _MAX_SUCCESS:
            return False
        if text.isascii() and text.isdecimal():
            return is_blank(int(text))
        return text.lower().translate(_PUNCTUATION) in _SUCCESS
    if depth < _DEPTH and isinstance(value, (dict, list)):
        return all(is_blank(item, depth + 1) for item in (value.values() if isinstance(value, dict) else value))
    return not value or (type(value) is int and 200 <= value <= 299)


def http_status_of(members: Mapping[str, Any], depth: int = 0) -> int | None:
    """The HTTP status in the members of an error, also in a member `status` that is an object.

    `members` are from `fold`.
    """
    for key in _STATUSES:
        number = members.get(key)
        if isinstance(number, dict) and depth < _DEPTH:
            number = http_status_of(fold(number), depth + 1)
        if isinstance(number, str) and len(number) <= _MAX_TEXT_BYTES:
            suffix = _STATUS_SUFFIX.fullmatch(f".{number}")  # LiteLLM writes it as text
            number = int(suffix[1]) if suffix else None
        if type(number) is int and 400 <= number <= 599:
            return number
    return None


def first_object(value: Any) -> Any:
    """The first object in nested arrays. Gemini's compatibility layer sends an error in an array."""
    for _ in range(_DEPTH):
        if isinstance(value, list):
            value = next((item for item in value if isinstance(item, (dict, list))), next(iter(value), None))
    return value


def _error(around: Mapping[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """The object that describes the error."""
    for key in CONTAINERS:
        member = around.get(key)
        if isinstance(member, list) and key != "detail":
            member = next((item for item in member if isinstance(item, dict)), None)
        elif isinstance(member, str) and _JSON_BEGINS.match(member.lstrip()):
            member = first_object(_json(member.encode("utf-8", "replace")))
        if isinstance(member, dict) and not is_blank(member):
            inner = member.get("error")
            return inner if isinstance(inner, dict) and not is_blank(inner) else member
    base = around.get("baseresp")
    return base if isinstance(base, dict) and not is_blank(base) else value


def _json(data: bytes) -> Any:
    try:
        return loads(data)
    except MalformedJSONError:
        return None


def _code(members: Mapping[str, Any]) -> str | None:
    if isinstance(members.get("error"), str) and isinstance(members.get("errordescription"), str):  # OAuth
        return _string(members["error"])
    keys = ("statuscode",) if "statusmsg" in members else CODES
    return next((code for code in (_string(members.get(key)) for key in keys) if code), None)


def _type(members: Mapping[str, Any]) -> str | None:
    metadata, cause, status = members.get("metadata"), members.get("value"), members.get("status")
    return (
        _string(members.get("type"))
        or _string(members.get("errortype"))
        or (_string(metadata.get("error_type")) if isinstance(metadata, dict) else None)  # OpenRouter
        or (_string(cause.get("error_type")) if isinstance(cause, dict) else None)  # Vercel
        or (_string(status) if isinstance(status, str) and not status.isdecimal() else None)  # Google
    )


def _name(members: Mapping[str, Any]) -> str | None:
    inner = members.get("innererror")
    return violations.reason_in(members) or (
        _string(inner.get("code")) if isinstance(inner, dict) else None  # Azure
    )


def _is_flat_code(around: Mapping[str, Any]) -> bool:
    """Whether this is xAI's form of an error. With a numeric code it may be any server's error."""
    code = around.get("code")
    return isinstance(around.get("error"), str) and isinstance(code, str) and not code.isdecimal()


def _message(members: Mapping[str, Any], around: Mapping[str, Any], depth: int) -> str:
    status = members.get("status")
    inside = fold(status) if isinstance(status, dict) else {}
    found = [members.get(key) for key in _MESSAGES] + [inside.get(key) for key in _MESSAGES_INSIDE]
    found += [around.get(key) for key in (*_MESSAGES_AROUND, "errors")]
    for member in found:
        for said in member if isinstance(member, list) else (member,):  # Hugging Face sends a list of texts
            text = _unwrap(said, depth) if isinstance(said, str) else ""
            if text:
                return text
    return ""


def _inner(members: Mapping[str, Any], depth: int) -> ErrorBody:
    """The nested error, which is the real cause if the gateway only reports that something failed."""
    if depth >= _DEPTH:
        return ErrorBody()
    for key, member in (("metadata", "raw"), ("value", "error_message"), ("message", "")):
        outer = members.get(key)
        inner = outer if not member else outer.get(member) if isinstance(outer, dict) else None
        if isinstance(inner, dict):
            return read_value(inner, depth + 1)
        if isinstance(inner, str) and _JSON_BEGINS.match(inner.lstrip()):
            return read_value(_json(inner.encode("utf-8", "replace")), depth + 1)
        if isinstance(inner, str) and inner and member:
            return ErrorBody(message=_unwrap(inner, _DEPTH))
    return ErrorBody()


def _unwrap(text: str, depth: int) -> str:
    """The message of an error that is text. If the text is JSON of another error, that error's message."""
    if depth < _DEPTH and _JSON_BEGINS.match(text.lstrip()):
        message = read_value(_json(text.encode("utf-8", "replace")), depth + 1).message
        if message:
            return message
    return "" if _MARKUP.match(text.lstrip()) else text


def _string(value: Any) -> str | None:
    """A member as text, or as JSON text if it is not a string. LiteLLM writes Python's `None` as a string."""
    if isinstance(value, str):
        text = value
    elif value is None or value in ({}, []):
        return None
    else:
        try:
            text = dumps(value).decode()
        except TypeError:  # nested too deeply for orjson to write
            return None
    return text if text not in {"", "None", "null"} else None


def _plain(text: str) -> str:
    """The readable text of a body that is not JSON."""
    text = text.strip()
    if _JSON_BEGINS.match(text):
        found = _SALVAGE.search(text)
        return str(loads(f'"{found[1]}"'.encode())) if found else ""
    return "" if _MARKUP.match(text) else text
