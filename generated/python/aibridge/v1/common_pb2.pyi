from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BridgeOptions(_message.Message):
    __slots__ = ("coalesce", "retry", "inline_data")
    COALESCE_FIELD_NUMBER: _ClassVar[int]
    RETRY_FIELD_NUMBER: _ClassVar[int]
    INLINE_DATA_FIELD_NUMBER: _ClassVar[int]
    coalesce: bool
    retry: bool
    inline_data: bool
    def __init__(self, coalesce: bool = ..., retry: bool = ..., inline_data: bool = ...) -> None: ...

class InlineData(_message.Message):
    __slots__ = ("data", "mime_type")
    DATA_FIELD_NUMBER: _ClassVar[int]
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    mime_type: str
    def __init__(self, data: _Optional[bytes] = ..., mime_type: _Optional[str] = ...) -> None: ...

class ProviderOptions(_message.Message):
    __slots__ = ("gateway", "extra_json")
    GATEWAY_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    gateway: GatewayOptions
    extra_json: str
    def __init__(self, gateway: _Optional[_Union[GatewayOptions, _Mapping]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class GatewayOptions(_message.Message):
    __slots__ = ("order", "only", "models", "sort", "sort_object", "byok_json", "caching", "provider_timeouts", "user", "tags", "quota_entity_id", "service_tier", "zero_data_retention", "disallow_prompt_training", "has", "idempotency_key", "ignore", "allow_fallbacks", "require_parameters", "data_collection", "quantizations", "max_price_json", "zdr", "enforce_distillable_text", "preferred_min_throughput", "preferred_min_throughput_percentiles", "preferred_max_latency", "preferred_max_latency_percentiles", "extra_json")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    ONLY_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    SORT_FIELD_NUMBER: _ClassVar[int]
    SORT_OBJECT_FIELD_NUMBER: _ClassVar[int]
    BYOK_JSON_FIELD_NUMBER: _ClassVar[int]
    CACHING_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_TIMEOUTS_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    QUOTA_ENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    SERVICE_TIER_FIELD_NUMBER: _ClassVar[int]
    ZERO_DATA_RETENTION_FIELD_NUMBER: _ClassVar[int]
    DISALLOW_PROMPT_TRAINING_FIELD_NUMBER: _ClassVar[int]
    HAS_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    IGNORE_FIELD_NUMBER: _ClassVar[int]
    ALLOW_FALLBACKS_FIELD_NUMBER: _ClassVar[int]
    REQUIRE_PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    DATA_COLLECTION_FIELD_NUMBER: _ClassVar[int]
    QUANTIZATIONS_FIELD_NUMBER: _ClassVar[int]
    MAX_PRICE_JSON_FIELD_NUMBER: _ClassVar[int]
    ZDR_FIELD_NUMBER: _ClassVar[int]
    ENFORCE_DISTILLABLE_TEXT_FIELD_NUMBER: _ClassVar[int]
    PREFERRED_MIN_THROUGHPUT_FIELD_NUMBER: _ClassVar[int]
    PREFERRED_MIN_THROUGHPUT_PERCENTILES_FIELD_NUMBER: _ClassVar[int]
    PREFERRED_MAX_LATENCY_FIELD_NUMBER: _ClassVar[int]
    PREFERRED_MAX_LATENCY_PERCENTILES_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    order: _containers.RepeatedScalarFieldContainer[str]
    only: _containers.RepeatedScalarFieldContainer[str]
    models: _containers.RepeatedScalarFieldContainer[str]
    sort: str
    sort_object: ProviderSort
    byok_json: str
    caching: str
    provider_timeouts: ProviderTimeouts
    user: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    quota_entity_id: str
    service_tier: str
    zero_data_retention: bool
    disallow_prompt_training: bool
    has: _containers.RepeatedScalarFieldContainer[str]
    idempotency_key: str
    ignore: _containers.RepeatedScalarFieldContainer[str]
    allow_fallbacks: bool
    require_parameters: bool
    data_collection: str
    quantizations: _containers.RepeatedScalarFieldContainer[str]
    max_price_json: str
    zdr: bool
    enforce_distillable_text: bool
    preferred_min_throughput: float
    preferred_min_throughput_percentiles: PercentileThresholds
    preferred_max_latency: float
    preferred_max_latency_percentiles: PercentileThresholds
    extra_json: str
    def __init__(self, order: _Optional[_Iterable[str]] = ..., only: _Optional[_Iterable[str]] = ..., models: _Optional[_Iterable[str]] = ..., sort: _Optional[str] = ..., sort_object: _Optional[_Union[ProviderSort, _Mapping]] = ..., byok_json: _Optional[str] = ..., caching: _Optional[str] = ..., provider_timeouts: _Optional[_Union[ProviderTimeouts, _Mapping]] = ..., user: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., quota_entity_id: _Optional[str] = ..., service_tier: _Optional[str] = ..., zero_data_retention: bool = ..., disallow_prompt_training: bool = ..., has: _Optional[_Iterable[str]] = ..., idempotency_key: _Optional[str] = ..., ignore: _Optional[_Iterable[str]] = ..., allow_fallbacks: bool = ..., require_parameters: bool = ..., data_collection: _Optional[str] = ..., quantizations: _Optional[_Iterable[str]] = ..., max_price_json: _Optional[str] = ..., zdr: bool = ..., enforce_distillable_text: bool = ..., preferred_min_throughput: _Optional[float] = ..., preferred_min_throughput_percentiles: _Optional[_Union[PercentileThresholds, _Mapping]] = ..., preferred_max_latency: _Optional[float] = ..., preferred_max_latency_percentiles: _Optional[_Union[PercentileThresholds, _Mapping]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ProviderTimeouts(_message.Message):
    __slots__ = ("byok", "extra_json")
    class ByokEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    BYOK_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    byok: _containers.ScalarMap[str, int]
    extra_json: str
    def __init__(self, byok: _Optional[_Mapping[str, int]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ProviderSort(_message.Message):
    __slots__ = ("by", "partition", "extra_json")
    BY_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    by: str
    partition: str
    extra_json: str
    def __init__(self, by: _Optional[str] = ..., partition: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class PercentileThresholds(_message.Message):
    __slots__ = ("p50", "p75", "p90", "p99", "extra_json")
    P50_FIELD_NUMBER: _ClassVar[int]
    P75_FIELD_NUMBER: _ClassVar[int]
    P90_FIELD_NUMBER: _ClassVar[int]
    P99_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    p50: float
    p75: float
    p90: float
    p99: float
    extra_json: str
    def __init__(self, p50: _Optional[float] = ..., p75: _Optional[float] = ..., p90: _Optional[float] = ..., p99: _Optional[float] = ..., extra_json: _Optional[str] = ...) -> None: ...

class CacheControl(_message.Message):
    __slots__ = ("type", "ttl", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    ttl: str
    extra_json: str
    def __init__(self, type: _Optional[str] = ..., ttl: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class Usage(_message.Message):
    __slots__ = ("prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "completion_tokens_details", "cost", "cost_json", "market_cost", "is_byok", "cost_details", "cache_creation_input_tokens", "cache_read_input_tokens", "prompt_cache_hit_tokens", "prompt_cache_miss_tokens", "reasoning_tokens", "queue_time", "prompt_time", "completion_time", "total_time", "num_cached_tokens", "prompt_token_details", "num_sources_used", "cost_in_usd_ticks", "citation_tokens", "num_search_queries", "search_context_size", "latency_checkpoint_json", "extra_json")
    PROMPT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TOKENS_DETAILS_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_TOKENS_DETAILS_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    COST_JSON_FIELD_NUMBER: _ClassVar[int]
    MARKET_COST_FIELD_NUMBER: _ClassVar[int]
    IS_BYOK_FIELD_NUMBER: _ClassVar[int]
    COST_DETAILS_FIELD_NUMBER: _ClassVar[int]
    CACHE_CREATION_INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CACHE_READ_INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_CACHE_HIT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_CACHE_MISS_TOKENS_FIELD_NUMBER: _ClassVar[int]
    REASONING_TOKENS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_TIME_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TIME_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_TIME_FIELD_NUMBER: _ClassVar[int]
    TOTAL_TIME_FIELD_NUMBER: _ClassVar[int]
    NUM_CACHED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TOKEN_DETAILS_FIELD_NUMBER: _ClassVar[int]
    NUM_SOURCES_USED_FIELD_NUMBER: _ClassVar[int]
    COST_IN_USD_TICKS_FIELD_NUMBER: _ClassVar[int]
    CITATION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    NUM_SEARCH_QUERIES_FIELD_NUMBER: _ClassVar[int]
    SEARCH_CONTEXT_SIZE_FIELD_NUMBER: _ClassVar[int]
    LATENCY_CHECKPOINT_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptTokensDetails
    completion_tokens_details: CompletionTokensDetails
    cost: float
    cost_json: str
    market_cost: float
    is_byok: bool
    cost_details: CostDetails
    cache_creation_input_tokens: int
    cache_read_input_tokens: int
    prompt_cache_hit_tokens: int
    prompt_cache_miss_tokens: int
    reasoning_tokens: int
    queue_time: float
    prompt_time: float
    completion_time: float
    total_time: float
    num_cached_tokens: int
    prompt_token_details: PromptTokensDetails
    num_sources_used: int
    cost_in_usd_ticks: int
    citation_tokens: int
    num_search_queries: int
    search_context_size: str
    latency_checkpoint_json: str
    extra_json: str
    def __init__(self, prompt_tokens: _Optional[int] = ..., completion_tokens: _Optional[int] = ..., total_tokens: _Optional[int] = ..., prompt_tokens_details: _Optional[_Union[PromptTokensDetails, _Mapping]] = ..., completion_tokens_details: _Optional[_Union[CompletionTokensDetails, _Mapping]] = ..., cost: _Optional[float] = ..., cost_json: _Optional[str] = ..., market_cost: _Optional[float] = ..., is_byok: bool = ..., cost_details: _Optional[_Union[CostDetails, _Mapping]] = ..., cache_creation_input_tokens: _Optional[int] = ..., cache_read_input_tokens: _Optional[int] = ..., prompt_cache_hit_tokens: _Optional[int] = ..., prompt_cache_miss_tokens: _Optional[int] = ..., reasoning_tokens: _Optional[int] = ..., queue_time: _Optional[float] = ..., prompt_time: _Optional[float] = ..., completion_time: _Optional[float] = ..., total_time: _Optional[float] = ..., num_cached_tokens: _Optional[int] = ..., prompt_token_details: _Optional[_Union[PromptTokensDetails, _Mapping]] = ..., num_sources_used: _Optional[int] = ..., cost_in_usd_ticks: _Optional[int] = ..., citation_tokens: _Optional[int] = ..., num_search_queries: _Optional[int] = ..., search_context_size: _Optional[str] = ..., latency_checkpoint_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class PromptTokensDetails(_message.Message):
    __slots__ = ("cached_tokens", "audio_tokens", "text_tokens", "image_tokens", "cache_write_tokens", "video_tokens", "extra_json")
    CACHED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    AUDIO_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TEXT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    IMAGE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CACHE_WRITE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    VIDEO_TOKENS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    cached_tokens: int
    audio_tokens: int
    text_tokens: int
    image_tokens: int
    cache_write_tokens: int
    video_tokens: int
    extra_json: str
    def __init__(self, cached_tokens: _Optional[int] = ..., audio_tokens: _Optional[int] = ..., text_tokens: _Optional[int] = ..., image_tokens: _Optional[int] = ..., cache_write_tokens: _Optional[int] = ..., video_tokens: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...

class CompletionTokensDetails(_message.Message):
    __slots__ = ("reasoning_tokens", "audio_tokens", "accepted_prediction_tokens", "rejected_prediction_tokens", "text_tokens", "image_tokens", "extra_json")
    REASONING_TOKENS_FIELD_NUMBER: _ClassVar[int]
    AUDIO_TOKENS_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_PREDICTION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    REJECTED_PREDICTION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TEXT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    IMAGE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    reasoning_tokens: int
    audio_tokens: int
    accepted_prediction_tokens: int
    rejected_prediction_tokens: int
    text_tokens: int
    image_tokens: int
    extra_json: str
    def __init__(self, reasoning_tokens: _Optional[int] = ..., audio_tokens: _Optional[int] = ..., accepted_prediction_tokens: _Optional[int] = ..., rejected_prediction_tokens: _Optional[int] = ..., text_tokens: _Optional[int] = ..., image_tokens: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...

class CostDetails(_message.Message):
    __slots__ = ("upstream_inference_cost", "upstream_inference_prompt_cost", "upstream_inference_completions_cost", "extra_json")
    UPSTREAM_INFERENCE_COST_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_INFERENCE_PROMPT_COST_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_INFERENCE_COMPLETIONS_COST_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    upstream_inference_cost: float
    upstream_inference_prompt_cost: float
    upstream_inference_completions_cost: float
    extra_json: str
    def __init__(self, upstream_inference_cost: _Optional[float] = ..., upstream_inference_prompt_cost: _Optional[float] = ..., upstream_inference_completions_cost: _Optional[float] = ..., extra_json: _Optional[str] = ...) -> None: ...
