// Requests that have no RPC of their own, as calls of the bridge's RawService. No I/O.
import { HttpMethod, type RawEvent, RawEventSchema, type RawRequest, RawRequestSchema, type RawResponse } from "@aibridge/protos";
import { create, isFieldSet } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { DONE, type EventWriter, type Failure, headersOf, HEARTBEAT, refusal, response } from "./replies.js";

const METHODS: Record<string, HttpMethod> = { GET: HttpMethod.GET, POST: HttpMethod.POST, DELETE: HttpMethod.DELETE };

// What stands before the path proper: the base URL's own path, as far as versions mark its end.
const BASE = /^.*?\/v\d[^/]*(?:\/openai)?(?=\/)/;

// Options of libraries that call an endpoint the bridge has an RPC for instead.
const INSTEAD: Record<string, string> = {
  responses:
    "; chat completions can be used instead: client.chat.completions, createOpenAI(…).chat(…) in the AI SDK," +
    " ChatOpenAI({ useResponsesApi: false }) in LangChain, OpenAIChatCompletionsModel in the OpenAI Agents SDK",
  completions: "; chat completions can be used instead",
};

/** The RawRequest of an HTTP request; a response where RawService cannot carry it. */
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
    return false; // which the bridge says better
  }
}

/** The HTTP response that a response is. */
export function rawReply({ httpStatus, bodyJson }: RawResponse, trailers: Headers): Response {
  const headers = headersOf(trailers);
  if (bodyJson !== undefined) headers.set("content-type", "application/json");
  return response(httpStatus ?? 200, bodyJson ?? null, headers);
}

/** The response to a request whose path the bridge does not allow, with what helps; undefined for other failures. */
export function notAllowed({ path = "" }: RawRequest, failure: Failure): Response | undefined {
  const isOlder = failure.error.code === Code.Unimplemented && !failure.reason; // than RawService
  if (failure.reason !== "RAW_PATH_NOT_ALLOWED" && !isOlder) return undefined;
  const message =
    `the bridge has no RPC for ${path} and does not allow it: its operator can, with the setting` +
    ` raw_paths (AIBRIDGE_RAW_PATHS=${path})${INSTEAD[path.split("/")[1] ?? ""] ?? ""}`;
  return refusal(404, message, "unknown_url");
}

/** Writes the events of one stream as the gateway has sent them. */
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

  /** Nothing, where events have names, and the last one says that it is the last. */
  get end(): string {
    return this.isNamed ? "" : DONE;
  }

  /** Nothing behind `response.failed`, which has told of it. */
  error(failure: Failure): string {
    return this.failed ? "" : failure.event;
  }
}
