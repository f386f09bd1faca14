"""Operation names and properties of the RPCs, by method."""

from collections.abc import Mapping
from typing import Final

#: Operation names of the GenAI conventions. For RawService, the pattern of the path is the operation.
GENAI: Final[Mapping[str, str]] = {
    "CreateChatCompletion": "chat",
    "CreateChatCompletionStream": "chat",
    "CreateEmbedding": "embeddings",
}
_RETRIEVES_MODEL: Final = "RetrieveModel"
_LISTS_MODELS: Final = "ListModels"


def name_of(method: str) -> str:
    """The name of a method, given its path."""
    return method.rpartition("/")[2]


def retrieves_model(method: str) -> bool:
    """Whether a method looks up one model, so that a 404 is about the model, whatever its body says."""
    return name_of(method) == _RETRIEVES_MODEL


def has_model(method: str) -> bool:
    """Whether a call of a method is about one model."""
    return name_of(method) != _LISTS_MODELS
