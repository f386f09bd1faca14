// The program for npm openai.
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import { aibridgeFetch } from "@aibridge/openai-fetch";
import { headersOf, main } from "./common.mjs";

const Tide = z.object({ harbour: z.string(), metres: z.number() });

function ways({ url, target }) {
  const common = { apiKey: "parity-key", organization: "org", baseURL: url, maxRetries: 0 };
  const over = (clients.bridge ??= new OpenAI({ ...common, fetch: aibridgeFetch(target) }));
  return { direct: (clients.direct ??= new OpenAI(common)), bridge: over };
}
const clients = {};

/** An exception with everything that programs look at. */
function raised(error) {
  const { status, code, param, type, error: body, requestID, headers } = error;
  const message = error instanceof OpenAI.APIConnectionError || !(error instanceof OpenAI.APIError) ? null : error.message;
  const known = headers ? { headers: headersOf(headers) } : {};
  return { raised: error.constructor.name, status, code, param, type, body, request_id: requestID, message, ...known };
}

async function run(client, { call, request, retries }) {
  const options = { maxRetries: retries, headers: { "x-title": "parity" } };
  const completions = client.chat.completions;
  const seen = [];
  try {
    switch (call) {
      case "models": {
        const page = await client.models.list();
        for await (const model of page) seen.push(model);
        return { page: page.body ?? page.data, items: seen };
      }
      case "model":
        return await client.models.retrieve(request.model);
      case "embed":
        return await client.embeddings.create(request);
      case "parse":
        return await completions.parse({ ...request, response_format: zodResponseFormat(Tide, "Tide") });
      case "final":
        return await completions.stream({ ...request, response_format: zodResponseFormat(Tide, "Tide") }).finalChatCompletion();
      case "chat": {
        const { data, response } = await completions.create(request, options).withResponse();
        return { value: data, headers: headersOf(response.headers), status: response.status };
      }
      case "stream":
        for await (const chunk of await completions.create({ ...request, stream: true }, options)) seen.push(chunk);
        return seen;
      case "respond": {
        const { data, response } = await client.responses.create(request, options).withResponse();
        return { value: data, headers: headersOf(response.headers), status: response.status };
      }
      case "respond-stream":
        for await (const event of await client.responses.create({ ...request, stream: true }, options)) seen.push(event);
        return seen;
    }
  } catch (error) {
    return { seen, ...raised(error) };
  }
}

await main("openai", ways, run);
