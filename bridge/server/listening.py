"""Binds a gRPC server to an address: HOST:PORT, with both IP versions for [::], or a unix socket."""

import errno
import socket

import grpc

from bridge.settings import Settings, SettingsError
from bridge.settings.overlaps import overlaps
from bridge.settings.values import UNIX


def bind(server: grpc.aio.Server, name: str, address: str, credentials: grpc.ServerCredentials | None = None) -> str:
    """Bind to the address in the setting `name`, with TLS if there are credentials.

    Returns the address that the server listens on, with the real port if the setting has port 0.

    Raises:
        SettingsError: the address is taken, or cannot be bound.
    """
    if address.startswith(UNIX) and _is_served(address.removeprefix(UNIX)):
        raise SettingsError(f"{name}: another server listens on {address}")  # gRPC would replace it without an error
    try:
        if credentials is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, credentials)
    except RuntimeError as error:
        if not address.startswith(UNIX):
            check_free(name, address)  # which knows the cause
        raise cannot_bind(name, address) from error
    return address if address.startswith(UNIX) else f"{address.rpartition(':')[0]}:{port}"


def check_free(name: str, address: str) -> None:
    """Check that no other process listens on a TCP address; gRPC shares one that all servers agree to share.

    Raises:
        SettingsError: the address in the setting `name` is taken.
    """
    host, _, port = address.rpartition(":")
    try:
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
    except OSError:
        return  # gRPC says so when it binds
    for family, kind, _, _, where in found:
        try:
            with socket.socket(family, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(where)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise cannot_bind(name, address, error) from error


def check_all_free(settings: Settings) -> None:
    """Check the addresses that the settings name, before anything slow is started.

    Raises:
        SettingsError: two of them overlap, or another process listens on a TCP address.
    """
    for overlap in overlaps(settings):
        raise SettingsError(f"{overlap.name}: {overlap.problem}; {overlap.advice}")
    named = [*(("listen", address) for address in settings.addresses), ("health_listen", settings.health_listen or "")]
    for name, address in named:
        if address and not address.startswith(UNIX) and not address.endswith(":0"):
            check_free(name, address)


def cannot_bind(name: str, address: str, cause: OSError | None = None) -> SettingsError:
    """The error for an address in the setting `name`, and what to do about it."""
    flag = "--" + name.replace("_", "-")
    if address.startswith(UNIX):
        wrong, form = "it is taken, or no such folder, or no permission", "unix:PATH"
    else:
        wrong = "it is taken, or not an address of this machine, or this user may not bind it"
        if cause is not None and cause.errno == errno.EADDRINUSE:
            wrong = "it is taken by another program"
        form = "HOST:PORT (port 0 picks a free one)"
    return SettingsError(f"{name}: cannot bind {address}; {wrong}; choose another with {flag} {form}")


def _is_served(path: str) -> bool:
    """Whether a server accepts connections on a unix socket. A file left behind by a server does not count."""
    with socket.socket(socket.AF_UNIX) as caller:
        caller.setblocking(False)
        try:
            caller.connect(path)
        except BlockingIOError:  # its accept queue is full
            return True
        except OSError:
            return False
    return True
