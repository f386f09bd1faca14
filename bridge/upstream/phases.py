"""The phases of a connection to the upstream, and the steps that lead from one to the next."""

from collections.abc import Mapping
from enum import IntEnum, auto
from typing import Final


class Phase(IntEnum):  # an int has its hash in C; a plain Enum's takes 0.1 µs
    """Where a connection stands."""

    CONNECTING = auto()
    #: Ready for a request.
    IDLE = auto()
    #: Part of the request has yet to be written.
    SENDING = auto()
    #: The request is written. The head of the response is not complete.
    WAITING = auto()
    #: The head of the response is complete, its body is not.
    RECEIVING = auto()
    #: The same, but the head came before the request was written. The rest of the request stays unsent.
    RECEIVING_EARLY = auto()
    #: The response is complete, and another request may follow.
    COMPLETE = auto()
    #: The response is complete, and no request can follow.
    SPENT = auto()
    #: The connection ended before a response was complete.
    FAILED = auto()


class Step(IntEnum):
    """What happens to a connection."""

    CONNECTED = auto()
    REQUESTED = auto()
    #: All of the request is with the transport.
    WRITTEN = auto()
    #: The head of the response is complete.
    ANSWERED = auto()
    #: So is its body, and the upstream keeps the connection open.
    DONE = auto()
    #: So is its body, and the upstream closes the connection.
    DONE_LAST = auto()
    #: The response has been dealt with.
    RELEASED = auto()
    #: Either side has closed the connection, or it broke, or what came over it is not HTTP.
    ENDED = auto()


#: Every step that can happen in a phase, and the phase that it leads to.
NEXT: Final[Mapping[tuple[Phase, Step], Phase]] = {
    (Phase.CONNECTING, Step.CONNECTED): Phase.IDLE,
    (Phase.CONNECTING, Step.ENDED): Phase.FAILED,
    (Phase.IDLE, Step.REQUESTED): Phase.SENDING,
    (Phase.IDLE, Step.ENDED): Phase.FAILED,
    (Phase.SENDING, Step.WRITTEN): Phase.WAITING,
    (Phase.SENDING, Step.ANSWERED): Phase.RECEIVING_EARLY,
    (Phase.SENDING, Step.ENDED): Phase.FAILED,
    (Phase.WAITING, Step.ANSWERED): Phase.RECEIVING,
    (Phase.WAITING, Step.ENDED): Phase.FAILED,
    (Phase.RECEIVING, Step.DONE): Phase.COMPLETE,
    (Phase.RECEIVING, Step.DONE_LAST): Phase.SPENT,
    (Phase.RECEIVING, Step.ENDED): Phase.FAILED,
    (Phase.RECEIVING_EARLY, Step.DONE): Phase.SPENT,
    (Phase.RECEIVING_EARLY, Step.DONE_LAST): Phase.SPENT,
    (Phase.RECEIVING_EARLY, Step.ENDED): Phase.FAILED,
    (Phase.COMPLETE, Step.RELEASED): Phase.IDLE,
    (Phase.COMPLETE, Step.ENDED): Phase.SPENT,
    (Phase.SPENT, Step.ENDED): Phase.SPENT,
    (Phase.FAILED, Step.CONNECTED): Phase.FAILED,  # it ended in the TLS handshake's last moment
    (Phase.FAILED, Step.ENDED): Phase.FAILED,
}
#: A response has begun and is not complete.
RECEIVING: Final = frozenset({Phase.RECEIVING, Phase.RECEIVING_EARLY})
#: A response is complete.
OVER: Final = frozenset({Phase.COMPLETE, Phase.SPENT})
