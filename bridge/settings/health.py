"""Settings of what the bridge says about its own state."""

from pydantic import BaseModel, Field

from bridge.settings.values import Address, Seconds


class HealthSettings(BaseModel):
    """Health and introspection."""

    health_listen: Address | None = Field(
        None,
        description="Further address, in the clear and without callers' credentials, that answers health checks and"
        " nothing else: for probes that cannot speak TLS.",
    )
    upstream_check_interval: float = Field(
        0.0,
        ge=0,
        le=3600,
        description="Seconds between two looks at whether the upstream can be reached, for readiness; 0 is never.",
    )
    upstream_check_timeout: Seconds = Field(5.0, description="Seconds such a look may take.")
    upstream_check_failures: int = Field(
        3, ge=1, le=100, description="Looks in a row that fail before the bridge is not ready."
    )
    upstream_check_successes: int = Field(
        2, ge=1, le=100, description="Looks in a row that succeed before it is ready again."
    )
    reflection: bool = Field(default=True, description="Serve gRPC reflection, v1 and v1alpha.")
    channelz: bool = Field(
        default=False, description="Serve gRPC channelz: connections with their addresses, calls as numbers."
    )
