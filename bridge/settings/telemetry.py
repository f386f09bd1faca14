"""Settings of what is told about the calls."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from bridge.settings.values import MetricsAddress


class TelemetrySettings(BaseModel):
    """Telemetry."""

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_format: Literal["auto", "json", "console", "full"] = Field(
        "auto",
        description="json: a JSON object a line. console: columns for people. full: the same with every field."
        " auto: console on a terminal, else json.",
    )
    metrics_listen: MetricsAddress = Field(
        "127.0.0.1:9464",
        description="Address on which Prometheus scrapes /metrics: HOST:PORT (port 0 picks a free one), or off."
        " The default goes without metrics if its port is taken; an address that was set must be free.",
    )
    metrics_models: int = Field(
        100,
        ge=0,
        le=10_000,
        description="Models with a label of their own in metrics, at most; further ones are `other`.",
    )
    provider_name: Annotated[str, Field(pattern=r"^[a-z0-9_.-]{1,64}$")] = Field(
        "openai",
        description="gen_ai.provider.name in metrics and traces: whose API the upstream speaks, or who runs it.",
    )
