"""The query of a URL, for requests without a body."""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from google.protobuf.message import Message

from bridge.codec import encode
from bridge.errors import invalid
from bridge.jsontext import dumps, loads

_MAX_QUERY: Final = 8192  # characters


def query_of(request: Message) -> str:
    """The percent-encoded query, with its `?`; empty for a request without parameters.

    Raises:
        BridgeError: INVALID_REQUEST for a value that a query cannot express, or a query that is too long.
    """
    members: dict[str, Any] = loads(dumps(encode(request)))
    return written([(key, text) for key, value in members.items() for text in _texts(value)], "extra_json")


def written(parameters: Sequence[tuple[str, str]], field: str) -> str:
    """The query of these parameters. `field` is their path in the request, for the error.

    Raises:
        BridgeError: INVALID_REQUEST for a query that is too long.
    """
    query = f"?{urlencode(parameters, quote_via=quote)}" if parameters else ""
    if len(query) > _MAX_QUERY:
        raise invalid(field, f"makes a query of {len(query)} characters; at most {_MAX_QUERY} are allowed")
    return query


def _texts(value: Any) -> Iterator[str]:
    """The texts of a parameter's value: one, or one for each item of an array."""
    for item in value if isinstance(value, list) else (value,):
        if isinstance(item, str):
            yield item
        elif isinstance(item, bool | int | float):
            yield dumps(item).decode()
        else:
            raise invalid("extra_json", "has a value that is not a string, number, boolean or array of these")
