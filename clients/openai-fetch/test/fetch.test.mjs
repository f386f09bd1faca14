// The fetch in front of a scripted bridge: when responses arrive, how cancellation travels, and how failures look.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http2";
import { after, before, test } from "node:test";
import { ChatService, EmbeddingsService, ErrorInfoSchema, HttpMethod, ModelsService, RawService } from "@aibridge/protos";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { aibridgeFetch } from "../dist/index.js";

const URL = "http://any/v1/chat/completions";
const HELLO = { model: "m", messages: [{ role: "user", content: "hi" }] };
const chunk = (content) => ({ choices: [{ index: 0, delta: { contentKind: { case: "content", value: content } } }] });

let server, target, play;
const sessions = new Set();

before(async () => {
  const routes = (router) => {
    router.service(ChatService, {
      createChatCompletion: (request, context) => play(request, context),
      createChatCompletionStream: (request, context) => play(request, context),
    });
    router.service(ModelsService, { listModels: (request, context) => play(request, context) });
    router.service(RawService, {
      call: (request, context) => play(request, context),
      stream: (request, context) => play(request, context),
    });
    router.service(EmbeddingsService, { createEmbedding: (request, context) => play(request, context) });
  };
  server = createServer(connectNodeAdapter({ routes }));
  server.on("session", (session) => sessions.add(session));
  await once(server.listen(0, "127.0.0.1"), "listening");
  target = `127.0.0.1:${server.address().port}`;
});
after(() => {
  for (const session of sessions) session.destroy();
  server.close();
});

const JSON_TYPE = { "content-type": "application/json" };
const refused = () =>
  new ConnectError("not allowed", Code.PermissionDenied, undefined, [
    { desc: ErrorInfoSchema, value: { reason: "RAW_PATH_NOT_ALLOWED", domain: "aibridge" } },
  ]);

const post = (body, init = {}) => aibridgeFetch(target)(URL, { method: "POST", body: JSON.stringify(body), ...init });

/** A stream with one chunk and then nothing. `ended` resolves when the caller has gone. */
function held() {
  let finish;
  const ended = new Promise((resolve) => (finish = resolve));
  play = async function* (_, { signal }) {
    yield chunk("a");
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    finish();
  };
  return ended;
}

test("events come when chunks come, and to cancel the body cancels the call", async () => {
  const ended = held();
  const response = await post({ ...HELLO, stream: true });
  const reader = response.body.getReader();
  const { value } = await reader.read(); // while the stream is still open
  assert.deepEqual(JSON.parse(new TextDecoder().decode(value).slice("data: ".length)), {
    choices: [{ index: 0, delta: { content: "a" }, finish_reason: null }],
  });
  await reader.cancel();
  await ended;
});

test("an abort signal ends the body, with its reason", async () => {
  const ended = held();
  const controller = new AbortController();
  const response = await post({ ...HELLO, stream: true }, { signal: controller.signal });
  const reader = response.body.getReader();
  await reader.read();
  controller.abort(new Error("enough"));
  await assert.rejects(reader.read(), /enough/);
  await ended;
});

