"""Whether an address is loopback. Names other than localhost are not trusted: a name can begin like an address."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from bridge.settings.values import UNIX

#: The only name that counts as loopback.
_NAME = "localhost"


def is_loopback(host: str) -> bool:
    """Whether a host, as in a URL or in HOST:PORT, is loopback.

    That is `localhost`, 127.0.0.0/8 in any spelling that resolvers accept (`127.1`, `0x7f.1`), ::1, and those IPv4
    addresses mapped into IPv6. Any other name may resolve to anything.
    """
    host = host.strip("[]")
    if host.lower().removesuffix(".") == _NAME:
        return True
    address = _address(host)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address is not None and address.is_loopback


def listens_to_loopback(listen: str) -> bool:
    """Whether only this machine can connect to HOST:PORT or unix:PATH."""
    return listen.startswith(UNIX) or is_loopback(listen.rpartition(":")[0])


def leads_to_loopback(url: str) -> bool:
    """Whether the host of a URL is loopback."""
    return is_loopback(urlsplit(url).hostname or "")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host)) if not set(host) & set(" \t\r\n") else None
    except (OSError, ValueError):  # a name
        return None
