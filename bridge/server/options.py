"""The options of gRPC's core. It ignores unknown names silently, so a test checks the effect of each option."""

import resource
from typing import Any, Final

from bridge.settings import Settings

#: Calls of one method that core holds for Python. Each takes up to 30 kB, all together 250 MB. Over the limit core ends
#: calls with CANCELLED, which clients do not retry. Below it `Limits` decides, and says why and when to retry.
_MAX_PENDING_CALLS: Final = 8192
#: One bit per algorithm. Only the first, `identity`, is on.
_NO_COMPRESSION: Final = 1


#: Time for TLS and the first frames of a connection.
_HANDSHAKE_MS: Final = 10_000
#: Time for the last message of a call to reach a caller that reads.
_GRACE_SECONDS: Final = 30.0
#: Open files other than connections: logs, pipes, certificates, the event loop's.
_OTHER_FILES: Final = 128
_MIN_CONNECTIONS: Final = 64
#: Open health calls per connection.
_MAX_HEALTH_STREAMS: Final = 100


def raise_file_limit(settings: Settings) -> None:
    """Raise the limit of open files to what the settings may need, as far as the system permits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.max_connections + settings.upstream_connections + _OTHER_FILES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _max_connections(settings: Settings) -> int:
    """The number of connections that leaves enough files for the upstream, without which no call can be served."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files == resource.RLIM_INFINITY:
        return settings.max_connections
    upstream = min(settings.upstream_connections, files // 2)
    return min(settings.max_connections, max(_MIN_CONNECTIONS, files - upstream - _OTHER_FILES))


def of_health(settings: Settings, max_request_bytes: int) -> list[tuple[str, Any]]:
    """The options of the health port."""
    return [
        # Workers share this port too. A probe reaches one of them, as a caller does.
        ("grpc.so_reuseport", int(settings.workers > 1)),
        ("grpc.max_receive_message_length", max_request_bytes),
        ("grpc.compression_enabled_algorithms_bitset", _NO_COMPRESSION),
        ("grpc.max_concurrent_streams", _MAX_HEALTH_STREAMS),
        ("grpc.max_connection_age_ms", int(settings.max_connection_age * 1000)),
    ]


def of_calls(
    settings: Settings, *, shares_port: bool = False, max_connection_age: float | None = None
) -> list[tuple[str, Any]]:
    """The options of the port that serves calls.

    `shares_port`: another server of this process listens on it too. `max_connection_age`: in seconds, instead of the
    setting's.
    """
    age = settings.max_connection_age if max_connection_age is None else max_connection_age
    return [
        # Workers share the port on purpose. By default a second bridge could start on it and get half of the calls.
        ("grpc.so_reuseport", int(shares_port or settings.workers > 1)),
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", settings.max_message_bytes),
        # gzip can expand a thousandfold, and core checks the size only afterwards. A caller that compresses gets
        # UNIMPLEMENTED. For 100 kB of text, compression saves 0.5 ms at 1 Gbit/s and costs 7 ms.
        ("grpc.compression_enabled_algorithms_bitset", _NO_COMPRESSION),
        # Between the two, gRPC refuses at random.
        ("grpc.max_metadata_size", settings.max_metadata_bytes),
        ("grpc.absolute_max_metadata_size", settings.max_metadata_bytes),
        ("grpc.max_concurrent_streams", settings.max_concurrent_streams),
        # Between the two, gRPC refuses at random.
        ("grpc.server.max_pending_requests", _MAX_PENDING_CALLS),
        ("grpc.server.max_pending_requests_hard_limit", _MAX_PENDING_CALLS),
        ("grpc.max_allowed_incoming_connections", _max_connections(settings)),
        ("grpc.server_handshake_timeout_ms", _HANDSHAKE_MS),
        ("grpc.max_connection_age_ms", int(age * 1000)),
        # No call takes longer than `default_deadline`, so this ends only calls whose callers do not read.
        ("grpc.max_connection_age_grace_ms", int((settings.default_deadline + _GRACE_SECONDS) * 1000)),
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        # grpc-go allows a keepalive interval of 10 s. gRPC's default minimum of 300 s would end the connections of
        # clients that ping while a model thinks.
        ("grpc.http2.min_ping_interval_without_data_ms", 9_000),
        ("grpc.http2.max_pings_without_data", 0),
    ]
