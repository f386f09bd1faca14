"""Parses JSON from the upstream, with a limit on its elements. Large documents are parsed in a thread.

Gemini's compatibility layer sends errors inside an array. It is removed here, so that no reader sees it.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol

from bridge.jsontext import MAX_EASY, elements, loads, separators
from bridge.offload import offload
from bridge.upstream import failures
from bridge.upstream.inside import unwrapped

#: Documents up to this size are parsed on the event loop, and so are larger ones with few elements: 1 MiB of text takes
#: 2 ms.
_SMALL_BYTES: Final = 16 << 10
_SPARSE_BYTES: Final = 1 << 20
_FEW_ELEMENTS: Final = 5000
#: Maximum number of elements in an event of a stream, which is always parsed on the event loop: 50,000 take 40 ms.
MAX_EVENT_ELEMENTS: Final = 50_000


class Document(NamedTuple):
    """A whole response. One that `is_large` takes so long to convert that it would block the event loop."""

    value: dict[str, Any]
    is_large: bool


class Cuts(Protocol):
    """Cuts parts out of a document that need not be parsed, and leaves marks in their place."""

    def take_texts(self, data: bytes) -> bytes:
        """The document without these texts. This is cheaper than scanning them."""

    def take_lists(self, data: bytes) -> bytes:
        """The document without these lists. This has to parse each of them."""


def without_texts(data: bytes, cuts: Cuts | None) -> bytes:
    """A document without the texts that `cuts` removes. One over 1 MiB is unchanged."""
    return data if cuts is None or len(data) > _SPARSE_BYTES else cuts.take_texts(data)


def is_large(data: bytes) -> bool:
    """Whether parsing a document would block the event loop for too long."""
    return len(data) > _SMALL_BYTES and (len(data) > _SPARSE_BYTES or separators(data) > _FEW_ELEMENTS)


async def load_document(data: bytes, max_elements: int, cuts: Cuts | None = None) -> Any:
    """The value of a document from `without_texts`. From a large one the lists are cut out too, and not counted.

    Raises:
        MalformedJSONError: as `jsontext.loads`.
        BridgeError: UPSTREAM_RESPONSE_TOO_LARGE for more than `max_elements`.
    """
    if len(data) <= max_elements and not is_large(data):
        return unwrapped(loads(data))
    return await offload(_load, data, max_elements, cuts)


def _load(data: bytes, max_elements: int, cuts: Cuts | None) -> Any:
    if cuts is not None:
        data = cuts.take_lists(cuts.take_texts(data))
    count = elements(data, max_elements)
    if count > max_elements:
        raise failures.too_many("the response", max_elements)
    return unwrapped(loads(data, gently=count > MAX_EASY))


def load_event(data: bytes, halves: Callable[[Any, Any], object] | None = None) -> Any:
    """The value of an event of a stream. `halves` as in `jsontext.loads`, but of a large event they are not joined.

    Raises:
        MalformedJSONError: as `jsontext.loads`.
        BridgeError: UPSTREAM_RESPONSE_TOO_LARGE for more than `MAX_EVENT_ELEMENTS` elements.
    """
    if len(data) > MAX_EVENT_ELEMENTS and elements(data, MAX_EVENT_ELEMENTS) > MAX_EVENT_ELEMENTS:
        raise failures.too_many("an event of the stream", MAX_EVENT_ELEMENTS)
    return unwrapped(loads(data, halves if not is_large(data) else None))
