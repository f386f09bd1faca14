"""The phases of a connection to the upstream, and the transitions between them."""

from collections.abc import Mapping
from enum import IntEnum, auto
from typing import Final


class Phase(IntEnum):  # int hashes in C; a plain Enum takes 0.1 µs
    """The phase of a connection."""

    CONNECTING = auto()
    #: Ready for a request.
    IDLE = auto()
    #: Part of the request is still to be written.
    SENDING = auto()
    #: The request is written. The head of the response is not complete.
    WAITING = auto()
    #: The head of the response is complete. Its body is not.
    RECEIVING = auto()
    #: As RECEIVING, but the head came before the whole request was written. The rest is not sent.
    RECEIVING_EARLY = auto()
    #: The response is complete, and another request may follow.
    COMPLETE = auto()
    #: The response is complete, and no request can follow.
    SPENT = auto()
    #: The connection ended before a response was complete.
    FAILED = auto()


class Step(IntEnum):
    """An event that changes the phase of a connection."""

    CONNECTED = auto()
    REQUESTED = auto()
    #: The transport has the whole request.
    WRITTEN = auto()
    #: The head of the response is complete.
    ANSWERED = auto()
    #: The body is complete, and the upstream keeps the connection open.
    DONE = auto()
    #: The body is complete, and the upstream closes the connection.
    DONE_LAST = auto()
    #: The caller has finished with the response.
    RELEASED = auto()
    #: Either side closed the connection, it broke, or the upstream does not speak HTTP.
    ENDED = auto()


#: Every step that can happen in a phase, and the next phase.
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
    (Phase.FAILED, Step.CONNECTED): Phase.FAILED,  # it ended just as the TLS handshake completed
    (Phase.FAILED, Step.ENDED): Phase.FAILED,
}
#: A response has started and is not complete.
RECEIVING: Final = frozenset({Phase.RECEIVING, Phase.RECEIVING_EARLY})
#: A response is complete.
OVER: Final = frozenset({Phase.COMPLETE, Phase.SPENT})