test("an abort signal before the response rejects, with its reason", async () => {
  play = (_, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  await assert.rejects(post(HELLO, { signal: AbortSignal.timeout(50) }), { name: "TimeoutError" });
});

test("a stream that breaks off is no end", async () => {
  play = async function* () {
    yield chunk("a");
    throw new ConnectError("cut", Code.Unavailable);
  };
  const response = await post({ ...HELLO, stream: true });
  await assert.rejects(response.text(), (error) => error instanceof TypeError && error.cause.code === "UND_ERR_SOCKET");
});

test("nobody there is what fetch says of it", async () => {
  const fetch = aibridgeFetch("127.0.0.1:1");
  await assert.rejects(fetch("http://any/v1/models"), { name: "TypeError", message: "fetch failed" });
});

test("what the bridge has no call for", async () => {
  const fetch = aibridgeFetch(target);
  for (const [method, path, status, code] of [
    ["POST", "/responses", 404, "unknown_url"],
    ["POST", "/models", 404, "unknown_url"],
    ["PUT", "/responses", 405, "method_not_allowed"],
    ["POST", "/chat/completions", 400, "invalid_json"],
  ]) {
    play = () => {
      throw refused();
    };
    const response = await fetch(`http://any/v1${path}`, { method, body: "[1]", headers: JSON_TYPE });
    assert.deepEqual([response.status, (await response.json()).error.code], [status, code]);
  }
});

test("headers go along, but for those of HTTP and of the library; nobody retries", async () => {
  let headers, options;
  play = ({ bridgeOptions }, { requestHeader }) => ((headers = requestHeader), (options = bridgeOptions), {});
  await aibridgeFetch(target)(new Request("http://any/v1/models", { headers: { "x-title": "t", "x-stainless-os": "x" } }));
  assert.deepEqual([headers.get("x-title"), headers.get("x-stainless-os"), options.retry], ["t", null, false]);
});

test("every kind of field, both ways", async () => {
  const request = {
    ...HELLO,
    temperature: 0,
    seed: 12345678901,
    stop: ["x"],
    logit_bias: { 50256: -100 },
    tools: [{ type: "function", function: { name: "f", strict: false, parameters: { z: 1, a: [1.5] } } }],
    tool_choice: "auto",
    providerOptions: { gateway: { order: ["a"], zeroDataRetention: true }, other: { k: 1 } },
    metadata: {},
    top_k: "many",
    unknown: [null, { deep: "☕" }],
    user: null,
  };
  let message;
  play = (received) => {
    message = received;
    return {
      created: 2n ** 53n + 1n,
      choices: [{ index: 0, finishReason: "stop", logprobs: { content: [{ token: "a", logprob: -0.5 }] } }],
      usage: { promptTokens: 1, costKind: { case: "cost", value: 0.25 } },
      extraJson: '{"kept": 1.50}',
    };
  };
  const text = await (await post(request)).text();
  assert.equal(
    text,
    '{"created":9007199254740993,"choices":[{"index":0,"finish_reason":"stop","logprobs":{"content":[{"token":"a",' +
      '"logprob":-0.5}]},"message":{"content":null,"refusal":null}}],"usage":{"prompt_tokens":1,"cost":0.25},"kept": 1.50}',
  );
  assert.equal(message.temperature, 0);
  assert.equal(message.seed, 12345678901n);
  assert.deepEqual(message.stopKind.value.items, ["x"]);
  assert.deepEqual(message.logitBias, { 50256: -100 });
  assert.equal(message.tools[0].function.parametersJson, '{"z":1,"a":[1.5]}');
  assert.deepEqual(message.toolChoiceKind, { case: "toolChoice", value: "auto" });
  assert.equal(message.providerOptions.gateway.zeroDataRetention, true);
  assert.equal(message.providerOptions.extraJson, '{"other":{"k":1}}');
  assert.equal(message.extraJson, '{"metadata":{},"top_k":"many","unknown":[null,{"deep":"☕"}]}');
});

test("vectors as they were asked for", async () => {
  play = () => ({ data: [{ index: 0, embedding: [0.1, 16777216, 1e-7] }] });
  const embed = async (body) => {
    const init = { method: "POST", body: JSON.stringify({ model: "m", input: "x", ...body }) };
    return (await (await aibridgeFetch(target)("http://any/v1/embeddings", init)).json()).data[0].embedding;
  };
  assert.deepEqual(await embed({}), [0.1, 16777216, 1e-7]);
  const bytes = Buffer.from(await embed({ encoding_format: "base64" }), "base64");
  assert.deepEqual([0, 4, 8].map((at) => bytes.readFloatLE(at)), [0.1, 16777216, 1e-7].map(Math.fround));
});

test("heartbeats are comments, and the response begins with its first chunk", async () => {
  play = async function* () {
    yield {};
    yield chunk("a");
    yield {};
    yield chunk("b");
  };
  const text = await (await post({ ...HELLO, stream: true })).text();
  const [first, beat, second, done] = text.split("\n\n");
  assert.match(first, /"content":"a"/);
  assert.equal(beat, ": heartbeat");
  assert.match(second, /"content":"b"/);
  assert.equal(done, "data: [DONE]");
});

test("an error behind heartbeats alone keeps its status", async () => {
  play = async function* () {
    yield {};
    throw new ConnectError("no", Code.ResourceExhausted);
  };
  assert.equal((await post({ ...HELLO, stream: true })).status, 429);
});

test("an endpoint without an RPC goes by RawService", async () => {
  const asked = [];
  play = (request) => {
    asked.push(request);
    return request.method === HttpMethod.DELETE ? { httpStatus: 204 } : { httpStatus: 201, bodyJson: '{"id": 1.50}' };
  };
  const fetch = aibridgeFetch(target);
  const body = '{"model": "m", "n": 2.50}';
  const created = await fetch("http://any/api/v1/responses?a=b%26c&a=d", { method: "POST", body, headers: JSON_TYPE });
  assert.deepEqual([created.status, await created.text()], [201, '{"id": 1.50}']);
  assert.equal(created.headers.get("content-type"), "application/json");
  const deleted = await fetch("http://any/v1/models/x", { method: "DELETE" });
  assert.deepEqual([deleted.status, await deleted.text()], [204, ""]);
  const [first, second] = asked;
  assert.deepEqual([first.path, first.method, first.bodyJson], ["/responses", HttpMethod.POST, body]);
  assert.deepEqual(first.query.map(({ name, value }) => [name, value]), [["a", "b&c"], ["a", "d"]]);
  assert.equal(first.bridgeOptions.retry, false);
  assert.deepEqual([second.path, second.method, second.bodyJson], ["/models/x", HttpMethod.DELETE, undefined]);
});

test("events keep their names; behind response.failed nothing comes", async () => {
  const fetch = aibridgeFetch(target);
  const send = async () =>
    (await fetch("http://any/v1/responses", { method: "POST", body: '{"stream":true}', headers: JSON_TYPE })).text();
  play = async function* () {
    yield {};
    yield { event: "response.created", data: '{"a":1}' };
    yield {};
    yield { event: "response.completed", data: "two\nlines" };
  };
  const named = 'event: response.created\ndata: {"a":1}\n\n: heartbeat\n\nevent: response.completed\ndata: two\ndata: lines\n\n';
  assert.equal(await send(), named);
  play = async function* () {
    yield { data: "{}" };
  };
  assert.equal(await send(), "data: {}\n\ndata: [DONE]\n\n");
  play = async function* () {
    yield { event: "response.failed", data: "{}" };
    throw new ConnectError("boom", Code.Internal);
  };
  assert.equal(await send(), "event: response.failed\ndata: {}\n\n");
});

test("a path that is not allowed, or a bridge without RawService, is a 404 that says what helps", async () => {
  for (const error of [refused(), new ConnectError("", Code.Unimplemented)]) {
    play = () => {
      throw error;
    };
    for (const body of ["{}", '{"stream":true}']) {
      const response = await aibridgeFetch(target)("http://any/v1/responses", { method: "POST", body, headers: JSON_TYPE });
      const { message } = (await response.json()).error;
      assert.equal(response.status, 404);
      for (const words of ["AIBRIDGE_RAW_PATHS=/responses", "useResponsesApi: false", "OpenAIChatCompletionsModel"]) {
        assert.ok(message.includes(words), message);
      }
    }
  }
});

test("what is not JSON is refused", async () => {
  const body = new FormData();
  body.set("file", "x");
  const response = await aibridgeFetch(target)("http://any/v1/files", { method: "POST", body });
  assert.equal(response.status, 415);
  assert.match((await response.json()).error.message, /JSON bodies only, not multipart\/form-data/);
});
