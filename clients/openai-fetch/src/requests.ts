// An HTTP request of the OpenAI API as the RPC that says the same. No I/O.
import { CreateChatCompletionRequestSchema, CreateEmbeddingRequestSchema } from "@aibridge/protos";
import type { MessageShape } from "@bufbuild/protobuf";
import { decode, type JsonObject } from "./codec.js";
import { refusal } from "./replies.js";

export type Rpc =
  | { call: "chat" | "stream"; request: MessageShape<typeof CreateChatCompletionRequestSchema> }
  | { call: "embed"; request: MessageShape<typeof CreateEmbeddingRequestSchema>; base64: boolean }
  | { call: "model"; model: string }
  | { call: "models" };

// The leftmost wins, so that an id may have any of these words in it; what stands before is the base URL's.
const ROUTE = /\/(?:(chat\/completions)|(embeddings)|(models)(?:\/(.+))?)\/*$/;

// Headers that frame an HTTP message or tell of the HTTP library; all others are the caller's to choose, and the
// bridge's to let pass.
const FRAMING =
  /^(?:accept|connection|cookie|expect|host|te|transfer-encoding|upgrade|user-agent|(?:accept-|content-|grpc-|proxy-|x-stainless-).*|.*-bin)$/;

/** The RPC of a request; a response where there is none. */
export function rpcOf(method: string, path: string, body: string): Rpc | Response {
  const route = ROUTE.exec(path);
  if (!route) return refusal(404, `the bridge has no ${path}`, "unknown_url");
  const [, chat, embeddings, , model] = route;
  const expected = chat || embeddings ? "POST" : "GET";
  if (method !== expected) return refusal(405, `${path} takes ${expected}, not ${method}`, "method_not_allowed");
  if (expected === "GET") return model ? { call: "model", model: decodeURIComponent(model) } : { call: "models" };
  const value = parse(body);
  if (!value) return refusal(400, "the body is not a JSON object", "invalid_json");
  if (embeddings) {
    const request = once(decode(CreateEmbeddingRequestSchema, value));
    return { call: "embed", request, base64: value["encoding_format"] === "base64" };
  }
  return { call: value["stream"] === true ? "stream" : "chat", request: once(decode(CreateChatCompletionRequestSchema, value)) };
}

/** The headers that go along, as gRPC metadata. */
export function metadataOf(headers: Headers): Headers {
  const metadata = new Headers();
  for (const [key, value] of headers) {
    if (FRAMING.test(key)) continue;
    if (!/^[\x20-\x7e]*$/.test(value)) throw new TypeError(`the header ${key} has characters that metadata cannot hold`);
    metadata.set(key, value);
  }
  return metadata;
}

function parse(body: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

/** The request with the bridge's own retries off: the library retries, and attempts would multiply. */
function once<T extends MessageShape<typeof CreateChatCompletionRequestSchema> | MessageShape<typeof CreateEmbeddingRequestSchema>>(
  request: T,
): T {
  request.bridgeOptions = { $typeName: "aibridge.v1.BridgeOptions", retry: false };
  return request;
}
