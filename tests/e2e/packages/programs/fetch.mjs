// npm openai with the fetch of @aibridge/openai-fetch; it prints what it was told.
import OpenAI from "openai";
import { aibridgeFetch } from "@aibridge/openai-fetch";

const client = new OpenAI({ fetch: aibridgeFetch(process.argv[2]), apiKey: "k" });
const request = { model: "m", messages: [{ role: "user", content: "hi" }] };
const completion = await client.chat.completions.create(request);
console.log(completion.choices[0].message.content);
let text = "";
for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) {
  text += chunk.choices[0]?.delta?.content ?? "";
}
console.log(text);
