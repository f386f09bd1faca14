from typing import Any as _Any, Literal as _Literal, overload as _overload
from aibridge.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateChatCompletionRequest(_message.Message):
    """A conversation to continue, and how. `model` and `messages` are required. The bridge sends only the fields that are
    set, because many models reject parameters that they do not know, even at their default. A default in a comment is
    what the server assumes.
    """
    __slots__ = ("model", "messages", "temperature", "max_tokens", "max_completion_tokens", "top_p", "stop", "stop_sequences", "tools", "tool_choice", "tool_choice_named", "response_format", "stream_options", "reasoning", "reasoning_json", "reasoning_effort", "verbosity", "seed", "n", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "top_logprobs", "parallel_tool_calls", "user", "safety_identifier", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "service_tier", "store", "metadata", "modalities", "audio", "prediction", "web_search_options", "moderation", "functions", "function_call", "function_call_named", "models", "provider_options", "provider", "cache_control", "include_reasoning", "reasoning_format", "thinking", "thinking_token_budget", "top_k", "min_p", "top_a", "typical_p", "repetition_penalty", "length_penalty", "use_beam_search", "min_tokens", "stop_token_ids", "include_stop_str_in_output", "ignore_eos", "skip_special_tokens", "spaces_between_special_tokens", "truncate_prompt_tokens", "prompt_logprobs", "allowed_token_ids", "bad_words", "echo", "add_generation_prompt", "continue_final_message", "add_special_tokens", "documents_json", "chat_template", "chat_template_kwargs_json", "mm_processor_kwargs_json", "structured_outputs_json", "priority", "request_id", "session_id", "return_tokens_as_token_ids", "return_token_ids", "cache_salt", "kv_transfer_params_json", "route", "plugins_json", "transforms", "usage", "trace_json", "grammar", "json_schema_json", "cache_prompt", "n_predict", "samplers", "timings_per_token", "parse_tool_calls", "id_slot", "return_progress", "extra_body_json", "safe_prompt", "extra_json", "bridge_options", "random_seed", "prompt_mode", "disable_tool_validation", "search_settings_json", "search_parameters_json", "deferred", "debug_json")
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
    TOOL_CHOICE_NAMED_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FORMAT_FIELD_NUMBER: _ClassVar[int]
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
    FUNCTION_CALL_NAMED_FIELD_NUMBER: _ClassVar[int]
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
    """Required. Id of the model. On gateways creator/model, for example `anthropic/claude-opus-4.6`. Vercel's
    `vmc/<slug>` is a saved configuration, which chooses the model.
    """
    messages: _containers.RepeatedCompositeFieldContainer[ChatCompletionMessage]
    """Required. The conversation so far, oldest message first. At least one message."""
    temperature: float
    """Randomness, 0 to 2. 0 always takes the most likely token. Default 1. Reasoning models may reject it."""
    max_tokens: int
    """Maximum number of tokens to generate. Default: the model's limit. Vercel and most servers read this field. OpenAI's
    reasoning models reject it and need max_completion_tokens.
    """
    max_completion_tokens: int
    """Maximum number of tokens to generate, including reasoning. Default: the model's limit."""
    top_p: float
    """Sample only from the most likely tokens whose probabilities add up to this value, 0 to 1. Default 1."""
    stop: str
    """One of `stop_kind`. Texts that end generation. The stop text itself is not returned. Default: none.

    One text.
    """
    stop_sequences: StopSequences
    """One of `stop_kind`. Texts that end generation. The stop text itself is not returned. Default: none.

    Several texts. OpenAI allows 4.
    """
    tools: _containers.RepeatedCompositeFieldContainer[Tool]
    """Tools that the model may call. OpenAI allows 128."""
    tool_choice: str
    """One of `tool_choice_kind`. Whether the model must call a tool, and which. Default: `auto` with tools, `none` without.

    `none`, `auto` or `required`. Mistral also takes `any` for `required`.
    """
    tool_choice_named: ToolChoice
    """One of `tool_choice_kind`. Whether the model must call a tool, and which. Default: `auto` with tools, `none` without.

    One tool by name, or a subset of the tools.
    """
    response_format: ResponseFormat
    """Format of the generated text. Default: plain text."""
    stream_options: StreamOptions
    """Options of the stream. Only for CreateChatCompletionStream."""
    reasoning: ReasoningOptions
    """One of `reasoning_kind`. How much to reason, and what to return of it. An empty message is not the same as an absent one. Vercel,
    OpenRouter.

    The usual form.
    """
    reasoning_json: str
    """One of `reasoning_kind`. How much to reason, and what to return of it. An empty message is not the same as an absent one. Vercel,
    OpenRouter.

    Any JSON: what a dialect takes in place of the object, for example "high" or false.
    """
    reasoning_effort: str
    """`none`, `minimal`, `low`, `medium`, `high`, `xhigh` or `max`. Not every model has all of them. Default: the model's,
    often `medium`. On Vercel `reasoning.effort` has priority over this field.
    """
    verbosity: str
    """Length of the answer: `low`, `medium` (default) or `high`."""
    seed: int
    """With the same seed and the same parameters the server tries to return the same response. Signed 64 bits. Default:
    random.
    """
    n: int
    """Number of choices to generate, 1 to 128. Default 1. Each choice is billed."""
    frequency_penalty: float
    """Penalty for tokens by how often they have appeared, -2 to 2. Default 0."""
    presence_penalty: float
    """Penalty for tokens that have appeared at all, -2 to 2. Default 0."""
    logit_bias: _containers.ScalarMap[str, float]
    """Values added to the logits of tokens: token id as decimal text to a value from -100 (never) to 100 (always), for
    example {"50256": -100}. OpenAI takes whole numbers only.
    """
    logprobs: bool
    """Whether to return log probabilities of the generated tokens. Default false."""
    top_logprobs: int
    """Number of alternatives to return per token, 0 to 20. Needs `logprobs`. vLLM allows more, and -1 for all."""
    parallel_tool_calls: bool
    """Whether one turn may call several tools. Default true. OpenAI rejects it without tools."""
    user: str
    """Id of the end user. OpenAI now prefers safety_identifier and prompt_cache_key. Other servers read this field."""
    safety_identifier: str
    """Stable id of the end user, preferably hashed, to find users who violate the usage policy."""
    prompt_cache_key: str
    """Groups requests with a common prefix, so that they use the same prompt cache."""
    prompt_cache_options: PromptCacheOptions
    """Where and for how long to cache the prompt."""
    prompt_cache_retention: str
    """Older form of prompt_cache_options: `in_memory` or `24h`. Default: depends on the model."""
    service_tier: str
    """`auto` (default), `default`, `flex`, `scale`, `priority` or `fast`. Groq has more. The response says which tier ran.
    """
    store: bool
    """Whether the server stores the completion for later use. Default false."""
    metadata: _containers.ScalarMap[str, str]
    """The caller's own labels, repeated in the response. At most 16. Keys have at most 64 characters, values 512."""
    modalities: _containers.RepeatedScalarFieldContainer[str]
    """Kinds of output: `text` (default), `audio`, and `image` on Vercel and OpenRouter."""
    audio: AudioOptions
    """Voice and format of generated audio. Required when `modalities` contains `audio`."""
    prediction: Prediction
    """Text that the response is expected to repeat for the most part, for example a file that is being edited. It makes
    generation faster.
    """
    web_search_options: WebSearchOptions
    """Searches the web first. An empty message switches it on with defaults."""
    moderation: ModerationOptions
    """Runs a moderation model on prompt and response."""
    functions: _containers.RepeatedCompositeFieldContainer[FunctionDefinition]
    """Deprecated by OpenAI in favour of `tools`. 1 to 128 functions."""
    function_call: str
    """One of `function_call_kind`. Deprecated by OpenAI in favour of `tool_choice`.

    `none` or `auto`.
    """
    function_call_named: ToolName
    """One of `function_call_kind`. Deprecated by OpenAI in favour of `tool_choice`.

    One function by name.
    """
    models: _containers.RepeatedScalarFieldContainer[str]
    """Models to try in order if `model` fails. The response's `model` says which one ran. Vercel, OpenRouter."""
    provider_options: _common_pb2.ProviderOptions
    """Options per provider behind the gateway. Vercel."""
    provider: _common_pb2.ProviderPreferences
    """How to choose the provider. OpenRouter. Vercel reads its gateway options here too: set provider_options.gateway
    instead.
    """
    cache_control: _common_pb2.CacheControl
    """Caches the prompt automatically. OpenRouter."""
    include_reasoning: bool
    """Whether to return reasoning. Default true. OpenRouter, vLLM, Groq."""
    reasoning_format: str
    """Where reasoning goes: `parsed`, `raw` or `hidden` (Groq), `auto`, `deepseek` or `none` (llama.cpp)."""
    thinking: ThinkingOptions
    """Switches reasoning on or off. DeepSeek, Z.AI, Moonshot, Anthropic behind gateways."""
    thinking_token_budget: int
    """Maximum number of reasoning tokens. vLLM."""
    top_k: int
    """Sample only from this many most likely tokens. 0 or -1: all (default). OpenRouter, vLLM, llama.cpp."""
    min_p: float
    """Drop tokens whose probability is below this fraction of the most likely token's, 0 to 1. Default 0 (vLLM,
    OpenRouter). vLLM, OpenRouter, llama.cpp.
    """
    top_a: float
    """As min_p, but relative to the square of the most likely token's probability, 0 to 1. Default 0. OpenRouter."""
    typical_p: float
    """Locally typical sampling, 0 to 1. Default 1 (off). llama.cpp, TGI."""
    repetition_penalty: float
    """Divides the logits of tokens that have appeared, above 0 to 2. Default 1 (off). vLLM, OpenRouter, TGI."""
    length_penalty: float
    """Weight of length in beam search. Default 1. vLLM."""
    use_beam_search: bool
    """Whether to use beam search. Default false. vLLM."""
    min_tokens: int
    """Minimum number of tokens to generate before a stop takes effect. Default 0. vLLM."""
    stop_token_ids: _containers.RepeatedScalarFieldContainer[int]
    """Token ids that end generation. vLLM, SGLang."""
    include_stop_str_in_output: bool
    """Whether to return the stop text. Default false. vLLM."""
    ignore_eos: bool
    """Whether to continue after the end-of-text token. For benchmarks. Default false. vLLM, llama.cpp, SGLang."""
    skip_special_tokens: bool
    """Whether to leave special tokens out of the text. Default true. vLLM, SGLang."""
    spaces_between_special_tokens: bool
    """Whether to put spaces between special tokens. Default true. vLLM."""
    truncate_prompt_tokens: int
    """Maximum number of tokens to keep, counted from the end of the prompt. -1: the model's limit. vLLM."""
    prompt_logprobs: int
    """Number of log probabilities to return per token of the prompt. Default: none. vLLM."""
    allowed_token_ids: _containers.RepeatedScalarFieldContainer[int]
    """The only token ids that may be generated. vLLM."""
    bad_words: _containers.RepeatedScalarFieldContainer[str]
    """Words that must not be generated. vLLM."""
    echo: bool
    """Whether the response starts with the last message. Default false. vLLM."""
    add_generation_prompt: bool
    """Whether the chat template opens an assistant turn. Default true. vLLM."""
    continue_final_message: bool
    """Whether to continue the last message instead of answering it. Default false. vLLM."""
    add_special_tokens: bool
    """Whether to add special tokens to those of the chat template. Default false. vLLM."""
    documents_json: str
    """JSON array of documents (objects of strings) for templates with retrieval. vLLM."""
    chat_template: str
    """Jinja template to use instead of the model's own. vLLM, llama.cpp."""
    chat_template_kwargs_json: str
    """JSON object with variables for the chat template, for example {"enable_thinking": false}. vLLM, llama.cpp, SGLang.
    """
    mm_processor_kwargs_json: str
    """JSON object with options of the image and audio preprocessor. vLLM."""
    structured_outputs_json: str
    """JSON object that constrains the output, for example {"regex": "[0-9]+"} or {"choice": ["yes", "no"]}. vLLM."""
    priority: int
    """Scheduling priority: a lower number runs earlier. Default 0. vLLM."""
    request_id: str
    """The caller's own id of the request. Default: generated. vLLM."""
    session_id: str
    """Groups the requests of one conversation. OpenRouter, vLLM."""
    return_tokens_as_token_ids: bool
    """Whether log probabilities show tokens as `token_id:123`. Default false. vLLM."""
    return_token_ids: bool
    """Whether to return the token ids of prompt and response. Default false. vLLM."""
    cache_salt: str
    """Separates the prompt caches of callers that must not share one. vLLM."""
    kv_transfer_params_json: str
    """Any JSON: parameters of the key-value cache transfer. vLLM."""
    route: str
    """How to fall back: `fallback`. OpenRouter."""
    plugins_json: str
    """JSON array of plugins, for example [{"id": "web", "max_results": 3}]. OpenRouter."""
    transforms: _containers.RepeatedScalarFieldContainer[str]
    """Prompt transforms, for example `middle-out`. OpenRouter."""
    usage: UsageOptions
    """Usage accounting. OpenRouter."""
    trace_json: str
    """JSON object with labels for tracing backends. OpenRouter."""
    grammar: str
    """Grammar in GBNF that the output must follow. llama.cpp."""
    json_schema_json: str
    """JSON object: JSON Schema that the output must follow. llama.cpp. For other servers use response_format."""
    cache_prompt: bool
    """Whether to reuse the key-value cache of the prompt. Default true. llama.cpp."""
    n_predict: int
    """llama.cpp's own name for max_tokens. -1: no limit."""
    samplers: _containers.RepeatedScalarFieldContainer[str]
    """Samplers in order, for example ["top_k", "temperature"]. llama.cpp."""
    timings_per_token: bool
    """Whether every chunk has `timings`. Default false. llama.cpp."""
    parse_tool_calls: bool
    """Whether to parse tool calls in the text. Default true. llama.cpp."""
    id_slot: int
    """Slot to run in. -1 (default): any free slot. llama.cpp."""
    return_progress: bool
    """Whether the stream reports progress of reading the prompt. Default false. llama.cpp."""
    extra_body_json: str
    """JSON object that is sent under this name, for example {"google": {"cached_content": "..."}}. Gemini."""
    safe_prompt: bool
    """Whether to put a safety prompt first. Default false. Mistral."""
    extra_json: str
    """JSON object with members that this schema does not know. They are sent unchanged. `stream` is allowed here only with
    the value that the RPC implies: a server that needs `"stream": false` gets it this way.
    """
    bridge_options: _common_pb2.BridgeOptions
    """Options for the bridge itself."""
    random_seed: int
    """Mistral's name for seed."""
    prompt_mode: str
    """`reasoning`: use the system prompt for reasoning. Mistral."""
    disable_tool_validation: bool
    """True: accept calls of tools that were not declared. Default false. Groq."""
    search_settings_json: str
    """JSON object with domains and countries for the built-in search. Groq."""
    search_parameters_json: str
    """JSON object with mode, sources and dates of a live search. xAI."""
    deferred: bool
    """True: the server answers at once with a request_id and no choices. The completion can be fetched with that id later.
    Default false. Only for CreateChatCompletion. xAI.
    """
    debug_json: str
    """JSON object with debugging options, for example {"echo_upstream_body": true}, which returns the prompt. OpenRouter.
    """
    def __init__(self, model: _Optional[str] = ..., messages: _Optional[_Iterable[_Union[ChatCompletionMessage, _Mapping[str, _Any]]]] = ..., temperature: _Optional[float] = ..., max_tokens: _Optional[int] = ..., max_completion_tokens: _Optional[int] = ..., top_p: _Optional[float] = ..., stop: _Optional[str] = ..., stop_sequences: _Optional[_Union[StopSequences, _Mapping[str, _Any]]] = ..., tools: _Optional[_Iterable[_Union[Tool, _Mapping[str, _Any]]]] = ..., tool_choice: _Optional[str] = ..., tool_choice_named: _Optional[_Union[ToolChoice, _Mapping[str, _Any]]] = ..., response_format: _Optional[_Union[ResponseFormat, _Mapping[str, _Any]]] = ..., stream_options: _Optional[_Union[StreamOptions, _Mapping[str, _Any]]] = ..., reasoning: _Optional[_Union[ReasoningOptions, _Mapping[str, _Any]]] = ..., reasoning_json: _Optional[str] = ..., reasoning_effort: _Optional[str] = ..., verbosity: _Optional[str] = ..., seed: _Optional[int] = ..., n: _Optional[int] = ..., frequency_penalty: _Optional[float] = ..., presence_penalty: _Optional[float] = ..., logit_bias: _Optional[_Mapping[str, float]] = ..., logprobs: bool = ..., top_logprobs: _Optional[int] = ..., parallel_tool_calls: bool = ..., user: _Optional[str] = ..., safety_identifier: _Optional[str] = ..., prompt_cache_key: _Optional[str] = ..., prompt_cache_options: _Optional[_Union[PromptCacheOptions, _Mapping[str, _Any]]] = ..., prompt_cache_retention: _Optional[str] = ..., service_tier: _Optional[str] = ..., store: bool = ..., metadata: _Optional[_Mapping[str, str]] = ..., modalities: _Optional[_Iterable[str]] = ..., audio: _Optional[_Union[AudioOptions, _Mapping[str, _Any]]] = ..., prediction: _Optional[_Union[Prediction, _Mapping[str, _Any]]] = ..., web_search_options: _Optional[_Union[WebSearchOptions, _Mapping[str, _Any]]] = ..., moderation: _Optional[_Union[ModerationOptions, _Mapping[str, _Any]]] = ..., functions: _Optional[_Iterable[_Union[FunctionDefinition, _Mapping[str, _Any]]]] = ..., function_call: _Optional[str] = ..., function_call_named: _Optional[_Union[ToolName, _Mapping[str, _Any]]] = ..., models: _Optional[_Iterable[str]] = ..., provider_options: _Optional[_Union[_common_pb2.ProviderOptions, _Mapping[str, _Any]]] = ..., provider: _Optional[_Union[_common_pb2.ProviderPreferences, _Mapping[str, _Any]]] = ..., cache_control: _Optional[_Union[_common_pb2.CacheControl, _Mapping[str, _Any]]] = ..., include_reasoning: bool = ..., reasoning_format: _Optional[str] = ..., thinking: _Optional[_Union[ThinkingOptions, _Mapping[str, _Any]]] = ..., thinking_token_budget: _Optional[int] = ..., top_k: _Optional[int] = ..., min_p: _Optional[float] = ..., top_a: _Optional[float] = ..., typical_p: _Optional[float] = ..., repetition_penalty: _Optional[float] = ..., length_penalty: _Optional[float] = ..., use_beam_search: bool = ..., min_tokens: _Optional[int] = ..., stop_token_ids: _Optional[_Iterable[int]] = ..., include_stop_str_in_output: bool = ..., ignore_eos: bool = ..., skip_special_tokens: bool = ..., spaces_between_special_tokens: bool = ..., truncate_prompt_tokens: _Optional[int] = ..., prompt_logprobs: _Optional[int] = ..., allowed_token_ids: _Optional[_Iterable[int]] = ..., bad_words: _Optional[_Iterable[str]] = ..., echo: bool = ..., add_generation_prompt: bool = ..., continue_final_message: bool = ..., add_special_tokens: bool = ..., documents_json: _Optional[str] = ..., chat_template: _Optional[str] = ..., chat_template_kwargs_json: _Optional[str] = ..., mm_processor_kwargs_json: _Optional[str] = ..., structured_outputs_json: _Optional[str] = ..., priority: _Optional[int] = ..., request_id: _Optional[str] = ..., session_id: _Optional[str] = ..., return_tokens_as_token_ids: bool = ..., return_token_ids: bool = ..., cache_salt: _Optional[str] = ..., kv_transfer_params_json: _Optional[str] = ..., route: _Optional[str] = ..., plugins_json: _Optional[str] = ..., transforms: _Optional[_Iterable[str]] = ..., usage: _Optional[_Union[UsageOptions, _Mapping[str, _Any]]] = ..., trace_json: _Optional[str] = ..., grammar: _Optional[str] = ..., json_schema_json: _Optional[str] = ..., cache_prompt: bool = ..., n_predict: _Optional[int] = ..., samplers: _Optional[_Iterable[str]] = ..., timings_per_token: bool = ..., parse_tool_calls: bool = ..., id_slot: _Optional[int] = ..., return_progress: bool = ..., extra_body_json: _Optional[str] = ..., safe_prompt: bool = ..., extra_json: _Optional[str] = ..., bridge_options: _Optional[_Union[_common_pb2.BridgeOptions, _Mapping[str, _Any]]] = ..., random_seed: _Optional[int] = ..., prompt_mode: _Optional[str] = ..., disable_tool_validation: bool = ..., search_settings_json: _Optional[str] = ..., search_parameters_json: _Optional[str] = ..., deferred: bool = ..., debug_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["model", "temperature", "max_tokens", "max_completion_tokens", "top_p", "stop", "stop_sequences", "tool_choice", "tool_choice_named", "response_format", "stream_options", "reasoning", "reasoning_json", "reasoning_effort", "verbosity", "seed", "n", "frequency_penalty", "presence_penalty", "logprobs", "top_logprobs", "parallel_tool_calls", "user", "safety_identifier", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "service_tier", "store", "audio", "prediction", "web_search_options", "moderation", "function_call", "function_call_named", "provider_options", "provider", "cache_control", "include_reasoning", "reasoning_format", "thinking", "thinking_token_budget", "top_k", "min_p", "top_a", "typical_p", "repetition_penalty", "length_penalty", "use_beam_search", "min_tokens", "include_stop_str_in_output", "ignore_eos", "skip_special_tokens", "spaces_between_special_tokens", "truncate_prompt_tokens", "prompt_logprobs", "echo", "add_generation_prompt", "continue_final_message", "add_special_tokens", "documents_json", "chat_template", "chat_template_kwargs_json", "mm_processor_kwargs_json", "structured_outputs_json", "priority", "request_id", "session_id", "return_tokens_as_token_ids", "return_token_ids", "cache_salt", "kv_transfer_params_json", "route", "plugins_json", "usage", "trace_json", "grammar", "json_schema_json", "cache_prompt", "n_predict", "timings_per_token", "parse_tool_calls", "id_slot", "return_progress", "extra_body_json", "safe_prompt", "extra_json", "bridge_options", "random_seed", "prompt_mode", "disable_tool_validation", "search_settings_json", "search_parameters_json", "deferred", "debug_json", "stop_kind", "tool_choice_kind", "reasoning_kind", "function_call_kind"]) -> bool: ...
    def ClearField(self, field_name: _Literal["model", "messages", "temperature", "max_tokens", "max_completion_tokens", "top_p", "stop", "stop_sequences", "tools", "tool_choice", "tool_choice_named", "response_format", "stream_options", "reasoning", "reasoning_json", "reasoning_effort", "verbosity", "seed", "n", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "top_logprobs", "parallel_tool_calls", "user", "safety_identifier", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "service_tier", "store", "metadata", "modalities", "audio", "prediction", "web_search_options", "moderation", "functions", "function_call", "function_call_named", "models", "provider_options", "provider", "cache_control", "include_reasoning", "reasoning_format", "thinking", "thinking_token_budget", "top_k", "min_p", "top_a", "typical_p", "repetition_penalty", "length_penalty", "use_beam_search", "min_tokens", "stop_token_ids", "include_stop_str_in_output", "ignore_eos", "skip_special_tokens", "spaces_between_special_tokens", "truncate_prompt_tokens", "prompt_logprobs", "allowed_token_ids", "bad_words", "echo", "add_generation_prompt", "continue_final_message", "add_special_tokens", "documents_json", "chat_template", "chat_template_kwargs_json", "mm_processor_kwargs_json", "structured_outputs_json", "priority", "request_id", "session_id", "return_tokens_as_token_ids", "return_token_ids", "cache_salt", "kv_transfer_params_json", "route", "plugins_json", "transforms", "usage", "trace_json", "grammar", "json_schema_json", "cache_prompt", "n_predict", "samplers", "timings_per_token", "parse_tool_calls", "id_slot", "return_progress", "extra_body_json", "safe_prompt", "extra_json", "bridge_options", "random_seed", "prompt_mode", "disable_tool_validation", "search_settings_json", "search_parameters_json", "deferred", "debug_json", "stop_kind", "tool_choice_kind", "reasoning_kind", "function_call_kind"]) -> None: ...
    @_overload
    def WhichOneof(self, oneof_group: _Literal["stop_kind"]) -> _Literal["stop", "stop_sequences"] | None: ...
    @_overload
    def WhichOneof(self, oneof_group: _Literal["tool_choice_kind"]) -> _Literal["tool_choice", "tool_choice_named"] | None: ...
    @_overload
    def WhichOneof(self, oneof_group: _Literal["reasoning_kind"]) -> _Literal["reasoning", "reasoning_json"] | None: ...
    @_overload
    def WhichOneof(self, oneof_group: _Literal["function_call_kind"]) -> _Literal["function_call", "function_call_named"] | None: ...

