"""Endpoints without an RPC of their own: JSON as text, and events with their names.

A response is a success if its HTTP status and its JSON say so, and if it is complete. A stream is complete after
`[DONE]`, after the event that ends streams of its kind, or when the HTTP framing says that the body has ended. The end
of the connection alone may be a cut. Any other end is an error, as in `bridge.upstream.stream`.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from bridge.call import CallContext, CallRecord
from bridge.errors import BridgeError
from bridge.jsontext import MalformedJSONError
from bridge.settings import Settings
from bridge.upstream import failures
from bridge.upstream.bodies import is_blank
from bridge.upstream.choices import Choices
from bridge.upstream.chunk import value_of
from bridge.upstream.client import Request, Upstream
from bridge.upstream.documents import load_document
from bridge.upstream.endings import check_ends, failure_of
from bridge.upstream.events import EventReader
from bridge.upstream.exchange import Exchange
from bridge.upstream.inside import error_in, is_flat_refusal, is_of_tool, is_refused
from bridge.upstream.responses import failure_in, is_json, note_response, note_usage
from bridge.upstream.sse import DONE, STRAY, Event


class _Kind(NamedTuple):
    """A kind of stream: the types of its events, and of events that end it. With `once`, these are always last."""

    types: re.Pattern[str]
    ends: re.Pattern[str]
    once: bool


#: OpenAI's responses, Anthropic's messages, and others whose types end with a verb, such as OpenAI's images, speech and
#: transcripts.
_KINDS: Final = (
    _Kind(re.compile(r"response\..+"), re.compile(r"response\.(?:completed|failed|incomplete|cancelled)"), once=True),
    _Kind(re.compile(r"message_(?:start|delta|stop)|content_block_\w+"), re.compile(r"message_stop"), once=True),
    _Kind(re.compile(r".+\..+"), re.compile(r".+\.(?:completed|failed|incomplete|cancelled|done)"), once=False),
)


#: Types of events that report a failure if they are the last: `thread.run.failed`, but also `response.mcp_call.failed`.
_FAILED: Final = re.compile(r"(?:.+\.)?(?:failed|error|errored|cancell?ed|aborted|expired)", re.IGNORECASE)


async def call_whole(upstream: Upstream, settings: Settings, request: Request, call: CallContext) -> bytes:
    """The JSON text of a response; empty if it has no body.

    Raises:
        BridgeError: see `bridge.upstream.failures`.
    """
    with upstream.clock(call) as clock, await upstream.begin(request, call, "application/json", clock) as exchange:
        return await _whole(exchange, settings, request)


@asynccontextmanager
async def events(
    upstream: Upstream, settings: Settings, request: Request, call: CallContext
) -> AsyncIterator["EventStream"]:
    """The events of a response.

    Raises:
        BridgeError: as `call_whole`.
    """
    with upstream.clock(call) as clock, await upstream.begin(request, call, "text/event-stream", clock) as exchange:
        yield EventStream(exchange, settings, request)


async def _whole(exchange: Exchange, settings: Settings, request: Request, start: bytes = b"") -> bytes:
    if not is_json(exchange.media_type) and (start := start or await exchange.read()):
        text = exchange.media_type.startswith("text/")
        error = await failure_in(exchange, start + await exchange.beginning()) if text else None
        raise error or failures.malformed(
            "is not JSON by its content type; streams of events need the RPC Stream, other data cannot be passed on"
        )
    limit = min(settings.max_response_bytes, settings.max_message_bytes)  # a message with all of the text is larger
    data = (await exchange.read_all(limit, start)).strip()
    if data:
        try:
            value = await load_document(data, settings.max_response_elements)
        except MalformedJSONError as error:
            raise failures.malformed(f"is not valid JSON ({error})") from None
        if isinstance(value, dict):
            problem = _problem_in(value, request)
            if problem is None or "id" in value:  # otherwise nothing was begun, and gRPC may retry
                _note(exchange.call.record, value)
            if problem is not None:
                raise await exchange.failed(problem, data)
            check_ends(value.get("choices"))
    return data


def _problem_in(value: dict[str, Any], request: Request) -> Any:
    """The error in a JSON body with a good HTTP status; None if there is none.

    A resource may contain an error, such as a response that failed. A call that only looks it up has succeeded.
    """
    is_resource = isinstance(value.get("object"), str) and value["object"] not in {"", "error"} and "id" in value
    if is_resource and (request.method != "POST" or value.get("status") not in {None, "failed"}):
        return None
    if _is_error(value) or is_flat_refusal(value):
        return value
    return _failed_with(value, "failed") if is_resource and value.get("status") == "failed" else None


def _failed_with(value: Mapping[str, Any], end: str) -> dict[str, Any]:
    """The error of a resource, or of the event `end`, that says no more than that it failed, was cancelled or so."""
    inner = value.get("response")
    said = inner if isinstance(inner, dict) else value
    error = said.get("error") or said.get("last_error") or value.get("error")
    message = value.get("message") or f"the upstream ended with `{end}`"
    return {"error": error or {"type": end.rpartition(".")[2], "message": message, "code": value.get("code")}}


def _is_error(value: Mapping[str, Any]) -> bool:
    """Whether a JSON object says that it is an error. Other text in it may say anything."""
    if "choices" in value:
        return error_in(value) is not None
    error = value.get("error")
    is_named = error is True or bool(error and isinstance(error, dict | str | list))
    if is_named and (len(value) == 1 or not is_blank(error)):
        return True
    is_failed = is_refused(value) or (value.get("success") is False and "errors" in value)  # MiniMax, Cloudflare
    return is_failed or "error" in {value.get("object"), value.get("type")}


def _note(record: CallRecord, value: Mapping[str, Any]) -> None:
    """Record what telemetry needs of a body or an event: the response's id and model, and the usage."""
    inner = value.get("response")
    said = inner if isinstance(inner, dict) else value
    if record.response is None:
        note_response(record, said)
    else:
        note_usage(record, said)


