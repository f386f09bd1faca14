"""The description of a peer: how to start it, its deviations, and its scenarios."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.peers.caller import Caller


@dataclass(frozen=True)
class Server:
    """A running peer. `close` ends it at once, for scenarios that need that, and may be called again.

    `headers` are sent with each request.
    """

    url: str
    close: Callable[[], None]
    headers: Mapping[str, str] = field(default_factory=dict)


#: Makes a call, and describes what the caller saw.
Act = Callable[[Caller, Server], Awaitable[str]]


@dataclass(frozen=True)
class Deviation:
    """A check whose outcome differs from the API's: what the caller sees, and why."""

    sees: str
    why: str


@dataclass(frozen=True)
class Scenario:
    """A scenario of a peer. `flags` are for the server, `settings` for the bridge."""

    name: str
    act: Act
    sees: str
    flags: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    #: Whether the response is cut short, so that OK would be wrong.
    cuts: bool = False
    #: Whether it ends its server, so that it needs one of its own.
    ends_server: bool = False
    #: A remark on what the caller sees, if that is not ideal.
    why: str = ""


@dataclass(frozen=True)
class Peer:
    """Another project's server."""

    name: str
    title: str
    version: str
    #: Runs it with flags during the context.
    start: Callable[..., AbstractContextManager[Server]]
    chat_model: str
    embedding_model: str
    #: A model id with a slash that the chat endpoint accepts.
    slash_model: str
    key: str
    #: Deviations by the name of the check. Other checks have the promised outcome.
    deviations: Mapping[str, Deviation]
    scenarios: tuple[Scenario, ...]
