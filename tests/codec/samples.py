"""The payloads in `payloads/`, each with its message type."""

from pathlib import Path
from typing import Any

import pytest

from aibridge.v1.chat_pb2 import (
    CreateChatCompletionRequest,
    CreateChatCompletionResponse,
    CreateChatCompletionStreamResponse,
)
from aibridge.v1.embeddings_pb2 import CreateEmbeddingRequest, CreateEmbeddingResponse
from bridge.upstream.sse import EventDecoder

FOLDER = Path(__file__).parent / "payloads"
BODIES = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.json"))}
STREAMS = sorted(path.stem for path in FOLDER.glob("*.sse"))
#: Payloads with members that have no field: errors, other providers' options, vectors as base64.
HAS_EXTRA = {"E6-0", "E6-1", "E6-2", "E6-3", "E18", "E19_response"}
_TYPES = {
    "E2": CreateChatCompletionRequest,
    "E15_request": CreateChatCompletionRequest,
    "E18": CreateChatCompletionRequest,
    "E19_request": CreateEmbeddingRequest,
    "E19_response": CreateEmbeddingResponse,
}


def events(name: str) -> list[str]:
    """The JSON texts of a stream."""
    decoded = EventDecoder(1 << 20).feed((FOLDER / f"{name}.sse").read_bytes())
    return [event.data.decode() for event in decoded if event.data != b"[DONE]"]


def everything() -> list[Any]:
    """Each body and event as a case: message type and text."""
    bodies = [
        pytest.param(_TYPES.get(name, CreateChatCompletionResponse), text, id=name) for name, text in BODIES.items()
    ]
    chunks = [
        pytest.param(CreateChatCompletionStreamResponse, text, id=f"{name}-{number}")
        for name in STREAMS
        for number, text in enumerate(events(name))
    ]
    return bodies + chunks
