from typing import Any as _Any, Literal as _Literal, overload as _overload
from aibridge.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateEmbeddingRequest(_message.Message):
    """What to embed, and how. The bridge sends only the fields that are set: OpenAI rejects members that it does not know.
    """
    __slots__ = ("model", "input", "input_texts", "input_tokens", "input_token_lists", "input_json", "encoding_format", "dimensions", "user", "provider_options", "provider", "input_type", "task", "truncate", "truncate_enabled", "embed_dtype", "endianness", "normalize", "truncate_prompt_tokens", "priority", "output_dimension", "output_dtype", "messages_json", "extra_json", "bridge_options")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    INPUT_TEXTS_FIELD_NUMBER: _ClassVar[int]
    INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    INPUT_TOKEN_LISTS_FIELD_NUMBER: _ClassVar[int]
    INPUT_JSON_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FORMAT_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    INPUT_TYPE_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    TRUNCATE_FIELD_NUMBER: _ClassVar[int]
    TRUNCATE_ENABLED_FIELD_NUMBER: _ClassVar[int]
    EMBED_DTYPE_FIELD_NUMBER: _ClassVar[int]
    ENDIANNESS_FIELD_NUMBER: _ClassVar[int]
    NORMALIZE_FIELD_NUMBER: _ClassVar[int]
    TRUNCATE_PROMPT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_DIMENSION_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_DTYPE_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    BRIDGE_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    model: str
    """Required. Id of the model, for example `openai/text-embedding-3-small`."""
    input: str
    """One of `input_kind`. Required. What to embed. OpenAI allows 2048 inputs, 8192 tokens per input and 300000 tokens per request.

    One text. It must not be empty.
    """
    input_texts: InputTexts
    """One of `input_kind`. Required. What to embed. OpenAI allows 2048 inputs, 8192 tokens per input and 300000 tokens per request.

    A batch of texts.
    """
    input_tokens: InputTokens
    """One of `input_kind`. Required. What to embed. OpenAI allows 2048 inputs, 8192 tokens per input and 300000 tokens per request.

    One input as token ids: JSON [15339, 1917].
    """
    input_token_lists: InputTokenLists
    """One of `input_kind`. Required. What to embed. OpenAI allows 2048 inputs, 8192 tokens per input and 300000 tokens per request.

    A batch of inputs as token ids: JSON [[15339, 1917], [264]].
    """
    input_json: str
    """One of `input_kind`. Required. What to embed. OpenAI allows 2048 inputs, 8192 tokens per input and 300000 tokens per request.

    Any JSON: inputs that are not only text, for example [{"image": "https://..."}] (Jina) or
    [{"content": [{"type": "text", "text": "..."}]}] (OpenRouter).
    """
    encoding_format: str
    """How vectors travel between gateway and bridge: `float` or `base64`. The caller receives floats in both cases.
    Default: the bridge asks for base64, which is smaller and faster. vLLM adds `bytes` and `bytes_only`.
    """
    dimensions: int
    """Length of the vectors, 1 or more. Default: the model's own. Many models and servers reject it."""
    user: str
    """Id of the end user."""
    provider_options: _common_pb2.ProviderOptions
    """Options per provider behind the gateway. Vercel."""
    provider: _common_pb2.ProviderPreferences
    """How to choose the provider. OpenRouter. Vercel reads its gateway options here too: set
    provider_options.gateway instead.
    """
    input_type: str
    """What the vectors are for, for example `search_document` or `search_query`. Cohere, OpenRouter, Voyage."""
    task: str
    """What the vectors are for, for example `retrieval.passage`. Jina."""
    truncate: str
    """One of `truncate_kind`. What to do with an input that is too long.

    Which end to cut: `NONE`, `START` or `END`. Cohere.
    """
    truncate_enabled: bool
    """One of `truncate_kind`. What to do with an input that is too long.

    True: cut the end. False: fail. Jina.
    """
    embed_dtype: str
    """Number format of binary vectors, for example `float32` (default) or `float16`. The bridge reads float32. vLLM."""
    endianness: str
    """Byte order of binary vectors: `native` (default), `little` or `big`. The bridge reads little. vLLM."""
    normalize: bool
    """Whether to scale vectors to length 1. Default: the model's. vLLM."""
    truncate_prompt_tokens: int
    """Maximum number of tokens to keep, counted from the end of the input. -1: the model's limit. vLLM."""
    priority: int
    """Scheduling priority: a lower number runs earlier. Default 0. vLLM."""
    output_dimension: int
    """Length of the vectors. Mistral, Voyage."""
    output_dtype: str
    """Number format of the vectors, for example `float` (default), `int8` or `binary`. Mistral, Voyage."""
    messages_json: str
    """JSON array of chat messages to embed in place of `input`. vLLM."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    bridge_options: _common_pb2.BridgeOptions
    """Options for the bridge itself."""
    def __init__(self, model: _Optional[str] = ..., input: _Optional[str] = ..., input_texts: _Optional[_Union[InputTexts, _Mapping[str, _Any]]] = ..., input_tokens: _Optional[_Union[InputTokens, _Mapping[str, _Any]]] = ..., input_token_lists: _Optional[_Union[InputTokenLists, _Mapping[str, _Any]]] = ..., input_json: _Optional[str] = ..., encoding_format: _Optional[str] = ..., dimensions: _Optional[int] = ..., user: _Optional[str] = ..., provider_options: _Optional[_Union[_common_pb2.ProviderOptions, _Mapping[str, _Any]]] = ..., provider: _Optional[_Union[_common_pb2.ProviderPreferences, _Mapping[str, _Any]]] = ..., input_type: _Optional[str] = ..., task: _Optional[str] = ..., truncate: _Optional[str] = ..., truncate_enabled: bool = ..., embed_dtype: _Optional[str] = ..., endianness: _Optional[str] = ..., normalize: bool = ..., truncate_prompt_tokens: _Optional[int] = ..., priority: _Optional[int] = ..., output_dimension: _Optional[int] = ..., output_dtype: _Optional[str] = ..., messages_json: _Optional[str] = ..., extra_json: _Optional[str] = ..., bridge_options: _Optional[_Union[_common_pb2.BridgeOptions, _Mapping[str, _Any]]] = ...) -> None: ...
    def HasField(self, field_name: _Literal["model", "input", "input_texts", "input_tokens", "input_token_lists", "input_json", "encoding_format", "dimensions", "user", "provider_options", "provider", "input_type", "task", "truncate", "truncate_enabled", "embed_dtype", "endianness", "normalize", "truncate_prompt_tokens", "priority", "output_dimension", "output_dtype", "messages_json", "extra_json", "bridge_options", "input_kind", "truncate_kind"]) -> bool: ...
    def ClearField(self, field_name: _Literal["model", "input", "input_texts", "input_tokens", "input_token_lists", "input_json", "encoding_format", "dimensions", "user", "provider_options", "provider", "input_type", "task", "truncate", "truncate_enabled", "embed_dtype", "endianness", "normalize", "truncate_prompt_tokens", "priority", "output_dimension", "output_dtype", "messages_json", "extra_json", "bridge_options", "input_kind", "truncate_kind"]) -> None: ...
    @_overload
    def WhichOneof(self, oneof_group: _Literal["input_kind"]) -> _Literal["input", "input_texts", "input_tokens", "input_token_lists", "input_json"] | None: ...
    @_overload
    def WhichOneof(self, oneof_group: _Literal["truncate_kind"]) -> _Literal["truncate", "truncate_enabled"] | None: ...

class CreateEmbeddingResponse(_message.Message):
    """The vectors for a request."""
    __slots__ = ("object", "data", "model", "usage", "id", "created", "provider_metadata_json", "provider", "extra_json")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_METADATA_JSON_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    object: str
    """`list`."""
    data: _containers.RepeatedCompositeFieldContainer[Embedding]
    """One entry per input, ordered by `index`."""
    model: str
    """The model that ran."""
    usage: _common_pb2.Usage
    """Consumed tokens and, on some gateways, the price."""
    id: str
    """Id of the call. vLLM, OpenRouter."""
    created: int
    """When the response was made, in Unix seconds. vLLM."""
    provider_metadata_json: str
    """JSON object: routing, price and facts from the providers. Keys are provider slugs. Vercel."""
    provider: str
    """Name of the provider that ran the model. OpenRouter."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, object: _Optional[str] = ..., data: _Optional[_Iterable[_Union[Embedding, _Mapping[str, _Any]]]] = ..., model: _Optional[str] = ..., usage: _Optional[_Union[_common_pb2.Usage, _Mapping[str, _Any]]] = ..., id: _Optional[str] = ..., created: _Optional[int] = ..., provider_metadata_json: _Optional[str] = ..., provider: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["object", "model", "usage", "id", "created", "provider_metadata_json", "provider", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["object", "data", "model", "usage", "id", "created", "provider_metadata_json", "provider", "extra_json"]) -> None: ...

