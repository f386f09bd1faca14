// The results of RPCs as HTTP responses of the OpenAI API: JSON, events, the gateway's errors. No I/O.
import {
  BadRequestSchema,
  type CreateChatCompletionStreamResponse,
  CreateChatCompletionStreamResponseSchema,
  type CreateEmbeddingResponse,
  CreateEmbeddingResponseSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
  type UpstreamError,
  UpstreamErrorSchema,
} from "@aibridge/protos";
import { type DescMessage, isFieldSet, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { STATUS_CODES } from "node:http";
import { type Defaults, encode } from "./codec.js";
import { BROKEN, BROKEN_BY_CODE, STATUSES } from "./schema.js";

export const DONE = "data: [DONE]\n\n";
export const HEARTBEAT = ": heartbeat\n\n";
export const EVENT_STREAM = { "content-type": "text/event-stream; charset=utf-8" };

// The API always has these members, null if empty.
const MESSAGE = { content: "null", refusal: "null" };
const DEFAULTS: Defaults = {
  "aibridge.v1.Choice": { logprobs: "null", message: '{"content":null,"refusal":null}' },
  "aibridge.v1.ChunkChoice": { finish_reason: "null" },
};
const COMPLETION: Defaults = { ...DEFAULTS, "aibridge.v1.ChatCompletionMessage": MESSAGE };

/** The response for a message. */
export function responseOf(type: DescMessage, message: Message, trailers: Headers): Response {
  return json(200, encode(type, message, COMPLETION), headersOf(trailers));
}

/** The response for embeddings, with vectors as base64 text if the request asks for it. */
export function embeddingsOf(message: CreateEmbeddingResponse, trailers: Headers, base64: boolean): Response {
  if (!base64) return responseOf(CreateEmbeddingResponseSchema, message, trailers);
  for (const item of message.data) {
    if (item.embedding.length === 0) continue;
    const vector = new DataView(new ArrayBuffer(4 * item.embedding.length));
    item.embedding.forEach((number, index) => vector.setFloat32(4 * index, number, true));
    item.embedding = [];
    item.embeddingJson = JSON.stringify(Buffer.from(vector.buffer).toString("base64"));
  }
  return responseOf(CreateEmbeddingResponseSchema, message, trailers);
}

/** Writes the events of one streamed response. */
export interface EventWriter<T> {
  /** The event of a message; a comment for a heartbeat. */
  event(message: T): string;
  /** Whether the bridge sent an empty message because the upstream is silent. */
  isHeartbeat(message: T): boolean;
  /** The end of the stream. */
  readonly end: string;
  /** The event of an error. */
  error(failure: Failure): string;
}

/** Writes the events of a streamed completion. */
export class ChatEvents implements EventWriter<CreateChatCompletionStreamResponse> {
  readonly end = DONE;

  event(chunk: CreateChatCompletionStreamResponse): string {
    return this.isHeartbeat(chunk) ? HEARTBEAT : `data: ${encode(CreateChatCompletionStreamResponseSchema, chunk, DEFAULTS)}\n\n`;
  }

  isHeartbeat(chunk: CreateChatCompletionStreamResponse): boolean {
    return CreateChatCompletionStreamResponseSchema.fields.every((field) => !isFieldSet(chunk, field));
  }

  error(failure: Failure): string {
    return failure.event;
  }
}

/** A failed call. */
export class Failure {
  readonly error: ConnectError;
  readonly reason: string;
  private readonly known: Record<string, string>;
  private readonly upstream: UpstreamError | undefined;

  constructor(error: unknown) {
    this.error = ConnectError.from(error);
    const info = this.error.findDetails(ErrorInfoSchema).find((detail) => detail.domain === "aibridge");
    this.reason = info?.reason ?? "";
    this.known = info?.metadata ?? {};
    [this.upstream] = this.error.findDetails(UpstreamErrorSchema);
  }

  /** Whether the connection to the bridge or to the gateway broke, so that fetch rejects. */
  get isBroken(): boolean {
    if (this.upstream) return false;
    return this.reason ? BROKEN.includes(this.reason) : BROKEN_BY_CODE.includes(name(this.error.code));
  }

  /** Whether the gateway sent this error inside a stream, after its start. */
  get isEvent(): boolean {
    return this.upstream?.httpStatus === 200;
  }

  /** The error with which fetch or the body's reader rejects, in the form of Node's own fetch, whose codes libraries know. */
  rejection(message: "fetch failed" | "terminated"): TypeError {
    const late = this.error.code === Code.DeadlineExceeded;
    const cause = new Error(late ? `timed out: ${this.error.rawMessage}` : this.error.rawMessage, { cause: this.error });
    return new TypeError(message, { cause: Object.assign(cause, { code: late ? "UND_ERR_BODY_TIMEOUT" : "UND_ERR_SOCKET" }) });
  }

  /** The event that ends a stream with this error, as the gateway sent it. */
  get event(): string {
    const body = this.body;
    return `data: ${hasError(body) ? body : this.composed}\n\n`;
  }

  /** The response, with the gateway's body if it sent one. */
  get response(): Response {
    const headers = headersOf(this.error.metadata);
    const [retry] = this.error.findDetails(RetryInfoSchema);
    const forbidden = this.error.metadata.get("grpc-retry-pushback-ms") === "-1";
    if (retry?.retryDelay && !forbidden && !headers.has("retry-after") && !headers.has("retry-after-ms")) {
      const { seconds, nanos } = retry.retryDelay;
      headers.set("retry-after-ms", String(Number(seconds) * 1000 + Math.round(nanos / 1e6)));
    }
    if (!this.upstream && forbidden && !retry) {
      headers.set("x-should-retry", "false"); // a failure of the bridge, with its own advice
    }
    const body = this.body;
    if (/^[[{]/.test(body)) return json(this.status, body, headers);
    headers.set("content-type", "text/plain");
    return response(this.status, body, headers);
  }

  private get status(): number {
    let status = this.upstream?.httpStatus ?? 0;
    if (status === 200) status = Number(this.known["httpStatus"] ?? 0); // the error was in the body: use the status for its reason
    if (status >= 400 && status < 600) return status;
    return status ? 502 : (STATUSES[name(this.error.code)] ?? 500);
  }

  private get body(): string {
    const { upstream } = this;
    if (!upstream) return this.composed;
    if (!upstream.body) return upstream.message?.startsWith(`HTTP ${upstream.httpStatus}`) ? "" : this.composed;
    // A body that was truncated to fit a status is not JSON.
    return /^[[{]/.test(upstream.body) && !isJson(upstream.body) ? this.composed : upstream.body;
  }

  private get composed(): string {
    const { upstream } = this;
    if (!upstream) {
      const [wrong] = this.error.findDetails(BadRequestSchema);
      const param = wrong?.fieldViolations[0]?.field ?? null;
      return JSON.stringify({ error: { message: this.error.rawMessage, type: "aibridge", param, code: this.reason || null } });
    }
    const { message, type, param, code } = upstream;
    return JSON.stringify({
      error: { message: message || this.error.rawMessage, type: type || null, param: param || null, code: code || null },
    });
  }
}

/** The response to a request without an RPC. */
export function refusal(status: number, message: string, code: string): Response {
  const headers = new Headers({ "x-should-retry": "false" });
  return json(status, JSON.stringify({ error: { message, type: "aibridge", param: null, code } }), headers);
}

/** Trailing metadata as response headers. `x-request-id` is the gateway's, or else the bridge's. */
export function headersOf(trailers: Headers): Headers {
  const headers = new Headers();
  for (const [key, value] of trailers) {
    if (!/^(?:grpc-|content-|aibridge-|date$|trailer$)|-bin$/.test(key)) headers.set(key, value);
  }
  const own = headers.get("x-request-id");
  if (own) headers.set("x-aibridge-request-id", own);
  headers.set("x-request-id", headers.get("x-upstream-request-id") ?? own ?? "");
  headers.delete("x-upstream-request-id");
  return headers;
}

function json(status: number, body: string, headers: Headers): Response {
  headers.set("content-type", "application/json");
  return response(status, body, headers);
}

export function response(status: number, body: string | null, headers: Headers): Response {
  return new Response(body, { status, statusText: STATUS_CODES[status] ?? "", headers });
}

/** A code as gRPC writes it: NOT_FOUND for NotFound. */
function name(code: Code): string {
  return code === Code.Canceled ? "CANCELLED" : Code[code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function hasError(body: string): boolean {
  return isJson(body) && Boolean((JSON.parse(body) as { error?: unknown } | null)?.error);
}
