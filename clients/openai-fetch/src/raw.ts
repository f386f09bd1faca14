// Requests without an RPC of their own, as calls of the bridge's RawService. No I/O.
import { HttpMethod, type RawEvent, RawEventSchema, type RawRequest, RawRequestSchema, type RawResponse } from "@aibridge/protos";
import { create, isFieldSet } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { DONE, type EventWriter, type Failure, headersOf, HEARTBEAT, refusal, response } from "./responses.js";

const METHODS: Record<string, HttpMethod> = { GET: HttpMethod.GET, POST: HttpMethod.POST, DELETE: HttpMethod.DELETE };

// The part before the path: the base URL's path, up to its version segment.
const BASE = /^.*?\/v\d[^/]*(?:\/openai)?(?=\/)/;

// Library options that use an endpoint for which the bridge has an RPC.
const INSTEAD: Record<string, string> = {
  responses:
    "; chat completions can be used instead: client.chat.completions, createOpenAI(…).chat(…) in the AI SDK," +
    " ChatOpenAI({ useResponsesApi: false }) in LangChain, OpenAIChatCompletionsModel in the OpenAI Agents SDK",
  completions: "; chat completions can be used instead",
};

/** The RawRequest of an HTTP request, or a response if RawService cannot send it. */
export function rawRequest(method: string, url: URL, body: string, contentType: string): RawRequest | Response {
  const kind = METHODS[method];
  if (kind === undefined) return refusal(405, `the bridge carries GET, POST and DELETE, not ${method}`, "method_not_allowed");
  const mediaType = (contentType.split(";")[0] ?? "").trim().toLowerCase();
  if (body && !/^(?:|application\/json|.*\+json)$/.test(mediaType)) {
    return refusal(415, `the bridge carries JSON bodies only, not ${mediaType}`, "unsupported_media_type");
  }
  const request = create(RawRequestSchema, {
    path: url.pathname.replace(BASE, "").replace(/\/+$/, ""),
    method: kind,
    query: [...url.searchParams].map(([name, value]) => ({ name, value })),
    bridgeOptions: { retry: false },
  });
  if (body) request.bodyJson = body;
  return request;
}

/** Whether a request asks for a stream, in its body or in its query. */
export function streams(request: RawRequest): boolean {
  if (request.query.some(({ name, value }) => name === "stream" && value === "true")) return true;
  try {
    return (JSON.parse(request.bodyJson ?? "null") as { stream?: unknown } | null)?.stream === true;
  } catch {
    return false; // the bridge reports it
  }
}

/** The HTTP response for a RawResponse. */
export function rawReply({ httpStatus, bodyJson }: RawResponse, trailers: Headers): Response {
  const headers = headersOf(trailers);
  if (bodyJson !== undefined) headers.set("content-type", "application/json");
  return response(httpStatus ?? 200, bodyJson ?? null, headers);
}

/** The response for a path that the bridge does not allow, with advice; undefined for other failures. */
export function notAllowed({ path = "" }: RawRequest, failure: Failure): Response | undefined {
  const isOlder = failure.error.code === Code.Unimplemented && !failure.reason; // than RawService
  if (failure.reason !== "RAW_PATH_NOT_ALLOWED" && !isOlder) return undefined;
  const message =
    `the bridge has no RPC for ${path} and does not allow it: its operator can, with the setting` +
    ` raw_paths (AIBRIDGE_RAW_PATHS=${path})${INSTEAD[path.split("/")[1] ?? ""] ?? ""}`;
  return refusal(404, message, "unknown_url");
}

/** Writes the events of one stream as the gateway sent them. */
export class RawEvents implements EventWriter<RawEvent> {
  private isNamed = false;
  private failed = false;

  event(event: RawEvent): string {
    if (this.isHeartbeat(event)) return HEARTBEAT;
    this.isNamed ||= Boolean(event.event);
    this.failed = event.event === "response.failed";
    const name = event.event ? `event: ${event.event}\n` : "";
    const data = (event.data ?? "").split("\n").map((line) => `data: ${line}\n`);
    return `${name}${data.join("")}\n`;
  }

  isHeartbeat(event: RawEvent): boolean {
    return RawEventSchema.fields.every((field) => !isFieldSet(event, field));
  }

  /** Nothing if events have names, because the last event marks the end. */
  get end(): string {
    return this.isNamed ? "" : DONE;
  }

  /** Nothing after `response.failed`, which reports the error. */
  error(failure: Failure): string {
    return this.failed ? "" : failure.event;
  }
}
