import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { createAsyncIterable } from "@connectrpc/connect/protocol";

interface ServiceConfig {
  methodConfig: {
    name: { service: string }[];
    retryPolicy: { maxAttempts: number; initialBackoff: string; maxBackoff: string; backoffMultiplier: number };
  }[];
}

/**
 * The retries of a gRPC service config, which Connect does not know: a call of a service that has a `retryPolicy` is made
 * again if it fails with UNAVAILABLE before its first message, unless the bridge forbids it (`grpc-retry-pushback-ms`).
 */
export function retries(path: URL): Interceptor {
  const config: ServiceConfig = JSON.parse(readFileSync(path, "utf8"));
  return (next) => async (request) => {
    const service = request.service.typeName;
    const policy = config.methodConfig.find((entry) => entry.name.some((name) => name.service === service))?.retryPolicy;
    const messages = [];
    if (request.stream) {
      for await (const message of request.message) messages.push(message); // the RPCs of the bridge take one
    }
    for (let attempt = 1; ; attempt++) {
      try {
        return await next(request.stream ? { ...request, message: createAsyncIterable(messages) } : request);
      } catch (reason) {
        const error = ConnectError.from(reason);
        const pushback = error.metadata.get("grpc-retry-pushback-ms");
        const refused = error.code !== Code.Unavailable || Number(pushback ?? 0) < 0;
        if (!policy || attempt >= policy.maxAttempts || refused || request.signal.aborted) throw error;
        const longest = Math.min(
          Number.parseFloat(policy.maxBackoff),
          Number.parseFloat(policy.initialBackoff) * policy.backoffMultiplier ** (attempt - 1),
        );
        await sleep(pushback ? Number(pushback) : Math.random() * longest * 1000, undefined, { signal: request.signal });
      }
    }
  };
}
