"""A whole response as JSON: how it may be read, the error in it, and what it says was used."""

from collections.abc import Mapping
from typing import Any

from bridge.errors import BridgeError
from bridge.jsontext import MalformedJSONError, loads
from bridge.upstream import failures
from bridge.upstream.bodies import values
from bridge.upstream.exchange import Exchange
from bridge.upstream.inside import error_in, unwrapped


def is_json(media_type: str) -> bool:
    """Whether a response of this content type may be read as JSON; some servers name none."""
    return media_type in {"application/json", ""} or media_type.endswith("+json")


def parse(data: bytes) -> dict[str, Any]:
    """A response's JSON object. Blank lines before it are a keep-alive of DeepSeek's.

    Raises:
        BridgeError: UPSTREAM_MALFORMED_RESPONSE.
    """
    try:
        value = unwrapped(loads(data.strip()))
    except MalformedJSONError as error:
        raise failures.malformed(f"is not valid JSON ({error})") from None
    if isinstance(value, list):  # without its envelope
        return {"data": value}
    if not isinstance(value, dict):
        raise failures.malformed("is not a JSON object")
    return value


async def answer_of(exchange: Exchange, data: bytes) -> dict[str, Any]:
    """The JSON object of a body that has arrived as a whole.

    Raises:
        BridgeError: the error that the body is, else UPSTREAM_MALFORMED_RESPONSE.
    """
    try:
        answer = parse(data)
    except BridgeError as malformed:
        raise await failure_in(exchange, data) or malformed from None
    error = error_in(answer)
    if error is not None:
        raise await exchange.failed(error, data)
    return answer


async def failure_in(exchange: Exchange, data: bytes) -> BridgeError | None:
    """The error in a body that is not what was asked for: JSON under another name, or an event of a stream."""
    for value in values(data):
        inner = unwrapped(value)
        error = error_in(inner) if isinstance(inner, dict) else None
        if error is not None:
            return await exchange.failed(error, data)
    return None


def usage_of(value: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a response or a chunk says was used, if it says so."""
    usage = value.get("usage")
    return usage if type(usage) is dict else None
