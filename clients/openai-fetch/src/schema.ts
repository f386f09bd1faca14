// Written by tools/fetch.py from bridge/codec and aibridge/client/openai; never edited.

/** Fields with an explicit JSON name. */
export const JSON_NAMES: Record<string, string> = {
  "aibridge.v1.CreateChatCompletionRequest.provider_options": "providerOptions",
  "aibridge.v1.CreateChatCompletionResponse.generation_id": "generationId",
  "aibridge.v1.CreateChatCompletionStreamResponse.generation_id": "generationId",
  "aibridge.v1.CreateEmbeddingRequest.provider_options": "providerOptions",
  "aibridge.v1.CreateEmbeddingResponse.provider_metadata_json": "providerMetadata",
  "aibridge.v1.GatewayOptions.disallow_prompt_training": "disallowPromptTraining",
  "aibridge.v1.GatewayOptions.idempotency_key": "idempotencyKey",
  "aibridge.v1.GatewayOptions.inference_region": "inferenceRegion",
  "aibridge.v1.GatewayOptions.provider_timeouts": "providerTimeouts",
  "aibridge.v1.GatewayOptions.quota_entity_id": "quotaEntityId",
  "aibridge.v1.GatewayOptions.service_tier": "serviceTier",
  "aibridge.v1.GatewayOptions.zero_data_retention": "zeroDataRetention"
};

/** Fields of JSON text that take one kind of JSON only. */
export const KINDS: Record<string, "array" | "object"> = {
  "byok_json": "object",
  "chat_template_kwargs_json": "object",
  "citation_json": "object",
  "context_json": "object",
  "cost_json": "object",
  "debug_json": "object",
  "documents_json": "array",
  "embedding_json": "array",
  "extra_body_json": "object",
  "format_json": "object",
  "images_json": "array",
  "json_schema_json": "object",
  "latency_checkpoint_json": "object",
  "max_price_json": "object",
  "messages_json": "array",
  "mm_processor_kwargs_json": "object",
  "parameters_json": "object",
  "plugins_json": "array",
  "prompt_logprobs_json": "array",
  "provider_metadata_json": "object",
  "schema_json": "object",
  "search_parameters_json": "object",
  "search_settings_json": "object",
  "structured_outputs_json": "object",
  "structures_json": "array",
  "trace_json": "object",
  "usage_breakdown_json": "object"
};

/** HTTP statuses of failures that have none from a gateway. */
export const STATUSES: Record<string, number> = {
  "ABORTED": 409,
  "DEADLINE_EXCEEDED": 504,
  "FAILED_PRECONDITION": 400,
  "INVALID_ARGUMENT": 400,
  "NOT_FOUND": 404,
  "PERMISSION_DENIED": 403,
  "RESOURCE_EXHAUSTED": 429,
  "UNAUTHENTICATED": 401,
  "UNAVAILABLE": 503,
  "UNIMPLEMENTED": 501
};

/** Reasons that mean a broken connection. */
export const BROKEN: readonly string[] = [
  "UPSTREAM_CONNECTION_LOST",
  "UPSTREAM_FIRST_EVENT_TIMEOUT",
  "UPSTREAM_PROXY_REJECTED",
  "UPSTREAM_STREAM_INTERRUPTED",
  "UPSTREAM_STREAM_STALLED",
  "UPSTREAM_TIMEOUT",
  "UPSTREAM_TLS_ERROR",
  "UPSTREAM_UNREACHABLE",
  "UPSTREAM_WRITE_FAILED"
];

/** Codes that mean a broken connection, if the response is not from a bridge. */
export const BROKEN_BY_CODE: readonly string[] = [
  "CANCELLED",
  "DEADLINE_EXCEEDED",
  "UNAVAILABLE"
];
