from typing import Any as _Any, Literal as _Literal, overload as _overload
from aibridge.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListModelsRequest(_message.Message):
    """Asks for the list of models. The fields become the query of the URL."""
    __slots__ = ("after", "limit", "extra_json", "bridge_options")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    BRIDGE_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    after: str
    """Id of the last model of the page before: the response starts with the model after it. Default: from the start.
    Gateways with pages.
    """
    limit: int
    """Maximum number of models in the response, 1 or more. Default: the gateway's. Gateways with pages."""
    extra_json: str
    """JSON object with further query parameters, for example {"category": "programming"} (OpenRouter) or
    {"api-version": "2024-10-21"} (Azure). Values are strings, numbers, booleans, or arrays of these, which repeat the
    parameter.
    """
    bridge_options: _common_pb2.BridgeOptions
    """Options for the bridge itself."""
    def __init__(self, after: _Optional[str] = ..., limit: _Optional[int] = ..., extra_json: _Optional[str] = ..., bridge_options: _Optional[_Union[_common_pb2.BridgeOptions, _Mapping[str, _Any]]] = ...) -> None: ...
    def HasField(self, field_name: _Literal["after", "limit", "extra_json", "bridge_options"]) -> bool: ...
    def ClearField(self, field_name: _Literal["after", "limit", "extra_json", "bridge_options"]) -> None: ...

