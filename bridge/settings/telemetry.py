"""Settings of logs, metrics and traces."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from bridge.settings.values import MetricsAddress


class TelemetrySettings(BaseModel):
    """Telemetry."""

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Minimum level to log.")
    log_format: Literal["auto", "json", "console", "full"] = Field(
        "auto",
        description="json: one JSON object per line. console: readable columns. full: console with every field."
        " auto: console on a terminal, otherwise json.",
    )
    metrics_listen: MetricsAddress = Field(
        "127.0.0.1:9464",
        description="Address that serves /metrics to Prometheus: HOST:PORT (port 0 picks a free one), or off."
        " If the default port is taken, the bridge runs without metrics. An address that you set must be free.",
    )
    metrics_models: int = Field(
        100,
        ge=0,
        le=10_000,
        description="Maximum number of models that get their own label in metrics. Further models are `other`.",
    )
    provider_name: Annotated[str, Field(pattern=r"^[a-z0-9_.-]{1,64}$")] = Field(
        "openai",
        description="gen_ai.provider.name in metrics and traces: the vendor of the upstream's API.",
    )
