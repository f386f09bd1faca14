// The helpers of @aibridge/protos, without a bridge; it prints how many checks there were.
import assert from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  addToolCalls,
  assistantMessage,
  ChatCompletionDeltaSchema,
  ChatCompletionMessageSchema,
  CreateChatCompletionRequestSchema,
  dateOf,
  functionTool,
  imagePart,
  systemMessage,
  textOf,
  textPart,
  toolMessage,
  userMessage,
} from "@aibridge/protos";

const checks = {
  "a text is the content": () => {
    for (const [make, role] of [[systemMessage, "system"], [userMessage, "user"], [assistantMessage, "assistant"]]) {
      const message = make("hi");
      assert.equal(message.role, role);
      assert.deepEqual(message.contentKind, { case: "content", value: "hi" });
    }
  },
  "parts are the content": () => {
    const message = userMessage([textPart("what is "), imagePart("https://a.test/x.png", "low"), textPart("this?")]);
    const { items } = message.contentKind.value;
    assert.deepEqual(items.map((part) => part.type), ["text", "image_url", "text"]);
    assert.equal(items[1].imageUrlKind.value.urlKind.value, "https://a.test/x.png");
    assert.equal(items[1].imageUrlKind.value.detail, "low");
    assert.equal(textOf(message), "what is this?");
  },
  "an image as bytes": () => {
    const { urlKind } = imagePart({ mimeType: "image/png", data: new Uint8Array([1, 2]) }).imageUrlKind.value;
    assert.equal(urlKind.case, "urlInline");
    assert.equal(urlKind.value.mimeType, "image/png");
  },
  "a schema is text, whether it comes as an object or as text": () => {
    const schema = { type: "object", properties: { b: {}, a: {} } };
    const text = '{"type":"object","properties":{"b":{},"a":{}}}';
    assert.equal(functionTool("f", "does f", schema).function.parametersJson, text);
    assert.equal(functionTool("f", undefined, text).function.parametersJson, text);
    assert.equal(functionTool("f").function.parametersJson, undefined);
    assert.equal(functionTool("f").type, "function");
  },
  "the result of a tool is text": () => {
    const texts = ["21", { degrees: 21 }, 21, undefined].map((result) => textOf(toolMessage("call_1", result)));
    assert.deepEqual(texts, ["21", '{"degrees":21}', "21", "null"]);
    assert.equal(toolMessage("call_1", "").toolCallId, "call_1");
  },
  "what has no text has an empty one": () => {
    assert.equal(textOf(undefined), "");
    assert.equal(textOf(create(ChatCompletionMessageSchema)), "");
    assert.equal(textOf(create(ChatCompletionDeltaSchema, { reasoning: "hm" })), "");
  },
  "tool calls are put together by index": () => {
    const calls = [];
    const pieces = [
      [{ index: 0, id: "a", type: "function", function: { name: "f", arguments: '{"x"' } }],
      [{ index: 1, id: "b", function: { name: "g" } }, { index: 0, function: { arguments: ":1}" } }],
      [{ index: 1, id: "b", function: { name: "g", arguments: "{}" } }],
      [{ index: 2, id: "", custom: { name: "h", input: "1" } }, { index: 2, id: "c", custom: { input: "2" } }],
    ];
    for (const toolCalls of pieces) addToolCalls(calls, create(ChatCompletionDeltaSchema, { toolCalls }));
    addToolCalls(calls, undefined);
    assert.deepEqual(
      calls.map((call) => [call.id, call.function?.name ?? call.custom?.name, call.function?.arguments ?? call.custom?.input]),
      [["a", "f", '{"x":1}'], ["b", "g", "{}"], ["c", "h", "12"]],
    );
    toBinary(CreateChatCompletionRequestSchema, create(CreateChatCompletionRequestSchema, { messages: [{ toolCalls: calls }] }));
  },
  "times are dates": () => {
    assert.equal(dateOf(1_700_000_000n).toISOString(), "2023-11-14T22:13:20.000Z");
    assert.equal(dateOf(undefined), undefined);
  },
};
for (const check of Object.values(checks)) check();
console.log(Object.keys(checks).length, "checks");
