"""Settings of health checks, reflection and channelz."""

from pathlib import Path

from pydantic import BaseModel, Field

from bridge.settings.values import Address, Seconds


class HealthSettings(BaseModel):
    """Health and introspection."""

    health_listen: Address | None = Field(
        None,
        description="Additional address, without TLS and without authentication, that serves only health checks: for"
        " probes that cannot use TLS or credentials.",
    )
    removal_notice: Path | None = Field(
        None,
        description="File that an orchestrator makes before SIGTERM if it takes the bridge out of its endpoints itself,"
        " as the chart's preStop hook does. `readiness` then stays SERVING during the drain delay, and if that is"
        " extended, until 7 s before the latest end.",
    )
    upstream_check_interval: float = Field(
        0.0,
        ge=0,
        le=3600,
        description="Seconds between upstream probes, which decide readiness; 0 switches them off.",
    )
    upstream_check_timeout: Seconds = Field(5.0, description="Timeout of an upstream probe, in seconds.")
    upstream_check_failures: int = Field(
        3, ge=1, le=100, description="Consecutive failed probes after which the bridge is not ready."
    )
    upstream_check_successes: int = Field(
        2, ge=1, le=100, description="Consecutive successful probes after which the bridge is ready again."
    )
    reflection: bool = Field(default=True, description="Serve gRPC reflection, v1 and v1alpha.")
    channelz: bool = Field(
        default=False, description="Serve gRPC channelz: the connections with their addresses, and counts of calls."
    )
