// A client of aibridge with grpc-js: models, chat with a tool, streams, embeddings, and every kind of failure.
import { readFileSync } from "node:fs";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Client, credentials } from "@grpc/grpc-js";
import {
  addToolCalls,
  ChatService,
  type CreateChatCompletionRequestSchema,
  EmbeddingsService,
  functionTool,
  ModelsService,
  Reason,
  textOf,
  type ToolCall,
  toolMessage,
  type Usage,
  userMessage,
} from "@aibridge/protos";
import { Caller, type Options } from "./caller.js";
import { failureOf } from "./failure.js";

const MESSAGE_SIZE = 64 << 20;
const TIMEOUT_MS = 10_000;

const { listModels, retrieveModel } = ModelsService.method;
const { createChatCompletion, createChatCompletionStream } = ChatService.method;
const { createEmbedding } = EmbeddingsService.method;

const client = new Client(process.env.AIBRIDGE_TARGET || "127.0.0.1:50051", credentials.createInsecure(), {
  "grpc.service_config": readFileSync(new URL("../service_config.json", import.meta.url), "utf8"),
  "grpc.keepalive_time_ms": 60_000, // only during calls: a model may think for minutes without a byte
  "grpc.keepalive_timeout_ms": 20_000,
  "grpc.keepalive_permit_without_calls": 0,
  "grpc.max_receive_message_length": MESSAGE_SIZE,
  "grpc.max_send_message_length": MESSAGE_SIZE,
});
const token = process.env.AIBRIDGE_TOKEN;
const caller = new Caller(client, token ? { authorization: `Bearer ${token}` } : {}, TIMEOUT_MS);

type Request = MessageInitShape<typeof CreateChatCompletionRequestSchema>;

function asking(model: string, content = "Hello!") {
  return { model, messages: [userMessage(content)] } satisfies Request;
}

const weather = functionTool("get_weather", "The weather in a city, now.", {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
});

function ending(finishReason?: string, usage?: Usage): string {
  const counts = `${usage?.promptTokens} + ${usage?.completionTokens} = ${usage?.totalTokens}`;
  return `finish_reason ${finishReason}, ${counts} tokens`;
}

async function models() {
  const { data } = await caller.unary(listModels, {});
  console.log("models:", ...data.map((model) => model.id));
}

async function chat() {
  const request = { ...asking("example/chat", "What is the weather in Paris?"), tools: [weather] };
  const { choices } = await caller.unary(createChatCompletion, request);
  const message = choices[0].message!;
  const [call] = message.toolCalls;
  console.log("chat: call", call.function?.name, call.function?.arguments);

  const result = toolMessage(call.id, { degrees: 21 });
  const response = await caller.unary(createChatCompletion, { ...request, messages: [...request.messages, message, result] });
  console.log("chat:", textOf(response.choices[0].message));
  console.log("chat:", ending(response.choices[0].finishReason, response.usage));
}

async function stream() {
  let text = "";
  let finishReason: string | undefined;
  let usage: Usage | undefined;
  const request = { ...asking("example/stream"), streamOptions: { includeUsage: true } };
  for await (const chunk of caller.stream(createChatCompletionStream, request)) {
    for (const choice of chunk.choices) {
      text += textOf(choice.delta);
      finishReason = choice.finishReason ?? finishReason;
    }
    usage = chunk.usage ?? usage;
  }
  console.log("stream:", text);
  console.log("stream:", ending(finishReason, usage));
}

async function tools() {
  const calls: ToolCall[] = [];
  let finishReason: string | undefined;
  const request = { ...asking("example/tools", "How is the weather in Paris, and how late is it?"), tools: [weather] };
  for await (const chunk of caller.stream(createChatCompletionStream, request)) {
    for (const choice of chunk.choices) {
      addToolCalls(calls, choice.delta);
      finishReason = choice.finishReason ?? finishReason;
    }
  }
  for (const call of calls) console.log("tools:", call.id, call.function?.name, call.function?.arguments);
  console.log("tools: finish_reason", finishReason);
}

async function embed() {
  const { data } = await caller.unary(createEmbedding, {
    model: "example/embed",
    inputKind: { case: "inputTexts", value: { items: ["a lighthouse", "a rowing boat"] } },
  });
  for (const { embedding } of data) console.log("embed:", ...embedding);
}

async function retry() {
  const { id } = await caller.unary(retrieveModel, { model: "example/flaky" });
  console.log("retry:", id);
}

async function cancel() {
  const responses = caller.stream(createChatCompletionStream, asking("example/endless"));
  let chunks = 0;
  try {
    for await (const _ of responses) {
      if (chunks < 3 && ++chunks === 3) responses.cancel(); // chunks that have arrived may still be read
    }
  } catch (error) {
    console.log("cancel:", failureOf(error).code, "after", chunks, "chunks");
  }
}

/** The failure of a chat that is expected to fail. */
async function failed(request: Request, options: Options = {}) {
  try {
    await caller.unary(createChatCompletion, request, options);
  } catch (error) {
    return failureOf(error);
  }
  throw new Error("the call succeeded");
}

async function deadline() {
  const { code } = await failed(asking("example/slow"), { timeoutMs: 500 });
  console.log("deadline:", code);
}

async function invalid() {
  const request = asking("example/chat");
  const failure = await failed({ ...request, messages: [...request.messages, { role: "user" }] });
  console.log("invalid:", failure.code, failure.reason);
  for (const violation of failure.violations) console.log("invalid:", violation.field, violation.description);
}

async function rateLimit() {
  const metadata = { "x-request-id": "example-rate-limit" };
  const { code, reason, retryDelayMs, upstream, requestId } = await failed(asking("example/rate-limited"), { metadata });
  console.log("rate-limit:", code, reason);
  if (reason === Reason[Reason.RATE_LIMIT_EXCEEDED]) console.log("rate-limit: retry after", retryDelayMs, "ms");
  console.log("rate-limit: upstream HTTP", upstream?.httpStatus, upstream?.code);
  console.log("rate-limit: request id", requestId);
}

async function cut() {
  let text = "";
  let chunks = 0;
  try {
    for await (const chunk of caller.stream(createChatCompletionStream, asking("example/cut"))) {
      chunks++;
      for (const choice of chunk.choices) text += textOf(choice.delta);
    }
  } catch (error) {
    const failure = failureOf(error);
    console.log("cut:", text, "after", chunks, "chunks");
    console.log("cut:", failure.code, failure.reason);
  }
}

async function missing() {
  try {
    await caller.unary(retrieveModel, { model: "example/missing" });
  } catch (error) {
    const { code, reason, resource } = failureOf(error);
    console.log("missing:", code, reason);
    console.log("missing:", resource?.resourceType, resource?.resourceName);
  }
}

for (const step of [models, chat, stream, tools, embed, retry, cancel, deadline, invalid, rateLimit, cut, missing]) {
  await step();
}
client.close();
