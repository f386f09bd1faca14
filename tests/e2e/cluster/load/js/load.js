// Callers with grpc-js that never pause, until SIGTERM; then what failed, as one line of JSON.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { credentials, loadPackageDefinition, Metadata, status } from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";

const CHUNKS = 40;
const PAUSE_MS = 200; // an outage is counted in calls, not in a busy loop's turns

const text = { type: "string", default: "" };
const { values } = parseArgs({
  options: { target: text, token: text, ca: text, config: text, dns: text, streams: { ...text, default: "2" }, unary: { ...text, default: "2" } },
});
const descriptors = readFileSync(new URL("./aibridge.binpb", import.meta.url));
const { ChatService } = loadPackageDefinition(loadFileDescriptorSetFromBuffer(descriptors, { longs: Number })).aibridge.v1;
const transport = values.ca ? credentials.createSsl(readFileSync(values.ca)) : credentials.createInsecure();
const client = new ChatService(values.target, transport, {
  ...(values.config && { "grpc.service_config": values.config }),
  ...(values.dns && { "grpc.dns_min_time_between_resolutions_ms": Number(values.dns) }),
});

const said = { ok: 0, failures: [], longest: 0 };
let over = false;
process.on("SIGTERM", () => (over = true));

function call() {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${values.token}`);
  return [metadata, { deadline: Date.now() + 60_000 }];
}

function problemOf(error) {
  return `${status[error.code]} ${error.details}`;
}

function stream(request) {
  return new Promise((resolve) => {
    let count = 0;
    let finished = false;
    const response = client.createChatCompletionStream(request, ...call());
    response.on("data", ({ choices: [choice] }) => {
      count += choice.delta?.content ? 1 : 0;
      finished ||= Boolean(choice.finish_reason);
    });
    response.on("error", (error) => resolve(`${problemOf(error)} after ${count} chunks`));
    response.on("end", () => resolve(count === CHUNKS && finished ? "" : `OK with ${count} chunks, finished ${finished}`));
  });
}

function unary(request) {
  return new Promise((resolve) => {
    client.createChatCompletion(request, ...call(), (error, response) => {
      if (error) resolve(problemOf(error));
      else resolve(response.choices[0].message.content === "hello" ? "" : "OK with another text");
    });
  });
}

async function repeat(method) {
  const request = { model: "m", max_tokens: CHUNKS, messages: [{ role: "user", content: "hi" }] };
  while (!over) {
    const began = Date.now();
    const problem = await method(request);
    said.longest = Math.max(said.longest, (Date.now() - began) / 1000);
    if (problem) {
      said.failures.push([method.name, Date.now() / 1000, problem]);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    } else {
      said.ok += 1;
    }
  }
}

const callers = [...Array(Number(values.streams)).fill(stream), ...Array(Number(values.unary)).fill(unary)];
await Promise.all(callers.map(repeat));
client.close();
// A connection that is still being made to a pod that has gone would keep the process alive for minutes.
process.stdout.write(`${JSON.stringify(said)}\n`, () => process.exit(0));
