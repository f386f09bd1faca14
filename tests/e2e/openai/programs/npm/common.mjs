// What both programs do: read the setup, run each case directly and over the bridge, print the outcomes.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const HEADERS = [
  "x-request-id", "retry-after", "retry-after-ms", "x-should-retry", "x-ratelimit-remaining-requests",
  "openai-processing-ms", "x-ratelimit-limit-tokens",
];

export function headersOf(headers) {
  const get = (name) => (typeof headers?.get === "function" ? headers.get(name) : headers?.[name]);
  return Object.fromEntries(HEADERS.map((name) => [name, get(name) ?? null]));
}

/** `ways(setup)` gives the clients by way; `run(client, task)` the outcome of a case. */
export async function main(library, ways, run) {
  const setup = JSON.parse(readFileSync(0, "utf8"));
  const outcomes = {};
  for (const task of setup.tasks) {
    for (const [way, client] of Object.entries(ways(setup))) {
      outcomes[`${task.name} js ${way}`] = await run(client, task);
    }
  }
  const path = fileURLToPath(import.meta.resolve(library));
  const root = path.slice(0, path.indexOf(`/node_modules/${library}/`)) + `/node_modules/${library}/package.json`;
  const versions = { language: process.versions.node, library: JSON.parse(readFileSync(root, "utf8")).version };
  process.stdout.write(JSON.stringify({ outcomes, versions }));
}
