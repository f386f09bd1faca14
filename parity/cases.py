"""The cases, and the replies that the gateway gives in them."""

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.gateway import Exchange, Script

PATH: Final = Path(__file__).parent / "cases.toml"
_HELLO: Final = '{"messages": [{"role": "user", "content": "Hello!"}]}'


@dataclass(frozen=True)
class Case:
    """One request and its reply; see the head of `cases.toml`."""

    name: str
    title: str
    call: str
    reply: str
    request: str = _HELLO
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    retries: int = 0
    differs: str = ""

    @property
    def task(self) -> dict[str, Any]:
        """What a program has to know of it."""
        request = {**json.loads(self.request), "model": self.name}
        return {"name": self.name, "call": self.call, "request": request, "retries": self.retries}

    @property
    def script(self) -> Script:
        """How the gateway replies."""
        streams = self.call == "stream" and self.status == 200
        content_type = "text/event-stream" if streams else "text/html" if self.reply[:1] == "<" else "application/json"
        body = self.reply.encode()

        async def script(exchange: Exchange) -> None:
            if self.status:
                length = len(body) + 1000 * self.cut  # more is announced than comes
                await exchange.head(self.status, content_type, content_length=str(length), **self.headers)
                await exchange.send(body)
            if self.cut:
                exchange.writer.close()

        return script


def load() -> list[Case]:
    """All cases."""
    return [Case(**case) for case in tomllib.loads(PATH.read_text("utf-8"))["case"]]
