// Helpers for what takes several lines with the messages alone. Written by hand, as package.json and index.* are.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ChatCompletionDelta,
  ChatCompletionMessage,
  ContentPart,
  Tool,
  ToolCall,
} from "./aibridge/v1/chat_pb.js";
import type { InlineDataSchema } from "./aibridge/v1/common_pb.js";

/** The content of a message: one text, or parts. */
export type Content = string | ContentPart[];

/** A message with instructions for the model. */
export declare function systemMessage(content: Content): ChatCompletionMessage;

/** A message of the user: `userMessage("hi")`, `userMessage([textPart("What is this?"), imagePart(url)])`. */
export declare function userMessage(content: Content): ChatCompletionMessage;

/** A message that the model is said to have written. What a response holds can go into the next request as it is. */
export declare function assistantMessage(content: Content): ChatCompletionMessage;

/** The result of the tool call with this id. What is not text is written as JSON. */
export declare function toolMessage(toolCallId: string | undefined, result: unknown): ChatCompletionMessage;

/** A part of a message: text. */
export declare function textPart(text: string): ContentPart;

/** A part of a message: an image by its URL, or its bytes with their MIME type. `detail` is low, high or auto. */
export declare function imagePart(
  image: string | MessageInitShape<typeof InlineDataSchema>,
  detail?: string,
): ContentPart;

/** A function that the model may call. `parameters` is a JSON Schema, as an object or as its text. */
export declare function functionTool(name: string, description?: string, parameters?: object | string): Tool;

/** The text of a message or of a delta; empty where there is none. The texts of parts are put together. */
export declare function textOf(message: ChatCompletionMessage | ChatCompletionDelta | undefined): string;

/** Add the tool calls of a delta to those before. Each piece names its call by `index`; arguments come in pieces. */
export declare function addToolCalls(calls: ToolCall[], delta: ChatCompletionDelta | undefined): ToolCall[];

/** The time in a field such as `created`, which has seconds since 1970 as a bigint. */
export declare function dateOf(seconds: bigint): Date;
export declare function dateOf(seconds: bigint | undefined): Date | undefined;
