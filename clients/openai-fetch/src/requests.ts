// HTTP requests of the OpenAI API as RPCs. No I/O.
import { type BridgeOptions, CreateChatCompletionRequestSchema, CreateEmbeddingRequestSchema, ListModelsRequestSchema, type RawRequest } from "@aibridge/protos";
import type { MessageShape } from "@bufbuild/protobuf";
import { decode, type JsonObject } from "./codec.js";
import { rawRequest, streams } from "./raw.js";
import { refusal } from "./responses.js";

export type Rpc =
  | { call: "chat" | "stream"; request: MessageShape<typeof CreateChatCompletionRequestSchema> }
  | { call: "embed"; request: MessageShape<typeof CreateEmbeddingRequestSchema>; base64: boolean }
  | { call: "model"; model: string }
  | { call: "models"; request: MessageShape<typeof ListModelsRequestSchema> }
  | { call: "raw" | "events"; request: RawRequest };

// The leftmost match is used, so an id may contain these words. The part before it is the base URL's.
const ROUTE = /\/(?:(chat\/completions)|(embeddings)|(models)(?:\/(.+))?)\/*$/;

// Headers that frame an HTTP message or describe the HTTP library. All others are sent, and the bridge decides which to
// forward.
const FRAMING =
  /^(?:accept|connection|cookie|expect|host|te|transfer-encoding|upgrade|user-agent|(?:accept-|content-|grpc-|proxy-|x-stainless-).*|.*-bin)$/;

/** The RPC of a request, or RawService if it has none of its own; a response if it cannot be sent. */
export function rpcOf(method: string, url: URL, body: string, contentType: string): Rpc | Response {
  const route = ROUTE.exec(url.pathname);
  const [, chat, embeddings, , model] = route ?? [];
  const expected = chat || embeddings ? "POST" : "GET";
  if (!route || method !== expected) {
    const request = rawRequest(method, url, body, contentType);
    return request instanceof Response ? request : { call: streams(request) ? "events" : "raw", request };
  }
  if (model) return { call: "model", model: decodeURIComponent(model) };
  if (expected === "GET") return { call: "models", request: page(url.searchParams) };
  const value = parse(body);
  if (!value) return refusal(400, "the body is not a JSON object", "invalid_json");
  if (embeddings) {
    const request = once(decode(CreateEmbeddingRequestSchema, value));
    return { call: "embed", request, base64: value["encoding_format"] === "base64" };
  }
  const { stream, ...members } = value; // the RPC decides it
  return { call: stream === true ? "stream" : "chat", request: once(decode(CreateChatCompletionRequestSchema, members)) };
}

/** The headers to send, as gRPC metadata. */
export function metadataOf(headers: Headers): Headers {
  const metadata = new Headers();
  for (const [key, value] of headers) {
    if (FRAMING.test(key)) continue;
    if (!/^[\x20-\x7e]*$/.test(value)) throw new TypeError(`the header ${key} has characters that metadata cannot hold`);
    metadata.set(key, value);
  }
  return metadata;
}

/** The parameters of a query. Those without a field go in extra_json. */
function page(query: URLSearchParams): MessageShape<typeof ListModelsRequestSchema> {
  const members: JsonObject = {};
  for (const key of new Set(query.keys())) {
    const [value, ...more] = query.getAll(key);
    members[key] = more.length ? [value ?? "", ...more] : key === "limit" && /^[0-9]{1,9}$/.test(value ?? "") ? Number(value) : (value ?? "");
  }
  return once(decode(ListModelsRequestSchema, members));
}

function parse(body: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

/** The request with the bridge's retries off: the library retries, and attempts would multiply. */
function once<T extends { bridgeOptions?: BridgeOptions }>(request: T): T {
  request.bridgeOptions = { $typeName: "aibridge.v1.BridgeOptions", retry: false };
  return request;
}
