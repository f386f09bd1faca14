// Helpers for what takes several lines with the messages alone. Written by hand, as package.json and index.* are.
import { create } from "@bufbuild/protobuf";
import {
  ChatCompletionMessageSchema,
  ContentPartSchema,
  ContentPartsSchema,
  CustomToolCallSchema,
  FunctionCallSchema,
  ToolCallSchema,
  ToolSchema,
} from "./aibridge/v1/chat_pb.js";

const text = (value) => (typeof value === "string" ? value : JSON.stringify(value));

function content(value) {
  if (typeof value === "string") return { case: "content", value };
  return { case: "contentParts", value: create(ContentPartsSchema, { items: value }) };
}

export function systemMessage(value) {
  return create(ChatCompletionMessageSchema, { role: "system", contentKind: content(value) });
}

export function userMessage(value) {
  return create(ChatCompletionMessageSchema, { role: "user", contentKind: content(value) });
}

export function assistantMessage(value) {
  return create(ChatCompletionMessageSchema, { role: "assistant", contentKind: content(value) });
}

export function toolMessage(toolCallId, result) {
  return create(ChatCompletionMessageSchema, { role: "tool", toolCallId, contentKind: content(text(result ?? null)) });
}

export function textPart(value) {
  return create(ContentPartSchema, { type: "text", text: value });
}

export function imagePart(image, detail) {
  const urlKind =
    typeof image === "string" ? { case: "url", value: image } : { case: "urlInline", value: image };
  return create(ContentPartSchema, {
    type: "image_url",
    imageUrlKind: { case: "imageUrl", value: { urlKind, detail } },
  });
}

export function functionTool(name, description, parameters) {
  const parametersJson = parameters === undefined ? undefined : text(parameters);
  return create(ToolSchema, { type: "function", function: { name, description, parametersJson } });
}

export function textOf(message) {
  const kind = message?.contentKind;
  if (kind?.case === "content") return kind.value;
  if (kind?.case !== "contentParts") return "";
  return kind.value.items.map((part) => (part.type === undefined || part.type === "text" ? part.text ?? "" : "")).join("");
}

export function addToolCalls(calls, delta) {
  for (const piece of delta?.toolCalls ?? []) {
    const call = (calls[piece.index ?? 0] ??= create(ToolCallSchema));
    call.id ||= piece.id;
    call.type ||= piece.type;
    if (piece.function) {
      call.function ??= create(FunctionCallSchema, { arguments: "" });
      call.function.name ||= piece.function.name;
      call.function.arguments += piece.function.arguments ?? "";
    }
    if (piece.custom) {
      call.custom ??= create(CustomToolCallSchema, { input: "" });
      call.custom.name ||= piece.custom.name;
      call.custom.input += piece.custom.input ?? "";
    }
  }
  return calls;
}

export function dateOf(seconds) {
  return seconds === undefined ? undefined : new Date(Number(seconds) * 1000);
}
