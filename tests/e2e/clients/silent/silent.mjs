// As main.go, with grpc-js: the calls that it is told, all at once, over one connection that is pinged every 10 seconds.
import { Client, credentials, status } from "@grpc/grpc-js";

const [target, ...calls] = process.argv.slice(2);
const client = new Client(target, credentials.createInsecure(), {
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.keepalive_permit_without_calls": 1,
});
const bytes = (message) => message; // messages stay bytes here

await Promise.all(
  calls.map((argument) => {
    const [, kind, method, message] = /^(.*?)=(.*?)=(.*)$/.exec(argument);
    const responses = client.makeServerStreamRequest(method, bytes, bytes, Buffer.from(message, "base64"));
    let last = Buffer.alloc(0);
    responses.on("data", (response) => (last = response));
    responses.on("error", () => {}); // its status comes too
    return new Promise((resolve) => {
      responses.on("status", ({ code }) => {
        console.log(kind, status[code], last.toString("base64"));
        resolve();
      });
    });
  }),
);
client.close();
