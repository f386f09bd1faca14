"""Merges a delta into its message; see `aibridge.client.accumulate` for the rules."""

import json
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from aibridge.v1.chat_pb2 import (
    ChatCompletionDelta,
    ChatCompletionMessage,
    ContentPart,
    ReasoningDetail,
    ToolCall,
    ToolCallDelta,
)

#: Members of a delta that are text fragments.
_TEXTS: Final = frozenset({"refusal", "reasoning", "reasoning_content"})


def add_delta(whole: ChatCompletionMessage, piece: ChatCompletionDelta) -> None:
    """Merge the next delta of a choice into its message."""
    for field, value in piece.ListFields():
        name = field.name
        if name in _TEXTS:
            setattr(whole, name, getattr(whole, name) + value)
        elif name in _ADDERS:
            _ADDERS[name](whole, value)
        elif field.is_repeated or field.message_type is not None:
            getattr(whole, name).MergeFrom(value)
        elif value:  # some servers send an empty role in every chunk except the first
            setattr(whole, name, value)


def _add_content(whole: ChatCompletionMessage, text: str) -> None:
    if whole.WhichOneof("content_kind") == "content_parts":
        _add_parts(whole, [ContentPart(type="text", text=text)])
    else:
        whole.content += text


def _add_parts(whole: ChatCompletionMessage, parts: Iterable[ContentPart]) -> None:
    if whole.content:  # text so far, parts from now on
        text = whole.content
        whole.content_parts.items.add(type="text", text=text)
    items = whole.content_parts.items
    for part in parts:
        if items and _is_text(part) and _is_text(items[-1]):
            items[-1].text += part.text
        elif items and _is_thought(part) and _is_thought(items[-1]):
            items[-1].thinking.items.extend(part.thinking.items)
        else:
            items.add().CopyFrom(part)


def _is_text(part: ContentPart) -> bool:
    return {field.name for field, _ in part.ListFields()} <= {"type", "text"} and part.HasField("text")


def _is_thought(part: ContentPart) -> bool:
    return {field.name for field, _ in part.ListFields()} == {"type", "thinking"}


def _add_calls(whole: ChatCompletionMessage, pieces: Iterable[ToolCallDelta]) -> None:
    for piece in pieces:
        calls = whole.tool_calls
        _add_call(calls[piece.index] if piece.index < len(calls) else calls.add(), piece)


def _add_call(call: ToolCall, piece: ToolCallDelta) -> None:
    for name in ("id", "type"):
        if getattr(piece, name):
            setattr(call, name, getattr(piece, name))
    if piece.HasField("function"):
        _add_function(call.function, piece.function, "arguments")
    if piece.HasField("custom"):
        _add_function(call.custom, piece.custom, "input")
    if piece.HasField("extra_content"):
        call.extra_content.MergeFrom(piece.extra_content)
    merge_extra(call, piece.extra_json, append=True)


def _add_function(whole: Any, piece: Any, text: str) -> None:
    """A function's or a custom tool's call: fragments with a name repeat it, the arguments come in pieces."""
    if piece.name:
        whole.name = piece.name
    if piece.HasField(text):
        setattr(whole, text, getattr(whole, text) + getattr(piece, text))
    merge_extra(whole, piece.extra_json, append=True)


def _add_details(whole: ChatCompletionMessage, pieces: Iterable[ReasoningDetail]) -> None:
    for piece in pieces:
        _add_detail(whole.reasoning_details, piece)


def _add_detail(details: Any, piece: ReasoningDetail) -> None:
    """Fragments with the same index and type are merged; without an index, each is separate."""
    last = details[-1] if details else None
    if last is None or not piece.HasField("index") or (last.index, last.type) != (piece.index, piece.type):
        details.add().CopyFrom(piece)
        return
    for field, value in piece.ListFields():
        if field.name in {"text", "summary", "data"}:
            setattr(last, field.name, getattr(last, field.name) + value)
        elif field.name == "extra_json":
            merge_extra(last, value, append=True)
        else:
            setattr(last, field.name, value)


def _add_audio(whole: Any, piece: Any) -> None:
    if piece.HasField("transcript"):
        whole.transcript += piece.transcript
    if piece.WhichOneof("data_kind") == "data_raw":
        whole.data_raw += piece.data_raw
    elif piece.HasField("data"):
        whole.data = _joined(whole.data, piece.data)
    for name in ("id", "expires_at"):
        if piece.HasField(name):
            setattr(whole, name, getattr(piece, name))
    merge_extra(whole, piece.extra_json, append=True)


def _joined(first: str, second: str) -> str:
    """The base64 text of the bytes of both texts. Each has its own padding, which may not be in the middle."""
    if not first.endswith("="):
        return first + second
    try:
        return b64encode(b64decode(first, validate=True) + b64decode(second, validate=True)).decode()
    except Base64Error:
        return first + second


def merge_extra(whole: Any, extra_json: str, *, append: bool) -> None:
    """Merge the members of `extra_json` into that of `whole`: append to members of the same name, or replace them."""
    if not extra_json:
        return
    if not whole.extra_json:
        whole.extra_json = extra_json
        return
    members, more = json.loads(whole.extra_json), json.loads(extra_json)
    merged = _merged(members, more) if append else {**members, **more}
    whole.extra_json = _written(merged)


def drop_overridden(whole: Any) -> None:
    """Drop members of `extra_json` that have arrived in their field since: mostly lists that were empty at first."""
    if not whole.extra_json:
        return
    members = json.loads(whole.extra_json)
    kept = {key: item for key, item in members.items() if not _is_set(whole, key)}
    if not kept:
        whole.ClearField("extra_json")
    elif len(kept) < len(members):
        whole.extra_json = _written(kept)


def _is_set(whole: Any, key: str) -> bool:
    descriptor = whole.DESCRIPTOR
    oneof = descriptor.oneofs_by_name.get(f"{key}_kind")
    names = {key, f"{key}_json"} | ({field.name for field in oneof.fields} if oneof is not None else set())
    return any(field.name in names for field, _ in whole.ListFields())


def _written(members: dict[str, Any]) -> str:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))


def _merged(old: Any, new: Any) -> Any:
    """Merge two values of an unknown member: text and lists are appended, objects merged, other values replaced."""
    if isinstance(old, str) and isinstance(new, str):
        return old + new
    if isinstance(old, list) and isinstance(new, list):
        return old + new
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: _merged(old[key], item) if key in old else item for key, item in new.items()}}
    return new


#: Members of a delta with their own merge function. For all others lists are appended and values replaced.
_ADDERS: Final[Mapping[str, Callable[[ChatCompletionMessage, Any], None]]] = {
    "content": _add_content,
    "content_parts": lambda whole, value: _add_parts(whole, value.items),
    "tool_calls": _add_calls,
    "function_call": lambda whole, value: _add_function(whole.function_call, value, "arguments"),
    "reasoning_details": _add_details,
    "audio": lambda whole, value: _add_audio(whole.audio, value),
    "extra_json": lambda whole, value: merge_extra(whole, value, append=True),
}
