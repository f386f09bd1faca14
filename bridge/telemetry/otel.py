"""Whether spans are made, and where they go, by the standard OTEL_* variables.

Without the extra `otel`, or without a variable that asks for spans, OpenTelemetry is not imported.
"""

import os
from importlib.metadata import entry_points, version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import structlog

from bridge.settings import Settings, SettingsError

if TYPE_CHECKING:
    from bridge.telemetry.traces import Traces

_log = structlog.get_logger("aibridge.telemetry")
#: Each of these asks for spans.
_ASKING: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER")
_CONTENT: Final = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_PROTOCOLS: Final = {"grpc": "otlp_proto_grpc", "http/protobuf": "otlp_proto_http"}


def traces(settings: Settings) -> "Traces | None":
    """The provider of this process's spans; None if no spans are wanted.

    Raises:
        SettingsError: a variable asks for something that the bridge does not support.
    """
    exporter = os.environ.get("OTEL_TRACES_EXPORTER", "").strip() or "otlp"
    if _is_on("OTEL_SDK_DISABLED") or exporter == "none" or not any(os.environ.get(name) for name in _ASKING):
        return None
    if os.environ.get(_CONTENT, "").strip().lower() not in {"", "false", "no_content"}:
        raise SettingsError(f"{_CONTENT}: the bridge never records prompts or completions; let the caller do it")
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.sdk") is None:
        _log.warning("no traces: OTEL_ variables ask for them, but the extra `otel` of aibridge is not installed")
        return None
    return _made(settings, exporter)


def _made(settings: Settings, name: str) -> "Traces":
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415 # an extra
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 # an extra
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 # an extra

    from bridge.telemetry.traces import Traces  # noqa: PLC0415 # needs the extra

    own: dict[str, str | int] = {
        "service.name": "aibridge",
        "service.version": version("aibridge"),
        "service.instance.id": str(uuid4()),
        "process.pid": os.getpid(),
    }
    resource = Resource.create(own).merge(
        OTELResourceDetector().detect()
    )  # OTEL_SERVICE_NAME and similar variables win
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(_exporter(name)))
    return Traces(provider, settings)


def _exporter(name: str) -> Any:
    if name == "otlp":
        protocol = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
        name = _PROTOCOLS.get(protocol or "grpc", "")
    found = entry_points(group="opentelemetry_traces_exporter", name=name)
    if not found:
        raise SettingsError(
            f"OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_PROTOCOL: no exporter is installed for this;"
            f" there are {', '.join(sorted(entry_points(group='opentelemetry_traces_exporter').names))}"
        )
    return next(iter(found)).load()()


def _is_on(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() == "true"
