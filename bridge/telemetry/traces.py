"""OpenTelemetry spans (extra `otel`): a server span for the RPC, with a client span for the upstream request as child.

Attributes follow the stable RPC conventions, the GenAI conventions, and the HTTP conventions for lists of models.
Content is never recorded: no message, no tool definition, no stop sequence.
"""

import asyncio
import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from socket import gethostname
from typing import Any, Final
from urllib.parse import urlsplit

from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, format_trace_id, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from bridge.call import CallRecord
from bridge.clean import Tokens, number, word
from bridge.operations import GENAI, name_of
from bridge.settings import Settings
from bridge.settings.values import UNIX

#: Codes that are the server's fault. With other codes the server span has no error.
_FAULTS: Final = frozenset(
    {"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"}
)  # fmt: skip
#: Scalar fields of a request for which the conventions have an attribute.
_REQUEST: Final[Mapping[str, type[int] | type[float]]] = {
    "temperature": float,
    "top_p": float,
    "top_k": float,  # the registry says double
    "frequency_penalty": float,
    "presence_penalty": float,
    "seed": int,
}
_OUTPUT_TYPES: Final = {"text": "text", "json_object": "json", "json_schema": "json", "json": "json"}
#: What is recorded from the upstream: an id, a model, a finish_reason. Nothing that could be content.
_WORD: Final = re.compile(r"[A-Za-z0-9_.:/@+-]{1,128}")
#: Choices whose finish_reason is recorded.
_MAX_REASONS: Final = 16
#: Characters of a URL. A collector accepts about 4 MB, and a batch has 512 spans.
_MAX_URL: Final = 512
#: Characters of `tracestate` that the W3C asks everyone to pass on. A longer one is dropped.
_MAX_STATE: Final = 512
#: The attributes for the fields of `Tokens`.
_USAGE: Final = (
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.reasoning.output_tokens",
)
_CONTEXT: Final = frozenset({"traceparent", "tracestate"})
#: All addresses. The name of the machine or pod is more useful.
_ANY: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 # compared, not bound
_W3C: Final = TraceContextTextMapPropagator()

Attributes = dict[str, AttributeValue]


class Traces:
    """Makes the spans of calls. Each span ends exactly once, however its call ends."""

    def __init__(self, provider: TracerProvider, settings: Settings) -> None:
        self._provider = provider
        self.tracer = provider.get_tracer("aibridge", schema_url="https://opentelemetry.io/schemas/1.45.0")
        url = urlsplit(settings.upstream_base)
        self.url = settings.upstream_base
        self.upstream: Attributes = {"server.address": settings.upstream_socket or url.hostname or ""}
        if not settings.upstream_socket:
            self.upstream["server.port"] = url.port or (443 if url.scheme == "https" else 80)
        self.provider_name = settings.provider_name
        self._server = _address(settings.addresses[0])

    def begin(self, record: CallRecord) -> None:
        """A call has arrived: start its server span, as a child of the caller's span if the metadata names one."""
        carrier = {key: value for key, value in record.metadata if key in _CONTEXT and isinstance(value, str)}
        if len(carrier.get("tracestate", "")) > _MAX_STATE:
            del carrier["tracestate"]
        method = record.method.removeprefix("/")
        span = self.tracer.start_span(
            method,
            _W3C.extract(carrier, Context()),
            SpanKind.SERVER,
            {"rpc.system.name": "grpc", "rpc.method": method, **self._server},
        )
        record.trace = _Trace(self, span, GENAI.get(name_of(method), ""))

    def end(self, record: CallRecord, code: str, reason: str, used: Tokens) -> None:
        """A call has ended: end its spans."""
        if isinstance(record.trace, _Trace):
            record.trace.end(record, code, reason, used)

    async def close(self, seconds: float) -> None:
        """Send the remaining spans, for at most this many seconds: a missing collector must not delay a stop."""
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def shut() -> None:
            self._provider.shutdown()
            with suppress(RuntimeError):  # the loop is closed, so nobody waits
                loop.call_soon_threadsafe(done.set)

        threading.Thread(target=shut, name="aibridge-spans", daemon=True).start()
        with suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), seconds)


