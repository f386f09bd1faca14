from typing import Any as _Any, Literal as _Literal, overload as _overload
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BridgeOptions(_message.Message):
    """Options for the bridge itself. They are never sent upstream."""
    __slots__ = ("coalesce", "retry", "inline_data", "heartbeat", "coalesce_window")
    COALESCE_FIELD_NUMBER: _ClassVar[int]
    RETRY_FIELD_NUMBER: _ClassVar[int]
    INLINE_DATA_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    COALESCE_WINDOW_FIELD_NUMBER: _ClassVar[int]
    coalesce: bool
    """True: the bridge may merge stream events that arrived together into one message. Texts are concatenated in order, and
    so are reasoning_details and logprobs. A merged message has the latest usage, timings and padding (`obfuscation`, and
    Mistral's `p`), so never add up usage. Azure's events are merged if their content_filter_results are equal and the
    parts in their content_filter_offsets adjoin or overlap; the merged offsets are those of the whole part. An event
    with anything else in it is not merged. Only with a `coalesce_window` does text wait for later events. Default: true if
    a window applies to the call, else the bridge's setting `coalesce` (off unless set).
    """
    retry: bool
    """False: the bridge makes one attempt and leaves retries to the caller. Default: the bridge's setting `max_retries`
    (2 unless set). The bridge never retries once something was delivered, nor what may have been billed, unless the
    upstream asks for it with `x-should-retry: true`.
    """
    inline_data: bool
    """True: images and audio in responses come as raw bytes (ImageUrl.url_inline, AudioOutput.data_raw) instead of
    base64 text, which is a third longer. Default false. Requests may use either form at any time.
    """
    heartbeat: _duration_pb2.Duration
    """Interval of heartbeats in a stream, from 0.1 to 3600 seconds. Once the upstream has accepted the request, the bridge
    sends an empty message (no choices, no other field) this often while no chunk arrives, so that load balancers do not
    cut an idle stream. 0 switches heartbeats off. Default: the bridge's setting `stream_heartbeat` (off unless set).
    """
    coalesce_window: _duration_pb2.Duration
    """Window of time in which the bridge merges stream events into one message, from 0 to 10 seconds; 50 ms makes 20
    messages a second of any faster stream. No text waits for longer than this. The first chunk never waits, nor do a
    finish_reason, usage, a role, the start of a tool call, an error, and what comes right before them. If every chunk
    has usage, none waits. Timings, padding and offsets wait as text does. The window is at most half of the bridge's
    setting `stall_timeout`. 0 merges nothing in time. Default: the bridge's setting `coalesce_window` (0 unless set).
    `coalesce = false` switches it off too.
    """
    def __init__(self, coalesce: bool = ..., retry: bool = ..., inline_data: bool = ..., heartbeat: _Optional[_Union[_duration_pb2.Duration, _Mapping[str, _Any]]] = ..., coalesce_window: _Optional[_Union[_duration_pb2.Duration, _Mapping[str, _Any]]] = ...) -> None: ...
    def HasField(self, field_name: _Literal["coalesce", "retry", "inline_data", "heartbeat", "coalesce_window"]) -> bool: ...
    def ClearField(self, field_name: _Literal["coalesce", "retry", "inline_data", "heartbeat", "coalesce_window"]) -> None: ...

class InlineData(_message.Message):
    """Content as raw bytes. In JSON it is the URL `data:<mime_type>;base64,<data>`."""
    __slots__ = ("data", "mime_type")
    DATA_FIELD_NUMBER: _ClassVar[int]
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    """The content itself, not base64."""
    mime_type: str
    """Media type, for example `image/png`. Required in a request. It must be of the kind that the field takes."""
    def __init__(self, data: _Optional[bytes] = ..., mime_type: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["data", "mime_type"]) -> bool: ...
    def ClearField(self, field_name: _Literal["data", "mime_type"]) -> None: ...

