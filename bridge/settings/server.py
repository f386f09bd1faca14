"""Settings of the gRPC server."""

from pydantic import BaseModel, Field

from bridge.settings.values import Addresses, Seconds


class ServerSettings(BaseModel):
    """Server."""

    listen: Addresses = Field(
        "127.0.0.1:50051",
        description="Address to listen on: HOST:PORT (port 0 picks a free one), [::]:PORT for IPv6 and IPv4, or"
        " unix:PATH. Several are separated by commas.",
    )
    workers: int = Field(
        1, ge=1, le=256, description="Processes that share the port; connections are spread over them, not calls."
    )
    max_connection_age: Seconds = Field(
        300.0, description="Seconds after which a caller's connection is renewed, so that new replicas get load."
    )
    max_connections: int = Field(
        8192, ge=1, le=1_000_000, description="Connections from callers; fewer if the limit of open files is lower."
    )
    max_concurrent_streams: int = Field(
        1000, ge=1, le=65536, description="Calls of one connection that are open at once; clients hold back the others."
    )
    drain_delay: float = Field(
        0.0, ge=0, le=3600, description="Seconds to go on serving after SIGTERM, while endpoints are being updated."
    )
    drain_grace: float = Field(
        30.0, ge=0, le=86400, description="Seconds for calls in flight to end after the drain delay."
    )

    @property
    def addresses(self) -> list[str]:
        """Each address of `listen`."""
        return self.listen.split(",")
