#!/usr/bin/env python
"""Writes clients/openai-fetch/src/schema.ts: what the Python side knows and the descriptors in npm do not say.

    python tools/fetch.py           write it
    python tools/fetch.py --check   fail where it is stale

Which fields have a json_name of their own: buf and protobuf-es have one for every field. Which `_json` fields take one
kind of JSON only; and how failures become HTTP, for both of OpenAI's libraries by one table.
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
        _constant("Fields whose JSON name is not their own.", "JSON_NAMES: Record<string, string>", dict(_names())),
        _constant(
            "Fields with JSON text that take one kind of it only.", 'KINDS: Record<string, "array" | "object">', kinds
        ),
        _constant(
            "HTTP statuses of failures that no gateway has given one.", "STATUSES: Record<string, number>", statuses
        ),
        _constant("Reasons that are broken connections.", "BROKEN: readonly string[]", sorted(TRANSPORT)),
        _constant(
            "Codes that are, where it was not a bridge that answered.",
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
