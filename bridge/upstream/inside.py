"""Finds errors in responses with HTTP 200 and in events of a stream, by their members and never by their text.

Next to a result, only a member that cannot mean anything else is an error. Without a result, the flat errors of most
dialects are recognised too. A response with neither a result nor a recognised error is malformed, never a success.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from bridge.jsontext import MalformedJSONError, loads
from bridge.upstream.bodies import CODES, CONTAINERS, first_object, fold, http_status_of, is_blank
from bridge.upstream.reasons import is_known

#: Next to one of these members, an empty `error` comes from a serializer and means no error.
_RESULTS: Final = ("choices", "data", "usage")
#: Members that only errors have. Names are as from `fold`.
_ERROR_MEMBERS: Final = {*CONTAINERS, *CODES, "errortype", "errormessage", "errmsg"} - {"detail", "code", "retcode"}
#: Members of flat errors. Names are as from `fold`.
_OF_REFUSALS: Final = frozenset(
    (
        *(
            "code",
            "status",
            "statuscode",
            "errorcode",
            "type",
            "reason",
            "message",
            "msg",
            "error",
            "detail",
            "details",
        ),
        *("param", "requestid", "traceid", "timestamp", "path", "id"),
        *("title", "instance"),  # RFC 9457, as `status` and `detail`
    )
)
_FAILED: Final = frozenset({"error", "fail", "failed", "failure"})
#: Words in an event's name that mean that the stream has failed.
_FAILURES: Final = _FAILED | {"errors", "exception", "fatal"}
_TOOL: Final = "tool"
#: A member whose name ends so contains an error, such as AWS's `modelStreamErrorException`. `default` is none.
_ENDS: Final = re.compile("(?:errors?|exception|(?<!de)fault|failure|traceback)$")
#: Limits of the search for an error: levels of an object, and members on each level.
_LEVELS: Final = 4
_MAX_MEMBERS: Final = 256
#: Maximum number of characters of a text that is parsed because it may be the JSON of an error.
_MAX_TEXT: Final = 1 << 14
#: Words in the `type` of an error.
_SOUNDS: Final = re.compile(
    "error|exception|fail|fatal|invalid|denied|forbidden|unauthor|exceed|limit|unavailab|overload|time_?out|throttl"
    "|quota|balance|billing|refus|reject|abort|not_?found|not_?supported|conflict"
)


def error_in(value: Mapping[str, Any], *, named: bool = False) -> Any:
    """The error in an object, for `bodies.read_value`; None if there is none.

    `named` says that the object is an event with a name, where a `message` alone is not an error.
    """
    if ("error" in value or "success" in value or "base_resp" in value) and _is_stated(value, named=named):
        return value
    groq, choices = value.get("x_groq"), value.get("choices")
    places = choices if choices and type(choices) is list else []
    for place in (groq, *places) if groq else places:
        if type(place) is dict:
            inner = place.get("delta") or place.get("message")
            error = place.get("error") or (inner.get("error") if type(inner) is dict else None)
            if error and not is_blank(error):
                return {"error": error}
    if places or (type(value.get("data")) is list and value["data"]):
        return None
    return value if _is_flat(fold(value), named=named) else None


def _is_stated(value: Mapping[str, Any], *, named: bool) -> bool:
    """Whether a member says that the call has failed, whatever other members the object has."""
    error = value.get("error")
    is_alone = isinstance(error, dict) and not named and value.keys().isdisjoint(_RESULTS)
    if error and (is_alone or not is_blank(error)):
        return True
    return value.get("success") is False or is_refused(value)


def is_refused(value: Mapping[str, Any]) -> bool:
    """Whether MiniMax's `base_resp`, which is in each of its responses, says that the call has failed."""
    base = value.get("base_resp")
    return type(base) is dict and not is_blank(base.get("status_code"))


def is_flat_refusal(value: Mapping[str, Any]) -> bool:
    """Whether an object of any endpoint has an HTTP status of an error and a message, and nothing else."""
    members = {name: item for name, item in fold(value).items() if not is_blank(item)}
    said = members.get("message") or members.get("msg") or members.get("detail") or members.get("title")
    return isinstance(said, str) and members.keys() <= _OF_REFUSALS and http_status_of(members) is not None


def suspect_in(value: Mapping[str, Any]) -> Any:
    """An object that is an error if no response follows, and otherwise a notice; None for any other.

    Such an object has only a `message`, a known error `code`, or an error in a nested object.
    """
    members = fold(value)
    message = members.get("message") or members.get("msg") or members.get("retmsg")
    if isinstance(message, str) and not is_blank(message) and "object" not in members:
        return value
    return value if is_known(_word(members, "code")) else _inner(value)


def _inner(value: Mapping[str, Any]) -> Any:
    """The error in an object: the value of a member with a name like `error`, or an object with code and message."""
    level: list[Mapping[str, Any]] = [value]
    for _ in range(_LEVELS):
        members = [member for item in level for member in item.items()][:_MAX_MEMBERS]
        for key, item in members:
            if not is_blank(item) and _ENDS.search(key.lower()):
                named = isinstance(item, dict) and "type" not in item and "error" not in key.lower()
                return {"error": {"type": key, **item} if named else item}
        level = [item for _, item in members if isinstance(item, dict)]
        for item in level:
            around = fold(item)
            if _word(around, "message") and not is_blank(around.get("code")):
                return item
    return None


def is_failure(kind: str) -> bool:
    """Whether an event's name means that the stream has failed, such as `error` or `response.failed`."""
    words = re.split(r"[^a-z]+", kind.lower())
    return words[0] != _TOOL and not _FAILURES.isdisjoint(words)


def is_of_tool(kind: str) -> bool:
    """Whether an event's name says that it is about a tool. A tool may fail while the stream goes on."""
    return re.split(r"[^a-z]+", kind.lower())[0] == _TOOL


def unwrapped(value: Any) -> Any:
    """An error without the arrays in which Gemini's compatibility layer sends it, or the text in which others do.

    Other values are unchanged.
    """
    if type(value) is str and value.startswith("{"):
        inner = _value_in(value)
        return inner if type(inner) is dict and error_in(inner) is not None else value
    if type(value) is not list or not value or type(value[0]) not in {dict, list}:
        return value
    inner = first_object(value)
    return inner if type(inner) is dict and error_in(inner) is not None else value


def _value_in(text: str) -> Any:
    try:
        return loads(text.encode("utf-8", "replace")) if len(text) <= _MAX_TEXT else None
    except MalformedJSONError:
        return None


def _is_flat(members: Mapping[str, Any], *, named: bool) -> bool:
    """Whether an object without a result is an error. If it has an `id` or `object`, more is needed to call it one."""
    typed = "id" in members or "object" in members
    message, code = members.get("message") or members.get("msg"), members.get("code")
    said = isinstance(message, str) and not is_blank(message)
    kind = _word(members, "type")
    if "error" in {kind, _word(members, "object"), _word(members, "event")} or _word(members, "success") == "false":
        return True
    if any(not is_blank(members.get(name)) for name in _ERROR_MEMBERS):
        return True
    if (said or not typed) and (_word(members, "status") in _FAILED or http_status_of(members) is not None):
        return True
    if named:
        return False
    if said and not is_blank(code) and (not typed or not isinstance(code, str) or code.isdecimal()):
        return True
    sounds = said and _SOUNDS.search(kind) is not None and not is_of_tool(kind)
    return not typed and (not is_blank(members.get("detail")) or sounds)


def _word(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    return value.strip().lower() if isinstance(value, str) else ""
