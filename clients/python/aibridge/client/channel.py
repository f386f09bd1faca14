"""Options, service config, TLS and the caller's credential of a channel to a bridge."""

import json
import os
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Final, Literal

import grpc

from aibridge.client.targets import target_problem

Option = tuple[str, Any]
Metadata = tuple[tuple[str, str], ...]


#: gRPC retries only what cannot have been billed: calls for models. It cannot tell whether a connection broke before a
#: chat or an embedding reached the bridge, or while the upstream was processing it. `round_robin` sends calls to all
#: addresses of the target; the default would keep to one pod, or to one worker.
SERVICE_CONFIG: Final[Mapping[str, Any]] = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [
        {
            "name": [{"service": "aibridge.v1.ModelsService"}],
            "retryPolicy": {
                "maxAttempts": 3,
                "initialBackoff": "0.2s",
                "maxBackoff": "2s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
    "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.1},
}
#: The same for targets with an address for each pod (a headless Service): a client leaves a pod that is not SERVING.
#: Behind a Service with one address this would drop the only connection, and calls would fail.
HEADLESS_SERVICE_CONFIG: Final[Mapping[str, Any]] = {
    **SERVICE_CONFIG,
    "healthCheckConfig": {"serviceName": "aibridge.v1.ChatService"},
}
_ROOTS_VARIABLE: Final = "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"
_SIZE: Final = 64 << 20  # the bridge's default; gRPC's default of 4 MiB is too small for a batch of embeddings
OPTIONS: Final[Sequence[Option]] = (
    ("grpc.max_receive_message_length", _SIZE),
    ("grpc.max_send_message_length", _SIZE),
    # A model may think for minutes without a byte, so gRPC pings to notice a dead connection, during calls only. By
    # default a gRPC server tolerates one ping in 300 s, and ends the connections of clients that ping more often.
    ("grpc.keepalive_time_ms", 330_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.max_pings_without_data", 0),
    # By default gRPC asks DNS at most once in 30 s. A client younger than that knows only the pods of its first
    # look-up: when all of those are evicted, its calls fail until it may ask again (docs/kubernetes.md).
    ("grpc.dns_min_time_between_resolutions_ms", 1_000),
    # By default gRPC waits up to two minutes between two attempts to connect. After an outage of 30 s, calls would fail
    # for up to 20 s more.
    ("grpc.max_reconnect_backoff_ms", 5_000),
    ("grpc.enable_http_proxy", 0),  # the bridge is internal; HTTPS_PROXY is meant for external hosts
    ("grpc.service_config", json.dumps(SERVICE_CONFIG)),
)


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files for a connection with TLS.

    `ca` has the CA certificates to trust, by default those that come with gRPC. `extra_ca` has further ones to trust in
    addition. `certificate` and `key` are the caller's own, for bridges that require a client certificate. `server_name`
    is the name in the bridge's certificate if it differs from the target, as behind a port-forward.
    """

    ca: str | PathLike[str] | None = None
    certificate: str | PathLike[str] | None = None
    key: str | PathLike[str] | None = None
    server_name: str | None = None
    extra_ca: str | PathLike[str] | None = None

    def credentials(self) -> grpc.ChannelCredentials:
        """The credentials from the files, which are read now.

        Raises:
            OSError: a file cannot be read.
            ValueError: one of certificate and key is missing.
        """
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key must be given together")
        roots = _read(self.ca)
        if self.extra_ca is not None:
            roots = (roots or _public()) + b"\n" + Path(self.extra_ca).read_bytes()
        return grpc.ssl_channel_credentials(roots, _read(self.key), _read(self.certificate))


def _read(file: str | PathLike[str] | None) -> bytes | None:
    return Path(file).read_bytes() if file is not None else None


def _public() -> bytes:
    """The default CA certificates of gRPC: those of the file in its variable, or its bundled ones."""
    return _read(os.environ.get(_ROOTS_VARIABLE)) or pkgutil.get_data("grpc", "_cython/_credentials/roots.pem") or b""


#: True: TLS with gRPC's default CAs; a path: with the CAs of this file; False: no TLS.
TlsChoice = bool | str | PathLike[str] | Tls | grpc.ChannelCredentials


def channel_arguments(
    tls: TlsChoice, options: Sequence[Option]
) -> tuple[grpc.ChannelCredentials | None, Sequence[Option]]:
    """Channel credentials (None without TLS) and options; `options` take precedence over `OPTIONS`."""
    everything = {**dict(OPTIONS), **dict(options)}  # gRPC would use the first of two with the same name
    if isinstance(tls, grpc.ChannelCredentials):
        return tls, tuple(everything.items())
    if tls is False:
        return None, tuple(everything.items())
    files = tls if isinstance(tls, Tls) else Tls() if isinstance(tls, bool) else Tls(ca=tls)
    if files.server_name:
        everything.setdefault("grpc.ssl_target_name_override", files.server_name)
    return files.credentials(), tuple(everything.items())


def check_target(target: str, tls: TlsChoice) -> None:
    """Refuse a target that is no address. gRPC would say so only when a call fails, and after a look-up in DNS.

    Raises:
        ValueError: what is wrong, and what to give. The target is not shown, because it may be a key.
    """
    if problem := target_problem(target, tls=tls is not False):
        raise ValueError(f"target: {problem}")


#: Whether the target resolves to one address, or to one for each pod.
Balance = Literal["service", "headless"]
_BALANCES: Final[Mapping[str, Sequence[Option]]] = {
    "service": (),
    "headless": (("grpc.service_config", json.dumps(HEADLESS_SERVICE_CONFIG)),),
}


def open_channel(library: Any, target: str, tls: TlsChoice, options: Sequence[Option], balance: Balance) -> Any:
    """A channel of `library`, the module `grpc` or `grpc.aio`.

    Raises:
        ValueError: the target is no address, `tls` is incomplete, or `balance` is unknown.
        OSError: a file of `tls` cannot be read.
    """
    check_target(target, tls)
    if balance not in _BALANCES:
        raise ValueError(f"balance: {balance!r} is not one of {', '.join(_BALANCES)}")
    credentials, everything = channel_arguments(tls, (*_BALANCES[balance], *options))
    if credentials is None:
        return library.insecure_channel(target, everything)
    return library.secure_channel(target, credentials, everything)


def caller_metadata(token: str | None) -> Metadata:
    """The metadata of each call: the caller's credential, if there is one.

    Raises:
        ValueError: the token cannot be sent.
    """
    token = (token or "").strip()
    if not (token.isascii() and token.isprintable()):
        raise ValueError("the token has characters that metadata cannot contain")
    return (("authorization", f"Bearer {token}"),) if token else ()
