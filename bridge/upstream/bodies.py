"""Reads error bodies. There are some eighteen shapes of them; none is ever refused.

An error may be an object under `error`, a string there, a flat object, an array around either, FastAPI's `detail`,
HTML, plain text, or nothing. `read` gives what can be found, as text; nothing in it has been made safe to show yet.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bridge.jsontext import MalformedJSONError, dumps, loads

_CLIP: Final = 4096


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """What an error body says. `status` is the HTTP status that it names itself; `fields` are (path, description)."""

    message: str = ""
    type: str | None = None
    code: str | None = None
    param: str | None = None
    status: int | None = None
    model: str | None = None
    fields: tuple[tuple[str, str], ...] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)
    is_openai: bool = False


def read(data: bytes) -> ErrorBody:
    """What the body of a reply that is an error says."""
    try:
        value = loads(data.strip())
    except MalformedJSONError:
        return ErrorBody(message=_plain(data))
    return read_value(value)


def read_value(value: Any) -> ErrorBody:
    """As `read`, for a JSON value: an event of a stream, or a body that is parsed already."""
    if isinstance(value, list):  # Gemini's compatibility layer
        value = next((item for item in value if isinstance(item, dict)), {})
    if isinstance(value, str):
        return ErrorBody(message=value)
    if not isinstance(value, dict):
        return ErrorBody()
    inner = value.get("error")
    error = inner if isinstance(inner, dict) else value
    param = error.get("param")
    fields = tuple(_fields(value.get("detail")))
    return ErrorBody(
        message=_message(error, value) or "; ".join(f"{path}: {text}" for path, text in fields),
        type=_string(error.get("type")) or _string(error.get("error_type")) or _string(error.get("status")),
        code=_string(error.get("code")),
        param=_string(param) if not isinstance(param, dict) else None,
        status=_status(error) or _status(value),
        model=_string(param.get("modelId")) if isinstance(param, dict) else None,
        fields=fields,
        numbers={
            name: error[key]
            for key, name in (("n_prompt_tokens", "promptTokens"), ("n_ctx", "contextWindowTokens"))
            if type(error.get(key)) is int
        },
        is_openai=isinstance(inner, dict) or value.get("object") == "error",
    )


def error_in(value: Mapping[str, Any], *, event: str = "") -> Any:
    """The error inside a reply or an event that came with HTTP 200, or None; known by its shape, never by text."""
    error = value.get("error")
    if error and isinstance(error, (dict, str, list)):
        return value
    if event.lower() == "error":
        return value
    groq = value.get("x_groq")
    if isinstance(groq, dict) and groq.get("error") and not value.get("choices"):
        return {"error": groq["error"]}
    if "choices" not in value and "data" not in value and _is_flat_error(value):
        return value
    choices = value.get("choices")
    if isinstance(choices, list):
        for choice in choices:
            if isinstance(choice, dict) and isinstance(choice.get("error"), dict) and choice["error"]:
                return {"error": choice["error"]}
    return None


def _is_flat_error(value: Mapping[str, Any]) -> bool:
    if value.get("object") == "error" or "error_type" in value or "error_message" in value:
        return True
    return "id" not in value and isinstance(value.get("message"), str) and ("type" in value or "code" in value)


def _message(error: Mapping[str, Any], whole: Mapping[str, Any]) -> str:
    for candidate in (_nested(error), error.get("message"), error.get("error_message"), whole.get("error")):
        if isinstance(candidate, str) and candidate:
            return candidate
    for key in ("error_description", "detail", "message"):
        if isinstance(whole.get(key), str):
            return str(whole[key])
    return ""


def _nested(error: Mapping[str, Any]) -> str:
    """The real cause where a gateway says only that something failed: JSON text inside of the error."""
    for key, member in (("metadata", "raw"), ("value", "error_message")):
        outer = error.get(key)
        text = outer.get(member) if isinstance(outer, dict) else None
        if isinstance(text, str) and text:
            try:
                inner = read_value(loads(text.encode()))
            except (MalformedJSONError, UnicodeEncodeError):
                return text
            return inner.message or text
    return ""


def _fields(detail: Any) -> Iterator[tuple[str, str]]:
    """FastAPI's list of violations as pairs of path and description; what it echoes of the input is left out."""
    for item in detail if isinstance(detail, list) else ():
        if isinstance(item, dict) and isinstance(item.get("msg"), str):
            place = item.get("loc")
            steps = [str(step) for step in place] if isinstance(place, list) else []
            yield ".".join(steps[1:] if steps[:1] == ["body"] else steps), item["msg"]


def _status(error: Mapping[str, Any]) -> int | None:
    for key in ("code", "status", "http_status_code", "status_code", "statusCode"):
        number = error.get(key)
        if isinstance(number, str) and number.isascii() and number.isdigit() and len(number) == 3:
            number = int(number)  # LiteLLM
        if type(number) is int and 400 <= number <= 599:
            return number
    return None


def _string(value: Any) -> str | None:
    """A member as text. LiteLLM writes Python's `None` as a string."""
    if isinstance(value, str):
        return value if value not in {"", "None", "null"} else None
    if value is None or isinstance(value, (dict, list)):
        return None
    return dumps(value).decode()


def _plain(data: bytes) -> str:
    text = data[:_CLIP].decode("utf-8", "replace").strip()
    return "" if text.startswith("<") or text.lower().startswith("<!doctype") else text  # a proxy's page says nothing
