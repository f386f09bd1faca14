"""Binds a gRPC server to an address: HOST:PORT, with both IP versions for [::], or a unix socket."""

import socket

import grpc

from bridge.settings import SettingsError

_UNIX = "unix:"


def bind(server: grpc.aio.Server, name: str, address: str, credentials: grpc.ServerCredentials | None = None) -> str:
    """Bind to the address that the setting `name` gives; with TLS if there are credentials.

    The address that the server really listens on, with the port that was free if 0 was asked for.

    Raises:
        SettingsError: the address is taken, or cannot be bound.
    """
    if address.startswith(_UNIX) and _is_served(address.removeprefix(_UNIX)):
        raise SettingsError(f"{name}: another server listens on {address}")  # gRPC would take its place without a word
    try:
        if credentials is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, credentials)
    except RuntimeError as error:
        wrong = "no such folder, or no permission" if address.startswith(_UNIX) else "not an address of this machine"
        raise SettingsError(f"{name}: cannot bind {address}; it is taken, or {wrong}") from error
    return address if address.startswith(_UNIX) else f"{address.rpartition(':')[0]}:{port}"


def _is_served(path: str) -> bool:
    """Whether a server takes connections at a unix socket; a file that a server has left behind does not count."""
    with socket.socket(socket.AF_UNIX) as caller:
        caller.setblocking(False)
        try:
            caller.connect(path)
        except BlockingIOError:  # its queue is full
            return True
        except OSError:
            return False
    return True
