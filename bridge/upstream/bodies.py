"""Reads error bodies. There are some eighteen shapes of them; none is ever refused.

An error may be an object under `error`, a string there, a flat object, an array around either, FastAPI's `detail`,
HTML, plain text, or nothing. `read` gives what can be found, as text; nothing in it has been made safe to show yet.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bridge.jsontext import MalformedJSONError, dumps, loads

_CLIP: Final = 4096
#: Errors inside errors, as JSON text or as objects, are followed this far.
_DEPTH: Final = 4
#: A page for a browser, made by a proxy on the way: nothing in it is meant for the caller.
_MARKUP: Final = re.compile(r"<(?:!doctype|!--|\?xml|html|head|body|title|center|h\d|div|p|br)\b|<!--", re.IGNORECASE)
_JSON_BEGINS: Final = re.compile(r'\{\s*["}]|\[\s*[\[{"]')
#: The message of an object that is cut off or broken further on.
_SALVAGE: Final = re.compile(r'"(?:message|error|detail)"\s*:\s*"((?:[^"\\]|\\u[0-9a-fA-F]{4}|\\["\\/bfnrt])*)')


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """What an error body says. `status` is the HTTP status that it names itself; `fields` are (path, description).

    `retry_after` is in seconds. `is_openai` says that the API itself answered, not a router that knows no such path.
    """

    message: str = ""
    type: str | None = None
    code: str | None = None
    param: str | None = None
    status: int | None = None
    model: str | None = None
    retry_after: float | None = None
    fields: tuple[tuple[str, str], ...] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)
    is_openai: bool = False


def read(data: bytes) -> ErrorBody:
    """What the body of a reply that is an error says."""
    try:
        value = loads(data.strip())
    except MalformedJSONError:
        return ErrorBody(message=_plain(data[:_CLIP].decode("utf-8-sig", "replace")))
    return read_value(value)


def read_value(value: Any, depth: int = 0) -> ErrorBody:
    """As `read`, for a JSON value: an event of a stream, or a body that is parsed already."""
    if isinstance(value, list):  # Gemini's compatibility layer
        value = next((item for item in value if isinstance(item, dict)), next(iter(value), None))
    if isinstance(value, str):
        return ErrorBody(message=_unwrap(value, depth))
    if not isinstance(value, dict):
        return ErrorBody()
    error, code = _error(value)
    param = error.get("param")
    violations = tuple(_fields(value.get("detail")) or _google_fields(error.get("details")))
    message = _message(error, value, depth) or "; ".join(
        f"{path}: {text}" if path else text for path, text in violations
    )
    if not violations and isinstance(param, str) and _string(param):
        violations = ((param, message),)
    return ErrorBody(
        message=message,
        type=_type(error),
        code=code,
        param=_string(param),
        status=_status(error) or _status(value),
        model=_string(param.get("modelId")) if isinstance(param, dict) else None,
        retry_after=_seconds(error),
        fields=violations,
        numbers={
            name: error[key]
            for key, name in (("n_prompt_tokens", "promptTokens"), ("n_ctx", "contextWindowTokens"))
            if type(error.get(key)) is int
        },
        is_openai=error is not value or value.get("object") == "error" or _is_flat_code(value),
    )


def error_in(value: Mapping[str, Any]) -> Any:
    """The error inside a reply or an event that came with HTTP 200, or None; known by its shape, never by text."""
    error = value.get("error")
    if error and isinstance(error, (dict, str, list)):
        return value
    groq = value.get("x_groq")
    if isinstance(groq, dict) and groq.get("error") and isinstance(groq["error"], (dict, str)):
        return {"error": groq["error"]}
    if "choices" not in value and "data" not in value and _is_flat_error(value):
        return value
    choices = value.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict) and choice.get("error") and isinstance(choice["error"], (dict, str)):
            return {"error": choice["error"]}
    return None


def _is_flat_error(value: Mapping[str, Any]) -> bool:
    if value.get("object") == "error" or "error_type" in value or "error_message" in value:
        return True
    return "id" not in value and isinstance(value.get("message"), str) and ("type" in value or "code" in value)


def _is_flat_code(value: Mapping[str, Any]) -> bool:
    """The form of xAI's errors; with a number for a code it may be any server's page."""
    code = value.get("code")
    return isinstance(value.get("error"), str) and isinstance(code, str) and not code.isdecimal()


def _error(value: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
    """The object that describes the error, and the error's code."""
    inner = value.get("error")
    for key in ("error", "errors", "detail"):
        member = value.get(key)
        if isinstance(member, list) and key != "detail":
            member = next((item for item in member if isinstance(item, dict)), None)
        if isinstance(member, dict) and member:
            return member, _string(member.get("code"))
    if isinstance(inner, str) and isinstance(value.get("error_description"), str):  # OAuth
        return value, _string(inner)
    return value, _string(value.get("code"))


