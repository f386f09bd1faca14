from aibridge.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateEmbeddingRequest(_message.Message):
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
    input: str
    input_texts: InputTexts
    input_tokens: InputTokens
    input_token_lists: InputTokenLists
    input_json: str
    encoding_format: str
    dimensions: int
    user: str
    provider_options: _common_pb2.ProviderOptions
    provider: _common_pb2.GatewayOptions
    input_type: str
    task: str
    truncate: str
    truncate_enabled: bool
    embed_dtype: str
    endianness: str
    normalize: bool
    truncate_prompt_tokens: int
    priority: int
    output_dimension: int
    output_dtype: str
    messages_json: str
    extra_json: str
    bridge_options: _common_pb2.BridgeOptions
    def __init__(self, model: _Optional[str] = ..., input: _Optional[str] = ..., input_texts: _Optional[_Union[InputTexts, _Mapping]] = ..., input_tokens: _Optional[_Union[InputTokens, _Mapping]] = ..., input_token_lists: _Optional[_Union[InputTokenLists, _Mapping]] = ..., input_json: _Optional[str] = ..., encoding_format: _Optional[str] = ..., dimensions: _Optional[int] = ..., user: _Optional[str] = ..., provider_options: _Optional[_Union[_common_pb2.ProviderOptions, _Mapping]] = ..., provider: _Optional[_Union[_common_pb2.GatewayOptions, _Mapping]] = ..., input_type: _Optional[str] = ..., task: _Optional[str] = ..., truncate: _Optional[str] = ..., truncate_enabled: bool = ..., embed_dtype: _Optional[str] = ..., endianness: _Optional[str] = ..., normalize: bool = ..., truncate_prompt_tokens: _Optional[int] = ..., priority: _Optional[int] = ..., output_dimension: _Optional[int] = ..., output_dtype: _Optional[str] = ..., messages_json: _Optional[str] = ..., extra_json: _Optional[str] = ..., bridge_options: _Optional[_Union[_common_pb2.BridgeOptions, _Mapping]] = ...) -> None: ...

class CreateEmbeddingResponse(_message.Message):
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
    data: _containers.RepeatedCompositeFieldContainer[Embedding]
    model: str
    usage: _common_pb2.Usage
    id: str
    created: int
    provider_metadata_json: str
    provider: str
    extra_json: str
    def __init__(self, object: _Optional[str] = ..., data: _Optional[_Iterable[_Union[Embedding, _Mapping]]] = ..., model: _Optional[str] = ..., usage: _Optional[_Union[_common_pb2.Usage, _Mapping]] = ..., id: _Optional[str] = ..., created: _Optional[int] = ..., provider_metadata_json: _Optional[str] = ..., provider: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class InputTexts(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, items: _Optional[_Iterable[str]] = ...) -> None: ...

class InputTokens(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, items: _Optional[_Iterable[int]] = ...) -> None: ...

class InputTokenLists(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[InputTokens]
    def __init__(self, items: _Optional[_Iterable[_Union[InputTokens, _Mapping]]] = ...) -> None: ...

class Embedding(_message.Message):
    __slots__ = ("object", "index", "embedding", "embedding_json", "extra_json")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    EMBEDDING_FIELD_NUMBER: _ClassVar[int]
    EMBEDDING_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    object: str
    index: int
    embedding: _containers.RepeatedScalarFieldContainer[float]
    embedding_json: str
    extra_json: str
    def __init__(self, object: _Optional[str] = ..., index: _Optional[int] = ..., embedding: _Optional[_Iterable[float]] = ..., embedding_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