class _Trace:
    """The spans of one call."""

    def __init__(self, traces: Traces, server: Span, operation: str) -> None:
        self._traces = traces
        self._server = server
        self._operation = operation
        self._client: Span | None = None
        self._request: Attributes = {}
        self.trace_id = format_trace_id(server.get_span_context().trace_id)

    def adopt(self, request: Any) -> None:
        """Record the parameters of a request: numbers and names of the API."""
        if self._operation and self._server.is_recording():
            self._request = _request_attributes(request)

    def headers(self, record: CallRecord, method: str, path: str) -> list[tuple[str, str]]:
        """A request is sent upstream. All attempts are one operation, so the client span starts with the first one."""
        if self._client is None:
            name, attributes = self._described(record, method, path)
            above = set_span_in_context(self._server, Context())
            self._client = self._traces.tracer.start_span(name, above, SpanKind.CLIENT, attributes)
        carrier: dict[str, str] = {}
        _W3C.inject(carrier, set_span_in_context(self._client, Context()))
        return list(carrier.items())

    def _described(self, record: CallRecord, method: str, path: str) -> tuple[str, Attributes]:
        operation = self._operation = self._operation or record.operation
        if not operation:
            url = word(self._traces.url + path.partition("?")[0], _MAX_URL)
            return method, {"http.request.method": method, "url.full": url, **self._traces.upstream}
        attributes: Attributes = {
            "gen_ai.operation.name": operation,
            "gen_ai.provider.name": self._traces.provider_name,
            **self._traces.upstream,
            **self._request,
        }
        if record.model:
            attributes["gen_ai.request.model"] = record.model
        if record.streams:
            attributes["gen_ai.request.stream"] = True
        return f"{operation} {record.model}".rstrip(), attributes

    def end(self, record: CallRecord, code: str, reason: str, used: Tokens) -> None:
        """End both spans."""
        error = "" if code == "OK" else reason or code
        client, server = self._client, self._server
        if client is not None:
            if client.is_recording():
                client.set_attributes(
                    _response_attributes(record, used) if self._operation else _http_attributes(record)
                )
                _fail(client, error, error)
            client.end()
        if server.is_recording():
            server.set_attribute("rpc.status_code", code)
            server.set_attribute("aibridge.request_id", record.request_id)
            if reason:
                server.set_attribute("aibridge.reason", reason)
            if code in _FAULTS:
                _fail(server, code, reason)
        server.end()


def _fail(span: Span, error: str, text: str) -> None:
    if error:
        span.set_attribute("error.type", error)
        span.set_status(Status(StatusCode.ERROR, text))


def _request_attributes(request: Any) -> Attributes:
    fields = request.DESCRIPTOR.fields_by_name
    found: Attributes = {
        f"gen_ai.request.{name}": value
        for name, kind in _REQUEST.items()
        if name in fields and request.HasField(name) and (value := number(kind(getattr(request, name)))) is not None
    }
    for name in ("max_tokens", "max_completion_tokens"):
        if name in fields and request.HasField(name):
            found["gen_ai.request.max_tokens"] = getattr(request, name)
    if "n" in fields and request.n > 1:
        found["gen_ai.request.choice.count"] = request.n
    if "response_format" in fields and request.response_format.type in _OUTPUT_TYPES:
        found["gen_ai.output.type"] = _OUTPUT_TYPES[request.response_format.type]
    if "dimensions" in fields and request.HasField("dimensions"):
        found["gen_ai.embeddings.dimension.count"] = request.dimensions
    return found


def _http_attributes(record: CallRecord) -> Attributes:
    return {"http.response.status_code": record.http_status} if record.http_status else {}


def _response_attributes(record: CallRecord, used: Tokens) -> Attributes:
    found: Attributes = {}
    response = record.response or {}
    for name in ("id", "model"):
        word = response.get(name)
        if isinstance(word, str) and _WORD.fullmatch(word):
            found[f"gen_ai.response.{name}"] = word
    reasons = list(_finish_reasons(record))
    if reasons:
        found["gen_ai.response.finish_reasons"] = reasons
    if record.chunks.first_at:
        found["gen_ai.response.time_to_first_chunk"] = record.chunks.first_at - record.sent_at
    if record.attempts > 1:
        found["aibridge.attempts"] = record.attempts
    for name, tokens in zip(_USAGE, used, strict=True):
        if tokens is not None:
            found[name] = tokens
    return found


def _finish_reasons(record: CallRecord) -> list[str]:
    reasons = [reason for _, reason in sorted((record.finish_reasons or {}).items())]
    return [reason for reason in reasons[:_MAX_REASONS] if _WORD.fullmatch(reason)]


def _address(listen: str) -> Attributes:
    if listen.startswith(UNIX):
        return {"server.address": listen.removeprefix(UNIX)}
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    address: Attributes = {"server.address": gethostname() if host in _ANY else host}
    return {**address, "server.port": int(port)} if int(port) else address
