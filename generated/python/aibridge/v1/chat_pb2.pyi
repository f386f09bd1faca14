from aibridge.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateChatCompletionRequest(_message.Message):
    __slots__ = ("model", "messages", "temperature", "max_tokens", "max_completion_tokens", "top_p", "stop", "stop_sequences", "tools", "tool_choice", "tool_choice_object", "response_format", "stream", "stream_options", "reasoning", "reasoning_json", "reasoning_effort", "verbosity", "seed", "n", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "top_logprobs", "parallel_tool_calls", "user", "safety_identifier", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "service_tier", "store", "metadata", "modalities", "audio", "prediction", "web_search_options", "moderation", "functions", "function_call", "function_call_object", "models", "provider_options", "provider", "cache_control", "include_reasoning", "reasoning_format", "thinking", "thinking_token_budget", "top_k", "min_p", "top_a", "typical_p", "repetition_penalty", "length_penalty", "use_beam_search", "min_tokens", "stop_token_ids", "include_stop_str_in_output", "ignore_eos", "skip_special_tokens", "spaces_between_special_tokens", "truncate_prompt_tokens", "prompt_logprobs", "allowed_token_ids", "bad_words", "echo", "add_generation_prompt", "continue_final_message", "add_special_tokens", "documents_json", "chat_template", "chat_template_kwargs_json", "mm_processor_kwargs_json", "structured_outputs_json", "priority", "request_id", "session_id", "return_tokens_as_token_ids", "return_token_ids", "cache_salt", "kv_transfer_params_json", "route", "plugins_json", "transforms", "usage", "trace_json", "grammar", "json_schema_json", "cache_prompt", "n_predict", "samplers", "timings_per_token", "parse_tool_calls", "id_slot", "return_progress", "extra_body_json", "safe_prompt", "extra_json", "bridge_options", "random_seed", "prompt_mode", "disable_tool_validation", "search_settings_json", "search_parameters_json", "deferred", "debug_json")
    class LogitBiasEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    MODEL_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    MAX_TOKENS_FIELD_NUMBER: _ClassVar[int]
    MAX_COMPLETION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TOP_P_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    STOP_SEQUENCES_FIELD_NUMBER: _ClassVar[int]
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    TOOL_CHOICE_FIELD_NUMBER: _ClassVar[int]
    TOOL_CHOICE_OBJECT_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FORMAT_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    STREAM_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    REASONING_FIELD_NUMBER: _ClassVar[int]
    REASONING_JSON_FIELD_NUMBER: _ClassVar[int]
    REASONING_EFFORT_FIELD_NUMBER: _ClassVar[int]
    VERBOSITY_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    N_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_PENALTY_FIELD_NUMBER: _ClassVar[int]
    PRESENCE_PENALTY_FIELD_NUMBER: _ClassVar[int]
    LOGIT_BIAS_FIELD_NUMBER: _ClassVar[int]
    LOGPROBS_FIELD_NUMBER: _ClassVar[int]
    TOP_LOGPROBS_FIELD_NUMBER: _ClassVar[int]
    PARALLEL_TOOL_CALLS_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    SAFETY_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    PROMPT_CACHE_KEY_FIELD_NUMBER: _ClassVar[int]
    PROMPT_CACHE_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_CACHE_RETENTION_FIELD_NUMBER: _ClassVar[int]
    SERVICE_TIER_FIELD_NUMBER: _ClassVar[int]
    STORE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    MODALITIES_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    PREDICTION_FIELD_NUMBER: _ClassVar[int]
    WEB_SEARCH_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    MODERATION_FIELD_NUMBER: _ClassVar[int]
    FUNCTIONS_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_CALL_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_CALL_OBJECT_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    CACHE_CONTROL_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_REASONING_FIELD_NUMBER: _ClassVar[int]
    REASONING_FORMAT_FIELD_NUMBER: _ClassVar[int]
    THINKING_FIELD_NUMBER: _ClassVar[int]
    THINKING_TOKEN_BUDGET_FIELD_NUMBER: _ClassVar[int]
    TOP_K_FIELD_NUMBER: _ClassVar[int]
    MIN_P_FIELD_NUMBER: _ClassVar[int]
    TOP_A_FIELD_NUMBER: _ClassVar[int]
    TYPICAL_P_FIELD_NUMBER: _ClassVar[int]
    REPETITION_PENALTY_FIELD_NUMBER: _ClassVar[int]
    LENGTH_PENALTY_FIELD_NUMBER: _ClassVar[int]
    USE_BEAM_SEARCH_FIELD_NUMBER: _ClassVar[int]
    MIN_TOKENS_FIELD_NUMBER: _ClassVar[int]
    STOP_TOKEN_IDS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_STOP_STR_IN_OUTPUT_FIELD_NUMBER: _ClassVar[int]
    IGNORE_EOS_FIELD_NUMBER: _ClassVar[int]
    SKIP_SPECIAL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    SPACES_BETWEEN_SPECIAL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TRUNCATE_PROMPT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_LOGPROBS_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_TOKEN_IDS_FIELD_NUMBER: _ClassVar[int]
    BAD_WORDS_FIELD_NUMBER: _ClassVar[int]
    ECHO_FIELD_NUMBER: _ClassVar[int]
    ADD_GENERATION_PROMPT_FIELD_NUMBER: _ClassVar[int]
    CONTINUE_FINAL_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ADD_SPECIAL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    DOCUMENTS_JSON_FIELD_NUMBER: _ClassVar[int]
    CHAT_TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    CHAT_TEMPLATE_KWARGS_JSON_FIELD_NUMBER: _ClassVar[int]
    MM_PROCESSOR_KWARGS_JSON_FIELD_NUMBER: _ClassVar[int]
    STRUCTURED_OUTPUTS_JSON_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    RETURN_TOKENS_AS_TOKEN_IDS_FIELD_NUMBER: _ClassVar[int]
    RETURN_TOKEN_IDS_FIELD_NUMBER: _ClassVar[int]
    CACHE_SALT_FIELD_NUMBER: _ClassVar[int]
    KV_TRANSFER_PARAMS_JSON_FIELD_NUMBER: _ClassVar[int]
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    PLUGINS_JSON_FIELD_NUMBER: _ClassVar[int]
    TRANSFORMS_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    TRACE_JSON_FIELD_NUMBER: _ClassVar[int]
    GRAMMAR_FIELD_NUMBER: _ClassVar[int]
    JSON_SCHEMA_JSON_FIELD_NUMBER: _ClassVar[int]
    CACHE_PROMPT_FIELD_NUMBER: _ClassVar[int]
    N_PREDICT_FIELD_NUMBER: _ClassVar[int]
    SAMPLERS_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_PER_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PARSE_TOOL_CALLS_FIELD_NUMBER: _ClassVar[int]
    ID_SLOT_FIELD_NUMBER: _ClassVar[int]
    RETURN_PROGRESS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_BODY_JSON_FIELD_NUMBER: _ClassVar[int]
    SAFE_PROMPT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    BRIDGE_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    RANDOM_SEED_FIELD_NUMBER: _ClassVar[int]
    PROMPT_MODE_FIELD_NUMBER: _ClassVar[int]
    DISABLE_TOOL_VALIDATION_FIELD_NUMBER: _ClassVar[int]
    SEARCH_SETTINGS_JSON_FIELD_NUMBER: _ClassVar[int]
    SEARCH_PARAMETERS_JSON_FIELD_NUMBER: _ClassVar[int]
    DEFERRED_FIELD_NUMBER: _ClassVar[int]
    DEBUG_JSON_FIELD_NUMBER: _ClassVar[int]
    model: str
    messages: _containers.RepeatedCompositeFieldContainer[ChatCompletionMessage]
    temperature: float
    max_tokens: int
    max_completion_tokens: int
    top_p: float
    stop: str
    stop_sequences: StopSequences
    tools: _containers.RepeatedCompositeFieldContainer[Tool]
    tool_choice: str
    tool_choice_object: ToolChoice
    response_format: ResponseFormat
    stream: bool
    stream_options: StreamOptions
    reasoning: ReasoningOptions
    reasoning_json: str
    reasoning_effort: str
    verbosity: str
    seed: int
    n: int
    frequency_penalty: float
    presence_penalty: float
    logit_bias: _containers.ScalarMap[str, float]
    logprobs: bool
    top_logprobs: int
    parallel_tool_calls: bool
    user: str
    safety_identifier: str
    prompt_cache_key: str
    prompt_cache_options: PromptCacheOptions
    prompt_cache_retention: str
    service_tier: str
    store: bool
    metadata: _containers.ScalarMap[str, str]
    modalities: _containers.RepeatedScalarFieldContainer[str]
    audio: AudioOptions
    prediction: Prediction
    web_search_options: WebSearchOptions
    moderation: ModerationOptions
    functions: _containers.RepeatedCompositeFieldContainer[FunctionDefinition]
    function_call: str
    function_call_object: ToolName
    models: _containers.RepeatedScalarFieldContainer[str]
    provider_options: _common_pb2.ProviderOptions
    provider: _common_pb2.GatewayOptions
    cache_control: _common_pb2.CacheControl
    include_reasoning: bool
    reasoning_format: str
    thinking: ThinkingOptions
    thinking_token_budget: int
    top_k: int
    min_p: float
    top_a: float
    typical_p: float
    repetition_penalty: float
    length_penalty: float
    use_beam_search: bool
    min_tokens: int
    stop_token_ids: _containers.RepeatedScalarFieldContainer[int]
    include_stop_str_in_output: bool
    ignore_eos: bool
    skip_special_tokens: bool
    spaces_between_special_tokens: bool
    truncate_prompt_tokens: int
    prompt_logprobs: int
    allowed_token_ids: _containers.RepeatedScalarFieldContainer[int]
    bad_words: _containers.RepeatedScalarFieldContainer[str]
    echo: bool
    add_generation_prompt: bool
    continue_final_message: bool
    add_special_tokens: bool
    documents_json: str
    chat_template: str
    chat_template_kwargs_json: str
    mm_processor_kwargs_json: str
    structured_outputs_json: str
    priority: int
    request_id: str
    session_id: str
    return_tokens_as_token_ids: bool
    return_token_ids: bool
    cache_salt: str
    kv_transfer_params_json: str
    route: str
    plugins_json: str
    transforms: _containers.RepeatedScalarFieldContainer[str]
    usage: UsageOptions
    trace_json: str
    grammar: str
    json_schema_json: str
    cache_prompt: bool
    n_predict: int
    samplers: _containers.RepeatedScalarFieldContainer[str]
    timings_per_token: bool
    parse_tool_calls: bool
    id_slot: int
    return_progress: bool
    extra_body_json: str
    safe_prompt: bool
    extra_json: str
    bridge_options: _common_pb2.BridgeOptions
    random_seed: int
    prompt_mode: str
    disable_tool_validation: bool
    search_settings_json: str
    search_parameters_json: str
    deferred: bool
    debug_json: str
    def __init__(self, model: _Optional[str] = ..., messages: _Optional[_Iterable[_Union[ChatCompletionMessage, _Mapping]]] = ..., temperature: _Optional[float] = ..., max_tokens: _Optional[int] = ..., max_completion_tokens: _Optional[int] = ..., top_p: _Optional[float] = ..., stop: _Optional[str] = ..., stop_sequences: _Optional[_Union[StopSequences, _Mapping]] = ..., tools: _Optional[_Iterable[_Union[Tool, _Mapping]]] = ..., tool_choice: _Optional[str] = ..., tool_choice_object: _Optional[_Union[ToolChoice, _Mapping]] = ..., response_format: _Optional[_Union[ResponseFormat, _Mapping]] = ..., stream: bool = ..., stream_options: _Optional[_Union[StreamOptions, _Mapping]] = ..., reasoning: _Optional[_Union[ReasoningOptions, _Mapping]] = ..., reasoning_json: _Optional[str] = ..., reasoning_effort: _Optional[str] = ..., verbosity: _Optional[str] = ..., seed: _Optional[int] = ..., n: _Optional[int] = ..., frequency_penalty: _Optional[float] = ..., presence_penalty: _Optional[float] = ..., logit_bias: _Optional[_Mapping[str, float]] = ..., logprobs: bool = ..., top_logprobs: _Optional[int] = ..., parallel_tool_calls: bool = ..., user: _Optional[str] = ..., safety_identifier: _Optional[str] = ..., prompt_cache_key: _Optional[str] = ..., prompt_cache_options: _Optional[_Union[PromptCacheOptions, _Mapping]] = ..., prompt_cache_retention: _Optional[str] = ..., service_tier: _Optional[str] = ..., store: bool = ..., metadata: _Optional[_Mapping[str, str]] = ..., modalities: _Optional[_Iterable[str]] = ..., audio: _Optional[_Union[AudioOptions, _Mapping]] = ..., prediction: _Optional[_Union[Prediction, _Mapping]] = ..., web_search_options: _Optional[_Union[WebSearchOptions, _Mapping]] = ..., moderation: _Optional[_Union[ModerationOptions, _Mapping]] = ..., functions: _Optional[_Iterable[_Union[FunctionDefinition, _Mapping]]] = ..., function_call: _Optional[str] = ..., function_call_object: _Optional[_Union[ToolName, _Mapping]] = ..., models: _Optional[_Iterable[str]] = ..., provider_options: _Optional[_Union[_common_pb2.ProviderOptions, _Mapping]] = ..., provider: _Optional[_Union[_common_pb2.GatewayOptions, _Mapping]] = ..., cache_control: _Optional[_Union[_common_pb2.CacheControl, _Mapping]] = ..., include_reasoning: bool = ..., reasoning_format: _Optional[str] = ..., thinking: _Optional[_Union[ThinkingOptions, _Mapping]] = ..., thinking_token_budget: _Optional[int] = ..., top_k: _Optional[int] = ..., min_p: _Optional[float] = ..., top_a: _Optional[float] = ..., typical_p: _Optional[float] = ..., repetition_penalty: _Optional[float] = ..., length_penalty: _Optional[float] = ..., use_beam_search: bool = ..., min_tokens: _Optional[int] = ..., stop_token_ids: _Optional[_Iterable[int]] = ..., include_stop_str_in_output: bool = ..., ignore_eos: bool = ..., skip_special_tokens: bool = ..., spaces_between_special_tokens: bool = ..., truncate_prompt_tokens: _Optional[int] = ..., prompt_logprobs: _Optional[int] = ..., allowed_token_ids: _Optional[_Iterable[int]] = ..., bad_words: _Optional[_Iterable[str]] = ..., echo: bool = ..., add_generation_prompt: bool = ..., continue_final_message: bool = ..., add_special_tokens: bool = ..., documents_json: _Optional[str] = ..., chat_template: _Optional[str] = ..., chat_template_kwargs_json: _Optional[str] = ..., mm_processor_kwargs_json: _Optional[str] = ..., structured_outputs_json: _Optional[str] = ..., priority: _Optional[int] = ..., request_id: _Optional[str] = ..., session_id: _Optional[str] = ..., return_tokens_as_token_ids: bool = ..., return_token_ids: bool = ..., cache_salt: _Optional[str] = ..., kv_transfer_params_json: _Optional[str] = ..., route: _Optional[str] = ..., plugins_json: _Optional[str] = ..., transforms: _Optional[_Iterable[str]] = ..., usage: _Optional[_Union[UsageOptions, _Mapping]] = ..., trace_json: _Optional[str] = ..., grammar: _Optional[str] = ..., json_schema_json: _Optional[str] = ..., cache_prompt: bool = ..., n_predict: _Optional[int] = ..., samplers: _Optional[_Iterable[str]] = ..., timings_per_token: bool = ..., parse_tool_calls: bool = ..., id_slot: _Optional[int] = ..., return_progress: bool = ..., extra_body_json: _Optional[str] = ..., safe_prompt: bool = ..., extra_json: _Optional[str] = ..., bridge_options: _Optional[_Union[_common_pb2.BridgeOptions, _Mapping]] = ..., random_seed: _Optional[int] = ..., prompt_mode: _Optional[str] = ..., disable_tool_validation: bool = ..., search_settings_json: _Optional[str] = ..., search_parameters_json: _Optional[str] = ..., deferred: bool = ..., debug_json: _Optional[str] = ...) -> None: ...

