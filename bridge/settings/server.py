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
        1,
        ge=1,
        le=256,
        description="Number of processes that share the port. Connections are spread over them, not calls.",
    )
    max_connection_age: Seconds = Field(
        300.0,
        description="Seconds after which clients are asked to reconnect, so that new replicas get load. Running calls"
        " finish.",
    )
    max_connections: int = Field(
        8192,
        ge=1,
        le=1_000_000,
        description="Maximum number of connections from callers. The limit of open files can make it smaller.",
    )
    max_concurrent_streams: int = Field(
        1000, ge=1, le=65536, description="Maximum number of open calls on one connection. Clients queue further calls."
    )
    drain_delay: float = Field(
        0.0,
        ge=0,
        le=3600,
        description="Seconds to keep serving after SIGTERM, while load balancers learn about the shutdown. With 4 or"
        " more, clients are asked to reconnect two seconds before the end, and while calls still arrive, the bridge"
        " serves for longer, by at most 30 s and half of `drain_grace`.",
    )
    drain_grace: float = Field(
        30.0,
        ge=0,
        le=86400,
        description="Seconds for running calls to finish after the drain delay. Then they are aborted.",
    )

    @property
    def addresses(self) -> list[str]:
        """Each address of `listen`."""
        return self.listen.split(",")
