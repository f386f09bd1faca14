"""What the bridge can see to be wrong with a request, before anything goes upstream.

Only what no gateway could accept is refused here. Everything that a gateway might judge otherwise (ranges, roles, names
of models, parameters that a model does not know) is for the gateway to judge.
"""

from collections.abc import Mapping
from typing import Final

from aibridge.v1 import chat_pb2, embeddings_pb2
from bridge.errors import invalid

#: The field that a content part of a known type cannot do without.
_PAYLOADS: Final[Mapping[str, str]] = {
    "text": "text",
    "image_url": "image_url_kind",
    "input_audio": "input_audio_kind",
    "refusal": "refusal",
    "video_url": "video_url",
    "audio_url": "audio_url",
}


def check_chat(request: chat_pb2.CreateChatCompletionRequest) -> None:
    """Raises BridgeError INVALID_REQUEST for a request without model or messages, or with an empty turn or part."""
    if not request.model and not _says(request.extra_json, "model"):
        raise invalid("model", "is required")
    if not request.messages and not _says(request.extra_json, "messages"):
        raise invalid("messages", "needs at least one message")
    for index, message in enumerate(request.messages):
        kind = message.WhichOneof("content_kind")
        if kind is None and message.role == "user" and not _says(message.extra_json, "content"):
            raise invalid(f"messages[{index}].content", "is required in a user message")
        if kind == "content_parts":
            for position, part in enumerate(message.content_parts.items):
                _check_part(part, f"messages[{index}].content_parts.items[{position}]")


def check_embedding(request: embeddings_pb2.CreateEmbeddingRequest) -> None:
    """Raises BridgeError INVALID_REQUEST for a request without model or input."""
    if not request.model and not _says(request.extra_json, "model"):
        raise invalid("model", "is required")
    if request.WhichOneof("input_kind") is None and not request.messages_json and not request.extra_json:
        raise invalid("input", "is required")


def check_model(model: str) -> None:
    """Raises BridgeError INVALID_REQUEST for a model id that is no path segment."""
    if not model:
        raise invalid("model", "is required")
    if model in {".", ".."} or not model.isprintable():
        raise invalid("model", "is not a model id")


def _check_part(part: chat_pb2.ContentPart, path: str) -> None:
    payload = _PAYLOADS.get(part.type)
    if payload is None or part.extra_json:
        return
    present = part.WhichOneof(payload) is not None if payload.endswith("_kind") else part.HasField(payload)
    if not present:
        raise invalid(f"{path}.{payload.removesuffix('_kind')}", f"is required in a part of type {part.type!r}")


def _says(extra_json: str, key: str) -> bool:
    """Whether `extra_json` may hold this member, in a form that the schema does not know. The codec has parsed it."""
    return f'"{key}"' in extra_json