class InputTexts(_message.Message):
    """A batch of texts."""
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedScalarFieldContainer[str]
    """One text per input."""
    def __init__(self, items: _Optional[_Iterable[str]] = ...) -> None: ...
    def ClearField(self, field_name: _Literal["items"]) -> None: ...

class InputTokens(_message.Message):
    """One input as token ids."""
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedScalarFieldContainer[int]
    """Ids in the model's own vocabulary."""
    def __init__(self, items: _Optional[_Iterable[int]] = ...) -> None: ...
    def ClearField(self, field_name: _Literal["items"]) -> None: ...

class InputTokenLists(_message.Message):
    """A batch of inputs as token ids."""
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[InputTokens]
    """One list per input."""
    def __init__(self, items: _Optional[_Iterable[_Union[InputTokens, _Mapping[str, _Any]]]] = ...) -> None: ...
    def ClearField(self, field_name: _Literal["items"]) -> None: ...

class Embedding(_message.Message):
    """The vector of one input."""
    __slots__ = ("object", "index", "embedding", "embedding_json", "encoding_format", "extra_json")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    EMBEDDING_FIELD_NUMBER: _ClassVar[int]
    EMBEDDING_JSON_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FORMAT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    object: str
    """`embedding`."""
    index: int
    """Position of the input in the request, from 0."""
    embedding: _containers.RepeatedScalarFieldContainer[float]
    """The vector. Gateways send 32-bit floats as base64 or as JSON numbers. Both arrive here."""
    embedding_json: str
    """JSON array: set in place of `embedding` if the model returns several vectors per input (an array of arrays). Its
    JSON member is `embedding` too.
    """
    encoding_format: str
    """The format in which the server sent the vector: `float` or `base64`. llama.cpp."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, object: _Optional[str] = ..., index: _Optional[int] = ..., embedding: _Optional[_Iterable[float]] = ..., embedding_json: _Optional[str] = ..., encoding_format: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["object", "index", "embedding_json", "encoding_format", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["object", "index", "embedding", "embedding_json", "encoding_format", "extra_json"]) -> None: ...
