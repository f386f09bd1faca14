"""The gateway of all cases. The model selects the case, and each request is recorded."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.e2e.openai.cases import Case
from tests.support.gateway import Exchange, Request, respond, running


@dataclass
class Gateway:
    """The base URL, and the requests so far by the name of their case."""

    url: str = ""
    seen: dict[str, list[Request]] = field(default_factory=dict)


@asynccontextmanager
async def gateway(cases: Iterable[Case]) -> AsyncIterator[Gateway]:
    """Run the gateway during the context."""
    this = Gateway()
    scripts = {case.name: case.script for case in cases}

    async def play(exchange: Exchange) -> None:
        name = _case(exchange.request)
        this.seen.setdefault(name, []).append(exchange.request)
        await scripts.get(name, respond(f"no case {name!r}", 418))(exchange)

    async with running([play]) as server:
        this.url = server.url
        yield this


def _case(request: Request) -> Any:
    if request.body:
        return request.json["model"]
    return unquote(request.path.partition("/models/")[2]) or "models"
