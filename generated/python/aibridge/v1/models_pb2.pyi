from aibridge.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListModelsRequest(_message.Message):
    __slots__ = ("bridge_options",)
    BRIDGE_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    bridge_options: _common_pb2.BridgeOptions
    def __init__(self, bridge_options: _Optional[_Union[_common_pb2.BridgeOptions, _Mapping]] = ...) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("object", "data", "has_more", "first_id", "last_id", "extra_json")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    HAS_MORE_FIELD_NUMBER: _ClassVar[int]
    FIRST_ID_FIELD_NUMBER: _ClassVar[int]
    LAST_ID_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    object: str
    data: _containers.RepeatedCompositeFieldContainer[Model]
    has_more: bool
    first_id: str
    last_id: str
    extra_json: str
    def __init__(self, object: _Optional[str] = ..., data: _Optional[_Iterable[_Union[Model, _Mapping]]] = ..., has_more: bool = ..., first_id: _Optional[str] = ..., last_id: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class RetrieveModelRequest(_message.Message):
    __slots__ = ("model", "bridge_options")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    BRIDGE_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    model: str
    bridge_options: _common_pb2.BridgeOptions
    def __init__(self, model: _Optional[str] = ..., bridge_options: _Optional[_Union[_common_pb2.BridgeOptions, _Mapping]] = ...) -> None: ...

class Model(_message.Message):
    __slots__ = ("id", "object", "created", "owned_by", "name", "description", "type", "tags", "context_window", "max_tokens", "pricing", "released", "shutdown_date", "max_completion_tokens", "context_length", "architecture", "top_provider", "supported_parameters", "canonical_slug", "hugging_face_id", "per_request_limits_json", "root", "parent", "max_model_len", "permission", "meta", "status_json", "active", "public_apps_json", "capabilities_json", "aliases", "deprecation", "max_context_length", "extra_json")
    ID_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    OWNED_BY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_WINDOW_FIELD_NUMBER: _ClassVar[int]
    MAX_TOKENS_FIELD_NUMBER: _ClassVar[int]
    PRICING_FIELD_NUMBER: _ClassVar[int]
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    SHUTDOWN_DATE_FIELD_NUMBER: _ClassVar[int]
    MAX_COMPLETION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_LENGTH_FIELD_NUMBER: _ClassVar[int]
    ARCHITECTURE_FIELD_NUMBER: _ClassVar[int]
    TOP_PROVIDER_FIELD_NUMBER: _ClassVar[int]
    SUPPORTED_PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    CANONICAL_SLUG_FIELD_NUMBER: _ClassVar[int]
    HUGGING_FACE_ID_FIELD_NUMBER: _ClassVar[int]
    PER_REQUEST_LIMITS_JSON_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    MAX_MODEL_LEN_FIELD_NUMBER: _ClassVar[int]
    PERMISSION_FIELD_NUMBER: _ClassVar[int]
    META_FIELD_NUMBER: _ClassVar[int]
    STATUS_JSON_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_APPS_JSON_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_JSON_FIELD_NUMBER: _ClassVar[int]
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    DEPRECATION_FIELD_NUMBER: _ClassVar[int]
    MAX_CONTEXT_LENGTH_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    id: str
    object: str
    created: int
    owned_by: str
    name: str
    description: str
    type: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    context_window: int
    max_tokens: int
    pricing: ModelPricing
    released: int
    shutdown_date: str
    max_completion_tokens: int
    context_length: int
    architecture: ModelArchitecture
    top_provider: TopProvider
    supported_parameters: _containers.RepeatedScalarFieldContainer[str]
    canonical_slug: str
    hugging_face_id: str
    per_request_limits_json: str
    root: str
    parent: str
    max_model_len: int
    permission: _containers.RepeatedCompositeFieldContainer[ModelPermission]
    meta: ModelMeta
    status_json: str
    active: bool
    public_apps_json: str
    capabilities_json: str
    aliases: _containers.RepeatedScalarFieldContainer[str]
    deprecation: str
    max_context_length: int
    extra_json: str
    def __init__(self, id: _Optional[str] = ..., object: _Optional[str] = ..., created: _Optional[int] = ..., owned_by: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., type: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., context_window: _Optional[int] = ..., max_tokens: _Optional[int] = ..., pricing: _Optional[_Union[ModelPricing, _Mapping]] = ..., released: _Optional[int] = ..., shutdown_date: _Optional[str] = ..., max_completion_tokens: _Optional[int] = ..., context_length: _Optional[int] = ..., architecture: _Optional[_Union[ModelArchitecture, _Mapping]] = ..., top_provider: _Optional[_Union[TopProvider, _Mapping]] = ..., supported_parameters: _Optional[_Iterable[str]] = ..., canonical_slug: _Optional[str] = ..., hugging_face_id: _Optional[str] = ..., per_request_limits_json: _Optional[str] = ..., root: _Optional[str] = ..., parent: _Optional[str] = ..., max_model_len: _Optional[int] = ..., permission: _Optional[_Iterable[_Union[ModelPermission, _Mapping]]] = ..., meta: _Optional[_Union[ModelMeta, _Mapping]] = ..., status_json: _Optional[str] = ..., active: bool = ..., public_apps_json: _Optional[str] = ..., capabilities_json: _Optional[str] = ..., aliases: _Optional[_Iterable[str]] = ..., deprecation: _Optional[str] = ..., max_context_length: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ModelPricing(_message.Message):
    __slots__ = ("input", "output", "input_cache_read", "input_cache_write", "image", "web_search", "input_tiers", "output_tiers", "prompt", "completion", "request", "internal_reasoning", "audio", "extra_json")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    INPUT_CACHE_READ_FIELD_NUMBER: _ClassVar[int]
    INPUT_CACHE_WRITE_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    WEB_SEARCH_FIELD_NUMBER: _ClassVar[int]
    INPUT_TIERS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TIERS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    INTERNAL_REASONING_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    input: str
    output: str
    input_cache_read: str
    input_cache_write: str
    image: str
    web_search: str
    input_tiers: _containers.RepeatedCompositeFieldContainer[PriceTier]
    output_tiers: _containers.RepeatedCompositeFieldContainer[PriceTier]
    prompt: str
    completion: str
    request: str
    internal_reasoning: str
    audio: str
    extra_json: str
    def __init__(self, input: _Optional[str] = ..., output: _Optional[str] = ..., input_cache_read: _Optional[str] = ..., input_cache_write: _Optional[str] = ..., image: _Optional[str] = ..., web_search: _Optional[str] = ..., input_tiers: _Optional[_Iterable[_Union[PriceTier, _Mapping]]] = ..., output_tiers: _Optional[_Iterable[_Union[PriceTier, _Mapping]]] = ..., prompt: _Optional[str] = ..., completion: _Optional[str] = ..., request: _Optional[str] = ..., internal_reasoning: _Optional[str] = ..., audio: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class PriceTier(_message.Message):
    __slots__ = ("cost", "min", "max", "extra_json")
    COST_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    cost: str
    min: int
    max: int
    extra_json: str
    def __init__(self, cost: _Optional[str] = ..., min: _Optional[int] = ..., max: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ModelArchitecture(_message.Message):
    __slots__ = ("modality", "input_modalities", "output_modalities", "tokenizer", "instruct_type", "extra_json")
    MODALITY_FIELD_NUMBER: _ClassVar[int]
    INPUT_MODALITIES_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_MODALITIES_FIELD_NUMBER: _ClassVar[int]
    TOKENIZER_FIELD_NUMBER: _ClassVar[int]
    INSTRUCT_TYPE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    modality: str
    input_modalities: _containers.RepeatedScalarFieldContainer[str]
    output_modalities: _containers.RepeatedScalarFieldContainer[str]
    tokenizer: str
    instruct_type: str
    extra_json: str
    def __init__(self, modality: _Optional[str] = ..., input_modalities: _Optional[_Iterable[str]] = ..., output_modalities: _Optional[_Iterable[str]] = ..., tokenizer: _Optional[str] = ..., instruct_type: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class TopProvider(_message.Message):
    __slots__ = ("context_length", "max_completion_tokens", "is_moderated", "extra_json")
    CONTEXT_LENGTH_FIELD_NUMBER: _ClassVar[int]
    MAX_COMPLETION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    IS_MODERATED_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    context_length: int
    max_completion_tokens: int
    is_moderated: bool
    extra_json: str
    def __init__(self, context_length: _Optional[int] = ..., max_completion_tokens: _Optional[int] = ..., is_moderated: bool = ..., extra_json: _Optional[str] = ...) -> None: ...

class ModelPermission(_message.Message):
    __slots__ = ("id", "object", "created", "allow_create_engine", "allow_sampling", "allow_logprobs", "allow_search_indices", "allow_view", "allow_fine_tuning", "organization", "group", "is_blocking", "extra_json")
    ID_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    ALLOW_CREATE_ENGINE_FIELD_NUMBER: _ClassVar[int]
    ALLOW_SAMPLING_FIELD_NUMBER: _ClassVar[int]
    ALLOW_LOGPROBS_FIELD_NUMBER: _ClassVar[int]
    ALLOW_SEARCH_INDICES_FIELD_NUMBER: _ClassVar[int]
    ALLOW_VIEW_FIELD_NUMBER: _ClassVar[int]
    ALLOW_FINE_TUNING_FIELD_NUMBER: _ClassVar[int]
    ORGANIZATION_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    IS_BLOCKING_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    id: str
    object: str
    created: int
    allow_create_engine: bool
    allow_sampling: bool
    allow_logprobs: bool
    allow_search_indices: bool
    allow_view: bool
    allow_fine_tuning: bool
    organization: str
    group: str
    is_blocking: bool
    extra_json: str
    def __init__(self, id: _Optional[str] = ..., object: _Optional[str] = ..., created: _Optional[int] = ..., allow_create_engine: bool = ..., allow_sampling: bool = ..., allow_logprobs: bool = ..., allow_search_indices: bool = ..., allow_view: bool = ..., allow_fine_tuning: bool = ..., organization: _Optional[str] = ..., group: _Optional[str] = ..., is_blocking: bool = ..., extra_json: _Optional[str] = ...) -> None: ...

class ModelMeta(_message.Message):
    __slots__ = ("vocab_type", "n_vocab", "n_ctx_train", "n_embd", "n_params", "size", "extra_json")
    VOCAB_TYPE_FIELD_NUMBER: _ClassVar[int]
    N_VOCAB_FIELD_NUMBER: _ClassVar[int]
    N_CTX_TRAIN_FIELD_NUMBER: _ClassVar[int]
    N_EMBD_FIELD_NUMBER: _ClassVar[int]
    N_PARAMS_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    vocab_type: int
    n_vocab: int
    n_ctx_train: int
    n_embd: int
    n_params: int
    size: int
    extra_json: str
    def __init__(self, vocab_type: _Optional[int] = ..., n_vocab: _Optional[int] = ..., n_ctx_train: _Optional[int] = ..., n_embd: _Optional[int] = ..., n_params: _Optional[int] = ..., size: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...
