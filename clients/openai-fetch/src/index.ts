// A `fetch` for OpenAI's libraries that turns their requests into gRPC calls:
//
//     const client = new OpenAI({ fetch: aibridgeFetch("127.0.0.1:50051"), apiKey: "…" });
//
// Over Connect's gRPC transport: it is what the messages of @aibridge/protos are made for, its streams are async
// iterators, it takes an AbortSignal, and it reads typed error details, so that nothing lies between a chunk and its
// event. It has no retries, which is right here: the library's own are the only ones.
import {
  ChatService,
  CreateChatCompletionResponseSchema,
  EmbeddingsService,
  ListModelsResponseSchema,
  ModelSchema,
  ModelsService,
  RawService,
} from "@aibridge/protos";
import { type CallOptions, type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { SecureClientSessionOptions } from "node:http2";
import { notAllowed, RawEvents, rawReply } from "./raw.js";
import { ChatEvents, embeddingsOf, EVENT_STREAM, type EventWriter, Failure, responseOf } from "./responses.js";
import { metadataOf, type Rpc, rpcOf } from "./requests.js";

export interface Options {
  /** TLS: true for Node's own CA certificates, or `ca`, `cert`, `key`, `servername` of `node:tls`. */
  tls?: boolean | SecureClientSessionOptions;
}

const SIZE = 64 * 2 ** 20; // the bridge's own default

/** A fetch whose requests go to the bridge at `target`, HOST:PORT. The library's base URL is not used. */
export function aibridgeFetch(target: string, options: Options = {}): typeof fetch {
  const transport = createGrpcTransport({
    baseUrl: `${options.tls ? "https" : "http"}://${target}`,
    nodeOptions: typeof options.tls === "object" ? options.tls : {},
    readMaxBytes: SIZE,
    writeMaxBytes: SIZE,
    // Pings only during calls, because a model may think for minutes. Servers end connections that ping too often.
    pingIntervalMs: 60_000,
    pingTimeoutMs: 20_000,
  });
  const clients = {
    models: createClient(ModelsService, transport),
    chat: createClient(ChatService, transport),
    embeddings: createClient(EmbeddingsService, transport),
    raw: createClient(RawService, transport),
  };

  return async (input, init) => {
    const request = new Request(input, init);
    const contentType = request.headers.get("content-type") ?? "";
    const rpc = rpcOf(request.method, new URL(request.url), await request.text(), contentType);
    if (rpc instanceof Response) return rpc;
    const { signal } = request;
    try {
      return await respond(clients, rpc, metadataOf(request.headers), signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof TypeError) throw error;
      const failure = new Failure(error);
      const response = rpc.call === "raw" || rpc.call === "events" ? notAllowed(rpc.request, failure) : undefined;
      if (response) return response;
      if (failure.isBroken) throw failure.rejection("fetch failed");
      return failure.response;
    }
  };
}

interface Clients {
  models: Client<typeof ModelsService>;
  chat: Client<typeof ChatService>;
  embeddings: Client<typeof EmbeddingsService>;
  raw: Client<typeof RawService>;
}

/** The response to an RPC. A streamed one is returned when its first chunk has arrived. */
async function respond(clients: Clients, rpc: Rpc, headers: Headers, signal: AbortSignal): Promise<Response> {
  let trailers = new Headers();
  const call: CallOptions = { headers, signal, onTrailer: (received) => (trailers = received) };
  switch (rpc.call) {
    case "models":
      return responseOf(ListModelsResponseSchema, await clients.models.listModels(rpc.request, call), trailers);
    case "model": {
      const { model } = rpc;
      return responseOf(ModelSchema, await clients.models.retrieveModel({ model, bridgeOptions: { retry: false } }, call), trailers);
    }
    case "embed":
      return embeddingsOf(await clients.embeddings.createEmbedding(rpc.request, call), trailers, rpc.base64);
    case "chat":
      return responseOf(CreateChatCompletionResponseSchema, await clients.chat.createChatCompletion(rpc.request, call), trailers);
    case "raw":
      return rawReply(await clients.raw.call(rpc.request, call), trailers);
    case "stream":
      return streamed((options) => clients.chat.createChatCompletionStream(rpc.request, options), new ChatEvents(), call, signal);
    case "events":
      return streamed((options) => clients.raw.stream(rpc.request, options), new RawEvents(), call, signal);
  }
}

/** A streamed response, whose events are made as they are read. Cancelling the body cancels the RPC. */
async function streamed<T>(
  begin: (options: CallOptions) => AsyncIterable<T>,
  writer: EventWriter<T>,
  call: CallOptions,
  signal: AbortSignal,
): Promise<Response> {
  const cancel = new AbortController();
  const chunks = begin({ ...call, signal: AbortSignal.any([signal, cancel.signal]) })[Symbol.asyncIterator]();
  return new Response(await body(chunks, writer, cancel, signal), { headers: EVENT_STREAM });
}

async function body<T>(
  chunks: AsyncIterator<T>,
  writer: EventWriter<T>,
  cancel: AbortController,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array> | string> {
  const encoder = new TextEncoder();
  let next: IteratorResult<T> | undefined;
  try {
    do next = await chunks.next();
    while (!next.done && writer.isHeartbeat(next.value)); // the response starts with its first chunk
  } catch (error) {
    const failure = new Failure(error);
    if (failure.isEvent) return writer.error(failure);
    throw error;
  }
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = next ?? (await chunks.next());
        next = undefined;
        controller.enqueue(encoder.encode(done ? writer.end : writer.event(value)));
        if (done) controller.close();
      } catch (error) {
        const failure = new Failure(error);
        if (signal.aborted) controller.error(signal.reason);
        else if (failure.isBroken) controller.error(failure.rejection("terminated"));
        else {
          controller.enqueue(encoder.encode(writer.error(failure)));
          controller.close();
        }
      }
    },
    cancel: () => cancel.abort(),
  });
}