def _type(error: Mapping[str, Any]) -> str | None:
    metadata, cause, status = error.get("metadata"), error.get("value"), error.get("status")
    return (
        _string(error.get("type"))
        or _string(error.get("error_type"))
        or (_string(metadata.get("error_type")) if isinstance(metadata, dict) else None)  # OpenRouter
        or (_string(cause.get("error_type")) if isinstance(cause, dict) else None)  # Vercel
        or (_string(status) if isinstance(status, str) and not status.isdecimal() else None)  # Google
    )


def _message(error: Mapping[str, Any], whole: Mapping[str, Any], depth: int) -> str:
    nested = _nested(error, depth)
    if nested:
        return nested
    members = [error.get(key) for key in ("message", "error_message", "error_description", "error", "msg", "detail")]
    members += [whole.get(key) for key in ("error_description", "error", "detail", "message", "title")]
    for member in members:
        text = _unwrap(member, depth) if isinstance(member, str) else ""
        if text:
            return text
    return ""


def _nested(error: Mapping[str, Any], depth: int) -> str:
    """The real cause where a gateway says only that something failed: an error inside of the error."""
    for key, member in (("metadata", "raw"), ("value", "error_message")):
        outer = error.get(key)
        inner = outer.get(member) if isinstance(outer, dict) else None
        if isinstance(inner, str) and inner:
            return _unwrap(inner, depth)
        if isinstance(inner, dict) and depth < _DEPTH:
            return read_value(inner, depth + 1).message
    return ""


def _unwrap(text: str, depth: int) -> str:
    """The message of an error that is text: itself, or what it says if it is the JSON of a further error."""
    if depth < _DEPTH and _JSON_BEGINS.match(text.lstrip()):
        try:
            return read_value(loads(text.encode()), depth + 1).message or text
        except MalformedJSONError:
            pass
    return "" if _MARKUP.match(text.lstrip()) else text


def _fields(detail: Any) -> list[tuple[str, str]]:
    """FastAPI's list of violations as pairs of path and description; what it echoes of the input is left out."""
    found = []
    for item in detail if isinstance(detail, list) else ():
        if isinstance(item, dict) and isinstance(item.get("msg"), str):
            place = item.get("loc")
            steps = [str(step) for step in place] if isinstance(place, list) else []
            found.append((".".join(steps[1:] if steps[:1] == ["body"] else steps), item["msg"]))
    return found


def _google_fields(details: Any) -> Iterator[tuple[str, str]]:
    """`google.rpc.BadRequest` in its JSON form."""
    for detail in details if isinstance(details, list) else ():
        violations = detail.get("fieldViolations") if isinstance(detail, dict) else None
        for item in violations if isinstance(violations, list) else ():
            if isinstance(item, dict) and isinstance(item.get("description"), str):
                yield _string(item.get("field")) or "", item["description"]


def _status(error: Mapping[str, Any]) -> int | None:
    for key in ("code", "status", "http_status_code", "status_code", "statusCode"):
        number = error.get(key)
        if isinstance(number, str) and number.isascii() and number.isdigit() and len(number) == 3:
            number = int(number)  # LiteLLM
        if type(number) is int and 400 <= number <= 599:
            return number
    return None


def _seconds(error: Mapping[str, Any]) -> float | None:
    """OpenRouter says in the body how long to wait."""
    metadata = error.get("metadata")
    seconds = metadata.get("retry_after_seconds") if isinstance(metadata, dict) else None
    return float(seconds) if isinstance(seconds, (int, float)) and 0 < seconds < float("inf") else None


def _string(value: Any) -> str | None:
    """A member as text, JSON text if it is none. LiteLLM writes Python's `None` as a string."""
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
    """A body that is not JSON, as far as it was written for people."""
    text = text.strip()
    if _JSON_BEGINS.match(text):
        found = _SALVAGE.search(text)
        return str(loads(f'"{found[1]}"'.encode())) if found else ""
    return "" if _MARKUP.match(text) else text
