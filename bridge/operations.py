"""What the RPCs do, by the name of the method."""

from collections.abc import Mapping
from typing import Final

#: Operations of the GenAI conventions. RawService names its own, by the path that is called.
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
    """Whether a method, given by its path, looks up one model: a 404 is about the model, whatever its body says."""
    return name_of(method) == _RETRIEVES_MODEL


def has_model(method: str) -> bool:
    """Whether a call of a method, given by its path, is about one model."""
    return name_of(method) != _LISTS_MODELS
