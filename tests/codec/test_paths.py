"""A JSON path from an upstream becomes the path of the field in the caller's message."""

import pytest

from aibridge.v1.chat_pb2 import CreateChatCompletionRequest
from aibridge.v1.embeddings_pb2 import CreateEmbeddingRequest
from bridge.codec.paths import proto_path

CHAT = {
    "model": "model",
    "messages": "messages",
    "messages[2]": "messages[2]",
    "messages[2].role": "messages[2].role",
    "messages[2].content": "messages[2].content",
    "messages[0].content[1]": "messages[0].content_parts.items[1]",
    "messages[0].content[1].image_url": "messages[0].content_parts.items[1].image_url",
    "messages[0].content[1].image_url.url": "messages[0].content_parts.items[1].image_url.url",
    "stop": "stop",
    "stop[4]": "stop_sequences.items[4]",
    "tools[0].function.parameters": "tools[0].function.parameters_json",
    "tools[0].function.parameters.properties.a": "tools[0].function.parameters_json.properties.a",
    "tool_choice": "tool_choice",
    "tool_choice.function.name": "tool_choice_named.function.name",
    "providerOptions.gateway.zeroDataRetention": "provider_options.gateway.zero_data_retention",
    "logit_bias.50256": "logit_bias[50256]",
    "quantum[1].x": "quantum[1].x",
    "": "",
}


@pytest.mark.parametrize(("path", "place"), CHAT.items(), ids=repr)
def test_chat(path: str, place: str) -> None:
    """A JSON path of a chat request becomes the path of the proto field."""
    assert proto_path(CreateChatCompletionRequest.DESCRIPTOR, path) == place


@pytest.mark.parametrize(
    ("path", "place"),
    [("input", "input"), ("input[3]", "input_texts.items[3]"), ("input[3][0]", "input_texts.items[3][0]")],
)
def test_embeddings(path: str, place: str) -> None:
    """Of several kinds of lists the first one is named, because the path does not say which it was."""
    assert proto_path(CreateEmbeddingRequest.DESCRIPTOR, path) == place
