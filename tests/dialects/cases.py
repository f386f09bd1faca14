"""A case of this folder: a file in `payloads/` with an upstream's response, and the messages that a caller receives.

Messages are keyword arguments of their type and are compared as a whole, so that an unexpected field, or one that ended
in `extra_json`, is a difference. The builders below leave out the fields that all chunks share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from aibridge.v1 import chat_pb2

PAYLOADS = Path(__file__).parent / "payloads"
CHUNK = "chat.completion.chunk"
CREATED = 1790000000
DONE = b"[DONE]"

Fields = dict[str, Any]
StatusCode = grpc.StatusCode


def payload(name: str) -> bytes:
    return (PAYLOADS / name).read_bytes()


@dataclass(frozen=True)
class Stream:
    """One recorded-style stream.

    `head` are fields of every message in addition to those in `received`; None removes a field. `usage` is the trailer
    `aibridge-usage`. A stream that fails has a `reason` and the `metadata` of its ErrorInfo.
    """

    name: str
    received: Sequence[Fields]
    head: Fields = field(default_factory=dict)
    usage: Mapping[str, int] | None = None
    code: grpc.StatusCode = grpc.StatusCode.OK
    reason: str = ""
    message: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    @property
    def sent(self) -> bytes:
        return payload(f"{self.name}.sse")

    @property
    def messages(self) -> list[chat_pb2.CreateChatCompletionStreamResponse]:
        merged = ({**self.head, **fields} for fields in self.received)
        present = ({key: value for key, value in fields.items() if value is not None} for fields in merged)
        return [chat_pb2.CreateChatCompletionStreamResponse(**fields) for fields in present]


def head(chunk_id: str, model: str, created: int = CREATED, **more: Any) -> Fields:
    """The fields that all chunks of a stream share."""
    return {"id": chunk_id, "object": CHUNK, "created": created, "model": model, **more}


def said(at: int = 0, *, choice: Fields | None = None, top: Fields | None = None, **delta: Any) -> Fields:
    """A chunk with one choice and no finish_reason."""
    return {"choices": [{"index": at, "delta": delta, **(choice or {})}], **(top or {})}


def ended(reason: str, at: int = 0, *, choice: Fields | None = None, top: Fields | None = None, **delta: Any) -> Fields:
    """A chunk with one choice and a finish_reason."""
    return said(at, choice={"finish_reason": reason, **(choice or {})}, top=top, **delta)


def called(index: int | None = None, call_id: str | None = None, kind: str | None = None, **function: Any) -> Fields:
    """A fragment of a tool call. Without keyword arguments it has no `function`."""
    fragment: Fields = {"index": index, "id": call_id, "type": kind, "function": function or None}
    return {key: value for key, value in fragment.items() if value is not None}


def counts(prompt: int, completion: int, total: int | None = None) -> dict[str, int]:
    """The three numbers of `usage` that every server sends."""
    total = prompt + completion if total is None else total
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}
