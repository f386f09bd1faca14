"""A scripted OpenAI-compatible gateway: paced streams, unary chat, models. GET /keys lists the keys with times."""

import asyncio
import json
import os
import time
from typing import Any

KEYS = set(os.environ.get("KEYS", "key-1").split(","))
#: Seconds between two chunks of a stream, and of a unary call.
PACE, THINK = 0.05, 0.2
seen: dict[str, dict[str, float]] = {}


def chunk(delta: dict[str, str], finish: str | None = None) -> str:
    choice = {"index": 0, "delta": delta} | ({"finish_reason": finish} if finish else {})
    return json.dumps({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]})


async def stream(writer: asyncio.StreamWriter, count: int) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")

    def event(text: str) -> None:
        data = f"data: {text}\n\n".encode()
        writer.write(b"%x\r\n" % len(data) + data + b"\r\n")

    for _ in range(count):
        event(chunk({"content": "x"}))
        await writer.drain()
        await asyncio.sleep(PACE)
    event(chunk({}, "stop"))
    event("[DONE]")
    writer.write(b"0\r\n\r\n")


def whole(writer: asyncio.StreamWriter, status: int, value: Any) -> None:
    data = json.dumps(value).encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    writer.write(head.encode() + data)


async def respond(writer: asyncio.StreamWriter, path: str, key: str, body: bytes) -> None:
    if path == "/keys":
        whole(writer, 200, seen)
        return
    now = time.time()
    seen.setdefault(key, {"first": now})["last"] = now
    if key not in KEYS:
        whole(writer, 401, {"error": {"message": "wrong key", "type": "invalid_request_error"}})
    elif path.endswith("/models"):
        model = {"id": "m", "object": "model", "created": 1, "owned_by": "o"}
        whole(writer, 200, {"object": "list", "data": [model]})
    elif path.endswith("/chat/completions"):
        request = json.loads(body)
        if request.get("stream"):
            await stream(writer, int(request.get("max_tokens") or 40))
        else:
            await asyncio.sleep(THINK)
            choice = {"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}
            whole(
                writer, 200, {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
            )
    else:
        whole(writer, 404, {"error": {"message": "no such path"}})


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            await respond(writer, lines[0].split()[1], headers.get("authorization", "").removeprefix("Bearer "), body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "0.0.0.0", int(os.environ.get("PORT", "8000")))  # noqa: S104 # a pod's
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