class CreateChatCompletionResponse(_message.Message):
    """A whole chat completion."""
    __slots__ = ("id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier", "provider", "generation_id", "x_groq", "timings", "prompt_filter_results", "citations", "search_results", "metadata", "moderation", "usage_breakdown_json", "images_json", "request_id", "prompt_logprobs_json", "prompt_token_ids", "prompt_text", "kv_transfer_params_json", "ec_transfer_params_json", "metrics_json", "base_resp", "extra_json")
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
    BASE_RESP_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    id: str
    """Id of the completion, for example `gen_...` (Vercel) or `chatcmpl-...` (OpenAI)."""
    object: str
    """`chat.completion`."""
    created: int
    """When it was made, in Unix seconds."""
    model: str
    """The model that ran. It may differ from the requested one: a dated version, or a fallback."""
    choices: _containers.RepeatedCompositeFieldContainer[Choice]
    """The generated answers, as many as `n`. Empty for a deferred completion (xAI)."""
    usage: _common_pb2.Usage
    """What the call consumed."""
    system_fingerprint: str
    """Changes when the server's configuration changes."""
    service_tier: str
    """The tier that ran."""
    provider: str
    """Name of the provider that ran the model. OpenRouter."""
    generation_id: str
    """Id of the gateway's record of the call. The same value as `id`. Vercel."""
    x_groq: XGroq
    """Groq's own data."""
    timings: Timings
    """Speed of the call. llama.cpp."""
    prompt_filter_results: _containers.RepeatedCompositeFieldContainer[PromptFilterResult]
    """What the content filter found in each prompt. Azure."""
    citations: _containers.RepeatedScalarFieldContainer[str]
    """URLs of the sources, in the order of the marks [1], [2] ... in the text. Perplexity, xAI."""
    search_results: _containers.RepeatedCompositeFieldContainer[SearchResult]
    """The sources in detail. Perplexity."""
    metadata: _containers.ScalarMap[str, str]
    """The request's metadata."""
    moderation: CompletionModeration
    """What the moderation model found, if the request asked for it."""
    usage_breakdown_json: str
    """JSON object: usage per model, for systems of several models. Groq."""
    images_json: str
    """JSON array of images that the search found. Perplexity."""
    request_id: str
    """The server's id of the request. Z.AI. xAI: id under which a deferred completion can be fetched."""
    prompt_logprobs_json: str
    """JSON array with one entry per token of the prompt: null, or token id to logprob, rank and text. vLLM."""
    prompt_token_ids: _containers.RepeatedScalarFieldContainer[int]
    """Token ids of the prompt. vLLM."""
    prompt_text: str
    """The prompt after the chat template. vLLM."""
    kv_transfer_params_json: str
    """Any JSON: parameters of the key-value cache transfer. vLLM."""
    ec_transfer_params_json: str
    """Any JSON: parameters of the encoder cache transfer. vLLM."""
    metrics_json: str
    """Any JSON: measurements of the call. vLLM."""
    base_resp: BaseResponse
    """Status of the call. MiniMax."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, id: _Optional[str] = ..., object: _Optional[str] = ..., created: _Optional[int] = ..., model: _Optional[str] = ..., choices: _Optional[_Iterable[_Union[Choice, _Mapping[str, _Any]]]] = ..., usage: _Optional[_Union[_common_pb2.Usage, _Mapping[str, _Any]]] = ..., system_fingerprint: _Optional[str] = ..., service_tier: _Optional[str] = ..., provider: _Optional[str] = ..., generation_id: _Optional[str] = ..., x_groq: _Optional[_Union[XGroq, _Mapping[str, _Any]]] = ..., timings: _Optional[_Union[Timings, _Mapping[str, _Any]]] = ..., prompt_filter_results: _Optional[_Iterable[_Union[PromptFilterResult, _Mapping[str, _Any]]]] = ..., citations: _Optional[_Iterable[str]] = ..., search_results: _Optional[_Iterable[_Union[SearchResult, _Mapping[str, _Any]]]] = ..., metadata: _Optional[_Mapping[str, str]] = ..., moderation: _Optional[_Union[CompletionModeration, _Mapping[str, _Any]]] = ..., usage_breakdown_json: _Optional[str] = ..., images_json: _Optional[str] = ..., request_id: _Optional[str] = ..., prompt_logprobs_json: _Optional[str] = ..., prompt_token_ids: _Optional[_Iterable[int]] = ..., prompt_text: _Optional[str] = ..., kv_transfer_params_json: _Optional[str] = ..., ec_transfer_params_json: _Optional[str] = ..., metrics_json: _Optional[str] = ..., base_resp: _Optional[_Union[BaseResponse, _Mapping[str, _Any]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["id", "object", "created", "model", "usage", "system_fingerprint", "service_tier", "provider", "generation_id", "x_groq", "timings", "moderation", "usage_breakdown_json", "images_json", "request_id", "prompt_logprobs_json", "prompt_text", "kv_transfer_params_json", "ec_transfer_params_json", "metrics_json", "base_resp", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier", "provider", "generation_id", "x_groq", "timings", "prompt_filter_results", "citations", "search_results", "metadata", "moderation", "usage_breakdown_json", "images_json", "request_id", "prompt_logprobs_json", "prompt_token_ids", "prompt_text", "kv_transfer_params_json", "ec_transfer_params_json", "metrics_json", "base_resp", "extra_json"]) -> None: ...

class CreateChatCompletionStreamResponse(_message.Message):
    """One chunk of a streamed chat completion. To get the whole completion, concatenate the texts of the deltas per choice
    and per ToolCallDelta.index. Fields have the same numbers as in CreateChatCompletionResponse.
    """
    __slots__ = ("id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier", "provider", "generation_id", "x_groq", "timings", "prompt_filter_results", "citations", "obfuscation", "search_results", "metadata", "moderation", "usage_breakdown_json", "images_json", "request_id", "prompt_logprobs_json", "prompt_token_ids", "prompt_text", "kv_transfer_params_json", "ec_transfer_params_json", "metrics_json", "latency_checkpoint_json", "base_resp", "extra_json")
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
    BASE_RESP_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    id: str
    """Id of the completion. The same in every chunk on most servers."""
    object: str
    """`chat.completion.chunk`."""
    created: int
    """When it was made, in Unix seconds. 0 in some chunks of some servers."""
    model: str
    """The model that runs."""
    choices: _containers.RepeatedCompositeFieldContainer[ChunkChoice]
    """What is new, usually of one choice. Empty in chunks that only have usage, filter results or moderation, and in
    heartbeats (see BridgeOptions.heartbeat), which have no field at all.
    """
    usage: _common_pb2.Usage
    """What the call consumed so far. Sent near the end of the stream, sometimes more than once: the last one counts."""
    system_fingerprint: str
    """Changes when the server's configuration changes."""
    service_tier: str
    """The tier that runs."""
    provider: str
    """Name of the provider that runs the model. OpenRouter."""
    generation_id: str
    """Id of the gateway's record of the call, in the last chunk. Vercel."""
    x_groq: XGroq
    """Groq's own data, in the first and the last chunk."""
    timings: Timings
    """Speed of the call. llama.cpp."""
    prompt_filter_results: _containers.RepeatedCompositeFieldContainer[PromptFilterResult]
    """What the content filter found in each prompt, in the first chunk. Azure."""
    citations: _containers.RepeatedScalarFieldContainer[str]
    """URLs of the sources, in the order of the marks [1], [2] ... in the text. Perplexity, xAI."""
    obfuscation: str
    """Random padding, which hides the lengths of tokens from observers of the connection. Ignore it."""
    search_results: _containers.RepeatedCompositeFieldContainer[SearchResult]
    """The sources in detail. Perplexity."""
    metadata: _containers.ScalarMap[str, str]
    """The request's metadata."""
    moderation: CompletionModeration
    """What the moderation model found, in a chunk of its own."""
    usage_breakdown_json: str
    """JSON object: usage per model, for systems of several models. Groq."""
    images_json: str
    """JSON array of images that the search found. Perplexity."""
    request_id: str
    """The server's id of the request. Z.AI."""
    prompt_logprobs_json: str
    """JSON array with one entry per token of the prompt: null, or token id to logprob, rank and text. vLLM."""
    prompt_token_ids: _containers.RepeatedScalarFieldContainer[int]
    """Token ids of the prompt, in the first chunk. vLLM."""
    prompt_text: str
    """The prompt after the chat template. vLLM."""
    kv_transfer_params_json: str
    """Any JSON: parameters of the key-value cache transfer. vLLM."""
    ec_transfer_params_json: str
    """Any JSON: parameters of the encoder cache transfer. vLLM."""
    metrics_json: str
    """Any JSON: measurements of the call. vLLM."""
    latency_checkpoint_json: str
    """JSON object: points in time of the call in milliseconds, with keys that end in _ms, in the last chunk. Azure."""
    base_resp: BaseResponse
    """Status of the call. MiniMax."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, id: _Optional[str] = ..., object: _Optional[str] = ..., created: _Optional[int] = ..., model: _Optional[str] = ..., choices: _Optional[_Iterable[_Union[ChunkChoice, _Mapping[str, _Any]]]] = ..., usage: _Optional[_Union[_common_pb2.Usage, _Mapping[str, _Any]]] = ..., system_fingerprint: _Optional[str] = ..., service_tier: _Optional[str] = ..., provider: _Optional[str] = ..., generation_id: _Optional[str] = ..., x_groq: _Optional[_Union[XGroq, _Mapping[str, _Any]]] = ..., timings: _Optional[_Union[Timings, _Mapping[str, _Any]]] = ..., prompt_filter_results: _Optional[_Iterable[_Union[PromptFilterResult, _Mapping[str, _Any]]]] = ..., citations: _Optional[_Iterable[str]] = ..., obfuscation: _Optional[str] = ..., search_results: _Optional[_Iterable[_Union[SearchResult, _Mapping[str, _Any]]]] = ..., metadata: _Optional[_Mapping[str, str]] = ..., moderation: _Optional[_Union[CompletionModeration, _Mapping[str, _Any]]] = ..., usage_breakdown_json: _Optional[str] = ..., images_json: _Optional[str] = ..., request_id: _Optional[str] = ..., prompt_logprobs_json: _Optional[str] = ..., prompt_token_ids: _Optional[_Iterable[int]] = ..., prompt_text: _Optional[str] = ..., kv_transfer_params_json: _Optional[str] = ..., ec_transfer_params_json: _Optional[str] = ..., metrics_json: _Optional[str] = ..., latency_checkpoint_json: _Optional[str] = ..., base_resp: _Optional[_Union[BaseResponse, _Mapping[str, _Any]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["id", "object", "created", "model", "usage", "system_fingerprint", "service_tier", "provider", "generation_id", "x_groq", "timings", "obfuscation", "moderation", "usage_breakdown_json", "images_json", "request_id", "prompt_logprobs_json", "prompt_text", "kv_transfer_params_json", "ec_transfer_params_json", "metrics_json", "latency_checkpoint_json", "base_resp", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier", "provider", "generation_id", "x_groq", "timings", "prompt_filter_results", "citations", "obfuscation", "search_results", "metadata", "moderation", "usage_breakdown_json", "images_json", "request_id", "prompt_logprobs_json", "prompt_token_ids", "prompt_text", "kv_transfer_params_json", "ec_transfer_params_json", "metrics_json", "latency_checkpoint_json", "base_resp", "extra_json"]) -> None: ...

class Choice(_message.Message):
    """One generated answer."""
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
    """Position among the choices, from 0."""
    message: ChatCompletionMessage
    """The answer itself."""
    finish_reason: str
    """Why generation ended: `stop`, `length`, `tool_calls`, `content_filter`, `function_call`, `error` (OpenRouter,
    Mistral), `model_length` (Mistral), `insufficient_system_resource` (DeepSeek), `abort` (vLLM). Some servers say
    `stop` although there are tool calls: look for them in the message.
    """
    logprobs: ChoiceLogprobs
    """Log probabilities, if the request asked for them."""
    native_finish_reason: str
    """The provider's own word for finish_reason, for example `end_turn`. OpenRouter."""
    stop_reason: str
    """One of `stop_reason_kind`. What stopped generation. vLLM.

    The stop text that matched.
    """
    stop_reason_token_id: int
    """One of `stop_reason_kind`. What stopped generation. vLLM.

    The stop token that matched.
    """
    content_filter_results: ContentFilterResults
    """What the content filter found in this answer. Empty: nothing was checked yet. Azure."""
    content_filter_offsets: ContentFilterOffsets
    """The part of the answer that content_filter_results is about. Azure."""
    content_filter_result: ContentFilterResults
    """Why the content filter could not run, in its `error`. Azure."""
    error_json: str
    """Any JSON: the failure of a provider that broke off. The message holds what came before it. OpenRouter."""
    token_ids: _containers.RepeatedScalarFieldContainer[int]
    """Token ids of the answer. vLLM."""
    routed_experts: str
    """Experts that processed each token, as base64 of an array. vLLM."""
    matched_stop: str
    """One of `matched_stop_kind`. What stopped generation. SGLang.

    The stop text that matched.
    """
    matched_stop_token_id: int
    """One of `matched_stop_kind`. What stopped generation. SGLang.

    The stop token that matched.
    """
    provider_specific_fields_json: str
    """Any JSON: further data that the provider sent. LiteLLM."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, index: _Optional[int] = ..., message: _Optional[_Union[ChatCompletionMessage, _Mapping[str, _Any]]] = ..., finish_reason: _Optional[str] = ..., logprobs: _Optional[_Union[ChoiceLogprobs, _Mapping[str, _Any]]] = ..., native_finish_reason: _Optional[str] = ..., stop_reason: _Optional[str] = ..., stop_reason_token_id: _Optional[int] = ..., content_filter_results: _Optional[_Union[ContentFilterResults, _Mapping[str, _Any]]] = ..., content_filter_offsets: _Optional[_Union[ContentFilterOffsets, _Mapping[str, _Any]]] = ..., content_filter_result: _Optional[_Union[ContentFilterResults, _Mapping[str, _Any]]] = ..., error_json: _Optional[str] = ..., token_ids: _Optional[_Iterable[int]] = ..., routed_experts: _Optional[str] = ..., matched_stop: _Optional[str] = ..., matched_stop_token_id: _Optional[int] = ..., provider_specific_fields_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["index", "message", "finish_reason", "logprobs", "native_finish_reason", "stop_reason", "stop_reason_token_id", "content_filter_results", "content_filter_offsets", "content_filter_result", "error_json", "routed_experts", "matched_stop", "matched_stop_token_id", "provider_specific_fields_json", "extra_json", "stop_reason_kind", "matched_stop_kind"]) -> bool: ...
    def ClearField(self, field_name: _Literal["index", "message", "finish_reason", "logprobs", "native_finish_reason", "stop_reason", "stop_reason_token_id", "content_filter_results", "content_filter_offsets", "content_filter_result", "error_json", "token_ids", "routed_experts", "matched_stop", "matched_stop_token_id", "provider_specific_fields_json", "extra_json", "stop_reason_kind", "matched_stop_kind"]) -> None: ...
    @_overload
    def WhichOneof(self, oneof_group: _Literal["stop_reason_kind"]) -> _Literal["stop_reason", "stop_reason_token_id"] | None: ...
    @_overload
    def WhichOneof(self, oneof_group: _Literal["matched_stop_kind"]) -> _Literal["matched_stop", "matched_stop_token_id"] | None: ...

class ChunkChoice(_message.Message):
    """What is new in one answer. Fields have the same numbers as in Choice."""
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
    """Position among the choices, from 0. Chunks of different choices may alternate."""
    delta: ChatCompletionDelta
    """What is new in the message. May be empty or absent."""
    finish_reason: str
    """Why generation ended, see Choice.finish_reason. Absent until then. Some servers send it twice."""
    logprobs: ChoiceLogprobs
    """Log probabilities of the new tokens, if the request asked for them."""
    native_finish_reason: str
    """The provider's own word for finish_reason, for example `end_turn`. OpenRouter."""
    stop_reason: str
    """One of `stop_reason_kind`. What stopped generation. vLLM.

    The stop text that matched.
    """
    stop_reason_token_id: int
    """One of `stop_reason_kind`. What stopped generation. vLLM.

    The stop token that matched.
    """
    content_filter_results: ContentFilterResults
    """What the content filter found in this answer so far. Empty: nothing was checked yet. Azure."""
    content_filter_offsets: ContentFilterOffsets
    """The part of the answer that content_filter_results is about. Azure."""
    content_filter_result: ContentFilterResults
    """Why the content filter could not run, in its `error`. Azure."""
    error_json: str
    """Any JSON: the failure of a provider that broke off. OpenRouter."""
    token_ids: _containers.RepeatedScalarFieldContainer[int]
    """Token ids of the new text. vLLM."""
    routed_experts: str
    """Experts that processed each token, as base64 of an array. vLLM."""
    matched_stop: str
    """One of `matched_stop_kind`. What stopped generation. SGLang.

    The stop text that matched.
    """
    matched_stop_token_id: int
    """One of `matched_stop_kind`. What stopped generation. SGLang.

    The stop token that matched.
    """
    provider_specific_fields_json: str
    """Any JSON: further data that the provider sent. LiteLLM."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, index: _Optional[int] = ..., delta: _Optional[_Union[ChatCompletionDelta, _Mapping[str, _Any]]] = ..., finish_reason: _Optional[str] = ..., logprobs: _Optional[_Union[ChoiceLogprobs, _Mapping[str, _Any]]] = ..., native_finish_reason: _Optional[str] = ..., stop_reason: _Optional[str] = ..., stop_reason_token_id: _Optional[int] = ..., content_filter_results: _Optional[_Union[ContentFilterResults, _Mapping[str, _Any]]] = ..., content_filter_offsets: _Optional[_Union[ContentFilterOffsets, _Mapping[str, _Any]]] = ..., content_filter_result: _Optional[_Union[ContentFilterResults, _Mapping[str, _Any]]] = ..., error_json: _Optional[str] = ..., token_ids: _Optional[_Iterable[int]] = ..., routed_experts: _Optional[str] = ..., matched_stop: _Optional[str] = ..., matched_stop_token_id: _Optional[int] = ..., provider_specific_fields_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["index", "delta", "finish_reason", "logprobs", "native_finish_reason", "stop_reason", "stop_reason_token_id", "content_filter_results", "content_filter_offsets", "content_filter_result", "error_json", "routed_experts", "matched_stop", "matched_stop_token_id", "provider_specific_fields_json", "extra_json", "stop_reason_kind", "matched_stop_kind"]) -> bool: ...
    def ClearField(self, field_name: _Literal["index", "delta", "finish_reason", "logprobs", "native_finish_reason", "stop_reason", "stop_reason_token_id", "content_filter_results", "content_filter_offsets", "content_filter_result", "error_json", "token_ids", "routed_experts", "matched_stop", "matched_stop_token_id", "provider_specific_fields_json", "extra_json", "stop_reason_kind", "matched_stop_kind"]) -> None: ...
    @_overload
    def WhichOneof(self, oneof_group: _Literal["stop_reason_kind"]) -> _Literal["stop_reason", "stop_reason_token_id"] | None: ...
    @_overload
    def WhichOneof(self, oneof_group: _Literal["matched_stop_kind"]) -> _Literal["matched_stop", "matched_stop_token_id"] | None: ...

class ChatCompletionMessage(_message.Message):
    """One turn of a conversation, in requests and in responses. `role` says whose turn it is:
      developer, system  instructions: content, name
      user               content (text, images, audio, files, video), name
      assistant          content or tool_calls, and everything else that the response had. Send it back as it came:
                         reasoning_details and extra_content hold signatures that the next turn needs
      tool               the result of a tool call: tool_call_id, content
      function           deprecated: name, content
    """
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
    """`developer`, `system`, `user`, `assistant`, `tool` or `function`. `assistant` in responses."""
    content: str
    """One of `content_kind`. What is said. Absent and "" are different. An assistant turn that only calls tools may have no content.

    Plain text.
    """
    content_parts: ContentParts
    """One of `content_kind`. What is said. Absent and "" are different. An assistant turn that only calls tools may have no content.

    Text, images, audio, files. Mistral also responds in this form.
    """
    tool_calls: _containers.RepeatedCompositeFieldContainer[ToolCall]
    """Tools that the assistant wants to call."""
    refusal: str
    """Why the assistant declined, in place of content."""
    reasoning: str
    """The reasoning as text. Vercel, OpenRouter, Groq, Ollama, vLLM."""
    reasoning_content: str
    """The reasoning as text. Whether it may be sent back depends on the model. DeepSeek, xAI, Z.AI, Moonshot, llama.cpp,
    SGLang, older vLLM.
    """
    reasoning_details: _containers.RepeatedCompositeFieldContainer[ReasoningDetail]
    """The reasoning in blocks, with signatures. Send them back unchanged and in order. Vercel, OpenRouter."""
    images: _containers.RepeatedCompositeFieldContainer[MessageImage]
    """Generated images, each one complete. Vercel, OpenRouter."""
    audio: AudioOutput
    """Generated audio. To refer to it on a later turn, send only its `id`."""
    annotations: _containers.RepeatedCompositeFieldContainer[Annotation]
    """Sources of the text. If OpenRouter's file annotations are sent back, it does not parse the file again."""
    function_call: FunctionCall
    """Deprecated by OpenAI in favour of tool_calls."""
    provider_metadata_json: str
    """JSON object: routing, price and facts from the providers. Keys are provider slugs. Responses only. Vercel."""
    tool_call_id: str
    """Role tool: id of the tool call that this is the result of."""
    name: str
    """Name of the speaker, to tell several speakers with one role apart. Role function: name of the function."""
    cache_control: _common_pb2.CacheControl
    """Marks the end of a prompt prefix to cache. Vercel, OpenRouter."""
    prefix: bool
    """True on a last assistant message: continue it instead of answering it. Mistral, DeepSeek."""
    extra_content: ExtraContent
    """Data of the provider that must be sent back with the message. Gemini."""
    executed_tools: _containers.RepeatedCompositeFieldContainer[ExecutedTool]
    """Tools that the server ran itself. Responses only. Groq."""
    context_json: str
    """JSON object: retrieved documents and intent of a response on the caller's own data. Azure."""
    citations_json: str
    """Any JSON: the sources of the message, an object or an array. Azure."""
    provider_specific_fields_json: str
    """Any JSON: further data that the provider sent. LiteLLM."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, role: _Optional[str] = ..., content: _Optional[str] = ..., content_parts: _Optional[_Union[ContentParts, _Mapping[str, _Any]]] = ..., tool_calls: _Optional[_Iterable[_Union[ToolCall, _Mapping[str, _Any]]]] = ..., refusal: _Optional[str] = ..., reasoning: _Optional[str] = ..., reasoning_content: _Optional[str] = ..., reasoning_details: _Optional[_Iterable[_Union[ReasoningDetail, _Mapping[str, _Any]]]] = ..., images: _Optional[_Iterable[_Union[MessageImage, _Mapping[str, _Any]]]] = ..., audio: _Optional[_Union[AudioOutput, _Mapping[str, _Any]]] = ..., annotations: _Optional[_Iterable[_Union[Annotation, _Mapping[str, _Any]]]] = ..., function_call: _Optional[_Union[FunctionCall, _Mapping[str, _Any]]] = ..., provider_metadata_json: _Optional[str] = ..., tool_call_id: _Optional[str] = ..., name: _Optional[str] = ..., cache_control: _Optional[_Union[_common_pb2.CacheControl, _Mapping[str, _Any]]] = ..., prefix: bool = ..., extra_content: _Optional[_Union[ExtraContent, _Mapping[str, _Any]]] = ..., executed_tools: _Optional[_Iterable[_Union[ExecutedTool, _Mapping[str, _Any]]]] = ..., context_json: _Optional[str] = ..., citations_json: _Optional[str] = ..., provider_specific_fields_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["role", "content", "content_parts", "refusal", "reasoning", "reasoning_content", "audio", "function_call", "provider_metadata_json", "tool_call_id", "name", "cache_control", "prefix", "extra_content", "context_json", "citations_json", "provider_specific_fields_json", "extra_json", "content_kind"]) -> bool: ...
    def ClearField(self, field_name: _Literal["role", "content", "content_parts", "tool_calls", "refusal", "reasoning", "reasoning_content", "reasoning_details", "images", "audio", "annotations", "function_call", "provider_metadata_json", "tool_call_id", "name", "cache_control", "prefix", "extra_content", "executed_tools", "context_json", "citations_json", "provider_specific_fields_json", "extra_json", "content_kind"]) -> None: ...
    def WhichOneof(self, oneof_group: _Literal["content_kind"]) -> _Literal["content", "content_parts"] | None: ...

class ChatCompletionDelta(_message.Message):
    """What is new in a message. Texts are appended. Lists are extended, except tool_calls and reasoning_details, whose
    fragments have an index. Fields have the same numbers as in ChatCompletionMessage.
    """
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
    """In the first delta. Some servers repeat it, or send ""."""
    content: str
    """One of `content_kind`. More of what is said. "" is filler.

    Text to append.
    """
    content_parts: ContentParts
    """One of `content_kind`. More of what is said. "" is filler.

    Parts to append. Mistral.
    """
    tool_calls: _containers.RepeatedCompositeFieldContainer[ToolCallDelta]
    """Fragments of tool calls. ToolCallDelta.index says which call each one belongs to."""
    refusal: str
    """Refusal text to append."""
    reasoning: str
    """Reasoning to append. Vercel, OpenRouter, Groq, Ollama, vLLM."""
    reasoning_content: str
    """Reasoning to append. DeepSeek, xAI, Z.AI, Moonshot, llama.cpp, SGLang, older vLLM."""
    reasoning_details: _containers.RepeatedCompositeFieldContainer[ReasoningDetail]
    """Fragments of reasoning blocks. ReasoningDetail.index and type say which block. Vercel, OpenRouter."""
    images: _containers.RepeatedCompositeFieldContainer[MessageImage]
    """Generated images, each one complete. Vercel, OpenRouter."""
    audio: AudioOutput
    """More audio: first an id, then data and transcript to append, finally expires_at."""
    annotations: _containers.RepeatedCompositeFieldContainer[Annotation]
    """Sources of the text, each one complete."""
    function_call: FunctionCall
    """Deprecated by OpenAI in favour of tool_calls. Its arguments are appended."""
    provider_metadata_json: str
    """JSON object: routing, price and facts from the providers, in the chunk with finish_reason. Vercel."""
    extra_content: ExtraContent
    """Data of the provider that must be sent back with the message. Gemini."""
    executed_tools: _containers.RepeatedCompositeFieldContainer[ExecutedTool]
    """Tools that the server runs itself. Groq."""
    context_json: str
    """JSON object: retrieved documents and intent of a response on the caller's own data. Azure."""
    citations_json: str
    """Any JSON: the sources of the message, an object or an array. Azure."""
    provider_specific_fields_json: str
    """Any JSON: further data that the provider sent. LiteLLM."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, role: _Optional[str] = ..., content: _Optional[str] = ..., content_parts: _Optional[_Union[ContentParts, _Mapping[str, _Any]]] = ..., tool_calls: _Optional[_Iterable[_Union[ToolCallDelta, _Mapping[str, _Any]]]] = ..., refusal: _Optional[str] = ..., reasoning: _Optional[str] = ..., reasoning_content: _Optional[str] = ..., reasoning_details: _Optional[_Iterable[_Union[ReasoningDetail, _Mapping[str, _Any]]]] = ..., images: _Optional[_Iterable[_Union[MessageImage, _Mapping[str, _Any]]]] = ..., audio: _Optional[_Union[AudioOutput, _Mapping[str, _Any]]] = ..., annotations: _Optional[_Iterable[_Union[Annotation, _Mapping[str, _Any]]]] = ..., function_call: _Optional[_Union[FunctionCall, _Mapping[str, _Any]]] = ..., provider_metadata_json: _Optional[str] = ..., extra_content: _Optional[_Union[ExtraContent, _Mapping[str, _Any]]] = ..., executed_tools: _Optional[_Iterable[_Union[ExecutedTool, _Mapping[str, _Any]]]] = ..., context_json: _Optional[str] = ..., citations_json: _Optional[str] = ..., provider_specific_fields_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["role", "content", "content_parts", "refusal", "reasoning", "reasoning_content", "audio", "function_call", "provider_metadata_json", "extra_content", "context_json", "citations_json", "provider_specific_fields_json", "extra_json", "content_kind"]) -> bool: ...
    def ClearField(self, field_name: _Literal["role", "content", "content_parts", "tool_calls", "refusal", "reasoning", "reasoning_content", "reasoning_details", "images", "audio", "annotations", "function_call", "provider_metadata_json", "extra_content", "executed_tools", "context_json", "citations_json", "provider_specific_fields_json", "extra_json", "content_kind"]) -> None: ...
    def WhichOneof(self, oneof_group: _Literal["content_kind"]) -> _Literal["content", "content_parts"] | None: ...

class ContentParts(_message.Message):
    """The content of a message in parts."""
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[ContentPart]
    """The parts in order."""
    def __init__(self, items: _Optional[_Iterable[_Union[ContentPart, _Mapping[str, _Any]]]] = ...) -> None: ...
    def ClearField(self, field_name: _Literal["items"]) -> None: ...

class ContentPart(_message.Message):
    """A part of a message's content. `type` names the field that holds it."""
    __slots__ = ("type", "text", "image_url", "image_url_bare", "input_audio", "input_audio_bare", "file", "refusal", "video_url", "audio_url", "cache_control", "prompt_cache_breakpoint", "thinking", "thinking_text", "closed", "signature", "file_id", "document_url", "document_name", "reference_ids", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    IMAGE_URL_FIELD_NUMBER: _ClassVar[int]
    IMAGE_URL_BARE_FIELD_NUMBER: _ClassVar[int]
    INPUT_AUDIO_FIELD_NUMBER: _ClassVar[int]
    INPUT_AUDIO_BARE_FIELD_NUMBER: _ClassVar[int]
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
    """`text`, `image_url`, `input_audio`, `file`, `refusal`, `video_url`, `audio_url`, `thinking`, `document_url`,
    `reference`, or another word of a dialect. The members of an unknown type are in extra_json.
    """
    text: str
    """Text."""
    image_url: ImageUrl
    """One of `image_url_kind`. An image.

    The usual form.
    """
    image_url_bare: str
    """One of `image_url_kind`. An image.

    The bare URL. Mistral, Ollama.
    """
    input_audio: InputAudio
    """One of `input_audio_kind`. A recording.

    The usual form.
    """
    input_audio_bare: str
    """One of `input_audio_kind`. A recording.

    The bare base64 text or URL. Mistral.
    """
    file: FileContent
    """A document, for example a PDF."""
    refusal: str
    """Why the assistant declined."""
    video_url: VideoUrl
    """A video. OpenRouter, vLLM, Qwen."""
    audio_url: AudioUrl
    """A recording by URL. vLLM."""
    cache_control: _common_pb2.CacheControl
    """Marks the end of a prompt prefix to cache. OpenRouter, Anthropic behind gateways."""
    prompt_cache_breakpoint: PromptCacheBreakpoint
    """Marks the end of a prompt prefix to cache. OpenAI."""
    thinking: ContentParts
    """One of `thinking_kind`. Reasoning within the content.

    In parts. Mistral.
    """
    thinking_text: str
    """One of `thinking_kind`. Reasoning within the content.

    As text. Anthropic behind gateways.
    """
    closed: bool
    """Whether `thinking` is complete. Mistral."""
    signature: str
    """Proof that the model itself wrote `thinking`. Anthropic behind gateways."""
    file_id: str
    """Id of an uploaded file, for type `file`. DeepSeek. OpenAI has it in `file`."""
    document_url: str
    """URL of a document. Mistral."""
    document_name: str
    """Name of the document at document_url. Mistral."""
    reference_ids: _containers.RepeatedScalarFieldContainer[int]
    """Numbers of the sources that the text before refers to. Mistral."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, type: _Optional[str] = ..., text: _Optional[str] = ..., image_url: _Optional[_Union[ImageUrl, _Mapping[str, _Any]]] = ..., image_url_bare: _Optional[str] = ..., input_audio: _Optional[_Union[InputAudio, _Mapping[str, _Any]]] = ..., input_audio_bare: _Optional[str] = ..., file: _Optional[_Union[FileContent, _Mapping[str, _Any]]] = ..., refusal: _Optional[str] = ..., video_url: _Optional[_Union[VideoUrl, _Mapping[str, _Any]]] = ..., audio_url: _Optional[_Union[AudioUrl, _Mapping[str, _Any]]] = ..., cache_control: _Optional[_Union[_common_pb2.CacheControl, _Mapping[str, _Any]]] = ..., prompt_cache_breakpoint: _Optional[_Union[PromptCacheBreakpoint, _Mapping[str, _Any]]] = ..., thinking: _Optional[_Union[ContentParts, _Mapping[str, _Any]]] = ..., thinking_text: _Optional[str] = ..., closed: bool = ..., signature: _Optional[str] = ..., file_id: _Optional[str] = ..., document_url: _Optional[str] = ..., document_name: _Optional[str] = ..., reference_ids: _Optional[_Iterable[int]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["type", "text", "image_url", "image_url_bare", "input_audio", "input_audio_bare", "file", "refusal", "video_url", "audio_url", "cache_control", "prompt_cache_breakpoint", "thinking", "thinking_text", "closed", "signature", "file_id", "document_url", "document_name", "extra_json", "image_url_kind", "input_audio_kind", "thinking_kind"]) -> bool: ...
    def ClearField(self, field_name: _Literal["type", "text", "image_url", "image_url_bare", "input_audio", "input_audio_bare", "file", "refusal", "video_url", "audio_url", "cache_control", "prompt_cache_breakpoint", "thinking", "thinking_text", "closed", "signature", "file_id", "document_url", "document_name", "reference_ids", "extra_json", "image_url_kind", "input_audio_kind", "thinking_kind"]) -> None: ...
    @_overload
    def WhichOneof(self, oneof_group: _Literal["image_url_kind"]) -> _Literal["image_url", "image_url_bare"] | None: ...
    @_overload
    def WhichOneof(self, oneof_group: _Literal["input_audio_kind"]) -> _Literal["input_audio", "input_audio_bare"] | None: ...
    @_overload
    def WhichOneof(self, oneof_group: _Literal["thinking_kind"]) -> _Literal["thinking", "thinking_text"] | None: ...

class ImageUrl(_message.Message):
    """An image, by URL or by content."""
    __slots__ = ("url", "url_inline", "detail", "extra_json")
    URL_FIELD_NUMBER: _ClassVar[int]
    URL_INLINE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    url: str
    """One of `url_kind`. Where the image is.

    http(s) URL, or `data:image/png;base64,...`. Ollama takes only the latter.
    """
    url_inline: _common_pb2.InlineData
    """One of `url_kind`. Where the image is.

    The image itself.
    """
    detail: str
    """How closely the model looks: `auto` (default), `low`, `high` or `original`. A closer look costs more tokens."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, url: _Optional[str] = ..., url_inline: _Optional[_Union[_common_pb2.InlineData, _Mapping[str, _Any]]] = ..., detail: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["url", "url_inline", "detail", "extra_json", "url_kind"]) -> bool: ...
    def ClearField(self, field_name: _Literal["url", "url_inline", "detail", "extra_json", "url_kind"]) -> None: ...
    def WhichOneof(self, oneof_group: _Literal["url_kind"]) -> _Literal["url", "url_inline"] | None: ...

class InputAudio(_message.Message):
    """A recording as input."""
    __slots__ = ("data", "data_raw", "format", "extra_json")
    DATA_FIELD_NUMBER: _ClassVar[int]
    DATA_RAW_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    data: str
    """One of `data_kind`. The recording.

    Base64 without a data: prefix.
    """
    data_raw: bytes
    """One of `data_kind`. The recording.

    The bytes themselves.
    """
    format: str
    """`wav` or `mp3`. OpenRouter adds `aiff`, `aac`, `ogg`, `flac`, `m4a`, `pcm16`, `pcm24`."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, data: _Optional[str] = ..., data_raw: _Optional[bytes] = ..., format: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["data", "data_raw", "format", "extra_json", "data_kind"]) -> bool: ...
    def ClearField(self, field_name: _Literal["data", "data_raw", "format", "extra_json", "data_kind"]) -> None: ...
    def WhichOneof(self, oneof_group: _Literal["data_kind"]) -> _Literal["data", "data_raw"] | None: ...

class FileContent(_message.Message):
    """A document as input. OpenAI: file_id, or file_data with filename. Vercel also: data with media_type."""
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
    """One of `file_data_kind`. The document in OpenAI's form.

    `data:application/pdf;base64,...`. OpenRouter also takes an http(s) URL.
    """
    file_data_inline: _common_pb2.InlineData
    """One of `file_data_kind`. The document in OpenAI's form.

    The document itself.
    """
    file_id: str
    """Id of an uploaded file."""
    filename: str
    """Name that the model sees, for example `report.pdf`."""
    data: str
    """One of `data_kind`. The document in Vercel's form.

    Base64 without a data: prefix.
    """
    data_raw: bytes
    """One of `data_kind`. The document in Vercel's form.

    The bytes themselves.
    """
    media_type: str
    """Media type of `data`, for example `application/pdf`. Vercel."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, file_data: _Optional[str] = ..., file_data_inline: _Optional[_Union[_common_pb2.InlineData, _Mapping[str, _Any]]] = ..., file_id: _Optional[str] = ..., filename: _Optional[str] = ..., data: _Optional[str] = ..., data_raw: _Optional[bytes] = ..., media_type: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["file_data", "file_data_inline", "file_id", "filename", "data", "data_raw", "media_type", "extra_json", "file_data_kind", "data_kind"]) -> bool: ...
    def ClearField(self, field_name: _Literal["file_data", "file_data_inline", "file_id", "filename", "data", "data_raw", "media_type", "extra_json", "file_data_kind", "data_kind"]) -> None: ...
    @_overload
    def WhichOneof(self, oneof_group: _Literal["file_data_kind"]) -> _Literal["file_data", "file_data_inline"] | None: ...
    @_overload
    def WhichOneof(self, oneof_group: _Literal["data_kind"]) -> _Literal["data", "data_raw"] | None: ...

class VideoUrl(_message.Message):
    """A video, by URL or by content. OpenRouter, vLLM, Qwen."""
    __slots__ = ("url", "url_inline", "extra_json")
    URL_FIELD_NUMBER: _ClassVar[int]
    URL_INLINE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    url: str
    """One of `url_kind`. Where the video is.

    http(s) URL, or `data:video/mp4;base64,...`.
    """
    url_inline: _common_pb2.InlineData
    """One of `url_kind`. Where the video is.

    The video itself.
    """
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, url: _Optional[str] = ..., url_inline: _Optional[_Union[_common_pb2.InlineData, _Mapping[str, _Any]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["url", "url_inline", "extra_json", "url_kind"]) -> bool: ...
    def ClearField(self, field_name: _Literal["url", "url_inline", "extra_json", "url_kind"]) -> None: ...
    def WhichOneof(self, oneof_group: _Literal["url_kind"]) -> _Literal["url", "url_inline"] | None: ...

class AudioUrl(_message.Message):
    """A recording, by URL or by content. vLLM."""
    __slots__ = ("url", "url_inline", "extra_json")
    URL_FIELD_NUMBER: _ClassVar[int]
    URL_INLINE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    url: str
    """One of `url_kind`. Where the recording is.

    http(s) URL, or `data:audio/wav;base64,...`.
    """
    url_inline: _common_pb2.InlineData
    """One of `url_kind`. Where the recording is.

    The recording itself.
    """
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, url: _Optional[str] = ..., url_inline: _Optional[_Union[_common_pb2.InlineData, _Mapping[str, _Any]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["url", "url_inline", "extra_json", "url_kind"]) -> bool: ...
    def ClearField(self, field_name: _Literal["url", "url_inline", "extra_json", "url_kind"]) -> None: ...
    def WhichOneof(self, oneof_group: _Literal["url_kind"]) -> _Literal["url", "url_inline"] | None: ...

class PromptCacheBreakpoint(_message.Message):
    """Marks the end of a prompt prefix to cache, if PromptCacheOptions.mode is `explicit`."""
    __slots__ = ("mode", "ttl", "extra_json")
    MODE_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    mode: str
    """`explicit`."""
    ttl: str
    """Lifetime of the cache entry: `30m` or `12h`. Default: the server's."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, mode: _Optional[str] = ..., ttl: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["mode", "ttl", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["mode", "ttl", "extra_json"]) -> None: ...

class ToolCall(_message.Message):
    """A tool call that the assistant wants. Fields have the same numbers as in ToolCallDelta."""
    __slots__ = ("index", "id", "type", "function", "custom", "extra_content", "extra_json")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    EXTRA_CONTENT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    index: int
    """Position among the calls of the message. Sent by OpenRouter and Ollama. OpenAI's API has it only in streams."""
    id: str
    """Id for the tool_call_id of the result, in any characters. Some servers send none."""
    type: str
    """`function` or `custom`. Missing on some servers."""
    function: FunctionCall
    """The function to call."""
    custom: CustomToolCall
    """The custom tool to call."""
    extra_content: ExtraContent
    """Data of the provider that must be sent back with the call. Gemini."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, index: _Optional[int] = ..., id: _Optional[str] = ..., type: _Optional[str] = ..., function: _Optional[_Union[FunctionCall, _Mapping[str, _Any]]] = ..., custom: _Optional[_Union[CustomToolCall, _Mapping[str, _Any]]] = ..., extra_content: _Optional[_Union[ExtraContent, _Mapping[str, _Any]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["index", "id", "type", "function", "custom", "extra_content", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["index", "id", "type", "function", "custom", "extra_content", "extra_json"]) -> None: ...

class ToolCallDelta(_message.Message):
    """A fragment of a tool call in a stream. To get the call, collect the fragments with the same index: the last id, type
    and name that are not empty count, and the arguments are concatenated.
    """
    __slots__ = ("index", "id", "type", "function", "custom", "extra_content", "extra_json")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    EXTRA_CONTENT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    index: int
    """Which call of the choice this is a fragment of. The bridge always sets it: the calls of a choice have the indexes
    0, 1, 2 ... in the order in which they begin, whatever the server sent.
    """
    id: str
    """Id for the tool_call_id of the result, in any characters. Usually only in the first fragment of a call. Some servers
    repeat it, and some send none.
    """
    type: str
    """`function` or `custom`. Missing on some servers."""
    function: FunctionCall
    """The function to call: its name, usually in the first fragment, and the next part of its arguments."""
    custom: CustomToolCall
    """The custom tool to call: its name, usually in the first fragment, and the next part of its input."""
    extra_content: ExtraContent
    """Data of the provider that must be sent back with the call. Gemini."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, index: _Optional[int] = ..., id: _Optional[str] = ..., type: _Optional[str] = ..., function: _Optional[_Union[FunctionCall, _Mapping[str, _Any]]] = ..., custom: _Optional[_Union[CustomToolCall, _Mapping[str, _Any]]] = ..., extra_content: _Optional[_Union[ExtraContent, _Mapping[str, _Any]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["index", "id", "type", "function", "custom", "extra_content", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["index", "id", "type", "function", "custom", "extra_content", "extra_json"]) -> None: ...

class FunctionCall(_message.Message):
    """The function to call and its arguments."""
    __slots__ = ("name", "arguments", "extra_json")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    name: str
    """Name of the function. Fragments that have it repeat the whole name."""
    arguments: str
    """The arguments as the model wrote them: usually a JSON object, but it may be empty, cut off or invalid. In fragments
    it is a part to append. The bridge never reformats it.
    """
    extra_json: str
    """JSON object with members that this schema does not know. Holds `arguments` if a server sent an object."""
    def __init__(self, name: _Optional[str] = ..., arguments: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["name", "arguments", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["name", "arguments", "extra_json"]) -> None: ...

class CustomToolCall(_message.Message):
    """The custom tool to call and its input."""
    __slots__ = ("name", "input", "extra_json")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    name: str
    """Name of the tool."""
    input: str
    """The input as the model wrote it: free text, or text in the tool's grammar. In fragments it is a part to append.
    """
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, name: _Optional[str] = ..., input: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["name", "input", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["name", "input", "extra_json"]) -> None: ...

class ExtraContent(_message.Message):
    """Data of the provider that must be sent back with a message or call. Gemini."""
    __slots__ = ("google", "extra_json")
    GOOGLE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    google: GoogleExtraContent
    """Google's data."""
    extra_json: str
    """JSON object with the data of other providers."""
    def __init__(self, google: _Optional[_Union[GoogleExtraContent, _Mapping[str, _Any]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["google", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["google", "extra_json"]) -> None: ...

class GoogleExtraContent(_message.Message):
    """Google's part of ExtraContent."""
    __slots__ = ("thought_signature", "thought", "extra_json")
    THOUGHT_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    THOUGHT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    thought_signature: str
    """Proof of the reasoning behind the call. Gemini 3 rejects the next turn without it."""
    thought: bool
    """Whether the content is a thought and not the answer."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, thought_signature: _Optional[str] = ..., thought: bool = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["thought_signature", "thought", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["thought_signature", "thought", "extra_json"]) -> None: ...

class ReasoningDetail(_message.Message):
    """A block of reasoning. In a stream, fragments of one block have the same type and index: text, summary and data are
    appended, and the last signature that is not empty counts. Vercel, OpenRouter.
    """
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
    """`reasoning.text`, `reasoning.summary` or `reasoning.encrypted`."""
    text: str
    """The reasoning, for reasoning.text."""
    signature: str
    """Proof that the model itself wrote the text, for reasoning.text. In streams it may come last, with text ""."""
    summary: str
    """What the reasoning was about, for reasoning.summary."""
    data: str
    """The reasoning in a form that only the provider can read, for reasoning.encrypted."""
    id: str
    """Id of the block, for example `rs_...`. For Gemini the id of the tool call that the signature belongs to."""
    format: str
    """Format of the block, for example `anthropic-claude-v1`, `openai-responses-v1`, `google-gemini-v1`."""
    index: int
    """Position of the block. Some servers send 0 for all."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, type: _Optional[str] = ..., text: _Optional[str] = ..., signature: _Optional[str] = ..., summary: _Optional[str] = ..., data: _Optional[str] = ..., id: _Optional[str] = ..., format: _Optional[str] = ..., index: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["type", "text", "signature", "summary", "data", "id", "format", "index", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["type", "text", "signature", "summary", "data", "id", "format", "index", "extra_json"]) -> None: ...

class MessageImage(_message.Message):
    """A generated image. Vercel, OpenRouter."""
    __slots__ = ("type", "image_url", "index", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    IMAGE_URL_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    """`image_url`."""
    image_url: ImageUrl
    """The image, as a data: URL or, with BridgeOptions.inline_data, as bytes. Often several MB."""
    index: int
    """Position among the images of the message."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, type: _Optional[str] = ..., image_url: _Optional[_Union[ImageUrl, _Mapping[str, _Any]]] = ..., index: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["type", "image_url", "index", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["type", "image_url", "index", "extra_json"]) -> None: ...

class AudioOutput(_message.Message):
    """Generated audio. In a request only the id, to refer to audio of an earlier turn."""
    __slots__ = ("id", "data", "data_raw", "transcript", "expires_at", "extra_json")
    ID_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    DATA_RAW_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    id: str
    """Id of the audio."""
    data: str
    """One of `data_kind`. The audio, in the format of AudioOptions. Decode each fragment, then append it.

    Base64.
    """
    data_raw: bytes
    """One of `data_kind`. The audio, in the format of AudioOptions. Decode each fragment, then append it.

    The bytes themselves, see BridgeOptions.inline_data.
    """
    transcript: str
    """What is said. Fragments are appended."""
    expires_at: int
    """When the id becomes invalid, in Unix seconds."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, id: _Optional[str] = ..., data: _Optional[str] = ..., data_raw: _Optional[bytes] = ..., transcript: _Optional[str] = ..., expires_at: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["id", "data", "data_raw", "transcript", "expires_at", "extra_json", "data_kind"]) -> bool: ...
    def ClearField(self, field_name: _Literal["id", "data", "data_raw", "transcript", "expires_at", "extra_json", "data_kind"]) -> None: ...
    def WhichOneof(self, oneof_group: _Literal["data_kind"]) -> _Literal["data", "data_raw"] | None: ...

class Annotation(_message.Message):
    """A source of the text. `type` names the field that holds it."""
    __slots__ = ("type", "url_citation", "file", "file_annotation", "document_citation", "function_citation", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    URL_CITATION_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    FILE_ANNOTATION_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_CITATION_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_CITATION_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    """`url_citation`, `file`, `file_annotation`, `document_citation` or `function_citation`."""
    url_citation: UrlCitation
    """A web page."""
    file: AnnotationFile
    """A file of the prompt, as the gateway parsed it. OpenRouter."""
    file_annotation: FileAnnotation
    """A place in an uploaded file."""
    document_citation: DocumentCitation
    """A document of the prompt. Groq."""
    function_citation: FunctionCitation
    """The result of a tool call. Groq."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, type: _Optional[str] = ..., url_citation: _Optional[_Union[UrlCitation, _Mapping[str, _Any]]] = ..., file: _Optional[_Union[AnnotationFile, _Mapping[str, _Any]]] = ..., file_annotation: _Optional[_Union[FileAnnotation, _Mapping[str, _Any]]] = ..., document_citation: _Optional[_Union[DocumentCitation, _Mapping[str, _Any]]] = ..., function_citation: _Optional[_Union[FunctionCitation, _Mapping[str, _Any]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["type", "url_citation", "file", "file_annotation", "document_citation", "function_citation", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["type", "url_citation", "file", "file_annotation", "document_citation", "function_citation", "extra_json"]) -> None: ...

class UrlCitation(_message.Message):
    """A web page that a part of the text is based on."""
    __slots__ = ("url", "title", "start_index", "end_index", "content", "extra_json")
    URL_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    START_INDEX_FIELD_NUMBER: _ClassVar[int]
    END_INDEX_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    url: str
    """Address of the page."""
    title: str
    """Title of the page."""
    start_index: int
    """Start of the part in characters, from 0, inclusive."""
    end_index: int
    """End of the part in characters, exclusive."""
    content: str
    """Excerpt of the page. OpenRouter."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, url: _Optional[str] = ..., title: _Optional[str] = ..., start_index: _Optional[int] = ..., end_index: _Optional[int] = ..., content: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["url", "title", "start_index", "end_index", "content", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["url", "title", "start_index", "end_index", "content", "extra_json"]) -> None: ...

class AnnotationFile(_message.Message):
    """A file of the prompt, as the gateway parsed it. OpenRouter."""
    __slots__ = ("hash", "name", "content", "extra_json")
    HASH_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    hash: str
    """Hash by which the gateway recognises the file."""
    name: str
    """Name of the file."""
    content: _containers.RepeatedCompositeFieldContainer[ContentPart]
    """Text and images of the file."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, hash: _Optional[str] = ..., name: _Optional[str] = ..., content: _Optional[_Iterable[_Union[ContentPart, _Mapping[str, _Any]]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["hash", "name", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["hash", "name", "content", "extra_json"]) -> None: ...

class FileAnnotation(_message.Message):
    """A place in an uploaded file."""
    __slots__ = ("file_id", "quote", "extra_json")
    FILE_ID_FIELD_NUMBER: _ClassVar[int]
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    file_id: str
    """Id of the file."""
    quote: str
    """The quoted words."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, file_id: _Optional[str] = ..., quote: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["file_id", "quote", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["file_id", "quote", "extra_json"]) -> None: ...

class DocumentCitation(_message.Message):
    """A document of the prompt that a part of the text is based on. Groq."""
    __slots__ = ("document_id", "start_index", "end_index", "extra_json")
    DOCUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    START_INDEX_FIELD_NUMBER: _ClassVar[int]
    END_INDEX_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    document_id: str
    """Id of the document."""
    start_index: int
    """Start of the part in characters, from 0, inclusive."""
    end_index: int
    """End of the part in characters, exclusive."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, document_id: _Optional[str] = ..., start_index: _Optional[int] = ..., end_index: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["document_id", "start_index", "end_index", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["document_id", "start_index", "end_index", "extra_json"]) -> None: ...

class FunctionCitation(_message.Message):
    """The result of a tool call that a part of the text is based on. Groq."""
    __slots__ = ("tool_call_id", "start_index", "end_index", "extra_json")
    TOOL_CALL_ID_FIELD_NUMBER: _ClassVar[int]
    START_INDEX_FIELD_NUMBER: _ClassVar[int]
    END_INDEX_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    tool_call_id: str
    """Id of the call."""
    start_index: int
    """Start of the part in characters, from 0, inclusive."""
    end_index: int
    """End of the part in characters, exclusive."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, tool_call_id: _Optional[str] = ..., start_index: _Optional[int] = ..., end_index: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["tool_call_id", "start_index", "end_index", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["tool_call_id", "start_index", "end_index", "extra_json"]) -> None: ...

class ExecutedTool(_message.Message):
    """A tool that the server ran itself. Groq."""
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
    """Position among the tools that ran."""
    type: str
    """Kind of tool, for example `search` or `python`."""
    name: str
    """Name of the tool."""
    arguments: str
    """Arguments as JSON text."""
    output: str
    """What the tool returned."""
    search_results_json: str
    """Any JSON: pages that a search found."""
    code_results_json: str
    """Any JSON: text, images and charts that a program made."""
    browser_results_json: str
    """Any JSON: pages that a browser visited."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, index: _Optional[int] = ..., type: _Optional[str] = ..., name: _Optional[str] = ..., arguments: _Optional[str] = ..., output: _Optional[str] = ..., search_results_json: _Optional[str] = ..., code_results_json: _Optional[str] = ..., browser_results_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["index", "type", "name", "arguments", "output", "search_results_json", "code_results_json", "browser_results_json", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["index", "type", "name", "arguments", "output", "search_results_json", "code_results_json", "browser_results_json", "extra_json"]) -> None: ...

class StopSequences(_message.Message):
    """Texts that end generation."""
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedScalarFieldContainer[str]
    """One or more texts."""
    def __init__(self, items: _Optional[_Iterable[str]] = ...) -> None: ...
    def ClearField(self, field_name: _Literal["items"]) -> None: ...

class Tool(_message.Message):
    """A tool that the model may call. `type` names the field that holds it."""
    __slots__ = ("type", "function", "custom", "cache_control", "defer_loading", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    CACHE_CONTROL_FIELD_NUMBER: _ClassVar[int]
    DEFER_LOADING_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    """`function` or `custom`. The members of a provider's own tools go in extra_json."""
    function: FunctionDefinition
    """A function with arguments in JSON."""
    custom: CustomToolDefinition
    """A tool with free text as input."""
    cache_control: _common_pb2.CacheControl
    """Marks the end of a prompt prefix to cache. Anthropic behind gateways."""
    defer_loading: bool
    """Whether the model sees the tool only when it searches for tools. Default false. vLLM, Anthropic."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, type: _Optional[str] = ..., function: _Optional[_Union[FunctionDefinition, _Mapping[str, _Any]]] = ..., custom: _Optional[_Union[CustomToolDefinition, _Mapping[str, _Any]]] = ..., cache_control: _Optional[_Union[_common_pb2.CacheControl, _Mapping[str, _Any]]] = ..., defer_loading: bool = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["type", "function", "custom", "cache_control", "defer_loading", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["type", "function", "custom", "cache_control", "defer_loading", "extra_json"]) -> None: ...

class FunctionDefinition(_message.Message):
    """A function that the model may call."""
    __slots__ = ("name", "description", "parameters_json", "strict", "defer_loading", "extra_json")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_JSON_FIELD_NUMBER: _ClassVar[int]
    STRICT_FIELD_NUMBER: _ClassVar[int]
    DEFER_LOADING_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    name: str
    """Required. At most 64 letters, digits, _ and -."""
    description: str
    """What the function does and when to call it."""
    parameters_json: str
    """JSON object: JSON Schema of the arguments, for example {"type": "object", "properties": {...}}. The order of keys is
    kept. Absent: no arguments.
    """
    strict: bool
    """Whether the arguments must follow the schema exactly. Default false."""
    defer_loading: bool
    """See Tool.defer_loading. vLLM."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., parameters_json: _Optional[str] = ..., strict: bool = ..., defer_loading: bool = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["name", "description", "parameters_json", "strict", "defer_loading", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["name", "description", "parameters_json", "strict", "defer_loading", "extra_json"]) -> None: ...

class CustomToolDefinition(_message.Message):
    """A tool with free text as input."""
    __slots__ = ("name", "description", "format", "extra_json")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    name: str
    """Required. Name of the tool."""
    description: str
    """What the tool does and when to call it."""
    format: CustomToolFormat
    """Format of the input. Default: any text."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., format: _Optional[_Union[CustomToolFormat, _Mapping[str, _Any]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["name", "description", "format", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["name", "description", "format", "extra_json"]) -> None: ...

class CustomToolFormat(_message.Message):
    """Format of the input of a custom tool."""
    __slots__ = ("type", "grammar", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    GRAMMAR_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    """`text` or `grammar`."""
    grammar: CustomToolGrammar
    """The grammar, for type `grammar`."""
    extra_json: str
    """JSON object with members that this schema does not know. OpenAI accepts none."""
    def __init__(self, type: _Optional[str] = ..., grammar: _Optional[_Union[CustomToolGrammar, _Mapping[str, _Any]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["type", "grammar", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["type", "grammar", "extra_json"]) -> None: ...

class CustomToolGrammar(_message.Message):
    """A grammar for the input of a custom tool."""
    __slots__ = ("definition", "syntax", "extra_json")
    DEFINITION_FIELD_NUMBER: _ClassVar[int]
    SYNTAX_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    definition: str
    """The grammar itself."""
    syntax: str
    """`lark` or `regex`."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, definition: _Optional[str] = ..., syntax: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["definition", "syntax", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["definition", "syntax", "extra_json"]) -> None: ...

class ToolChoice(_message.Message):
    """What the model must call. `type` names the field that holds it."""
    __slots__ = ("type", "function", "custom", "allowed_tools", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_TOOLS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    """`function`, `custom` or `allowed_tools`."""
    function: ToolName
    """This function."""
    custom: ToolName
    """This custom tool."""
    allowed_tools: AllowedTools
    """One of these."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, type: _Optional[str] = ..., function: _Optional[_Union[ToolName, _Mapping[str, _Any]]] = ..., custom: _Optional[_Union[ToolName, _Mapping[str, _Any]]] = ..., allowed_tools: _Optional[_Union[AllowedTools, _Mapping[str, _Any]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["type", "function", "custom", "allowed_tools", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["type", "function", "custom", "allowed_tools", "extra_json"]) -> None: ...

class ToolName(_message.Message):
    """A tool by name."""
    __slots__ = ("name", "extra_json")
    NAME_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    name: str
    """Name of the tool, as in its definition."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, name: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["name", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["name", "extra_json"]) -> None: ...

class AllowedTools(_message.Message):
    """A subset of the request's tools."""
    __slots__ = ("mode", "tools", "extra_json")
    MODE_FIELD_NUMBER: _ClassVar[int]
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    mode: str
    """`auto`: the model may call one of them. `required`: it must."""
    tools: _containers.RepeatedCompositeFieldContainer[Tool]
    """The tools by type and name, for example {type: "function", function: {name: "get_tide"}}."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, mode: _Optional[str] = ..., tools: _Optional[_Iterable[_Union[Tool, _Mapping[str, _Any]]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["mode", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["mode", "tools", "extra_json"]) -> None: ...

class ResponseFormat(_message.Message):
    """Format of the generated text. The text itself always arrives as a string in `content`."""
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
    """`text`, `json_object` (any JSON. OpenAI needs the word JSON in a message), `json_schema`, `json` (Vercel, with
    schema_json), `structural_tag` (vLLM), `grammar` or `regex` (TGI, with value_json).
    """
    json_schema: JsonSchemaFormat
    """The schema, for type `json_schema`."""
    schema_json: str
    """JSON object: JSON Schema, for type `json` (Vercel) or `json_object` (llama.cpp, Together, Fireworks)."""
    name: str
    """Name of the schema, for type `json`. Vercel."""
    description: str
    """What the schema is for, for type `json`. Vercel."""
    value_json: str
    """Any JSON: the grammar or regular expression, for types `grammar` and `regex`. TGI."""
    format_json: str
    """JSON object: the format of a structural tag. vLLM."""
    structures_json: str
    """JSON array: the structures of a structural tag in its older form. vLLM."""
    triggers: _containers.RepeatedScalarFieldContainer[str]
    """Texts that start a structure. vLLM."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, type: _Optional[str] = ..., json_schema: _Optional[_Union[JsonSchemaFormat, _Mapping[str, _Any]]] = ..., schema_json: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., value_json: _Optional[str] = ..., format_json: _Optional[str] = ..., structures_json: _Optional[str] = ..., triggers: _Optional[_Iterable[str]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["type", "json_schema", "schema_json", "name", "description", "value_json", "format_json", "structures_json", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["type", "json_schema", "schema_json", "name", "description", "value_json", "format_json", "structures_json", "triggers", "extra_json"]) -> None: ...

class JsonSchemaFormat(_message.Message):
    """A schema that the generated text must follow."""
    __slots__ = ("name", "description", "schema_json", "strict", "extra_json")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_JSON_FIELD_NUMBER: _ClassVar[int]
    STRICT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    name: str
    """Required. At most 64 letters, digits, _ and -."""
    description: str
    """What the format is for. The model reads it."""
    schema_json: str
    """JSON object: JSON Schema. The order of keys is kept, and the text follows it. Required by Vercel and Ollama."""
    strict: bool
    """Whether the text must follow the schema exactly. Default false."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., schema_json: _Optional[str] = ..., strict: bool = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["name", "description", "schema_json", "strict", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["name", "description", "schema_json", "strict", "extra_json"]) -> None: ...

class StreamOptions(_message.Message):
    """Options of the stream."""
    __slots__ = ("include_usage", "include_obfuscation", "continuous_usage_stats", "extra_json")
    INCLUDE_USAGE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_OBFUSCATION_FIELD_NUMBER: _ClassVar[int]
    CONTINUOUS_USAGE_STATS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    include_usage: bool
    """Whether the stream ends with usage. Default false. Vercel always sends usage."""
    include_obfuscation: bool
    """Whether chunks have random padding, see CreateChatCompletionStreamResponse.obfuscation. Default true."""
    continuous_usage_stats: bool
    """Whether every chunk has the usage so far. Default false. vLLM."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, include_usage: bool = ..., include_obfuscation: bool = ..., continuous_usage_stats: bool = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["include_usage", "include_obfuscation", "continuous_usage_stats", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["include_usage", "include_obfuscation", "continuous_usage_stats", "extra_json"]) -> None: ...

class ReasoningOptions(_message.Message):
    """How much to reason, and what to return of it. Set `effort` or `max_tokens`, not both. Vercel, OpenRouter."""
    __slots__ = ("enabled", "effort", "max_tokens", "exclude", "extra_json")
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    EFFORT_FIELD_NUMBER: _ClassVar[int]
    MAX_TOKENS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    enabled: bool
    """Whether to reason at all. Default: the model's. Some models cannot switch reasoning off."""
    effort: str
    """`none`, `minimal`, `low`, `medium`, `high`, `xhigh` or `max`."""
    max_tokens: int
    """Maximum number of reasoning tokens."""
    exclude: bool
    """True: reason, but leave the reasoning out of the response. Default false."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, enabled: bool = ..., effort: _Optional[str] = ..., max_tokens: _Optional[int] = ..., exclude: bool = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["enabled", "effort", "max_tokens", "exclude", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["enabled", "effort", "max_tokens", "exclude", "extra_json"]) -> None: ...

class ThinkingOptions(_message.Message):
    """Switches reasoning on or off. DeepSeek, Z.AI, Moonshot, Anthropic behind gateways."""
    __slots__ = ("type", "budget_tokens", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    BUDGET_TOKENS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    """`enabled`, `disabled`, or `auto` (the model decides)."""
    budget_tokens: int
    """Maximum number of reasoning tokens. Anthropic."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, type: _Optional[str] = ..., budget_tokens: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["type", "budget_tokens", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["type", "budget_tokens", "extra_json"]) -> None: ...

class PromptCacheOptions(_message.Message):
    """Where and for how long to cache the prompt."""
    __slots__ = ("mode", "ttl", "extra_json")
    MODE_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    mode: str
    """`implicit` (default): the server decides where. `explicit`: at each PromptCacheBreakpoint."""
    ttl: str
    """Lifetime of the cache entries: `30m`. Default: the server's."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, mode: _Optional[str] = ..., ttl: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["mode", "ttl", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["mode", "ttl", "extra_json"]) -> None: ...

class AudioOptions(_message.Message):
    """Voice and format of generated audio."""
    __slots__ = ("voice", "voice_custom", "format", "extra_json")
    VOICE_FIELD_NUMBER: _ClassVar[int]
    VOICE_CUSTOM_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    voice: str
    """One of `voice_kind`. Required. The voice.

    Built-in voice, for example `alloy`, `ash`, `coral`, `echo`, `sage`, `shimmer`, `verse`, `marin`, `cedar`.
    """
    voice_custom: VoiceReference
    """One of `voice_kind`. Required. The voice.

    A voice of the caller's own.
    """
    format: str
    """Required. `wav`, `aac`, `mp3`, `flac`, `opus` or `pcm16`. OpenAI streams only `pcm16`."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, voice: _Optional[str] = ..., voice_custom: _Optional[_Union[VoiceReference, _Mapping[str, _Any]]] = ..., format: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["voice", "voice_custom", "format", "extra_json", "voice_kind"]) -> bool: ...
    def ClearField(self, field_name: _Literal["voice", "voice_custom", "format", "extra_json", "voice_kind"]) -> None: ...
    def WhichOneof(self, oneof_group: _Literal["voice_kind"]) -> _Literal["voice", "voice_custom"] | None: ...

class VoiceReference(_message.Message):
    """A voice of the caller's own."""
    __slots__ = ("id", "extra_json")
    ID_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    id: str
    """Id of the voice."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, id: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["id", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["id", "extra_json"]) -> None: ...

class Prediction(_message.Message):
    """Text that the response is expected to repeat for the most part."""
    __slots__ = ("type", "content", "content_parts", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    CONTENT_PARTS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    """`content`."""
    content: str
    """One of `content_kind`. The expected text.

    In one piece.
    """
    content_parts: ContentParts
    """One of `content_kind`. The expected text.

    In text parts.
    """
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, type: _Optional[str] = ..., content: _Optional[str] = ..., content_parts: _Optional[_Union[ContentParts, _Mapping[str, _Any]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["type", "content", "content_parts", "extra_json", "content_kind"]) -> bool: ...
    def ClearField(self, field_name: _Literal["type", "content", "content_parts", "extra_json", "content_kind"]) -> None: ...
    def WhichOneof(self, oneof_group: _Literal["content_kind"]) -> _Literal["content", "content_parts"] | None: ...

class WebSearchOptions(_message.Message):
    """How to search the web."""
    __slots__ = ("search_context_size", "user_location", "max_results", "search_prompt", "engine", "extra_json")
    SEARCH_CONTEXT_SIZE_FIELD_NUMBER: _ClassVar[int]
    USER_LOCATION_FIELD_NUMBER: _ClassVar[int]
    MAX_RESULTS_FIELD_NUMBER: _ClassVar[int]
    SEARCH_PROMPT_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    search_context_size: str
    """How much of the results the model reads: `low`, `medium` (default), `high`."""
    user_location: UserLocation
    """Where the user is, for local results."""
    max_results: int
    """Maximum number of results. OpenRouter."""
    search_prompt: str
    """Text that introduces the results to the model. OpenRouter."""
    engine: str
    """Search engine, for example `native` or `exa`. OpenRouter."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, search_context_size: _Optional[str] = ..., user_location: _Optional[_Union[UserLocation, _Mapping[str, _Any]]] = ..., max_results: _Optional[int] = ..., search_prompt: _Optional[str] = ..., engine: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["search_context_size", "user_location", "max_results", "search_prompt", "engine", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["search_context_size", "user_location", "max_results", "search_prompt", "engine", "extra_json"]) -> None: ...

class UserLocation(_message.Message):
    """Where the user is."""
    __slots__ = ("type", "approximate", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    APPROXIMATE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    """`approximate`."""
    approximate: ApproximateLocation
    """The place."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, type: _Optional[str] = ..., approximate: _Optional[_Union[ApproximateLocation, _Mapping[str, _Any]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["type", "approximate", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["type", "approximate", "extra_json"]) -> None: ...

class ApproximateLocation(_message.Message):
    """A place. Every field may be absent."""
    __slots__ = ("country", "region", "city", "timezone", "extra_json")
    COUNTRY_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    CITY_FIELD_NUMBER: _ClassVar[int]
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    country: str
    """Two-letter ISO 3166-1 code, for example `GB`."""
    region: str
    """Free text, for example `Argyll`."""
    city: str
    """Free text, for example `Oban`."""
    timezone: str
    """IANA name, for example `Europe/London`."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, country: _Optional[str] = ..., region: _Optional[str] = ..., city: _Optional[str] = ..., timezone: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["country", "region", "city", "timezone", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["country", "region", "city", "timezone", "extra_json"]) -> None: ...

class ModerationOptions(_message.Message):
    """Which moderation model to run, and what happens with its findings."""
    __slots__ = ("model", "policy", "extra_json")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    model: str
    """Required. Id of the moderation model."""
    policy: ModerationPolicy
    """What happens with the findings. Default: they are reported."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, model: _Optional[str] = ..., policy: _Optional[_Union[ModerationPolicy, _Mapping[str, _Any]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["model", "policy", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["model", "policy", "extra_json"]) -> None: ...

class ModerationPolicy(_message.Message):
    """What happens with the findings of moderation."""
    __slots__ = ("input", "output", "extra_json")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    input: ModerationRule
    """In the prompt."""
    output: ModerationRule
    """In the response."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, input: _Optional[_Union[ModerationRule, _Mapping[str, _Any]]] = ..., output: _Optional[_Union[ModerationRule, _Mapping[str, _Any]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["input", "output", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["input", "output", "extra_json"]) -> None: ...

class ModerationRule(_message.Message):
    """What happens with a finding."""
    __slots__ = ("mode", "extra_json")
    MODE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    mode: str
    """`score`: it is reported. `block`: it ends the call."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, mode: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["mode", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["mode", "extra_json"]) -> None: ...

class UsageOptions(_message.Message):
    """Usage accounting. OpenRouter."""
    __slots__ = ("include", "extra_json")
    INCLUDE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    include: bool
    """Whether the response has usage with cost."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, include: bool = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["include", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["include", "extra_json"]) -> None: ...

class ChoiceLogprobs(_message.Message):
    """Log probabilities of the tokens of an answer, in order. Natural logarithms."""
    __slots__ = ("content", "refusal", "extra_json")
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    content: _containers.RepeatedCompositeFieldContainer[TokenLogprob]
    """For the content."""
    refusal: _containers.RepeatedCompositeFieldContainer[TokenLogprob]
    """For the refusal."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, content: _Optional[_Iterable[_Union[TokenLogprob, _Mapping[str, _Any]]]] = ..., refusal: _Optional[_Iterable[_Union[TokenLogprob, _Mapping[str, _Any]]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["content", "refusal", "extra_json"]) -> None: ...

class TokenLogprob(_message.Message):
    """A generated token."""
    __slots__ = ("token", "logprob", "bytes", "top_logprobs", "id", "extra_json")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    LOGPROB_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    TOP_LOGPROBS_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    token: str
    """The token as text. Not exact if a character is split over several tokens."""
    logprob: float
    """Natural logarithm of its probability. -9999 means very unlikely."""
    bytes: _containers.RepeatedScalarFieldContainer[int]
    """The token's UTF-8 bytes, 0 to 255 each. Concatenated they are the exact text. Ollama and TGI send none."""
    top_logprobs: _containers.RepeatedCompositeFieldContainer[TopLogprob]
    """The most likely tokens at this position, at most as many as the request's top_logprobs."""
    id: int
    """Id of the token in the vocabulary. llama.cpp."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, token: _Optional[str] = ..., logprob: _Optional[float] = ..., bytes: _Optional[_Iterable[int]] = ..., top_logprobs: _Optional[_Iterable[_Union[TopLogprob, _Mapping[str, _Any]]]] = ..., id: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["token", "logprob", "id", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["token", "logprob", "bytes", "top_logprobs", "id", "extra_json"]) -> None: ...

class TopLogprob(_message.Message):
    """A token that could have been generated."""
    __slots__ = ("token", "logprob", "bytes", "id", "extra_json")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    LOGPROB_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    token: str
    """The token as text. Not exact if a character is split over several tokens."""
    logprob: float
    """Natural logarithm of its probability. -9999 means very unlikely."""
    bytes: _containers.RepeatedScalarFieldContainer[int]
    """The token's UTF-8 bytes, 0 to 255 each."""
    id: int
    """Id of the token in the vocabulary. llama.cpp."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, token: _Optional[str] = ..., logprob: _Optional[float] = ..., bytes: _Optional[_Iterable[int]] = ..., id: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["token", "logprob", "id", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["token", "logprob", "bytes", "id", "extra_json"]) -> None: ...

class CompletionModeration(_message.Message):
    """What the moderation model found."""
    __slots__ = ("input", "output", "extra_json")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    input: ModerationReport
    """In the prompt."""
    output: ModerationReport
    """In the response."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, input: _Optional[_Union[ModerationReport, _Mapping[str, _Any]]] = ..., output: _Optional[_Union[ModerationReport, _Mapping[str, _Any]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["input", "output", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["input", "output", "extra_json"]) -> None: ...

class ModerationReport(_message.Message):
    """What the moderation model found on one side, or why it failed."""
    __slots__ = ("type", "model", "results", "code", "message", "extra_json")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    """`moderation_results` or `error`."""
    model: str
    """The moderation model that ran."""
    results: _containers.RepeatedCompositeFieldContainer[ModerationResult]
    """The findings."""
    code: str
    """Code of the failure, for type `error`."""
    message: str
    """Message of the failure, for type `error`."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, type: _Optional[str] = ..., model: _Optional[str] = ..., results: _Optional[_Iterable[_Union[ModerationResult, _Mapping[str, _Any]]]] = ..., code: _Optional[str] = ..., message: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["type", "model", "code", "message", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["type", "model", "results", "code", "message", "extra_json"]) -> None: ...

class ModerationResult(_message.Message):
    """Findings about one text or image. New categories may appear. Examples: `violence`, `self-harm/intent`."""
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
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[ModerationInputTypes, _Mapping[str, _Any]]] = ...) -> None: ...
    TYPE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    FLAGGED_FIELD_NUMBER: _ClassVar[int]
    CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_SCORES_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_APPLIED_INPUT_TYPES_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    type: str
    """`moderation_result`."""
    model: str
    """The moderation model that ran."""
    flagged: bool
    """Whether any category applies."""
    categories: _containers.ScalarMap[str, bool]
    """Category to whether it applies."""
    category_scores: _containers.ScalarMap[str, float]
    """Category to score, 0 to 1."""
    category_applied_input_types: _containers.MessageMap[str, ModerationInputTypes]
    """Category to the kinds of input that the score is about."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, type: _Optional[str] = ..., model: _Optional[str] = ..., flagged: bool = ..., categories: _Optional[_Mapping[str, bool]] = ..., category_scores: _Optional[_Mapping[str, float]] = ..., category_applied_input_types: _Optional[_Mapping[str, ModerationInputTypes]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["type", "model", "flagged", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["type", "model", "flagged", "categories", "category_scores", "category_applied_input_types", "extra_json"]) -> None: ...

class ModerationInputTypes(_message.Message):
    """Kinds of input that a score is about."""
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedScalarFieldContainer[str]
    """`text`, `image`."""
    def __init__(self, items: _Optional[_Iterable[str]] = ...) -> None: ...
    def ClearField(self, field_name: _Literal["items"]) -> None: ...

class PromptFilterResult(_message.Message):
    """What the content filter found in one prompt. Azure."""
    __slots__ = ("prompt_index", "content_filter_results", "extra_json")
    PROMPT_INDEX_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FILTER_RESULTS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    prompt_index: int
    """Position of the prompt, from 0."""
    content_filter_results: ContentFilterResults
    """The findings."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, prompt_index: _Optional[int] = ..., content_filter_results: _Optional[_Union[ContentFilterResults, _Mapping[str, _Any]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["prompt_index", "content_filter_results", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["prompt_index", "content_filter_results", "extra_json"]) -> None: ...

class ContentFilterResults(_message.Message):
    """What the content filter found, by category. Azure."""
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
    """Hate and unfairness."""
    self_harm: ContentFilterResult
    """Self-harm."""
    sexual: ContentFilterResult
    """Sexual content."""
    violence: ContentFilterResult
    """Violence."""
    profanity: ContentFilterResult
    """Profanity."""
    jailbreak: ContentFilterResult
    """The user's attempts to break the model's rules. Prompts only."""
    indirect_attack: ContentFilterResult
    """Such attempts inside documents. Prompts only."""
    protected_material_text: ContentFilterResult
    """Known text under copyright. Responses only."""
    protected_material_code: ContentFilterResult
    """Known code from public repositories. Responses only."""
    custom_blocklists_json: str
    """Any JSON: matches with the caller's own block lists."""
    error: ContentFilterFailure
    """Why the filter could not run."""
    extra_json: str
    """JSON object with categories that this schema does not know."""
    def __init__(self, hate: _Optional[_Union[ContentFilterResult, _Mapping[str, _Any]]] = ..., self_harm: _Optional[_Union[ContentFilterResult, _Mapping[str, _Any]]] = ..., sexual: _Optional[_Union[ContentFilterResult, _Mapping[str, _Any]]] = ..., violence: _Optional[_Union[ContentFilterResult, _Mapping[str, _Any]]] = ..., profanity: _Optional[_Union[ContentFilterResult, _Mapping[str, _Any]]] = ..., jailbreak: _Optional[_Union[ContentFilterResult, _Mapping[str, _Any]]] = ..., indirect_attack: _Optional[_Union[ContentFilterResult, _Mapping[str, _Any]]] = ..., protected_material_text: _Optional[_Union[ContentFilterResult, _Mapping[str, _Any]]] = ..., protected_material_code: _Optional[_Union[ContentFilterResult, _Mapping[str, _Any]]] = ..., custom_blocklists_json: _Optional[str] = ..., error: _Optional[_Union[ContentFilterFailure, _Mapping[str, _Any]]] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["hate", "self_harm", "sexual", "violence", "profanity", "jailbreak", "indirect_attack", "protected_material_text", "protected_material_code", "custom_blocklists_json", "error", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["hate", "self_harm", "sexual", "violence", "profanity", "jailbreak", "indirect_attack", "protected_material_text", "protected_material_code", "custom_blocklists_json", "error", "extra_json"]) -> None: ...

class ContentFilterResult(_message.Message):
    """What the content filter found in one category. Azure."""
    __slots__ = ("filtered", "severity", "detected", "citation_json", "extra_json")
    FILTERED_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    DETECTED_FIELD_NUMBER: _ClassVar[int]
    CITATION_JSON_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    filtered: bool
    """Whether content was withheld because of it."""
    severity: str
    """`safe`, `low`, `medium` or `high`."""
    detected: bool
    """Whether it was found, in categories without severity."""
    citation_json: str
    """JSON object with URL and licence of the known code."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, filtered: bool = ..., severity: _Optional[str] = ..., detected: bool = ..., citation_json: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["filtered", "severity", "detected", "citation_json", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["filtered", "severity", "detected", "citation_json", "extra_json"]) -> None: ...

class ContentFilterFailure(_message.Message):
    """Why the content filter could not run. Azure."""
    __slots__ = ("code", "message", "extra_json")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    code: str
    """Code, for example `content_filter_error`."""
    message: str
    """Message for people."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["code", "message", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["code", "message", "extra_json"]) -> None: ...

class ContentFilterOffsets(_message.Message):
    """The part of an answer that the content filter has checked, in characters from 0. Azure's asynchronous filter."""
    __slots__ = ("check_offset", "start_offset", "end_offset", "extra_json")
    CHECK_OFFSET_FIELD_NUMBER: _ClassVar[int]
    START_OFFSET_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    check_offset: int
    """The text before this position is checked."""
    start_offset: int
    """Start of the part that the findings are about, inclusive."""
    end_offset: int
    """End of the part that the findings are about, exclusive."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, check_offset: _Optional[int] = ..., start_offset: _Optional[int] = ..., end_offset: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["check_offset", "start_offset", "end_offset", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["check_offset", "start_offset", "end_offset", "extra_json"]) -> None: ...

class SearchResult(_message.Message):
    """A source that a search found. Perplexity."""
    __slots__ = ("title", "url", "date", "last_updated", "snippet", "source", "extra_json")
    TITLE_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    LAST_UPDATED_FIELD_NUMBER: _ClassVar[int]
    SNIPPET_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    title: str
    """Title of the page."""
    url: str
    """Address of the page."""
    date: str
    """When it was published, for example `2026-03-01`."""
    last_updated: str
    """When it was last changed, for example `2026-03-01`."""
    snippet: str
    """Excerpt of the page."""
    source: str
    """Where it came from, for example `web`."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, title: _Optional[str] = ..., url: _Optional[str] = ..., date: _Optional[str] = ..., last_updated: _Optional[str] = ..., snippet: _Optional[str] = ..., source: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["title", "url", "date", "last_updated", "snippet", "source", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["title", "url", "date", "last_updated", "snippet", "source", "extra_json"]) -> None: ...

class XGroq(_message.Message):
    """Groq's own data."""
    __slots__ = ("id", "seed", "usage", "usage_breakdown_json", "debug_json", "error", "extra_json")
    ID_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    USAGE_BREAKDOWN_JSON_FIELD_NUMBER: _ClassVar[int]
    DEBUG_JSON_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    id: str
    """Groq's id of the request, for example `req_...`."""
    seed: int
    """The seed that was used."""
    usage: _common_pb2.Usage
    """What the call consumed, in the last chunk."""
    usage_breakdown_json: str
    """JSON object: usage per model, for systems of several models."""
    debug_json: str
    """JSON object with token ids of prompt and response."""
    error: str
    """Why the stream broke off. The bridge also ends the call with the status for it."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, id: _Optional[str] = ..., seed: _Optional[int] = ..., usage: _Optional[_Union[_common_pb2.Usage, _Mapping[str, _Any]]] = ..., usage_breakdown_json: _Optional[str] = ..., debug_json: _Optional[str] = ..., error: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["id", "seed", "usage", "usage_breakdown_json", "debug_json", "error", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["id", "seed", "usage", "usage_breakdown_json", "debug_json", "error", "extra_json"]) -> None: ...

class Timings(_message.Message):
    """Speed of a call. llama.cpp."""
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
    """Tokens of the prompt that were in the cache."""
    prompt_n: int
    """Tokens of the prompt that were read."""
    prompt_ms: float
    """Milliseconds for reading them."""
    prompt_per_token_ms: float
    """Milliseconds per token of the prompt."""
    prompt_per_second: float
    """Tokens of the prompt per second."""
    predicted_n: int
    """Generated tokens."""
    predicted_ms: float
    """Milliseconds for generating them."""
    predicted_per_token_ms: float
    """Milliseconds per generated token."""
    predicted_per_second: float
    """Generated tokens per second."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, cache_n: _Optional[int] = ..., prompt_n: _Optional[int] = ..., prompt_ms: _Optional[float] = ..., prompt_per_token_ms: _Optional[float] = ..., prompt_per_second: _Optional[float] = ..., predicted_n: _Optional[int] = ..., predicted_ms: _Optional[float] = ..., predicted_per_token_ms: _Optional[float] = ..., predicted_per_second: _Optional[float] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["cache_n", "prompt_n", "prompt_ms", "prompt_per_token_ms", "prompt_per_second", "predicted_n", "predicted_ms", "predicted_per_token_ms", "predicted_per_second", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["cache_n", "prompt_n", "prompt_ms", "prompt_per_token_ms", "prompt_per_second", "predicted_n", "predicted_ms", "predicted_per_token_ms", "predicted_per_second", "extra_json"]) -> None: ...

class BaseResponse(_message.Message):
    """Status of a call, as a member of its response. MiniMax."""
    __slots__ = ("status_code", "status_msg", "extra_json")
    STATUS_CODE_FIELD_NUMBER: _ClassVar[int]
    STATUS_MSG_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    status_code: int
    """0: success."""
    status_msg: str
    """Message for people."""
    extra_json: str
    """JSON object with members that this schema does not know."""
    def __init__(self, status_code: _Optional[int] = ..., status_msg: _Optional[str] = ..., extra_json: _Optional[str] = ...) -> None: ...
    def HasField(self, field_name: _Literal["status_code", "status_msg", "extra_json"]) -> bool: ...
    def ClearField(self, field_name: _Literal["status_code", "status_msg", "extra_json"]) -> None: ...