class CreateChatCompletionResponse(_message.Message):
    __slots__ = ("id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier", "provider", "generation_id", "x_groq", "timings", "prompt_filter_results", "citations", "search_results", "metadata", "moderation", "usage_breakdown_json", "images_json", "request_id", "prompt_logprobs_json", "prompt_token_ids", "prompt_text", "kv_transfer_params_json", "ec_transfer_params_json", "metrics_json", "extra_json")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    CHOICES_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_TIER_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    GENERATION_ID_FIELD_NUMBER: _ClassVar[int]
    X_GROQ_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FILTER_RESULTS_FIELD_NUMBER: _ClassVar[int]
    CITATIONS_FIELD_NUMBER: _ClassVar[int]
    SEARCH_RESULTS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    MODERATION_FIELD_NUMBER: _ClassVar[int]
    USAGE_BREAKDOWN_JSON_FIELD_NUMBER: _ClassVar[int]
    IMAGES_JSON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PROMPT_LOGPROBS_JSON_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TOKEN_IDS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TEXT_FIELD_NUMBER: _ClassVar[int]
    KV_TRANSFER_PARAMS_JSON_FIELD_NUMBER: _ClassVar[int]
    EC_TRANSFER_PARAMS_JSON_FIELD_NUMBER: _ClassVar[int]
    METRICS_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    id: str
    object: str
    created: int
    model: str
    choices: _containers.RepeatedCompositeFieldContainer[Choice]
    usage: _common_pb2.Usage
    system_fingerprint: str
    service_tier: str
    provider: str
    generation_id: str
    x_groq: XGroq
    timings: Timings
    prompt_filter_results: _containers.RepeatedCompositeFieldContainer[PromptFilterResult]
    citations: _containers.RepeatedScalarFieldContainer[str]
    search_results: _containers.RepeatedCompositeFieldContainer[SearchResult]
    metadata: _containers.ScalarMap[str, str]
    moderation: CompletionModeration
    usage_breakdown_json: str
    images_json: str
    request_id: str
    prompt_logprobs_json: str
    prompt_token_ids: _containers.RepeatedScalarFieldContainer[int]
    prompt_text: str
    kv_transfer_params_json: str
    ec_transfer_params_json: str
    metrics_json: str
    extra_json: str
    def __init__(self, id: _Optional[str] = ..., object: _Optional[str] = ..., created: _Optional[int] = ..., model: _Optional[str] = ..., choices: _Optional[_Iterable[_Union[Choice, _Mapping]]] = ..., usage: _Optional[_Union[_common_pb2.Usage, _Mapping]] = ..., system_fingerprint: _Optional[str] = ..., service_tier: _Optional[str] = ..., provider: _Optional[str] = ..., generation_id: _Optional[str] = ..., x_groq: _Optional[_Union[XGroq, _Mapping]] = ..., timings: _Optional[_Union[Timings, _Mapping]] = ..., prompt_filter_results: _Optional[_Iterable[_Union[PromptFilterResult, _Mapping]]] = ..., citations: _Optional[_Iterable[str]] = ..., search_results: _Optional[_Iterable[_Union[SearchResult, _Mapping]]] = ..., metadata: _Optional[_Mapping[str, str]] = ..., moderation: _Optional[_Union[CompletionModeration, _Mapping]] = ..., usage_breakdown_json: _Optional[str] = ..., images_json: _Optional[str] = ..., request_id: _Optional[str] = ..., prompt_logprobs_json: _Optional[str] = ..., prompt_token_ids: _Optional[_Iterable[int]] = ..., prompt_text: _Optional[str] = ..., kv_transfer_params_json: _Optional[str] = ..., ec_transfer_params_json: _Optional[str] = ..., metrics_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class CreateChatCompletionStreamResponse(_message.Message):
    __slots__ = ("id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier", "provider", "generation_id", "x_groq", "timings", "prompt_filter_results", "citations", "obfuscation", "search_results", "metadata", "moderation", "usage_breakdown_json", "images_json", "request_id", "prompt_logprobs_json", "prompt_token_ids", "prompt_text", "kv_transfer_params_json", "ec_transfer_params_json", "metrics_json", "latency_checkpoint_json", "extra_json")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    CHOICES_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    SERVICE_TIER_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    GENERATION_ID_FIELD_NUMBER: _ClassVar[int]
    X_GROQ_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FILTER_RESULTS_FIELD_NUMBER: _ClassVar[int]
    CITATIONS_FIELD_NUMBER: _ClassVar[int]
    OBFUSCATION_FIELD_NUMBER: _ClassVar[int]
    SEARCH_RESULTS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    MODERATION_FIELD_NUMBER: _ClassVar[int]
    USAGE_BREAKDOWN_JSON_FIELD_NUMBER: _ClassVar[int]
    IMAGES_JSON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PROMPT_LOGPROBS_JSON_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TOKEN_IDS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_TEXT_FIELD_NUMBER: _ClassVar[int]
    KV_TRANSFER_PARAMS_JSON_FIELD_NUMBER: _ClassVar[int]
    EC_TRANSFER_PARAMS_JSON_FIELD_NUMBER: _ClassVar[int]
    METRICS_JSON_FIELD_NUMBER: _ClassVar[int]
    LATENCY_CHECKPOINT_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    id: str
    object: str
    created: int
    model: str
    choices: _containers.RepeatedCompositeFieldContainer[ChunkChoice]
    usage: _common_pb2.Usage
    system_fingerprint: str
    service_tier: str
    provider: str
    generation_id: str
    x_groq: XGroq
    timings: Timings
    prompt_filter_results: _containers.RepeatedCompositeFieldContainer[PromptFilterResult]
    citations: _containers.RepeatedScalarFieldContainer[str]
    obfuscation: str
    search_results: _containers.RepeatedCompositeFieldContainer[SearchResult]
    metadata: _containers.ScalarMap[str, str]
    moderation: CompletionModeration
    usage_breakdown_json: str
    images_json: str
    request_id: str
    prompt_logprobs_json: str
    prompt_token_ids: _containers.RepeatedScalarFieldContainer[int]
    prompt_text: str
    kv_transfer_params_json: str
    ec_transfer_params_json: str
    metrics_json: str
    latency_checkpoint_json: str
    extra_json: str
    def __init__(self, id: _Optional[str] = ..., object: _Optional[str] = ..., created: _Optional[int] = ..., model: _Optional[str] = ..., choices: _Optional[_Iterable[_Union[ChunkChoice, _Mapping]]] = ..., usage: _Optional[_Union[_common_pb2.Usage, _Mapping]] = ..., system_fingerprint: _Optional[str] = ..., service_tier: _Optional[str] = ..., provider: _Optional[str] = ..., generation_id: _Optional[str] = ..., x_groq: _Optional[_Union[XGroq, _Mapping]] = ..., timings: _Optional[_Union[Timings, _Mapping]] = ..., prompt_filter_results: _Optional[_Iterable[_Union[PromptFilterResult, _Mapping]]] = ..., citations: _Optional[_Iterable[str]] = ..., obfuscation: _Optional[str] = ..., search_results: _Optional[_Iterable[_Union[SearchResult, _Mapping]]] = ..., metadata: _Optional[_Mapping[str, str]] = ..., moderation: _Optional[_Union[CompletionModeration, _Mapping]] = ..., usage_breakdown_json: _Optional[str] = ..., images_json: _Optional[str] = ..., request_id: _Optional[str] = ..., prompt_logprobs_json: _Optional[str] = ..., prompt_token_ids: _Optional[_Iterable[int]] = ..., prompt_text: _Optional[str] = ..., kv_transfer_params_json: _Optional[str] = ..., ec_transfer_params_json: _Optional[str] = ..., metrics_json: _Optional[str] = ..., latency_checkpoint_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class Choice(_message.Message):
    __slots__ = ("index", "message", "finish_reason", "logprobs", "native_finish_reason", "stop_reason", "stop_reason_token_id", "content_filter_results", "content_filter_offsets", "content_filter_result", "error_json", "token_ids", "routed_experts", "matched_stop", "matched_stop_token_id", "provider_specific_fields_json", "extra_json")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FINISH_REASON_FIELD_NUMBER: _ClassVar[int]
    LOGPROBS_FIELD_NUMBER: _ClassVar[int]
    NATIVE_FINISH_REASON_FIELD_NUMBER: _ClassVar[int]
    STOP_REASON_FIELD_NUMBER: _ClassVar[int]
    STOP_REASON_TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FILTER_RESULTS_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FILTER_OFFSETS_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FILTER_RESULT_FIELD_NUMBER: _ClassVar[int]
    ERROR_JSON_FIELD_NUMBER: _ClassVar[int]
    TOKEN_IDS_FIELD_NUMBER: _ClassVar[int]
    ROUTED_EXPERTS_FIELD_NUMBER: _ClassVar[int]
    MATCHED_STOP_FIELD_NUMBER: _ClassVar[int]
    MATCHED_STOP_TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_SPECIFIC_FIELDS_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    index: int
    message: ChatCompletionMessage
    finish_reason: str
    logprobs: ChoiceLogprobs
    native_finish_reason: str
    stop_reason: str
    stop_reason_token_id: int
    content_filter_results: ContentFilterResults
    content_filter_offsets: ContentFilterOffsets
    content_filter_result: ContentFilterResults
    error_json: str
    token_ids: _containers.RepeatedScalarFieldContainer[int]
    routed_experts: str
    matched_stop: str
    matched_stop_token_id: int
    provider_specific_fields_json: str
    extra_json: str
    def __init__(self, index: _Optional[int] = ..., message: _Optional[_Union[ChatCompletionMessage, _Mapping]] = ..., finish_reason: _Optional[str] = ..., logprobs: _Optional[_Union[ChoiceLogprobs, _Mapping]] = ..., native_finish_reason: _Optional[str] = ..., stop_reason: _Optional[str] = ..., stop_reason_token_id: _Optional[int] = ..., content_filter_results: _Optional[_Union[ContentFilterResults, _Mapping]] = ..., content_filter_offsets: _Optional[_Union[ContentFilterOffsets, _Mapping]] = ..., content_filter_result: _Optional[_Union[ContentFilterResults, _Mapping]] = ..., error_json: _Optional[str] = ..., token_ids: _Optional[_Iterable[int]] = ..., routed_experts: _Optional[str] = ..., matched_stop: _Optional[str] = ..., matched_stop_token_id: _Optional[int] = ..., provider_specific_fields_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ChunkChoice(_message.Message):
    __slots__ = ("index", "delta", "finish_reason", "logprobs", "native_finish_reason", "stop_reason", "stop_reason_token_id", "content_filter_results", "content_filter_offsets", "content_filter_result", "error_json", "token_ids", "routed_experts", "matched_stop", "matched_stop_token_id", "provider_specific_fields_json", "extra_json")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    FINISH_REASON_FIELD_NUMBER: _ClassVar[int]
    LOGPROBS_FIELD_NUMBER: _ClassVar[int]
    NATIVE_FINISH_REASON_FIELD_NUMBER: _ClassVar[int]
    STOP_REASON_FIELD_NUMBER: _ClassVar[int]
    STOP_REASON_TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FILTER_RESULTS_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FILTER_OFFSETS_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FILTER_RESULT_FIELD_NUMBER: _ClassVar[int]
    ERROR_JSON_FIELD_NUMBER: _ClassVar[int]
    TOKEN_IDS_FIELD_NUMBER: _ClassVar[int]
    ROUTED_EXPERTS_FIELD_NUMBER: _ClassVar[int]
    MATCHED_STOP_FIELD_NUMBER: _ClassVar[int]
    MATCHED_STOP_TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_SPECIFIC_FIELDS_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    index: int
    delta: ChatCompletionDelta
    finish_reason: str
    logprobs: ChoiceLogprobs
    native_finish_reason: str
    stop_reason: str
    stop_reason_token_id: int
    content_filter_results: ContentFilterResults
    content_filter_offsets: ContentFilterOffsets
    content_filter_result: ContentFilterResults
    error_json: str
    token_ids: _containers.RepeatedScalarFieldContainer[int]
    routed_experts: str
    matched_stop: str
    matched_stop_token_id: int
    provider_specific_fields_json: str
    extra_json: str
    def __init__(self, index: _Optional[int] = ..., delta: _Optional[_Union[ChatCompletionDelta, _Mapping]] = ..., finish_reason: _Optional[str] = ..., logprobs: _Optional[_Union[ChoiceLogprobs, _Mapping]] = ..., native_finish_reason: _Optional[str] = ..., stop_reason: _Optional[str] = ..., stop_reason_token_id: _Optional[int] = ..., content_filter_results: _Optional[_Union[ContentFilterResults, _Mapping]] = ..., content_filter_offsets: _Optional[_Union[ContentFilterOffsets, _Mapping]] = ..., content_filter_result: _Optional[_Union[ContentFilterResults, _Mapping]] = ..., error_json: _Optional[str] = ..., token_ids: _Optional[_Iterable[int]] = ..., routed_experts: _Optional[str] = ..., matched_stop: _Optional[str] = ..., matched_stop_token_id: _Optional[int] = ..., provider_specific_fields_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ChatCompletionMessage(_message.Message):
    __slots__ = ("role", "content", "content_parts", "tool_calls", "refusal", "reasoning", "reasoning_content", "reasoning_details", "images", "audio", "annotations", "function_call", "provider_metadata_json", "tool_call_id", "name", "cache_control", "prefix", "extra_content", "executed_tools", "context_json", "citations_json", "provider_specific_fields_json", "extra_json")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    CONTENT_PARTS_FIELD_NUMBER: _ClassVar[int]
    TOOL_CALLS_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    REASONING_FIELD_NUMBER: _ClassVar[int]
    REASONING_CONTENT_FIELD_NUMBER: _ClassVar[int]
    REASONING_DETAILS_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_CALL_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_METADATA_JSON_FIELD_NUMBER: _ClassVar[int]
    TOOL_CALL_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CACHE_CONTROL_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    EXTRA_CONTENT_FIELD_NUMBER: _ClassVar[int]
    EXECUTED_TOOLS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_JSON_FIELD_NUMBER: _ClassVar[int]
    CITATIONS_JSON_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_SPECIFIC_FIELDS_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    role: str
    content: str
    content_parts: ContentParts
    tool_calls: _containers.RepeatedCompositeFieldContainer[ToolCall]
    refusal: str
    reasoning: str
    reasoning_content: str
    reasoning_details: _containers.RepeatedCompositeFieldContainer[ReasoningDetail]
    images: _containers.RepeatedCompositeFieldContainer[MessageImage]
    audio: AudioOutput
    annotations: _containers.RepeatedCompositeFieldContainer[Annotation]
    function_call: FunctionCall
    provider_metadata_json: str
    tool_call_id: str
    name: str
    cache_control: _common_pb2.CacheControl
    prefix: bool
    extra_content: ExtraContent
    executed_tools: _containers.RepeatedCompositeFieldContainer[ExecutedTool]
    context_json: str
    citations_json: str
    provider_specific_fields_json: str
    extra_json: str
    def __init__(self, role: _Optional[str] = ..., content: _Optional[str] = ..., content_parts: _Optional[_Union[ContentParts, _Mapping]] = ..., tool_calls: _Optional[_Iterable[_Union[ToolCall, _Mapping]]] = ..., refusal: _Optional[str] = ..., reasoning: _Optional[str] = ..., reasoning_content: _Optional[str] = ..., reasoning_details: _Optional[_Iterable[_Union[ReasoningDetail, _Mapping]]] = ..., images: _Optional[_Iterable[_Union[MessageImage, _Mapping]]] = ..., audio: _Optional[_Union[AudioOutput, _Mapping]] = ..., annotations: _Optional[_Iterable[_Union[Annotation, _Mapping]]] = ..., function_call: _Optional[_Union[FunctionCall, _Mapping]] = ..., provider_metadata_json: _Optional[str] = ..., tool_call_id: _Optional[str] = ..., name: _Optional[str] = ..., cache_control: _Optional[_Union[_common_pb2.CacheControl, _Mapping]] = ..., prefix: bool = ..., extra_content: _Optional[_Union[ExtraContent, _Mapping]] = ..., executed_tools: _Optional[_Iterable[_Union[ExecutedTool, _Mapping]]] = ..., context_json: _Optional[str] = ..., citations_json: _Optional[str] = ..., provider_specific_fields_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ChatCompletionDelta(_message.Message):
    __slots__ = ("role", "content", "content_parts", "tool_calls", "refusal", "reasoning", "reasoning_content", "reasoning_details", "images", "audio", "annotations", "function_call", "provider_metadata_json", "extra_content", "executed_tools", "context_json", "citations_json", "provider_specific_fields_json", "extra_json")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    CONTENT_PARTS_FIELD_NUMBER: _ClassVar[int]
    TOOL_CALLS_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    REASONING_FIELD_NUMBER: _ClassVar[int]
    REASONING_CONTENT_FIELD_NUMBER: _ClassVar[int]
    REASONING_DETAILS_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_CALL_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_METADATA_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_CONTENT_FIELD_NUMBER: _ClassVar[int]
    EXECUTED_TOOLS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_JSON_FIELD_NUMBER: _ClassVar[int]
    CITATIONS_JSON_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_SPECIFIC_FIELDS_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    role: str
    content: str
    content_parts: ContentParts
    tool_calls: _containers.RepeatedCompositeFieldContainer[ToolCall]
    refusal: str
    reasoning: str
    reasoning_content: str
    reasoning_details: _containers.RepeatedCompositeFieldContainer[ReasoningDetail]
    images: _containers.RepeatedCompositeFieldContainer[MessageImage]
    audio: AudioOutput
    annotations: _containers.RepeatedCompositeFieldContainer[Annotation]
    function_call: FunctionCall
    provider_metadata_json: str
    extra_content: ExtraContent
    executed_tools: _containers.RepeatedCompositeFieldContainer[ExecutedTool]
    context_json: str
    citations_json: str
    provider_specific_fields_json: str
    extra_json: str
    def __init__(self, role: _Optional[str] = ..., content: _Optional[str] = ..., content_parts: _Optional[_Union[ContentParts, _Mapping]] = ..., tool_calls: _Optional[_Iterable[_Union[ToolCall, _Mapping]]] = ..., refusal: _Optional[str] = ..., reasoning: _Optional[str] = ..., reasoning_content: _Optional[str] = ..., reasoning_details: _Optional[_Iterable[_Union[ReasoningDetail, _Mapping]]] = ..., images: _Optional[_Iterable[_Union[MessageImage, _Mapping]]] = ..., audio: _Optional[_Union[AudioOutput, _Mapping]] = ..., annotations: _Optional[_Iterable[_Union[Annotation, _Mapping]]] = ..., function_call: _Optional[_Union[FunctionCall, _Mapping]] = ..., provider_metadata_json: _Optional[str] = ..., extra_content: _Optional[_Union[ExtraContent, _Mapping]] = ..., executed_tools: _Optional[_Iterable[_Union[ExecutedTool, _Mapping]]] = ..., context_json: _Optional[str] = ..., citations_json: _Optional[str] = ..., provider_specific_fields_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ContentParts(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[ContentPart]
    def __init__(self, items: _Optional[_Iterable[_Union[ContentPart, _Mapping]]] = ...) -> None: ...

class ContentPart(_message.Message):
    __slots__ = ("type", "text", "image_url", "image_url_string", "input_audio", "input_audio_string", "file", "refusal", "video_url", "audio_url", "cache_control", "prompt_cache_breakpoint", "thinking", "thinking_text", "closed", "signature", "file_id", "document_url", "document_name", "reference_ids", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    IMAGE_URL_FIELD_NUMBER: _ClassVar[int]
    IMAGE_URL_STRING_FIELD_NUMBER: _ClassVar[int]
    INPUT_AUDIO_FIELD_NUMBER: _ClassVar[int]
    INPUT_AUDIO_STRING_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    VIDEO_URL_FIELD_NUMBER: _ClassVar[int]
    AUDIO_URL_FIELD_NUMBER: _ClassVar[int]
    CACHE_CONTROL_FIELD_NUMBER: _ClassVar[int]
    PROMPT_CACHE_BREAKPOINT_FIELD_NUMBER: _ClassVar[int]
    THINKING_FIELD_NUMBER: _ClassVar[int]
    THINKING_TEXT_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    FILE_ID_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_URL_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_NAME_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_IDS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    text: str
    image_url: ImageUrl
    image_url_string: str
    input_audio: InputAudio
    input_audio_string: str
    file: FileContent
    refusal: str
    video_url: VideoUrl
    audio_url: AudioUrl
    cache_control: _common_pb2.CacheControl
    prompt_cache_breakpoint: PromptCacheBreakpoint
    thinking: ContentParts
    thinking_text: str
    closed: bool
    signature: str
    file_id: str
    document_url: str
    document_name: str
    reference_ids: _containers.RepeatedScalarFieldContainer[int]
    extra_json: str
    def __init__(self, type: _Optional[str] = ..., text: _Optional[str] = ..., image_url: _Optional[_Union[ImageUrl, _Mapping]] = ..., image_url_string: _Optional[str] = ..., input_audio: _Optional[_Union[InputAudio, _Mapping]] = ..., input_audio_string: _Optional[str] = ..., file: _Optional[_Union[FileContent, _Mapping]] = ..., refusal: _Optional[str] = ..., video_url: _Optional[_Union[VideoUrl, _Mapping]] = ..., audio_url: _Optional[_Union[AudioUrl, _Mapping]] = ..., cache_control: _Optional[_Union[_common_pb2.CacheControl, _Mapping]] = ..., prompt_cache_breakpoint: _Optional[_Union[PromptCacheBreakpoint, _Mapping]] = ..., thinking: _Optional[_Union[ContentParts, _Mapping]] = ..., thinking_text: _Optional[str] = ..., closed: bool = ..., signature: _Optional[str] = ..., file_id: _Optional[str] = ..., document_url: _Optional[str] = ..., document_name: _Optional[str] = ..., reference_ids: _Optional[_Iterable[int]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ImageUrl(_message.Message):
    __slots__ = ("url", "url_data", "detail", "extra_json")
    URL_FIELD_NUMBER: _ClassVar[int]
    URL_DATA_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    url: str
    url_data: _common_pb2.InlineData
    detail: str
    extra_json: str
    def __init__(self, url: _Optional[str] = ..., url_data: _Optional[_Union[_common_pb2.InlineData, _Mapping]] = ..., detail: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class InputAudio(_message.Message):
    __slots__ = ("data", "data_raw", "format", "extra_json")
    DATA_FIELD_NUMBER: _ClassVar[int]
    DATA_RAW_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    data: str
    data_raw: bytes
    format: str
    extra_json: str
    def __init__(self, data: _Optional[str] = ..., data_raw: _Optional[bytes] = ..., format: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class FileContent(_message.Message):
    __slots__ = ("file_data", "file_data_inline", "file_id", "filename", "data", "data_raw", "media_type", "extra_json")
    FILE_DATA_FIELD_NUMBER: _ClassVar[int]
    FILE_DATA_INLINE_FIELD_NUMBER: _ClassVar[int]
    FILE_ID_FIELD_NUMBER: _ClassVar[int]
    FILENAME_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    DATA_RAW_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    file_data: str
    file_data_inline: _common_pb2.InlineData
    file_id: str
    filename: str
    data: str
    data_raw: bytes
    media_type: str
    extra_json: str
    def __init__(self, file_data: _Optional[str] = ..., file_data_inline: _Optional[_Union[_common_pb2.InlineData, _Mapping]] = ..., file_id: _Optional[str] = ..., filename: _Optional[str] = ..., data: _Optional[str] = ..., data_raw: _Optional[bytes] = ..., media_type: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class VideoUrl(_message.Message):
    __slots__ = ("url", "url_data", "extra_json")
    URL_FIELD_NUMBER: _ClassVar[int]
    URL_DATA_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    url: str
    url_data: _common_pb2.InlineData
    extra_json: str
    def __init__(self, url: _Optional[str] = ..., url_data: _Optional[_Union[_common_pb2.InlineData, _Mapping]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class AudioUrl(_message.Message):
    __slots__ = ("url", "url_data", "extra_json")
    URL_FIELD_NUMBER: _ClassVar[int]
    URL_DATA_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    url: str
    url_data: _common_pb2.InlineData
    extra_json: str
    def __init__(self, url: _Optional[str] = ..., url_data: _Optional[_Union[_common_pb2.InlineData, _Mapping]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class PromptCacheBreakpoint(_message.Message):
    __slots__ = ("mode", "ttl", "extra_json")
    MODE_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    mode: str
    ttl: str
    extra_json: str
    def __init__(self, mode: _Optional[str] = ..., ttl: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ToolCall(_message.Message):
    __slots__ = ("index", "id", "type", "function", "custom", "extra_content", "extra_json")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    EXTRA_CONTENT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    index: int
    id: str
    type: str
    function: FunctionCall
    custom: CustomToolCall
    extra_content: ExtraContent
    extra_json: str
    def __init__(self, index: _Optional[int] = ..., id: _Optional[str] = ..., type: _Optional[str] = ..., function: _Optional[_Union[FunctionCall, _Mapping]] = ..., custom: _Optional[_Union[CustomToolCall, _Mapping]] = ..., extra_content: _Optional[_Union[ExtraContent, _Mapping]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class FunctionCall(_message.Message):
    __slots__ = ("name", "arguments", "extra_json")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    name: str
    arguments: str
    extra_json: str
    def __init__(self, name: _Optional[str] = ..., arguments: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class CustomToolCall(_message.Message):
    __slots__ = ("name", "input", "extra_json")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    name: str
    input: str
    extra_json: str
    def __init__(self, name: _Optional[str] = ..., input: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ExtraContent(_message.Message):
    __slots__ = ("google", "extra_json")
    GOOGLE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    google: GoogleExtraContent
    extra_json: str
    def __init__(self, google: _Optional[_Union[GoogleExtraContent, _Mapping]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class GoogleExtraContent(_message.Message):
    __slots__ = ("thought_signature", "thought", "extra_json")
    THOUGHT_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    THOUGHT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    thought_signature: str
    thought: bool
    extra_json: str
    def __init__(self, thought_signature: _Optional[str] = ..., thought: bool = ..., extra_json: _Optional[str] = ...) -> None: ...

class ReasoningDetail(_message.Message):
    __slots__ = ("type", "text", "signature", "summary", "data", "id", "format", "index", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    text: str
    signature: str
    summary: str
    data: str
    id: str
    format: str
    index: int
    extra_json: str
    def __init__(self, type: _Optional[str] = ..., text: _Optional[str] = ..., signature: _Optional[str] = ..., summary: _Optional[str] = ..., data: _Optional[str] = ..., id: _Optional[str] = ..., format: _Optional[str] = ..., index: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...

class MessageImage(_message.Message):
    __slots__ = ("type", "image_url", "index", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    IMAGE_URL_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    image_url: ImageUrl
    index: int
    extra_json: str
    def __init__(self, type: _Optional[str] = ..., image_url: _Optional[_Union[ImageUrl, _Mapping]] = ..., index: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...

class AudioOutput(_message.Message):
    __slots__ = ("id", "data", "data_raw", "transcript", "expires_at", "extra_json")
    ID_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    DATA_RAW_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    id: str
    data: str
    data_raw: bytes
    transcript: str
    expires_at: int
    extra_json: str
    def __init__(self, id: _Optional[str] = ..., data: _Optional[str] = ..., data_raw: _Optional[bytes] = ..., transcript: _Optional[str] = ..., expires_at: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...

class Annotation(_message.Message):
    __slots__ = ("type", "url_citation", "file", "file_annotation", "document_citation", "function_citation", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    URL_CITATION_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    FILE_ANNOTATION_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_CITATION_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_CITATION_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    url_citation: UrlCitation
    file: AnnotationFile
    file_annotation: FileAnnotation
    document_citation: DocumentCitation
    function_citation: FunctionCitation
    extra_json: str
    def __init__(self, type: _Optional[str] = ..., url_citation: _Optional[_Union[UrlCitation, _Mapping]] = ..., file: _Optional[_Union[AnnotationFile, _Mapping]] = ..., file_annotation: _Optional[_Union[FileAnnotation, _Mapping]] = ..., document_citation: _Optional[_Union[DocumentCitation, _Mapping]] = ..., function_citation: _Optional[_Union[FunctionCitation, _Mapping]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class UrlCitation(_message.Message):
    __slots__ = ("url", "title", "start_index", "end_index", "content", "extra_json")
    URL_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    START_INDEX_FIELD_NUMBER: _ClassVar[int]
    END_INDEX_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    url: str
    title: str
    start_index: int
    end_index: int
    content: str
    extra_json: str
    def __init__(self, url: _Optional[str] = ..., title: _Optional[str] = ..., start_index: _Optional[int] = ..., end_index: _Optional[int] = ..., content: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class AnnotationFile(_message.Message):
    __slots__ = ("hash", "name", "content", "extra_json")
    HASH_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    hash: str
    name: str
    content: _containers.RepeatedCompositeFieldContainer[ContentPart]
    extra_json: str
    def __init__(self, hash: _Optional[str] = ..., name: _Optional[str] = ..., content: _Optional[_Iterable[_Union[ContentPart, _Mapping]]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class FileAnnotation(_message.Message):
    __slots__ = ("file_id", "quote", "extra_json")
    FILE_ID_FIELD_NUMBER: _ClassVar[int]
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    file_id: str
    quote: str
    extra_json: str
    def __init__(self, file_id: _Optional[str] = ..., quote: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class DocumentCitation(_message.Message):
    __slots__ = ("document_id", "start_index", "end_index", "extra_json")
    DOCUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    START_INDEX_FIELD_NUMBER: _ClassVar[int]
    END_INDEX_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    document_id: str
    start_index: int
    end_index: int
    extra_json: str
    def __init__(self, document_id: _Optional[str] = ..., start_index: _Optional[int] = ..., end_index: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...

class FunctionCitation(_message.Message):
    __slots__ = ("tool_call_id", "start_index", "end_index", "extra_json")
    TOOL_CALL_ID_FIELD_NUMBER: _ClassVar[int]
    START_INDEX_FIELD_NUMBER: _ClassVar[int]
    END_INDEX_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    tool_call_id: str
    start_index: int
    end_index: int
    extra_json: str
    def __init__(self, tool_call_id: _Optional[str] = ..., start_index: _Optional[int] = ..., end_index: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ExecutedTool(_message.Message):
    __slots__ = ("index", "type", "name", "arguments", "output", "search_results_json", "code_results_json", "browser_results_json", "extra_json")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    SEARCH_RESULTS_JSON_FIELD_NUMBER: _ClassVar[int]
    CODE_RESULTS_JSON_FIELD_NUMBER: _ClassVar[int]
    BROWSER_RESULTS_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    index: int
    type: str
    name: str
    arguments: str
    output: str
    search_results_json: str
    code_results_json: str
    browser_results_json: str
    extra_json: str
    def __init__(self, index: _Optional[int] = ..., type: _Optional[str] = ..., name: _Optional[str] = ..., arguments: _Optional[str] = ..., output: _Optional[str] = ..., search_results_json: _Optional[str] = ..., code_results_json: _Optional[str] = ..., browser_results_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class StopSequences(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, items: _Optional[_Iterable[str]] = ...) -> None: ...

class Tool(_message.Message):
    __slots__ = ("type", "function", "custom", "cache_control", "defer_loading", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    CACHE_CONTROL_FIELD_NUMBER: _ClassVar[int]
    DEFER_LOADING_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    function: FunctionDefinition
    custom: CustomToolDefinition
    cache_control: _common_pb2.CacheControl
    defer_loading: bool
    extra_json: str
    def __init__(self, type: _Optional[str] = ..., function: _Optional[_Union[FunctionDefinition, _Mapping]] = ..., custom: _Optional[_Union[CustomToolDefinition, _Mapping]] = ..., cache_control: _Optional[_Union[_common_pb2.CacheControl, _Mapping]] = ..., defer_loading: bool = ..., extra_json: _Optional[str] = ...) -> None: ...

class FunctionDefinition(_message.Message):
    __slots__ = ("name", "description", "parameters_json", "strict", "defer_loading", "extra_json")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_JSON_FIELD_NUMBER: _ClassVar[int]
    STRICT_FIELD_NUMBER: _ClassVar[int]
    DEFER_LOADING_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    parameters_json: str
    strict: bool
    defer_loading: bool
    extra_json: str
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., parameters_json: _Optional[str] = ..., strict: bool = ..., defer_loading: bool = ..., extra_json: _Optional[str] = ...) -> None: ...

class CustomToolDefinition(_message.Message):
    __slots__ = ("name", "description", "format", "extra_json")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    format: CustomToolFormat
    extra_json: str
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., format: _Optional[_Union[CustomToolFormat, _Mapping]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class CustomToolFormat(_message.Message):
    __slots__ = ("type", "grammar", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    GRAMMAR_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    grammar: CustomToolGrammar
    extra_json: str
    def __init__(self, type: _Optional[str] = ..., grammar: _Optional[_Union[CustomToolGrammar, _Mapping]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class CustomToolGrammar(_message.Message):
    __slots__ = ("definition", "syntax", "extra_json")
    DEFINITION_FIELD_NUMBER: _ClassVar[int]
    SYNTAX_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    definition: str
    syntax: str
    extra_json: str
    def __init__(self, definition: _Optional[str] = ..., syntax: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ToolChoice(_message.Message):
    __slots__ = ("type", "function", "custom", "allowed_tools", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_TOOLS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    function: ToolName
    custom: ToolName
    allowed_tools: AllowedTools
    extra_json: str
    def __init__(self, type: _Optional[str] = ..., function: _Optional[_Union[ToolName, _Mapping]] = ..., custom: _Optional[_Union[ToolName, _Mapping]] = ..., allowed_tools: _Optional[_Union[AllowedTools, _Mapping]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ToolName(_message.Message):
    __slots__ = ("name", "extra_json")
    NAME_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    name: str
    extra_json: str
    def __init__(self, name: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class AllowedTools(_message.Message):
    __slots__ = ("mode", "tools", "extra_json")
    MODE_FIELD_NUMBER: _ClassVar[int]
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    mode: str
    tools: _containers.RepeatedCompositeFieldContainer[Tool]
    extra_json: str
    def __init__(self, mode: _Optional[str] = ..., tools: _Optional[_Iterable[_Union[Tool, _Mapping]]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ResponseFormat(_message.Message):
    __slots__ = ("type", "json_schema", "schema_json", "name", "description", "value_json", "format_json", "structures_json", "triggers", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    JSON_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_JSON_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    VALUE_JSON_FIELD_NUMBER: _ClassVar[int]
    FORMAT_JSON_FIELD_NUMBER: _ClassVar[int]
    STRUCTURES_JSON_FIELD_NUMBER: _ClassVar[int]
    TRIGGERS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    json_schema: JsonSchemaFormat
    schema_json: str
    name: str
    description: str
    value_json: str
    format_json: str
    structures_json: str
    triggers: _containers.RepeatedScalarFieldContainer[str]
    extra_json: str
    def __init__(self, type: _Optional[str] = ..., json_schema: _Optional[_Union[JsonSchemaFormat, _Mapping]] = ..., schema_json: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., value_json: _Optional[str] = ..., format_json: _Optional[str] = ..., structures_json: _Optional[str] = ..., triggers: _Optional[_Iterable[str]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class JsonSchemaFormat(_message.Message):
    __slots__ = ("name", "description", "schema_json", "strict", "extra_json")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_JSON_FIELD_NUMBER: _ClassVar[int]
    STRICT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    schema_json: str
    strict: bool
    extra_json: str
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., schema_json: _Optional[str] = ..., strict: bool = ..., extra_json: _Optional[str] = ...) -> None: ...

class StreamOptions(_message.Message):
    __slots__ = ("include_usage", "include_obfuscation", "continuous_usage_stats", "extra_json")
    INCLUDE_USAGE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_OBFUSCATION_FIELD_NUMBER: _ClassVar[int]
    CONTINUOUS_USAGE_STATS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    include_usage: bool
    include_obfuscation: bool
    continuous_usage_stats: bool
    extra_json: str
    def __init__(self, include_usage: bool = ..., include_obfuscation: bool = ..., continuous_usage_stats: bool = ..., extra_json: _Optional[str] = ...) -> None: ...

class ReasoningOptions(_message.Message):
    __slots__ = ("enabled", "effort", "max_tokens", "exclude", "extra_json")
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    EFFORT_FIELD_NUMBER: _ClassVar[int]
    MAX_TOKENS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    enabled: bool
    effort: str
    max_tokens: int
    exclude: bool
    extra_json: str
    def __init__(self, enabled: bool = ..., effort: _Optional[str] = ..., max_tokens: _Optional[int] = ..., exclude: bool = ..., extra_json: _Optional[str] = ...) -> None: ...

class ThinkingOptions(_message.Message):
    __slots__ = ("type", "budget_tokens", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    BUDGET_TOKENS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    budget_tokens: int
    extra_json: str
    def __init__(self, type: _Optional[str] = ..., budget_tokens: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...

class PromptCacheOptions(_message.Message):
    __slots__ = ("mode", "ttl", "extra_json")
    MODE_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    mode: str
    ttl: str
    extra_json: str
    def __init__(self, mode: _Optional[str] = ..., ttl: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class AudioOptions(_message.Message):
    __slots__ = ("voice", "voice_object", "format", "extra_json")
    VOICE_FIELD_NUMBER: _ClassVar[int]
    VOICE_OBJECT_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    voice: str
    voice_object: VoiceReference
    format: str
    extra_json: str
    def __init__(self, voice: _Optional[str] = ..., voice_object: _Optional[_Union[VoiceReference, _Mapping]] = ..., format: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class VoiceReference(_message.Message):
    __slots__ = ("id", "extra_json")
    ID_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    id: str
    extra_json: str
    def __init__(self, id: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class Prediction(_message.Message):
    __slots__ = ("type", "content", "content_parts", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    CONTENT_PARTS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    content: str
    content_parts: ContentParts
    extra_json: str
    def __init__(self, type: _Optional[str] = ..., content: _Optional[str] = ..., content_parts: _Optional[_Union[ContentParts, _Mapping]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class WebSearchOptions(_message.Message):
    __slots__ = ("search_context_size", "user_location", "max_results", "search_prompt", "engine", "extra_json")
    SEARCH_CONTEXT_SIZE_FIELD_NUMBER: _ClassVar[int]
    USER_LOCATION_FIELD_NUMBER: _ClassVar[int]
    MAX_RESULTS_FIELD_NUMBER: _ClassVar[int]
    SEARCH_PROMPT_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    search_context_size: str
    user_location: UserLocation
    max_results: int
    search_prompt: str
    engine: str
    extra_json: str
    def __init__(self, search_context_size: _Optional[str] = ..., user_location: _Optional[_Union[UserLocation, _Mapping]] = ..., max_results: _Optional[int] = ..., search_prompt: _Optional[str] = ..., engine: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class UserLocation(_message.Message):
    __slots__ = ("type", "approximate", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    APPROXIMATE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    approximate: ApproximateLocation
    extra_json: str
    def __init__(self, type: _Optional[str] = ..., approximate: _Optional[_Union[ApproximateLocation, _Mapping]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ApproximateLocation(_message.Message):
    __slots__ = ("country", "region", "city", "timezone", "extra_json")
    COUNTRY_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    CITY_FIELD_NUMBER: _ClassVar[int]
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    country: str
    region: str
    city: str
    timezone: str
    extra_json: str
    def __init__(self, country: _Optional[str] = ..., region: _Optional[str] = ..., city: _Optional[str] = ..., timezone: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ModerationOptions(_message.Message):
    __slots__ = ("model", "policy", "extra_json")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    model: str
    policy: ModerationPolicy
    extra_json: str
    def __init__(self, model: _Optional[str] = ..., policy: _Optional[_Union[ModerationPolicy, _Mapping]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ModerationPolicy(_message.Message):
    __slots__ = ("input", "output", "extra_json")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    input: ModerationRule
    output: ModerationRule
    extra_json: str
    def __init__(self, input: _Optional[_Union[ModerationRule, _Mapping]] = ..., output: _Optional[_Union[ModerationRule, _Mapping]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ModerationRule(_message.Message):
    __slots__ = ("mode", "extra_json")
    MODE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    mode: str
    extra_json: str
    def __init__(self, mode: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class UsageOptions(_message.Message):
    __slots__ = ("include", "extra_json")
    INCLUDE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    include: bool
    extra_json: str
    def __init__(self, include: bool = ..., extra_json: _Optional[str] = ...) -> None: ...

class ChoiceLogprobs(_message.Message):
    __slots__ = ("content", "refusal", "extra_json")
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    content: _containers.RepeatedCompositeFieldContainer[TokenLogprob]
    refusal: _containers.RepeatedCompositeFieldContainer[TokenLogprob]
    extra_json: str
    def __init__(self, content: _Optional[_Iterable[_Union[TokenLogprob, _Mapping]]] = ..., refusal: _Optional[_Iterable[_Union[TokenLogprob, _Mapping]]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class TokenLogprob(_message.Message):
    __slots__ = ("token", "logprob", "bytes", "top_logprobs", "extra_json")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    LOGPROB_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    TOP_LOGPROBS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    token: str
    logprob: float
    bytes: _containers.RepeatedScalarFieldContainer[int]
    top_logprobs: _containers.RepeatedCompositeFieldContainer[TopLogprob]
    extra_json: str
    def __init__(self, token: _Optional[str] = ..., logprob: _Optional[float] = ..., bytes: _Optional[_Iterable[int]] = ..., top_logprobs: _Optional[_Iterable[_Union[TopLogprob, _Mapping]]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class TopLogprob(_message.Message):
    __slots__ = ("token", "logprob", "bytes", "extra_json")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    LOGPROB_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    token: str
    logprob: float
    bytes: _containers.RepeatedScalarFieldContainer[int]
    extra_json: str
    def __init__(self, token: _Optional[str] = ..., logprob: _Optional[float] = ..., bytes: _Optional[_Iterable[int]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class CompletionModeration(_message.Message):
    __slots__ = ("input", "output", "extra_json")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    input: ModerationReport
    output: ModerationReport
    extra_json: str
    def __init__(self, input: _Optional[_Union[ModerationReport, _Mapping]] = ..., output: _Optional[_Union[ModerationReport, _Mapping]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ModerationReport(_message.Message):
    __slots__ = ("type", "model", "results", "code", "message", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    model: str
    results: _containers.RepeatedCompositeFieldContainer[ModerationResult]
    code: str
    message: str
    extra_json: str
    def __init__(self, type: _Optional[str] = ..., model: _Optional[str] = ..., results: _Optional[_Iterable[_Union[ModerationResult, _Mapping]]] = ..., code: _Optional[str] = ..., message: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ModerationResult(_message.Message):
    __slots__ = ("type", "model", "flagged", "categories", "category_scores", "category_applied_input_types", "extra_json")
    class CategoriesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: bool
        def __init__(self, key: _Optional[str] = ..., value: bool = ...) -> None: ...
    class CategoryScoresEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class CategoryAppliedInputTypesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: ModerationInputTypes
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[ModerationInputTypes, _Mapping]] = ...) -> None: ...
    TYPE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    FLAGGED_FIELD_NUMBER: _ClassVar[int]
    CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_SCORES_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_APPLIED_INPUT_TYPES_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    model: str
    flagged: bool
    categories: _containers.ScalarMap[str, bool]
    category_scores: _containers.ScalarMap[str, float]
    category_applied_input_types: _containers.MessageMap[str, ModerationInputTypes]
    extra_json: str
    def __init__(self, type: _Optional[str] = ..., model: _Optional[str] = ..., flagged: bool = ..., categories: _Optional[_Mapping[str, bool]] = ..., category_scores: _Optional[_Mapping[str, float]] = ..., category_applied_input_types: _Optional[_Mapping[str, ModerationInputTypes]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ModerationInputTypes(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, items: _Optional[_Iterable[str]] = ...) -> None: ...

class PromptFilterResult(_message.Message):
    __slots__ = ("prompt_index", "content_filter_results", "extra_json")
    PROMPT_INDEX_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FILTER_RESULTS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    prompt_index: int
    content_filter_results: ContentFilterResults
    extra_json: str
    def __init__(self, prompt_index: _Optional[int] = ..., content_filter_results: _Optional[_Union[ContentFilterResults, _Mapping]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ContentFilterResults(_message.Message):
    __slots__ = ("hate", "self_harm", "sexual", "violence", "profanity", "jailbreak", "indirect_attack", "protected_material_text", "protected_material_code", "custom_blocklists_json", "error", "extra_json")
    HATE_FIELD_NUMBER: _ClassVar[int]
    SELF_HARM_FIELD_NUMBER: _ClassVar[int]
    SEXUAL_FIELD_NUMBER: _ClassVar[int]
    VIOLENCE_FIELD_NUMBER: _ClassVar[int]
    PROFANITY_FIELD_NUMBER: _ClassVar[int]
    JAILBREAK_FIELD_NUMBER: _ClassVar[int]
    INDIRECT_ATTACK_FIELD_NUMBER: _ClassVar[int]
    PROTECTED_MATERIAL_TEXT_FIELD_NUMBER: _ClassVar[int]
    PROTECTED_MATERIAL_CODE_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_BLOCKLISTS_JSON_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    hate: ContentFilterResult
    self_harm: ContentFilterResult
    sexual: ContentFilterResult
    violence: ContentFilterResult
    profanity: ContentFilterResult
    jailbreak: ContentFilterResult
    indirect_attack: ContentFilterResult
    protected_material_text: ContentFilterResult
    protected_material_code: ContentFilterResult
    custom_blocklists_json: str
    error: ContentFilterFailure
    extra_json: str
    def __init__(self, hate: _Optional[_Union[ContentFilterResult, _Mapping]] = ..., self_harm: _Optional[_Union[ContentFilterResult, _Mapping]] = ..., sexual: _Optional[_Union[ContentFilterResult, _Mapping]] = ..., violence: _Optional[_Union[ContentFilterResult, _Mapping]] = ..., profanity: _Optional[_Union[ContentFilterResult, _Mapping]] = ..., jailbreak: _Optional[_Union[ContentFilterResult, _Mapping]] = ..., indirect_attack: _Optional[_Union[ContentFilterResult, _Mapping]] = ..., protected_material_text: _Optional[_Union[ContentFilterResult, _Mapping]] = ..., protected_material_code: _Optional[_Union[ContentFilterResult, _Mapping]] = ..., custom_blocklists_json: _Optional[str] = ..., error: _Optional[_Union[ContentFilterFailure, _Mapping]] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ContentFilterResult(_message.Message):
    __slots__ = ("filtered", "severity", "detected", "citation_json", "extra_json")
    FILTERED_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    DETECTED_FIELD_NUMBER: _ClassVar[int]
    CITATION_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    filtered: bool
    severity: str
    detected: bool
    citation_json: str
    extra_json: str
    def __init__(self, filtered: bool = ..., severity: _Optional[str] = ..., detected: bool = ..., citation_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ContentFilterFailure(_message.Message):
    __slots__ = ("code", "message", "extra_json")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    extra_json: str
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class ContentFilterOffsets(_message.Message):
    __slots__ = ("check_offset", "start_offset", "end_offset", "extra_json")
    CHECK_OFFSET_FIELD_NUMBER: _ClassVar[int]
    START_OFFSET_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    check_offset: int
    start_offset: int
    end_offset: int
    extra_json: str
    def __init__(self, check_offset: _Optional[int] = ..., start_offset: _Optional[int] = ..., end_offset: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...

class SearchResult(_message.Message):
    __slots__ = ("title", "url", "date", "last_updated", "snippet", "source", "extra_json")
    TITLE_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    LAST_UPDATED_FIELD_NUMBER: _ClassVar[int]
    SNIPPET_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    title: str
    url: str
    date: str
    last_updated: str
    snippet: str
    source: str
    extra_json: str
    def __init__(self, title: _Optional[str] = ..., url: _Optional[str] = ..., date: _Optional[str] = ..., last_updated: _Optional[str] = ..., snippet: _Optional[str] = ..., source: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class XGroq(_message.Message):
    __slots__ = ("id", "seed", "usage", "usage_breakdown_json", "debug_json", "error", "extra_json")
    ID_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    USAGE_BREAKDOWN_JSON_FIELD_NUMBER: _ClassVar[int]
    DEBUG_JSON_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    id: str
    seed: int
    usage: _common_pb2.Usage
    usage_breakdown_json: str
    debug_json: str
    error: str
    extra_json: str
    def __init__(self, id: _Optional[str] = ..., seed: _Optional[int] = ..., usage: _Optional[_Union[_common_pb2.Usage, _Mapping]] = ..., usage_breakdown_json: _Optional[str] = ..., debug_json: _Optional[str] = ..., error: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...

class Timings(_message.Message):
    __slots__ = ("cache_n", "prompt_n", "prompt_ms", "prompt_per_token_ms", "prompt_per_second", "predicted_n", "predicted_ms", "predicted_per_token_ms", "predicted_per_second", "extra_json")
    CACHE_N_FIELD_NUMBER: _ClassVar[int]
    PROMPT_N_FIELD_NUMBER: _ClassVar[int]
    PROMPT_MS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_PER_TOKEN_MS_FIELD_NUMBER: _ClassVar[int]
    PROMPT_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    PREDICTED_N_FIELD_NUMBER: _ClassVar[int]
    PREDICTED_MS_FIELD_NUMBER: _ClassVar[int]
    PREDICTED_PER_TOKEN_MS_FIELD_NUMBER: _ClassVar[int]
    PREDICTED_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    cache_n: int
    prompt_n: int
    prompt_ms: float
    prompt_per_token_ms: float
    prompt_per_second: float
    predicted_n: int
    predicted_ms: float
    predicted_per_token_ms: float
    predicted_per_second: float
    extra_json: str
    def __init__(self, cache_n: _Optional[int] = ..., prompt_n: _Optional[int] = ..., prompt_ms: _Optional[float] = ..., prompt_per_token_ms: _Optional[float] = ..., prompt_per_second: _Optional[float] = ..., predicted_n: _Optional[int] = ..., predicted_ms: _Optional[float] = ..., predicted_per_token_ms: _Optional[float] = ..., predicted_per_second: _Optional[float] = ..., extra_json: _Optional[str] = ...) -> None: ...
