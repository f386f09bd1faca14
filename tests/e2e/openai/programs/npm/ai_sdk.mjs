// The program for @ai-sdk/openai-compatible, which takes requests in a form of its own: of a case's request, it makes the
// last user message and the tools; of its call, what the library has for it.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embedMany, generateObject, generateText, jsonSchema, Output, streamText, tool } from "ai";
import { z } from "zod";
import { aibridgeFetch } from "@aibridge/openai-fetch";
import { headersOf, main } from "./common.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;

const Tide = z.object({ harbour: z.string(), metres: z.number() });
const clients = {};

function ways({ url, target }) {
  const common = { name: "parity", apiKey: "parity-key", baseURL: url, includeUsage: true, headers: { "x-title": "parity" } };
  clients.direct ??= createOpenAICompatible(common);
  clients.bridge ??= createOpenAICompatible({ ...common, fetch: aibridgeFetch(target) });
  return clients;
}

/** An exception with everything that programs look at. */
function raised(error) {
  const { statusCode, responseBody, isRetryable, data, reason, errors, text, finishReason, responseHeaders } = error;
  const headers = responseHeaders ? { headers: headersOf(responseHeaders) } : {};
  const body = parsed(responseBody);
  const rest = { statusCode, body, isRetryable, data, reason, errors: errors?.map(raised), text, finishReason, ...headers };
  // A connection's own message says which connection.
  return { raised: error.name, message: statusCode ? error.message : null, ...rest };
}

/** A response's text as JSON, where it is JSON: the same value may be written in many ways. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function result({ text, reasoningText, toolCalls, finishReason, rawFinishReason, usage, content, files, sources, response, providerMetadata }) {
  const { id, modelId, timestamp, headers, body } = response;
  const known = { id, modelId, timestamp, body, headers: headersOf(headers) };
  const value = { text, reasoningText, toolCalls, finishReason, rawFinishReason, usage, content, files, sources };
  return plain({ ...value, response: known, providerMetadata });
}

function plain(value) {
  return JSON.parse(JSON.stringify(value, (_, item) => (item instanceof Error ? raised(item) : item)));
}

function partOf({ performance, ...part }) {
  // `performance` is measured time, in versions that have it.
  if (part.type === "error") return { type: "error", error: part.error?.name ? raised(part.error) : part.error };
  if (part.response) {
    const { id, timestamp, ...rest } = part.response;
    const known = id.startsWith("aitxt-") ? {} : { id, timestamp }; // of its own making
    return { ...part, response: { ...rest, ...known, headers: headersOf(part.response.headers) } };
  }
  return part;
}

function settings(client, { request, retries }) {
  const last = request.messages?.findLast(({ role }) => role === "user")?.content;
  const prompt = typeof last === "string" ? last : "Hello!";
  const functions = (request.tools ?? []).filter(({ type }) => type === "function").map((entry) => entry.function);
  const tools = Object.fromEntries(
    functions.map(({ name, description, parameters }) => [name, tool({ description, inputSchema: jsonSchema(parameters) })]),
  );
  return { model: client.chatModel(request.model), prompt, maxRetries: retries, ...(functions.length ? { tools } : {}) };
}

async function run(client, task) {
  const { call, request, retries } = task;
  const seen = [];
  try {
    switch (call) {
      case "embed": {
        const values = typeof request.input === "string" ? [request.input] : ["a", "b"];
        const model = client.embeddingModel(request.model);
        const { embeddings, usage, providerMetadata } = await embedMany({ model, values, maxRetries: retries });
        return plain({ data: embeddings.map((embedding) => ({ embedding })), usage, providerMetadata });
      }
      case "parse": {
        const { object, finishReason, usage } = await generateObject({ ...settings(client, task), schema: Tide });
        return plain({ object, finishReason, usage });
      }
      case "final": {
        const stream = streamText({ ...settings(client, task), output: Output.object({ schema: Tide }), onError: () => {} });
        const [output, finishReason, usage] = await Promise.all([stream.output, stream.finishReason, stream.usage]);
        return plain({ output, finishReason, usage });
      }
      case "chat":
        return result(await generateText(settings(client, task)));
      case "stream": {
        const stream = streamText({ ...settings(client, task), onError: () => {} });
        for await (const part of stream.fullStream) seen.push(plain(partOf(part)));
        const failed = seen.find(({ type }) => type === "error");
        return failed ? { raised: "in the stream", seen } : seen;
      }
    }
  } catch (error) {
    return plain({ seen, ...raised(error) });
  }
}

await main("@ai-sdk/openai-compatible", ways, run);
