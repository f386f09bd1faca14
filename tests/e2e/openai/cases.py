"""The cases, and the gateway's responses."""

import json
import struct
import tomllib
from base64 import b64decode
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from tests.support.gateway import Exchange, Script

PATH: Final = Path(__file__).parent / "cases.toml"
_HELLO: Final = '{"messages": [{"role": "user", "content": "Hello!"}]}'


@dataclass(frozen=True)
class Case:
    """One request and its response. The head of `cases.toml` describes the members."""

    name: str
    title: str
    call: str
    response: str
    request: str = _HELLO
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    retries: int = 0
    differs: str = ""

    @property
    def task(self) -> dict[str, Any]:
        """The input of a program."""
        request = {**json.loads(self.request), "model": self.name}
        return {"name": self.name, "call": self.call, "request": request, "retries": self.retries}

    @property
    def script(self) -> Script:
        """The gateway's response."""
        streams = self.call in {"stream", "final", "respond-stream"} and self.status == 200
        text = self.response if streams else self.response.strip()
        content_type = "text/event-stream" if streams else "text/html" if text[:1] == "<" else "application/json"

        async def script(exchange: Exchange) -> None:
            body = self._vectors(exchange.request.json) if self.call == "embed" else text.encode()
            if self.status:
                length = len(body) + 1000 * self.cut  # more bytes are announced than sent
                headers = {"content-type": content_type, "content-length": str(length), **self.headers}
                lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
                lines += [f"{name}: {value}" for name, value in headers.items()]
                await exchange.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            if self.cut:
                exchange.writer.close()

        return script

    def _vectors(self, request: Any) -> bytes:
        """The response with vectors in the requested format."""
        response = json.loads(self.response)
        for item in response["data"]:
            if isinstance(item["embedding"], str) and request.get("encoding_format") != "base64":
                data = b64decode(item["embedding"])
                item["embedding"] = list(struct.unpack(f"<{len(data) // 4}f", data))
        return json.dumps(response).encode()


def load() -> list[Case]:
    """All cases."""
    return [Case(**case) for case in tomllib.loads(PATH.read_text("utf-8"))["case"]]