class EventStream:
    """Reads one stream of events."""

    def __init__(self, exchange: Exchange, settings: Settings, request: Request) -> None:
        self._exchange = exchange
        self._settings = settings
        self._request = request
        self._events = EventReader(exchange, settings)
        self._opened = False
        self._done = False
        self._kind: _Kind | None = None
        self._type = ""  # of the last event
        self._choices = Choices(0)
        self._failed: tuple[Any, bytes] | None = None  # the last event, if it says that something has failed
        self._error: BridgeError | None = None  # raised after the events before it

    async def read(self) -> list[Event] | None:
        """The events of the next read that has any; None at the end of a complete stream.

        Raises:
            BridgeError: the stream failed, stalled or was cut off. The events before that are returned first.
        """
        clock = self._exchange.clock
        clock.resume()
        found: list[Event] | None = None
        while not found:
            if (error := self._error or self._events.error) is not None:
                raise error
            if self._done:
                clock.pause()
                await self._exchange.linger()
                return None
            found = await (self._next() if self._opened else self._open())
        clock.pause()
        return found

    async def _open(self) -> list[Event]:
        """A body that is not an event stream, as one event; nothing for an event stream."""
        self._opened = True
        start = await self._events.open()
        if start is None:
            return []
        media_type = self._exchange.media_type
        if not is_json(media_type):
            text = media_type.startswith("text/")
            error = await failure_in(self._exchange, start + await self._exchange.beginning()) if text else None
            raise error or failures.malformed("has a content type that is not an event stream")
        data = await _whole(self._exchange, self._settings, self._request, start)  # in place of a stream
        if not data:
            raise failures.malformed("is empty")
        self._done = True
        self._exchange.call.record.chunks.arrived(1)
        return [Event(data)]

    async def _next(self) -> list[Event]:
        events = self._accept(await self._events.read())
        if not events:
            await self._events.rest()
        return events

    def _accept(self, found: list[Event]) -> list[Event]:
        events = self._passed(found)
        if events:
            self._events.count(len(events))
        else:
            self._events.hear()
        if self._events.ended and not self._done and (self._error or self._events.error) is None:
            self._error = self._end()
        return events

    def _passed(self, found: list[Event]) -> list[Event]:
        """The events of a read for the caller. Sets `_error` if the stream ends with an error after them."""
        passed: list[Event] = []
        for event in found:
            if event.data.lstrip().startswith(DONE):
                self._complete()
                break
            if event.type.lower() == "error":
                self._error = self._exchange.failure(value_of(event.data), event.data)
                break
            value = value_of(event.data)
            if event.type == STRAY:  # it may be an error; other JSON outside of any field is not part of the stream
                if isinstance(value, dict) and error_in(value) is not None:
                    self._error = self._exchange.failure(value, event.data)
                    break
                self._events.skip(1)
                continue
            if not event.complete and isinstance(value, bytes):
                break  # cut off by the end of the body, see `_end`
            self._error = self._judged(event, value)
            if self._error is None:
                passed.append(event)
                if self._kind is not None and self._kind.once and self._is_end():
                    self._complete()
            if self._error is not None or self._done:
                break
        return passed

    def _judged(self, event: Event, value: Any) -> BridgeError | None:
        """Record an event. Returns the error that it is or contains, if any."""
        if event.type.lower() != "done":
            self._failed = None
        if not isinstance(value, dict):
            self._type = event.type
            return None
        named = value.get("type")
        self._type = event.type or (named if isinstance(named, str) else "")
        self._kind = self._kind or next((kind for kind in _KINDS if kind.types.fullmatch(self._type)), None)
        is_failed = _FAILED.fullmatch(self._type) is not None and not is_of_tool(self._type)
        if _is_error(value) or (not is_failed and is_flat_refusal(value)):
            note_usage(self._exchange.call.record, value)  # not the response: gRPC may retry
            return self._exchange.failure(value, event.data)
        _note(self._exchange.call.record, value)
        if is_failed:
            self._failed = _failed_with(value, self._type), event.data
        try:
            self._choices.follow(value)  # of a streamed completion, which some servers end without `[DONE]`
        except BridgeError as error:
            return error
        return None

    def _complete(self) -> None:
        """The stream is complete. It has failed nevertheless if its last event or a finish_reason says so."""
        self._done = True
        if self._failed is not None:
            self._error = self._exchange.failure(*self._failed)
        elif self._choices.failed:
            self._error = failure_of(self._choices.failed)

    def _end(self) -> BridgeError | None:
        """The body has ended without `[DONE]`. Returns the error, unless the stream is complete."""
        if self._events.awaits_first:
            return failures.malformed("is a stream without an event")
        is_end = self._is_end() if self._kind is not None else self._exchange.is_framed
        if self._failed is None and not (is_end and self._choices.are_finished()):
            return failures.interrupted("the stream ended before it was complete")
        self._complete()
        return self._error

    def _is_end(self) -> bool:
        return self._kind is not None and self._kind.ends.fullmatch(self._type) is not None
