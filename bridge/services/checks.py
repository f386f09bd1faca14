"""Refuses invalid requests before anything is sent upstream.

Only requests that no gateway could accept are refused here. The gateway decides everything else: ranges, roles, model
names, parameters that a model does not know.
"""

import re
from collections.abc import Mapping
from typing import Final
from unicodedata import normalize
from urllib.parse import unquote

from google.protobuf.message import Message

from aibridge.v1 import chat_pb2, common_pb2, embeddings_pb2
from bridge.errors import invalid

#: Far longer than any real model id.
MAX_MODEL_CHARACTERS: Final = 4096
#: Maximum number of times that a model id may be percent-encoded.
_MAX_DECODINGS: Final = 8
_SLASHES: Final = re.compile(r"[/\\]")
#: For each known type of content part, the fields of which one must be set.
_PAYLOADS: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("text",),
    "image_url": ("image_url", "image_url_bare"),
    "input_audio": ("input_audio", "input_audio_bare"),
    "file": ("file", "file_id"),
    "refusal": ("refusal",),
    "video_url": ("video_url",),
    "audio_url": ("audio_url",),
}
#: Parts whose URL may be given as bytes, and the required start of the bytes' MIME type.
_MEDIA: Final[Mapping[str, str]] = {"image_url": "image/", "video_url": "video/", "audio_url": "audio/"}
_MIME_TYPE: Final = re.compile(r"[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+(;[A-Za-z0-9.+-]+=[A-Za-z0-9.+-]+)*")


def check_chat(request: chat_pb2.CreateChatCompletionRequest) -> None:
    """Raise BridgeError INVALID_REQUEST for a request without model or messages, or with an empty message or part."""
    if not request.model and not _may_contain(request.extra_json, "model"):
        raise invalid("model", "is required")
    if not request.messages and not _may_contain(request.extra_json, "messages"):
        raise invalid("messages", "must have at least one message")
    for index, message in enumerate(request.messages):
        kind = message.WhichOneof("content_kind")
        if kind is None and message.role == "user" and not _may_contain(message.extra_json, "content"):
            raise invalid(f"messages[{index}].content", "is required in a user message")
        if kind == "content_parts":
            for position, part in enumerate(message.content_parts.items):
                _check_part(part, f"messages[{index}].content_parts.items[{position}]")


def check_embedding(request: embeddings_pb2.CreateEmbeddingRequest) -> None:
    """Raise BridgeError INVALID_REQUEST for a request without model or input."""
    if not request.model and not _may_contain(request.extra_json, "model"):
        raise invalid("model", "is required")
    if request.WhichOneof("input_kind") is None and not request.messages_json and not request.extra_json:
        raise invalid("input", "is required")


def check_model(model: str) -> None:
    """Raise BridgeError INVALID_REQUEST for a model id that cannot be a path segment."""
    if not model:
        raise invalid("model", "is required")
    if not model.isprintable() or len(model) > MAX_MODEL_CHARACTERS or _has_dot_segment(model):
        raise invalid("model", "is not a model id")


def _has_dot_segment(model: str) -> bool:
    """Whether the id has a segment `.` or `..` once it is percent-decoded, perhaps several times.

    The bridge sends the id as one percent-encoded segment, but some servers decode a path before they route.
    Percent-encoding that is not UTF-8 counts too, because `%c0%ae` is a dot for some decoders.
    """
    text = model
    for _ in range(_MAX_DECODINGS):
        text = normalize("NFKC", text)
        if any(segment.partition(";")[0] in {".", ".."} for segment in _SLASHES.split(text)):
            return True
        try:
            decoded = unquote(text, errors="strict")
        except UnicodeDecodeError:
            return True
        if decoded == text:
            return False
        text = decoded
    return True


def _check_part(part: chat_pb2.ContentPart, path: str) -> None:
    payloads = _PAYLOADS.get(part.type)
    if payloads and not part.extra_json and not any(_has(part, name) for name in payloads):
        raise invalid(f"{path}.{payloads[0]}", f"is required in a part of type {part.type!r}")
    for name, kind in _MEDIA.items():
        media = getattr(part, name)
        if _has(part, name) and media.WhichOneof("url_kind") == "url_inline":
            _check_data(media.url_inline, kind, f"{path}.{name}.url_inline")
    if part.input_audio.WhichOneof("data_kind") == "data_raw" and not part.input_audio.data_raw:
        raise invalid(f"{path}.input_audio.data_raw", "is empty")
    if part.file.WhichOneof("file_data_kind") == "file_data_inline":
        _check_data(part.file.file_data_inline, "", f"{path}.file.file_data_inline")
    if part.file.WhichOneof("data_kind") == "data_raw" and not part.file.data_raw:
        raise invalid(f"{path}.file.data_raw", "is empty")


def _has(message: Message, field: str) -> bool:
    """Whether a field is set. `HasField` accepts only literals in the stubs."""
    return message.HasField(field)


def _check_data(inline: common_pb2.InlineData, kind: str, path: str) -> None:
    """Check bytes that become a `data:` URL. The limit of the whole message bounds their size."""
    if not inline.data:
        raise invalid(f"{path}.data", "is empty")
    if _MIME_TYPE.fullmatch(inline.mime_type) is None or not inline.mime_type.lower().startswith(kind):
        raise invalid(f"{path}.mime_type", f"must be the MIME type of the data, for example {kind or 'application/'}…")


def _may_contain(extra_json: str, key: str) -> bool:
    """Whether `extra_json` may contain this member, in a form that the schema does not know."""
    return f'"{key}"' in extra_json
