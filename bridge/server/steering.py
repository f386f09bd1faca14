"""Sends the new connections of a port to one of the sockets that listen on it.

gRPC closes a listening socket a moment after it has told clients to go away. A client that is quick connects again
before that, and the connection is reset, or its calls are cancelled. So new connections have to go to the second
server's socket before the first server stops. Only Linux can do that; elsewhere the kernel spreads the connections.
"""

import ctypes
import os
import socket
import stat
import struct
from contextlib import suppress
from pathlib import Path
from typing import Final

_ATTACH_REUSEPORT_CBPF: Final = 51  # SO_ATTACH_REUSEPORT_CBPF, which Python's socket module does not have
_RETURN_CONSTANT: Final = 0x06  # BPF_RET | BPF_K
_DESCRIPTORS: Final = Path("/proc/self/fd")


def listening(ports: set[int]) -> list[int]:
    """The file descriptors of this process that listen on these TCP ports."""
    with suppress(OSError):
        return [number for number in (int(file.name) for file in _DESCRIPTORS.iterdir()) if _port(number) in ports]
    return []


def steer(descriptors: list[int], index: int) -> None:
    """Send new connections to the socket that was the `index`-th to listen, counted from 0, on the address of each."""
    instruction = ctypes.create_string_buffer(struct.pack("=HBBI", _RETURN_CONSTANT, 0, 0, index))
    program = struct.pack("@HP", 1, ctypes.addressof(instruction))
    for number in descriptors:
        if _port(number):
            with suppress(OSError), socket.socket(fileno=os.dup(number)) as held:
                held.setsockopt(socket.SOL_SOCKET, _ATTACH_REUSEPORT_CBPF, program)


def _port(number: int) -> int:
    """The TCP port that a file descriptor listens on; 0 if it does not."""
    with suppress(OSError):
        if stat.S_ISSOCK(os.fstat(number).st_mode):
            with socket.socket(fileno=os.dup(number)) as held:
                is_tcp = held.family in {socket.AF_INET, socket.AF_INET6} and held.type == socket.SOCK_STREAM
                if is_tcp and held.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    return int(held.getsockname()[1])
    return 0
