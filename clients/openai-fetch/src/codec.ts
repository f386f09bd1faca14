// Converts JSON to protobuf and back by the rules of bridge/codec: the schema is the mapping, no field has code of its
// own.
//
// A field's key is its explicit json_name, or else its name without the suffix `_json`. The members of a oneof `x_kind`
// share the key `x`; the JSON type of the value decides between them. A message whose only field is `repeated … items`
// is an array, `bytes` is base64 text, InlineData a `data:` URL. `extra_json` has all members that no field can hold:
// unknown ones, values of another type, empty lists and objects. null counts as absent. `bridge_options` is not in the
// JSON.
import { create, type DescField, type DescMessage, isFieldSet, type Message, type MessageShape, ScalarType } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { JSON_NAMES, KINDS } from "./schema.js";

export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/** JSON text to write for members that a message does not have, by the message's type. */
export type Defaults = Record<string, Record<string, string>>;

type Bag = Record<string, unknown>;

const MISFIT = Symbol("a value that its field cannot hold");
const RAW = "_json";
const plans = new Map<string, Map<string, DescField[]>>();

/** The fields for each JSON key of a message type, raw text last. */
function keysOf(type: DescMessage): Map<string, DescField[]> {
  let keys = plans.get(type.typeName);
  if (!keys) {
    keys = new Map();
    for (const field of type.fields) {
      if (field.name === "extra_json" || field.name === "bridge_options") continue;
      const key = keyOf(field);
      keys.set(key, [...(keys.get(key) ?? []), field].sort((a, b) => Number(isRaw(a)) - Number(isRaw(b))));
    }
    plans.set(type.typeName, keys);
  }
  return keys;
}

function keyOf(field: DescField): string {
  const explicit = JSON_NAMES[`${field.parent.typeName}.${field.name}`];
  if (explicit) return explicit;
  const kind = field.oneof?.name;
  return kind?.endsWith("_kind") ? kind.slice(0, -"_kind".length) : field.name.replace(/_json$/, "");
}

const isRaw = (field: DescField) => field.name.endsWith(RAW);
const isObject = (item: Json): item is JsonObject => typeof item === "object" && item !== null && !Array.isArray(item);
const isInlineData = (type: DescMessage) => type.name === "InlineData";

/** The field of the items, for a message that represents an array. */
function itemsOf(type: DescMessage): DescField | undefined {
  const [field] = type.fields;
  return type.fields.length === 1 && field?.name === "items" ? field : undefined;
}

/** The message for a JSON object. It refuses no object and loses no member. */
export function decode<T extends DescMessage>(type: T, value: JsonObject): MessageShape<T> {
  const message = create(type) as MessageShape<T> & Bag;
  const extra: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    if (item !== null && !take(message, keysOf(type).get(key) ?? [], item)) extra[key] = item;
  }
  if (Object.keys(extra).length > 0) (message as Bag)["extraJson"] = JSON.stringify(extra);
  return message;
}

function take(message: Bag, fields: DescField[], item: Json): boolean {
  for (const field of fields) {
    const value = isRaw(field) ? readRaw(field, item) : read(field, item);
    if (value === MISFIT) continue;
    if (field.oneof) message[field.oneof.localName] = { case: field.localName, value };
    else message[field.localName] = value;
    return true;
  }
  return false;
}

function readRaw(field: DescField, item: Json): unknown {
  const kind = KINDS[field.name];
  const fits = !kind || (kind === "array" ? Array.isArray(item) : isObject(item));
  return fits ? JSON.stringify(item) : MISFIT;
}

function read(field: DescField, item: Json): unknown {
  if (field.fieldKind === "list") return readList(field, item, false);
  if (field.fieldKind !== "map") return readOne(field, item);
  if (!isObject(item) || Object.keys(item).length === 0) return MISFIT;
  const entries = Object.entries(item).map(([key, element]) => [key, readOne(field, element)] as const);
  return entries.some(([, element]) => element === MISFIT) ? MISFIT : Object.fromEntries(entries);
}