class ProviderOptions(_message.Message):
    """Options per provider behind the gateway. Vercel. `gateway` is for the gateway itself. The options of every other
    provider go in extra_json, for example {"anthropic": {"effort": "low"}}, and the gateway passes them on unchanged.
    """
    __slots__ = ("gateway", "extra_json")
    GATEWAY_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    gateway: GatewayOptions
    """Routing, fallback, caching and reporting options of the gateway itself."""
    extra_json: str
    """JSON object with the options of the other providers. Keys are provider slugs."""
    def __init__(self, gateway: _Optional[_Union[GatewayOptions, _Mapping[str, _Any]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["gateway", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["gateway", "extra_json"]) -> None: ...

class GatewayOptions(_message.Message):
    """How Vercel AI Gateway chooses and bills the provider."""
    __slots__ = ("order", "only", "models", "sort", "byok_json", "caching", "provider_timeouts", "user", "tags", "quota_entity_id", "service_tier", "zero_data_retention", "disallow_prompt_training", "has", "idempotency_key", "inference_region", "extra_json")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    ONLY_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    SORT_FIELD_NUMBER: _ClassVar[int]
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
    INFERENCE_REGION_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    order: _containers.RepeatedScalarFieldContainer[str]
    """Provider slugs to try first, in this order, for example ["vertex", "anthropic"]. The others remain as fallback.
    """
    only: _containers.RepeatedScalarFieldContainer[str]
    """Provider slugs that may be used. Empty: all."""
    models: _containers.RepeatedScalarFieldContainer[str]
    """Models to try in order if the first one fails, as creator/model."""
    sort: str
    """How to rank providers: `cost`, `ttft` (time to first token) or `tps` (tokens per second). Default: the gateway's own
    weighting.
    """
    byok_json: str
    """JSON object with the caller's own provider credentials for this request: provider slug to array of credential
    objects, for example {"anthropic": [{"apiKey": "..."}]}. Secret: the bridge never logs it.
    """
    caching: str
    """`auto`: the gateway places prompt-cache markers. Default: it places none."""
    provider_timeouts: ProviderTimeouts
    """Timeouts after which the gateway tries the next provider."""
    user: str
    """Id of the end user, for spend tracking."""
    tags: _containers.RepeatedScalarFieldContainer[str]
    """Labels for reports."""
    quota_entity_id: str
    """Id of the budget to charge."""
    service_tier: str
    """`flex` or `priority`. Default: the provider's standard tier."""
    zero_data_retention: bool
    """True: use only providers that keep no data. Default false."""
    disallow_prompt_training: bool
    """True: use only providers that do not train on prompts. Default false."""
    has: _containers.RepeatedScalarFieldContainer[str]
    """Capabilities that the provider must have: `implicit-caching`, `vision`, `reasoning`, `structured-output`,
    `tool-use`, `quantization:x` or, to exclude one, `!quantization:x`.
    """
    idempotency_key: str
    """Key that makes a repeated batch submission take effect once. Batches only."""
    inference_region: str
    """Region in which the model must run, for example `eu`. The request fails if the gateway cannot honour it."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, order: _Optional[_Iterable[str]] = ..., only: _Optional[_Iterable[str]] = ..., models: _Optional[_Iterable[str]] = ..., sort: _Optional[str] = ..., byok_json: _Optional[str] = ..., caching: _Optional[str] = ..., provider_timeouts: _Optional[_Union[ProviderTimeouts, _Mapping[str, _Any]]] = ..., user: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., quota_entity_id: _Optional[str] = ..., service_tier: _Optional[str] = ..., zero_data_retention: bool = ..., disallow_prompt_training: bool = ..., has: _Optional[_Iterable[str]] = ..., idempotency_key: _Optional[str] = ..., inference_region: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["sort", "byok_json", "caching", "provider_timeouts", "user", "quota_entity_id", "service_tier", "zero_data_retention", "disallow_prompt_training", "idempotency_key", "inference_region", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["order", "only", "models", "sort", "byok_json", "caching", "provider_timeouts", "user", "tags", "quota_entity_id", "service_tier", "zero_data_retention", "disallow_prompt_training", "has", "idempotency_key", "inference_region", "extra_json"]) -> None: ...

class ProviderTimeouts(_message.Message):
    """Timeouts per provider, after which the gateway tries the next one. Vercel."""
    __slots__ = ("byok", "system", "extra_json")
    class ByokEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    class SystemEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    BYOK_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    byok: _containers.ScalarMap[str, int]
    """With the caller's own credentials: provider slug to milliseconds, for example {"anthropic": 5000}."""
    system: _containers.ScalarMap[str, int]
    """With the gateway's credentials: provider slug to milliseconds."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, byok: _Optional[_Mapping[str, int]] = ..., system: _Optional[_Mapping[str, int]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["byok", "system", "extra_json"]) -> None: ...

class ProviderPreferences(_message.Message):
    """How OpenRouter chooses the provider."""
    __slots__ = ("order", "only", "ignore", "allow_fallbacks", "require_parameters", "sort", "sort_rule", "data_collection", "zdr", "quantizations", "max_price_json", "enforce_distillable_text", "preferred_min_throughput", "preferred_min_throughput_percentiles", "preferred_max_latency", "preferred_max_latency_percentiles", "extra_json")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    ONLY_FIELD_NUMBER: _ClassVar[int]
    IGNORE_FIELD_NUMBER: _ClassVar[int]
    ALLOW_FALLBACKS_FIELD_NUMBER: _ClassVar[int]
    REQUIRE_PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    SORT_FIELD_NUMBER: _ClassVar[int]
    SORT_RULE_FIELD_NUMBER: _ClassVar[int]
    DATA_COLLECTION_FIELD_NUMBER: _ClassVar[int]
    ZDR_FIELD_NUMBER: _ClassVar[int]
    QUANTIZATIONS_FIELD_NUMBER: _ClassVar[int]
    MAX_PRICE_JSON_FIELD_NUMBER: _ClassVar[int]
    ENFORCE_DISTILLABLE_TEXT_FIELD_NUMBER: _ClassVar[int]
    PREFERRED_MIN_THROUGHPUT_FIELD_NUMBER: _ClassVar[int]
    PREFERRED_MIN_THROUGHPUT_PERCENTILES_FIELD_NUMBER: _ClassVar[int]
    PREFERRED_MAX_LATENCY_FIELD_NUMBER: _ClassVar[int]
    PREFERRED_MAX_LATENCY_PERCENTILES_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    order: _containers.RepeatedScalarFieldContainer[str]
    """Provider slugs to try first, in this order, for example ["together", "deepinfra"]. The others remain as fallback.
    """
    only: _containers.RepeatedScalarFieldContainer[str]
    """Provider slugs that may be used. Empty: all."""
    ignore: _containers.RepeatedScalarFieldContainer[str]
    """Provider slugs that must not be used."""
    allow_fallbacks: bool
    """False: fail instead of using a provider outside `order`. Default true."""
    require_parameters: bool
    """True: use only providers that support every parameter of the request. Default false."""
    sort: str
    """One of `sort_kind`. How to rank providers. Default: by price, weighted by availability.

    `price`, `throughput` or `latency`.
    """
    sort_rule: ProviderSort
    """One of `sort_kind`. How to rank providers. Default: by price, weighted by availability.

    The same with a choice of what is compared with what.
    """
    data_collection: str
    """Whether providers that store prompts may be used: `allow` (default) or `deny`."""
    zdr: bool
    """True: use only endpoints with zero data retention. Default false."""
    quantizations: _containers.RepeatedScalarFieldContainer[str]
    """Weight formats to accept: `int4`, `int8`, `fp4`, `fp6`, `fp8`, `fp16`, `bf16`, `fp32`, `unknown`. Empty: all."""
    max_price_json: str
    """JSON object: maximum prices in USD, per million tokens (prompt, completion) or per item (request, image), for
    example {"prompt": 1, "completion": 2}.
    """
    enforce_distillable_text: bool
    """True: use only models whose licence allows distillation of their text. Default false."""
    preferred_min_throughput: float
    """One of `preferred_min_throughput_kind`. Minimum throughput. Slower providers rank behind the others.

    Tokens per second, at the median.
    """
    preferred_min_throughput_percentiles: PercentileThresholds
    """One of `preferred_min_throughput_kind`. Minimum throughput. Slower providers rank behind the others.

    Tokens per second, per percentile.
    """
    preferred_max_latency: float
    """One of `preferred_max_latency_kind`. Maximum latency of the first token. Slower providers rank behind the others.

    Seconds, at the median.
    """
    preferred_max_latency_percentiles: PercentileThresholds
    """One of `preferred_max_latency_kind`. Maximum latency of the first token. Slower providers rank behind the others.

    Seconds, per percentile.
    """
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, order: _Optional[_Iterable[str]] = ..., only: _Optional[_Iterable[str]] = ..., ignore: _Optional[_Iterable[str]] = ..., allow_fallbacks: bool = ..., require_parameters: bool = ..., sort: _Optional[str] = ..., sort_rule: _Optional[_Union[ProviderSort, _Mapping[str, _Any]]] = ..., data_collection: _Optional[str] = ..., zdr: bool = ..., quantizations: _Optional[_Iterable[str]] = ..., max_price_json: _Optional[str] = ..., enforce_distillable_text: bool = ..., preferred_min_throughput: _Optional[float] = ..., preferred_min_throughput_percentiles: _Optional[_Union[PercentileThresholds, _Mapping[str, _Any]]] = ..., preferred_max_latency: _Optional[float] = ..., preferred_max_latency_percentiles: _Optional[_Union[PercentileThresholds, _Mapping[str, _Any]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["allow_fallbacks", "require_parameters", "sort", "sort_rule", "data_collection", "zdr", "max_price_json", "enforce_distillable_text", "preferred_min_throughput", "preferred_min_throughput_percentiles", "preferred_max_latency", "preferred_max_latency_percentiles", "extra_json", "sort_kind", "preferred_min_throughput_kind", "preferred_max_latency_kind"]) -> bool: ...
    def ClearField(self, field_name: _Literal["order", "only", "ignore", "allow_fallbacks", "require_parameters", "sort", "sort_rule", "data_collection", "zdr", "quantizations", "max_price_json", "enforce_distillable_text", "preferred_min_throughput", "preferred_min_throughput_percentiles", "preferred_max_latency", "preferred_max_latency_percentiles", "extra_json", "sort_kind", "preferred_min_throughput_kind", "preferred_max_latency_kind"]) -> None: ...
    @_overload
    def WhichOneof(self, oneof_group: _Literal["sort_kind"]) -> _Literal["sort", "sort_rule"] | None: ...
    @_overload
    def WhichOneof(self, oneof_group: _Literal["preferred_min_throughput_kind"]) -> _Literal["preferred_min_throughput", "preferred_min_throughput_percentiles"] | None: ...
    @_overload
    def WhichOneof(self, oneof_group: _Literal["preferred_max_latency_kind"]) -> _Literal["preferred_max_latency", "preferred_max_latency_percentiles"] | None: ...

class ProviderSort(_message.Message):
    """How to rank providers, in OpenRouter's long form."""
    __slots__ = ("by", "partition", "extra_json")
    BY_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    by: str
    """`price`, `throughput` or `latency`."""
    partition: str
    """`model` (default): rank the providers of each model. `none`: rank the providers of all models of the request
    together.
    """
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, by: _Optional[str] = ..., partition: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["by", "partition", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["by", "partition", "extra_json"]) -> None: ...

class PercentileThresholds(_message.Message):
    """One threshold per percentile of recent traffic. Every percentile that is set must be met. OpenRouter."""
    __slots__ = ("p50", "p75", "p90", "p99", "extra_json")
    P50_FIELD_NUMBER: _ClassVar[int]
    P75_FIELD_NUMBER: _ClassVar[int]
    P90_FIELD_NUMBER: _ClassVar[int]
    P99_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    p50: float
    """Met by 50 % of the requests."""
    p75: float
    """Met by 75 % of the requests."""
    p90: float
    """Met by 90 % of the requests."""
    p99: float
    """Met by 99 % of the requests."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, p50: _Optional[float] = ..., p75: _Optional[float] = ..., p90: _Optional[float] = ..., p99: _Optional[float] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["p50", "p75", "p90", "p99", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["p50", "p75", "p90", "p99", "extra_json"]) -> None: ...

class CacheControl(_message.Message):
    """Marks the end of a prompt prefix that the provider should cache. Vercel (on messages), OpenRouter (on parts and on
    the request), Anthropic behind gateways (also on tools).
    """
    __slots__ = ("type", "ttl", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    """`ephemeral` is the only known type."""
    ttl: str
    """Lifetime of the cache entry: `5m` (default) or `1h`."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, type: _Optional[str] = ..., ttl: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["type", "ttl", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["type", "ttl", "extra_json"]) -> None: ...

class Usage(_message.Message):
    """What a call consumed. Every count is in tokens and may be missing. If several chunks of a stream carry usage, the
    last one counts: they are cumulative. total_tokens is not always prompt_tokens + completion_tokens, because some
    servers leave reasoning out of completion_tokens.
    """
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
    """Tokens of the prompt, including cached ones."""
    completion_tokens: int
    """Generated tokens. Whether reasoning is included depends on the server."""
    total_tokens: int
    """Tokens of the whole call, as the server counts them."""
    prompt_tokens_details: PromptTokensDetails
    """Tokens of the prompt by kind."""
    completion_tokens_details: CompletionTokensDetails
    """Tokens of the completion by kind."""
    cost: float
    """One of `cost_kind`. Price of the call.

    USD. Vercel, OpenRouter.
    """
    cost_json: str
    """One of `cost_kind`. Price of the call.

    JSON object with amounts in USD by kind, for example {"request_cost": 0.005, "total_cost": 0.006}. Perplexity.
    """
    market_cost: float
    """Market price of the call in USD, independent of what the caller pays. Vercel."""
    is_byok: bool
    """Whether the caller's own provider credentials paid for the call. Vercel, OpenRouter."""
    cost_details: CostDetails
    """`cost` by kind. Vercel, OpenRouter."""
    cache_creation_input_tokens: int
    """Tokens of the prompt that were written to the provider's cache. Vercel, LiteLLM."""
    cache_read_input_tokens: int
    """Tokens of the prompt that were read from the provider's cache. LiteLLM."""
    prompt_cache_hit_tokens: int
    """Tokens of the prompt that were found in the cache. DeepSeek."""
    prompt_cache_miss_tokens: int
    """Tokens of the prompt that were not found in the cache. DeepSeek."""
    reasoning_tokens: int
    """Reasoning tokens, on servers that count them outside completion_tokens_details. Perplexity."""
    queue_time: float
    """Seconds spent waiting for a slot. Groq."""
    prompt_time: float
    """Seconds spent reading the prompt. Groq."""
    completion_time: float
    """Seconds spent generating. Groq."""
    total_time: float
    """Seconds from start to end, without the queue. Groq."""
    num_cached_tokens: int
    """Tokens of the prompt that were found in the cache. Mistral."""
    prompt_token_details: PromptTokensDetails
    """Mistral's singular spelling of prompt_tokens_details."""
    num_sources_used: int
    """Number of web sources that a search used. xAI."""
    cost_in_usd_ticks: int
    """Price of the call in ticks of 10^-10 USD. xAI."""
    citation_tokens: int
    """Tokens of the search results that were read. Perplexity."""
    num_search_queries: int
    """Number of searches. Perplexity."""
    search_context_size: str
    """How much search context was used: `low`, `medium` or `high`. Perplexity."""
    latency_checkpoint_json: str
    """JSON object: points in time of the call in milliseconds, with keys that end in _ms. Azure, unary responses. In
    streams it is a member of the chunk.
    """
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, prompt_tokens: _Optional[int] = ..., completion_tokens: _Optional[int] = ..., total_tokens: _Optional[int] = ..., prompt_tokens_details: _Optional[_Union[PromptTokensDetails, _Mapping[str, _Any]]] = ..., completion_tokens_details: _Optional[_Union[CompletionTokensDetails, _Mapping[str, _Any]]] = ..., cost: _Optional[float] = ..., cost_json: _Optional[str] = ..., market_cost: _Optional[float] = ..., is_byok: bool = ..., cost_details: _Optional[_Union[CostDetails, _Mapping[str, _Any]]] = ..., cache_creation_input_tokens: _Optional[int] = ..., cache_read_input_tokens: _Optional[int] = ..., prompt_cache_hit_tokens: _Optional[int] = ..., prompt_cache_miss_tokens: _Optional[int] = ..., reasoning_tokens: _Optional[int] = ..., queue_time: _Optional[float] = ..., prompt_time: _Optional[float] = ..., completion_time: _Optional[float] = ..., total_time: _Optional[float] = ..., num_cached_tokens: _Optional[int] = ..., prompt_token_details: _Optional[_Union[PromptTokensDetails, _Mapping[str, _Any]]] = ..., num_sources_used: _Optional[int] = ..., cost_in_usd_ticks: _Optional[int] = ..., citation_tokens: _Optional[int] = ..., num_search_queries: _Optional[int] = ..., search_context_size: _Optional[str] = ..., latency_checkpoint_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "completion_tokens_details", "cost", "cost_json", "market_cost", "is_byok", "cost_details", "cache_creation_input_tokens", "cache_read_input_tokens", "prompt_cache_hit_tokens", "prompt_cache_miss_tokens", "reasoning_tokens", "queue_time", "prompt_time", "completion_time", "total_time", "num_cached_tokens", "prompt_token_details", "num_sources_used", "cost_in_usd_ticks", "citation_tokens", "num_search_queries", "search_context_size", "latency_checkpoint_json", "extra_json", "cost_kind"]) -> bool: ...
    def ClearField(self, field_name: _Literal["prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "completion_tokens_details", "cost", "cost_json", "market_cost", "is_byok", "cost_details", "cache_creation_input_tokens", "cache_read_input_tokens", "prompt_cache_hit_tokens", "prompt_cache_miss_tokens", "reasoning_tokens", "queue_time", "prompt_time", "completion_time", "total_time", "num_cached_tokens", "prompt_token_details", "num_sources_used", "cost_in_usd_ticks", "citation_tokens", "num_search_queries", "search_context_size", "latency_checkpoint_json", "extra_json", "cost_kind"]) -> None: ...
    def WhichOneof(self, oneof_group: _Literal["cost_kind"]) -> _Literal["cost", "cost_json"] | None: ...

class PromptTokensDetails(_message.Message):
    """Tokens of the prompt by kind. Kinds may overlap: a cached token may also be a text token."""
    __slots__ = ("cached_tokens", "audio_tokens", "text_tokens", "image_tokens", "cache_write_tokens", "video_tokens", "extra_json")
    CACHED_TOKENS_FIELD_NUMBER: _ClassVar[int]
    AUDIO_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TEXT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    IMAGE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    CACHE_WRITE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    VIDEO_TOKENS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    cached_tokens: int
    """Read from the prompt cache."""
    audio_tokens: int
    """Audio input."""
    text_tokens: int
    """Text input. OpenAI, xAI."""
    image_tokens: int
    """Image input. OpenAI, xAI."""
    cache_write_tokens: int
    """Written to the prompt cache. OpenAI, OpenRouter."""
    video_tokens: int
    """Video input. Vercel, OpenRouter."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, cached_tokens: _Optional[int] = ..., audio_tokens: _Optional[int] = ..., text_tokens: _Optional[int] = ..., image_tokens: _Optional[int] = ..., cache_write_tokens: _Optional[int] = ..., video_tokens: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["cached_tokens", "audio_tokens", "text_tokens", "image_tokens", "cache_write_tokens", "video_tokens", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["cached_tokens", "audio_tokens", "text_tokens", "image_tokens", "cache_write_tokens", "video_tokens", "extra_json"]) -> None: ...

class CompletionTokensDetails(_message.Message):
    """Tokens of the completion by kind."""
    __slots__ = ("reasoning_tokens", "audio_tokens", "accepted_prediction_tokens", "rejected_prediction_tokens", "text_tokens", "image_tokens", "extra_json")
    REASONING_TOKENS_FIELD_NUMBER: _ClassVar[int]
    AUDIO_TOKENS_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_PREDICTION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    REJECTED_PREDICTION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TEXT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    IMAGE_TOKENS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    reasoning_tokens: int
    """Spent on reasoning. On some servers they are not part of completion_tokens."""
    audio_tokens: int
    """Audio output."""
    accepted_prediction_tokens: int
    """Tokens of CreateChatCompletionRequest.prediction that appeared in the response."""
    rejected_prediction_tokens: int
    """Tokens of CreateChatCompletionRequest.prediction that did not appear. They are billed all the same."""
    text_tokens: int
    """Text output."""
    image_tokens: int
    """Image output. Vercel, OpenRouter."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, reasoning_tokens: _Optional[int] = ..., audio_tokens: _Optional[int] = ..., accepted_prediction_tokens: _Optional[int] = ..., rejected_prediction_tokens: _Optional[int] = ..., text_tokens: _Optional[int] = ..., image_tokens: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["reasoning_tokens", "audio_tokens", "accepted_prediction_tokens", "rejected_prediction_tokens", "text_tokens", "image_tokens", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["reasoning_tokens", "audio_tokens", "accepted_prediction_tokens", "rejected_prediction_tokens", "text_tokens", "image_tokens", "extra_json"]) -> None: ...

class CostDetails(_message.Message):
    """What the provider behind the gateway charged, in USD. Vercel, OpenRouter."""
    __slots__ = ("upstream_inference_cost", "upstream_inference_prompt_cost", "upstream_inference_completions_cost", "extra_json")
    UPSTREAM_INFERENCE_COST_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_INFERENCE_PROMPT_COST_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_INFERENCE_COMPLETIONS_COST_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    upstream_inference_cost: float
    """For the whole call. Absent unless the caller's own credentials were used."""
    upstream_inference_prompt_cost: float
    """For the prompt."""
    upstream_inference_completions_cost: float
    """For the completion."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, upstream_inference_cost: _Optional[float] = ..., upstream_inference_prompt_cost: _Optional[float] = ..., upstream_inference_completions_cost: _Optional[float] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["upstream_inference_cost", "upstream_inference_prompt_cost", "upstream_inference_completions_cost", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["upstream_inference_cost", "upstream_inference_prompt_cost", "upstream_inference_completions_cost", "extra_json"]) -> None: ...
