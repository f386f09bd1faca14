"""The options of gRPC's core. It ignores unknown names without a word, so a test sees the effect of each."""

import resource
from typing import Any, Final

from bridge.settings import Settings

#: Calls that core holds for Python. A pending call takes up to 30 kB, so these take 250 MB at most. Over the limit core
#: ends calls with CANCELLED, which no client retries; below it they meet `Limits`, which says why and when to retry.
_MAX_PENDING_CALLS: Final = 8192
#: A bit for each algorithm: only the first, `identity`, is on.
_NO_COMPRESSION: Final = 1


#: Milliseconds for TLS and the first frames of a connection.
_HANDSHAKE_MS: Final = 10_000
#: Seconds in which the last message of a call reaches a caller that reads.
_GRACE_SECONDS: Final = 30.0
#: Files that are open beside connections: logs, pipes, certificates, those of the event loop.
_OTHER_FILES: Final = 128
_MIN_CONNECTIONS: Final = 64
#: Health calls of one connection that are open at once.
_MAX_HEALTH_STREAMS: Final = 100


def raise_file_limit(settings: Settings) -> None:
    """Let the process open as many files as its settings may need, as far as the system permits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.max_connections + settings.upstream_connections + _OTHER_FILES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _max_connections(settings: Settings) -> int:
    """As many as leave files for the upstream: without, no call could be served."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files == resource.RLIM_INFINITY:
        return settings.max_connections
    upstream = min(settings.upstream_connections, files // 2)
    return min(settings.max_connections, max(_MIN_CONNECTIONS, files - upstream - _OTHER_FILES))


def of_health(settings: Settings, max_request_bytes: int) -> list[tuple[str, Any]]:
    """The options of the health port."""
    return [
        # Workers share this port too: a probe meets one of them, as a caller does.
        ("grpc.so_reuseport", int(settings.workers > 1)),
        ("grpc.max_receive_message_length", max_request_bytes),
        ("grpc.compression_enabled_algorithms_bitset", _NO_COMPRESSION),
        ("grpc.max_concurrent_streams", _MAX_HEALTH_STREAMS),
        ("grpc.max_connection_age_ms", int(settings.max_connection_age * 1000)),
    ]


def of_calls(settings: Settings) -> list[tuple[str, Any]]:
    """The options of the port that serves calls."""
    return [
        # Workers share the port on purpose. By default a second bridge on it would start, and take half of the calls.
        ("grpc.so_reuseport", int(settings.workers > 1)),
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", settings.max_message_bytes),
        # A few bytes of gzip become a thousand times as many, which core counts when it has them. A caller that
        # compresses gets UNIMPLEMENTED. Compression saves 0.5 ms of 1 Gbit/s for 100 kB of text, and costs 7 ms.
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
        ("grpc.max_connection_age_ms", int(settings.max_connection_age * 1000)),
        # No call takes longer than `default_deadline`, so this cuts only callers who do not read what they are sent.
        ("grpc.max_connection_age_grace_ms", int((settings.default_deadline + _GRACE_SECONDS) * 1000)),
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        # The shortest keepalive that grpc-go allows is 10 s. gRPC's own floor of 300 s ends the connections of clients
        # that ping while a model thinks.
        ("grpc.http2.min_ping_interval_without_data_ms", 9_000),
        ("grpc.http2.max_pings_without_data", 0),
    ]
