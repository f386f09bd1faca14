"""Requests that no gateway could accept are refused with the path of the field, before anything goes upstream."""

from typing import Any

import pytest

from aibridge.v1 import chat_pb2, embeddings_pb2
from tests.dialects.cases import StatusCode
from tests.support.bridge import Bridge
from tests.support.outcomes import Outcome, ask, drain

pytestmark = pytest.mark.asyncio(loop_scope="module")

HI = [{"role": "user", "content": "hi"}]
PARTS = "messages[0].content_parts.items"
PROMPT = "my-prompt-is-secret"


def parts(*items: Any, **message: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content_parts": {"items": items}, **message}]}


def tool(**function: Any) -> dict[str, Any]:
    return {"tools": [{"type": "function", "function": {"name": "f", **function}}]}


def check(bridge: Bridge, outcome: Outcome, path: str) -> None:
    assert (outcome.code, outcome.info.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert [violation.field for violation in outcome.details["BadRequest"].field_violations] == [path]
    assert outcome.message.startswith(path)
    assert PROMPT not in outcome.message
    assert outcome.trailers["grpc-retry-pushback-ms"] == "-1"
    assert bridge.gateway.requests == []


CHAT = [
    ("model", {"model": None}),
    ("model", {"model": ""}),
    ("messages", {"messages": []}),
    ("messages[0].content", {"messages": [{"role": "user"}]}),
    ("messages[1].content", {"messages": [*HI, {"role": "user", "name": "n"}]}),
    (f"{PARTS}[0].text", parts({"type": "text"})),
    (f"{PARTS}[1].image_url", parts({"type": "text", "text": "x"}, {"type": "image_url"})),
    (f"{PARTS}[0].input_audio", parts({"type": "input_audio"})),
    (f"{PARTS}[0].refusal", parts({"type": "refusal"})),
    (f"{PARTS}[0].video_url", parts({"type": "video_url"})),
    (f"{PARTS}[0].audio_url", parts({"type": "audio_url"})),
    (f"{PARTS}[0].file", parts({"type": "file"})),
    ("tools[0].function.parameters_json", tool(parameters_json=f'{{"a": "{PROMPT}}}')),
    ("tools[0].function.parameters_json", tool(parameters_json="")),
    ("tools[0].function.parameters_json", tool(parameters_json=f'["{PROMPT}"]')),
    ("tools[0].function.parameters_json", tool(parameters_json="{} {}")),
    ("tools[0].function.parameters_json", tool(parameters_json='{"a": NaN}')),
    ("tools[0].function.parameters_json", tool(parameters_json="{'a': 1}")),
    ("response_format.json_schema.schema_json", {"response_format": {"json_schema": {"schema_json": "true"}}}),
    ("response_format.schema_json", {"response_format": {"schema_json": "nothing"}}),
    ("documents_json", {"documents_json": "{}"}),
    ("chat_template_kwargs_json", {"chat_template_kwargs_json": "[]"}),
    ("kv_transfer_params_json", {"kv_transfer_params_json": "{"}),
    ("provider_options.gateway.byok_json", {"provider_options": {"gateway": {"byok_json": f'"{PROMPT}"'}}}),
    ("temperature", {"temperature": float("nan")}),
    ("top_p", {"top_p": float("inf")}),
    ("frequency_penalty", {"frequency_penalty": float("-inf")}),
    ('logit_bias["7"]', {"logit_bias": {"7": float("nan")}}),
    ("extra_json", {"temperature": 0, "extra_json": '{"temperature": 1}'}),
    ("extra_json", {"extra_json": '{"model": "other"}'}),
    ("extra_json", {"extra_json": '{"messages": []}'}),
    ("extra_json", {"stop": "x", "extra_json": '{"stop": ["y"]}'}),
    ("extra_json", {"extra_json": f'["{PROMPT}"]'}),
    ("extra_json", {"extra_json": f'"{PROMPT}"'}),
    ("extra_json", {"extra_json": "null"}),
    ("extra_json", {"extra_json": f"{{{PROMPT}}}"}),
    ("messages[0].extra_json", {"messages": [{**HI[0], "extra_json": '{"role": "system"}'}]}),
    ("messages[0].extra_json", {"messages": [{**HI[0], "extra_json": '{"content": []}'}]}),
    (f"{PARTS}[0].extra_json", parts({"type": "text", "text": "x", "extra_json": "[]"})),
    ("tools[0].function.extra_json", tool(extra_json='{"name": "g"}')),
    (
        "messages[0].tool_calls[0].extra_json",
        {"messages": [{"role": "assistant", "tool_calls": [{"extra_json": "1"}]}]},
    ),
]


@pytest.mark.parametrize(("path", "fields"), CHAT, ids=lambda value: value if isinstance(value, str) else "")
async def test_chat(bridge: Bridge, path: str, fields: dict[str, Any]) -> None:
    """Both RPCs refuse with INVALID_REQUEST and the field's path, quote nothing, and send nothing upstream."""
    request = chat_pb2.CreateChatCompletionRequest(**{"model": "m", "messages": HI, **fields})
    check(bridge, await ask(bridge.chat.CreateChatCompletion(request)), path)
    check(bridge, await drain(bridge.chat.CreateChatCompletionStream(request)), path)


EMBEDDINGS = [
    ("model", {"model": None}),
    ("model", {"model": ""}),
    ("input", {"input": None}),
    ("input_json", {"input": None, "input_json": "[1, 2"}),
    ("messages_json", {"messages_json": '{"role": "user"}'}),
    ("extra_json", {"extra_json": '{"input": "other"}'}),
    ("extra_json", {"extra_json": "[]"}),
    ("provider.max_price_json", {"provider": {"max_price_json": "1"}}),
]


@pytest.mark.parametrize(("path", "fields"), EMBEDDINGS, ids=lambda value: value if isinstance(value, str) else "")
async def test_embedding(bridge: Bridge, path: str, fields: dict[str, Any]) -> None:
    """An invalid embedding request names the wrong field."""
    request = embeddings_pb2.CreateEmbeddingRequest(**{"model": "m", "input": "hi", **fields})
    check(bridge, await ask(bridge.embeddings.CreateEmbedding(request)), path)
