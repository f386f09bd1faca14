#!/usr/bin/env python
"""Writes clients/openai-fetch/src/schema.ts: facts about the schema that the descriptors in npm do not have.

    python tools/fetch.py           write it
    python tools/fetch.py --check   fail if it is stale

These are the fields with an explicit json_name (for buf and protobuf-es every field has one), the `_json` fields that
take one kind of JSON only, and the HTTP statuses of failures, which both OpenAI libraries share.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from google.protobuf.descriptor import Descriptor
from google.protobuf.descriptor_pb2 import DescriptorProto

from aibridge.client.openai.responses import STATUSES, TRANSPORT, TRANSPORT_BY_CODE
from aibridge.v1 import chat_pb2, common_pb2, embeddings_pb2, models_pb2
from bridge.codec.kinds import KINDS

PATH: Final = Path(__file__).resolve().parent.parent / "clients" / "openai-fetch" / "src" / "schema.ts"
_HEAD: Final = "// Written by tools/fetch.py from bridge/codec and aibridge/client/openai; never edited.\n"


def text() -> str:
    """The whole module."""
    kinds = {name: "array" if kind is list else "object" for name, kind in KINDS.items()}
    statuses = {code.name: status for code, status in STATUSES.items()}
    parts = [
        _HEAD,
        _constant("Fields with an explicit JSON name.", "JSON_NAMES: Record<string, string>", dict(_names())),
        _constant(
            "Fields of JSON text that take one kind of JSON only.", 'KINDS: Record<string, "array" | "object">', kinds
        ),
        _constant(
            "HTTP statuses of failures that have none from a gateway.", "STATUSES: Record<string, number>", statuses
        ),
        _constant("Reasons that mean a broken connection.", "BROKEN: readonly string[]", sorted(TRANSPORT)),
        _constant(
            "Codes that mean a broken connection, if the response is not from a bridge.",
            "BROKEN_BY_CODE: readonly string[]",
            sorted(code.name for code in TRANSPORT_BY_CODE),
        ),
    ]
    return "\n".join(parts)


def _constant(comment: str, declaration: str, value: Any) -> str:
    ordered: Any = dict(sorted(value.items())) if isinstance(value, Mapping) else value
    return f"/** {comment} */\nexport const {declaration} = {json.dumps(ordered, indent=2)};\n"


def _names() -> Iterator[tuple[str, str]]:
    for module in (chat_pb2, common_pb2, embeddings_pb2, models_pb2):
        for message in module.DESCRIPTOR.message_types_by_name.values():
            yield from _of(message)


def _of(message: Descriptor) -> Iterator[tuple[str, str]]:
    declared = DescriptorProto()  # Python's descriptors tell an explicit json_name from protoc's own
    message.CopyToProto(declared)
    for field in declared.field:
        if field.HasField("json_name"):
            yield f"{message.full_name}.{field.name}", field.json_name


if __name__ == "__main__":
    if "--check" not in sys.argv[1:]:
        PATH.write_text(text(), "utf-8")
    elif not PATH.exists() or PATH.read_text("utf-8") != text():
        sys.exit(f"{PATH.name} is stale: run python tools/fetch.py")