function readList(field: DescField, item: Json, mayBeEmpty: boolean): unknown {
  if (!Array.isArray(item) || !(item.length || mayBeEmpty)) return MISFIT;
  const elements = item.map((element) => readOne(field, element));
  return elements.includes(MISFIT) ? MISFIT : elements;
}

/** One value of a field, repeated or not. */
function readOne(field: DescField, item: Json): unknown {
  if (field.message) {
    const items = itemsOf(field.message);
    if (items) {
      const elements = readList(items, item, true);
      return elements === MISFIT ? MISFIT : create(field.message, { items: elements } as never);
    }
    return isObject(item) && !isInlineData(field.message) ? decode(field.message, item) : MISFIT;
  }
  switch (field.scalar) {
    case ScalarType.STRING:
      return typeof item === "string" ? item : MISFIT;
    case ScalarType.BOOL:
      return typeof item === "boolean" ? item : MISFIT;
    case ScalarType.DOUBLE:
      return typeof item === "number" ? item : MISFIT;
    case ScalarType.FLOAT:
      return typeof item === "number" && Number.isFinite(Math.fround(item)) ? item : MISFIT;
    case ScalarType.INT32:
      return typeof item === "number" && item === (item | 0) ? item : MISFIT;
    case ScalarType.INT64:
      return typeof item === "number" && Number.isSafeInteger(item) ? BigInt(item) : MISFIT;
    default:
      return MISFIT; // base64 text stays text here
  }
}

/** The JSON text of a message. */
export function encode(type: DescMessage, message: Message, defaults: Defaults = {}): string {
  const bag = message as Message & Bag;
  const members: string[] = [];
  const absent = new Map(Object.entries(defaults[type.typeName] ?? {}));
  for (const [key, fields] of keysOf(type)) {
    for (const field of fields) {
      if (!isFieldSet(message, field)) continue;
      const choice = field.oneof ? (bag[field.oneof.localName] as { value: unknown }).value : bag[field.localName];
      members.push(`${JSON.stringify(key)}:${write(field, choice, defaults)}`);
      absent.delete(key);
    }
  }
  for (const [key, text] of absent) members.push(`${JSON.stringify(key)}:${text}`);
  const extra = typeof bag["extraJson"] === "string" ? bag["extraJson"].trim().slice(1, -1).trim() : "";
  if (extra) members.push(extra); // last: of two members with one name, JSON.parse takes the last
  return `{${members.join(",")}}`;
}

function write(field: DescField, value: unknown, defaults: Defaults): string {
  if (isRaw(field)) return value as string;
  if (field.fieldKind === "list") return writeList(field, value as unknown[], defaults);
  if (field.fieldKind !== "map") return writeOne(field, value, defaults);
  const entries = Object.entries(value as Bag);
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${writeOne(field, item, defaults)}`).join(",")}}`;
}

function writeList(field: DescField, items: unknown[], defaults: Defaults): string {
  return `[${items.map((item) => writeOne(field, item, defaults)).join(",")}]`;
}

function writeOne(field: DescField, value: unknown, defaults: Defaults): string {
  if (field.message) {
    const items = itemsOf(field.message);
    if (items) return writeList(items, (value as { items: unknown[] }).items, defaults);
    if (!isInlineData(field.message)) return encode(field.message, value as Message, defaults);
    const { mimeType, data } = value as { mimeType?: string; data?: Uint8Array };
    return JSON.stringify(`data:${mimeType ?? ""};base64,${base64Encode(data ?? new Uint8Array())}`);
  }
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return JSON.stringify(base64Encode(value));
  return field.scalar === ScalarType.FLOAT ? shortest(value as number) : JSON.stringify(value);
}

/** The shortest decimal for this 32-bit number: 0.1, where the 64-bit number is 0.10000000149011612. */
function shortest(number: number): string {
  for (const digits of [7, 8]) {
    const decimal = Number(number.toPrecision(digits));
    if (Math.fround(decimal) === number) return JSON.stringify(decimal);
  }
  return JSON.stringify(number);
}
