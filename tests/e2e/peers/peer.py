"""What is said about a peer: how to start it, where it deviates, what it can be made to do."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.peers.caller import Caller


@dataclass(frozen=True)
class Server:
    """A peer that runs. `close` ends it at once, for scenarios that need that; it may be called again.

    `headers` are those that it wants with each request.
    """

    url: str
    close: Callable[[], None]
    headers: Mapping[str, str] = field(default_factory=dict)


#: Makes a call, and says what the caller saw of it.
Act = Callable[[Caller, Server], Awaitable[str]]


@dataclass(frozen=True)
class Deviation:
    """A check that comes out other than the API promises: what the caller sees, and why."""

    sees: str
    why: str


@dataclass(frozen=True)
class Scenario:
    """Something that a peer can be made to do. `flags` are the server's for this one, `settings` the bridge's."""

    name: str
    act: Act
    sees: str
    flags: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    #: A reply that is cut short, so that OK would be a lie.
    cuts: bool = False
    #: It ends its server, and so has one of its own.
    ends_server: bool = False
    #: What is to be said about what the caller sees, if it is not what one would want.
    why: str = ""


@dataclass(frozen=True)
class Peer:
    """One server that other people wrote."""

    name: str
    title: str
    version: str
    #: Runs it with flags, for as long as the context lasts.
    start: Callable[..., AbstractContextManager[Server]]
    chat_model: str
    embedding_model: str
    #: A model id with a slash in it that the chat endpoint takes.
    slash_model: str
    key: str
    #: By the name of the check. What is not here comes out as promised.
    deviations: Mapping[str, Deviation]
    scenarios: tuple[Scenario, ...]