class ListModelsResponse(_message.Message):
    """The models that the gateway offers to this caller."""
    __slots__ = ("object", "data", "has_more", "first_id", "last_id", "extra_json")
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    HAS_MORE_FIELD_NUMBER: _ClassVar[int]
    FIRST_ID_FIELD_NUMBER: _ClassVar[int]
    LAST_ID_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    object: str
    """`list`."""
    data: _containers.RepeatedCompositeFieldContainer[Model]
    """The models, in the gateway's order."""
    has_more: bool
    """Whether more models follow: pass last_id as ListModelsRequest.after. Gateways with pages."""
    first_id: str
    """Id of the first model of this page. Gateways with pages."""
    last_id: str
    """Id of the last model of this page. Gateways with pages."""
    extra_json: str
    """JSON object with members that this schema does not know, for example the parallel list `models` of llama.cpp."""
    def __init__(self, object: _Optional[str] = ..., data: _Optional[_Iterable[_Union[Model, _Mapping[str, _Any]]]] = ..., has_more: bool = ..., first_id: _Optional[str] = ..., last_id: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["object", "has_more", "first_id", "last_id", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["object", "data", "has_more", "first_id", "last_id", "extra_json"]) -> None: ...

class RetrieveModelRequest(_message.Message):
    """Asks for one model."""
    __slots__ = ("model", "bridge_options")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    BRIDGE_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    model: str
    """Required. Id of the model, for example `anthropic/claude-opus-4.6` or `llama3.2:1b`. The bridge sends it as one
    percent-encoded path segment.
    """
    bridge_options: _common_pb2.BridgeOptions
    """Options for the bridge itself."""
    def __init__(self, model: _Optional[str] = ..., bridge_options: _Optional[_Union[_common_pb2.BridgeOptions, _Mapping[str, _Any]]] = ...) -> None: ...
    def HasField(self, field_name: _Literal["model", "bridge_options"]) -> bool: ...
    def ClearField(self, field_name: _Literal["model", "bridge_options"]) -> None: ...

class Model(_message.Message):
    """A model in the catalogue. Only `id` is always present. Each gateway sets other fields."""
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
    """The value for `model` in a request, for example `openai/gpt-5.4`."""
    object: str
    """`model`."""
    created: int
    """When the model was added, in Unix seconds. 0 if the server does not know."""
    owned_by: str
    """The organisation behind the model, for example `anthropic`."""
    name: str
    """Name for display. Vercel, OpenRouter."""
    description: str
    """What the model is good for, in prose. Vercel, OpenRouter."""
    type: str
    """`language`, `embedding`, `reranking`, `image`, `video`, `speech`, `transcription` or `realtime`. Vercel."""
    tags: _containers.RepeatedScalarFieldContainer[str]
    """Capabilities, for example `tool-use`, `vision`, `reasoning` (Vercel), or labels that the operator gave the model
    (llama.cpp).
    """
    context_window: int
    """Maximum number of tokens of prompt and completion together. Vercel, Groq."""
    max_tokens: int
    """Maximum number of tokens of a completion. Vercel."""
    pricing: ModelPricing
    """Prices. Vercel, OpenRouter."""
    released: int
    """When the model was released, in Unix seconds. Vercel."""
    shutdown_date: str
    """Day on which the model will be switched off, for example `2026-12-31`. Absent if none is planned."""
    max_completion_tokens: int
    """Maximum number of tokens of a completion. Groq."""
    context_length: int
    """Maximum number of tokens of prompt and completion together. OpenRouter."""
    architecture: ModelArchitecture
    """Kinds of input and output. OpenRouter."""
    top_provider: TopProvider
    """Limits at the provider that is tried first. OpenRouter."""
    supported_parameters: _containers.RepeatedScalarFieldContainer[str]
    """Request parameters that at least one provider of the model accepts, for example `tools`. OpenRouter."""
    canonical_slug: str
    """Permanent id of exactly this version. OpenRouter."""
    hugging_face_id: str
    """Repository on Hugging Face. OpenRouter."""
    per_request_limits_json: str
    """Any JSON: limits per request for this caller, usually null. OpenRouter."""
    root: str
    """The model that was loaded, if `id` is an alias or an adapter. vLLM."""
    parent: str
    """The base model of an adapter. vLLM."""
    max_model_len: int
    """Maximum number of tokens of prompt and completion together. vLLM."""
    permission: _containers.RepeatedCompositeFieldContainer[ModelPermission]
    """What the caller may do with the model. vLLM, after an earlier API of OpenAI."""
    meta: ModelMeta
    """Facts from the model file. llama.cpp."""
    status_json: str
    """Any JSON: whether the model is loaded, for example {"value": "loaded"}. llama.cpp."""
    active: bool
    """Whether the model can be used now. Groq."""
    public_apps_json: str
    """Any JSON: public apps built on the model, usually null. Groq."""
    capabilities_json: str
    """Any JSON: an object of flags, for example {"completion_chat": true} (Mistral), or an array of words (llama.cpp).
    """
    aliases: _containers.RepeatedScalarFieldContainer[str]
    """Other ids of the same model. Mistral."""
    deprecation: str
    """When the model becomes deprecated, for example `2026-12-31T12:00:00Z`. Mistral."""
    max_context_length: int
    """Maximum number of tokens of prompt and completion together. Mistral."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, id: _Optional[str] = ..., object: _Optional[str] = ..., created: _Optional[int] = ..., owned_by: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., type: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., context_window: _Optional[int] = ..., max_tokens: _Optional[int] = ..., pricing: _Optional[_Union[ModelPricing, _Mapping[str, _Any]]] = ..., released: _Optional[int] = ..., shutdown_date: _Optional[str] = ..., max_completion_tokens: _Optional[int] = ..., context_length: _Optional[int] = ..., architecture: _Optional[_Union[ModelArchitecture, _Mapping[str, _Any]]] = ..., top_provider: _Optional[_Union[TopProvider, _Mapping[str, _Any]]] = ..., supported_parameters: _Optional[_Iterable[str]] = ..., canonical_slug: _Optional[str] = ..., hugging_face_id: _Optional[str] = ..., per_request_limits_json: _Optional[str] = ..., root: _Optional[str] = ..., parent: _Optional[str] = ..., max_model_len: _Optional[int] = ..., permission: _Optional[_Iterable[_Union[ModelPermission, _Mapping[str, _Any]]]] = ..., meta: _Optional[_Union[ModelMeta, _Mapping[str, _Any]]] = ..., status_json: _Optional[str] = ..., active: bool = ..., public_apps_json: _Optional[str] = ..., capabilities_json: _Optional[str] = ..., aliases: _Optional[_Iterable[str]] = ..., deprecation: _Optional[str] = ..., max_context_length: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["id", "object", "created", "owned_by", "name", "description", "type", "context_window", "max_tokens", "pricing", "released", "shutdown_date", "max_completion_tokens", "context_length", "architecture", "top_provider", "canonical_slug", "hugging_face_id", "per_request_limits_json", "root", "parent", "max_model_len", "meta", "status_json", "active", "public_apps_json", "capabilities_json", "deprecation", "max_context_length", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["id", "object", "created", "owned_by", "name", "description", "type", "tags", "context_window", "max_tokens", "pricing", "released", "shutdown_date", "max_completion_tokens", "context_length", "architecture", "top_provider", "supported_parameters", "canonical_slug", "hugging_face_id", "per_request_limits_json", "root", "parent", "max_model_len", "permission", "meta", "status_json", "active", "public_apps_json", "capabilities_json", "aliases", "deprecation", "max_context_length", "extra_json"]) -> None: ...

class ModelPricing(_message.Message):
    """Prices in USD as decimal text, for example "0.0000025", because a float would round them. Prices are per token unless
    the field says otherwise. Vercel and OpenRouter have different names for the same prices.
    """
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
    """Prompt tokens. Vercel."""
    output: str
    """Completion tokens. Vercel."""
    input_cache_read: str
    """Prompt tokens read from the cache. Vercel, OpenRouter."""
    input_cache_write: str
    """Prompt tokens written to the cache. Vercel, OpenRouter."""
    image: str
    """Per image. Vercel, OpenRouter."""
    web_search: str
    """Per web search, or per thousand of them, depending on the gateway. Vercel, OpenRouter."""
    input_tiers: _containers.RepeatedCompositeFieldContainer[PriceTier]
    """Prompt prices that depend on the size of the prompt. Vercel."""
    output_tiers: _containers.RepeatedCompositeFieldContainer[PriceTier]
    """Completion prices that depend on the size of the prompt. Vercel."""
    prompt: str
    """Prompt tokens. OpenRouter."""
    completion: str
    """Completion tokens. OpenRouter."""
    request: str
    """Per request, independent of its size. OpenRouter."""
    internal_reasoning: str
    """Reasoning tokens. OpenRouter."""
    audio: str
    """Audio tokens. OpenRouter."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, input: _Optional[str] = ..., output: _Optional[str] = ..., input_cache_read: _Optional[str] = ..., input_cache_write: _Optional[str] = ..., image: _Optional[str] = ..., web_search: _Optional[str] = ..., input_tiers: _Optional[_Iterable[_Union[PriceTier, _Mapping[str, _Any]]]] = ..., output_tiers: _Optional[_Iterable[_Union[PriceTier, _Mapping[str, _Any]]]] = ..., prompt: _Optional[str] = ..., completion: _Optional[str] = ..., request: _Optional[str] = ..., internal_reasoning: _Optional[str] = ..., audio: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["input", "output", "input_cache_read", "input_cache_write", "image", "web_search", "prompt", "completion", "request", "internal_reasoning", "audio", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["input", "output", "input_cache_read", "input_cache_write", "image", "web_search", "input_tiers", "output_tiers", "prompt", "completion", "request", "internal_reasoning", "audio", "extra_json"]) -> None: ...

class PriceTier(_message.Message):
    """The price for prompts within a range of sizes. Vercel."""
    __slots__ = ("cost", "min", "max", "extra_json")
    COST_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    cost: str
    """USD per token as decimal text."""
    min: int
    """Start of the range in tokens, inclusive."""
    max: int
    """End of the range in tokens, exclusive. Absent: no upper end."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, cost: _Optional[str] = ..., min: _Optional[int] = ..., max: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["cost", "min", "max", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["cost", "min", "max", "extra_json"]) -> None: ...

class ModelArchitecture(_message.Message):
    """Kinds of input and output. OpenRouter."""
    __slots__ = ("modality", "input_modalities", "output_modalities", "tokenizer", "instruct_type", "extra_json")
    MODALITY_FIELD_NUMBER: _ClassVar[int]
    INPUT_MODALITIES_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_MODALITIES_FIELD_NUMBER: _ClassVar[int]
    TOKENIZER_FIELD_NUMBER: _ClassVar[int]
    INSTRUCT_TYPE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    modality: str
    """Input and output in short form, for example `text+image->text`."""
    input_modalities: _containers.RepeatedScalarFieldContainer[str]
    """What the model reads: `text`, `image`, `file`, `audio`, `video`."""
    output_modalities: _containers.RepeatedScalarFieldContainer[str]
    """What the model writes: `text`, `image`, `audio`, `embeddings`."""
    tokenizer: str
    """Family of the tokenizer, for example `Claude`."""
    instruct_type: str
    """Format of the instruction template, for example `chatml`."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, modality: _Optional[str] = ..., input_modalities: _Optional[_Iterable[str]] = ..., output_modalities: _Optional[_Iterable[str]] = ..., tokenizer: _Optional[str] = ..., instruct_type: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["modality", "tokenizer", "instruct_type", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["modality", "input_modalities", "output_modalities", "tokenizer", "instruct_type", "extra_json"]) -> None: ...

class TopProvider(_message.Message):
    """Limits at the provider that is tried first. OpenRouter."""
    __slots__ = ("context_length", "max_completion_tokens", "is_moderated", "extra_json")
    CONTEXT_LENGTH_FIELD_NUMBER: _ClassVar[int]
    MAX_COMPLETION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    IS_MODERATED_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    context_length: int
    """Maximum number of tokens of prompt and completion together."""
    max_completion_tokens: int
    """Maximum number of tokens of a completion."""
    is_moderated: bool
    """Whether prompts pass a moderation filter first."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, context_length: _Optional[int] = ..., max_completion_tokens: _Optional[int] = ..., is_moderated: bool = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["context_length", "max_completion_tokens", "is_moderated", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["context_length", "max_completion_tokens", "is_moderated", "extra_json"]) -> None: ...

class ModelPermission(_message.Message):
    """What the caller may do with a model. vLLM, after an earlier API of OpenAI."""
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
    """Id of the permission, for example `modelperm-1`."""
    object: str
    """`model_permission`."""
    created: int
    """When it was granted, in Unix seconds."""
    allow_create_engine: bool
    """Whether an engine may be created."""
    allow_sampling: bool
    """Whether text may be sampled."""
    allow_logprobs: bool
    """Whether log probabilities may be requested."""
    allow_search_indices: bool
    """Whether search indices may be built."""
    allow_view: bool
    """Whether the model may be seen."""
    allow_fine_tuning: bool
    """Whether the model may be fine-tuned."""
    organization: str
    """Organisation that has the permission. `*` is everyone."""
    group: str
    """Group within the organisation."""
    is_blocking: bool
    """Whether the permission blocks others."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, id: _Optional[str] = ..., object: _Optional[str] = ..., created: _Optional[int] = ..., allow_create_engine: bool = ..., allow_sampling: bool = ..., allow_logprobs: bool = ..., allow_search_indices: bool = ..., allow_view: bool = ..., allow_fine_tuning: bool = ..., organization: _Optional[str] = ..., group: _Optional[str] = ..., is_blocking: bool = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["id", "object", "created", "allow_create_engine", "allow_sampling", "allow_logprobs", "allow_search_indices", "allow_view", "allow_fine_tuning", "organization", "group", "is_blocking", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["id", "object", "created", "allow_create_engine", "allow_sampling", "allow_logprobs", "allow_search_indices", "allow_view", "allow_fine_tuning", "organization", "group", "is_blocking", "extra_json"]) -> None: ...

class ModelMeta(_message.Message):
    """Facts from the model file. llama.cpp."""
    __slots__ = ("vocab_type", "n_vocab", "n_ctx_train", "n_embd", "n_params", "size", "n_ctx", "ftype", "extra_json")
    VOCAB_TYPE_FIELD_NUMBER: _ClassVar[int]
    N_VOCAB_FIELD_NUMBER: _ClassVar[int]
    N_CTX_TRAIN_FIELD_NUMBER: _ClassVar[int]
    N_EMBD_FIELD_NUMBER: _ClassVar[int]
    N_PARAMS_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    N_CTX_FIELD_NUMBER: _ClassVar[int]
    FTYPE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    vocab_type: int
    """Kind of vocabulary, as llama.cpp numbers them."""
    n_vocab: int
    """Number of tokens in the vocabulary."""
    n_ctx_train: int
    """Context length in training, in tokens."""
    n_embd: int
    """Length of the embedding vectors."""
    n_params: int
    """Number of parameters."""
    size: int
    """Size of the weights in bytes."""
    n_ctx: int
    """Context length that the server runs with, in tokens."""
    ftype: str
    """Format of the weights, for example `Q4_K - Medium`."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, vocab_type: _Optional[int] = ..., n_vocab: _Optional[int] = ..., n_ctx_train: _Optional[int] = ..., n_embd: _Optional[int] = ..., n_params: _Optional[int] = ..., size: _Optional[int] = ..., n_ctx: _Optional[int] = ..., ftype: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["vocab_type", "n_vocab", "n_ctx_train", "n_embd", "n_params", "size", "n_ctx", "ftype", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["vocab_type", "n_vocab", "n_ctx_train", "n_embd", "n_params", "size", "n_ctx", "ftype", "extra_json"]) -> None: ...
