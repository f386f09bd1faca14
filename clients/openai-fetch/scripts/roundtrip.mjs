// The codec alone, for tests/e2e/openai/codec.py: each JSON object on standard input as a message, and that as JSON again.
import { readFileSync } from "node:fs";
import * as protos from "@aibridge/protos";
import { toBinary } from "@bufbuild/protobuf";
import { decode, encode } from "../dist/codec.js";

const answers = JSON.parse(readFileSync(0, "utf8")).map(({ type, value }) => {
  const schema = protos[`${type.split(".").at(-1)}Schema`];
  const message = decode(schema, value);
  return { wire: Buffer.from(toBinary(schema, message)).toString("base64"), text: encode(schema, message) };
});
process.stdout.write(JSON.stringify(answers));
