"""Binds a gRPC server to an address: HOST:PORT, with both IP versions for [::], or a unix socket."""

import socket

import grpc

from bridge.settings import SettingsError

_UNIX = "unix:"


def bind(server: grpc.aio.Server, name: str, address: str, credentials: grpc.ServerCredentials | None = None) -> str:
    """Bind to the address in the setting `name`, with TLS if there are credentials.

    Returns the address that the server listens on, with the real port if the setting has port 0.

    Raises:
        SettingsError: the address is taken, or cannot be bound.
    """
    if address.startswith(_UNIX) and _is_served(address.removeprefix(_UNIX)):
        raise SettingsError(f"{name}: another server listens on {address}")  # gRPC would replace it without an error
    try:
        if credentials is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, credentials)
    except RuntimeError as error:
        wrong = "no such folder, or no permission" if address.startswith(_UNIX) else "not an address of this machine"
        flag = "--" + name.replace("_", "-")
        problem = f"{name}: cannot bind {address}; it is taken, or {wrong}; choose another with {flag}"
        raise SettingsError(problem) from error
    return address if address.startswith(_UNIX) else f"{address.rpartition(':')[0]}:{port}"


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
