"""Whether two of the addresses to listen on lead to one socket, however they are spelled."""

import os
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import combinations
from typing import Final, NamedTuple

from bridge.settings.model import Settings
from bridge.settings.values import UNIX

#: What gRPC binds for localhost, also if the system knows only one of them by this name.
_LOCALHOST: Final = ("127.0.0.1", "::1")


class Overlap(NamedTuple):
    """Two addresses that overlap: the setting of the second one, the problem, and what to do about it."""

    name: str
    problem: str
    advice: str


class _Socket(NamedTuple):
    """An IP address with its port, or the path of a unix socket with port 0."""

    host: IPv4Address | IPv6Address | str
    port: int

    def covers(self, other: "_Socket") -> bool:
        """Whether this is the other one, or gets its connections: 0.0.0.0 those of IPv4 addresses, :: those of all."""
        if self == other:
            return True
        if self.port != other.port or isinstance(self.host, str) or not self.host.is_unspecified:
            return False
        return isinstance(self.host, IPv6Address) or isinstance(other.host, IPv4Address)


def overlaps(settings: Settings) -> Iterator[Overlap]:
    """Each pair of addresses that overlap.

    Binding them is no sure way to find out: depending on the order, the workers and the drain delay, the kernel refuses
    the second one, binds a part of it, or gives each new connection to either.
    """
    for (name, first), (other, second) in combinations(_named(settings), 2):
        ours, theirs = _sockets(first), _sockets(second)
        if not any(one.covers(two) or two.covers(one) for one in ours for two in theirs):
            continue
        if name == other:
            yield Overlap(name, f"{first} and {second} overlap", "remove one of them")
        else:
            flag = f"--{other.replace('_', '-')}"
            yield Overlap(other, f"{second} overlaps with {first} of {name}", f"choose another with {flag}")


def _named(settings: Settings) -> list[tuple[str, str]]:
    """Each address, with the name of its setting."""
    others = (("health_listen", settings.health_listen), ("metrics_listen", settings.metrics_listen))
    return [
        *(("listen", address) for address in settings.addresses),
        *((name, address) for name, address in others if address and address != "off"),
    ]


def _sockets(address: str) -> set[_Socket]:
    """What an address stands for, several for a name; empty if it has no fixed port or cannot be looked up."""
    if address.startswith(UNIX):
        return {_Socket(os.path.realpath(address.removeprefix(UNIX)), 0)}
    host, _, port = address.rpartition(":")
    if not int(port):
        return set()
    try:
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
    except OSError:  # reported when it is bound
        return set()
    hosts = _LOCALHOST if host.lower() == "localhost" else [str(where[0]) for *_, where in found]
    return {_Socket(getattr(ip_address(host), "ipv4_mapped", None) or ip_address(host), int(port)) for host in hosts}
