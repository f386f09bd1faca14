"""What is wrong with a target, in words that do not repeat it: text in the wrong place may be a key."""

import re
from typing import Final

#: The kinds of names that gRPC resolves, besides HOST:PORT.
_RESOLVED: Final = frozenset({"dns", "google-c2p", "ipv4", "ipv6", "unix", "unix-abstract", "vsock", "xds"})
#: Schemes of URLs that people paste, and whether their server has TLS.
_URLS: Final = {"http": False, "https": True, "grpc": False, "grpcs": True, "tcp": False, "h2c": False}
_HOST: Final = r"(?:[\w.-]+|\[[0-9A-Fa-f:.]+(?:%[\w.-]+)?\])"
_ADDRESS: Final = re.compile(rf"{_HOST}:(?P<port>[0-9]{{1,5}})")
_WRONG_PORT: Final = re.compile(rf"{_HOST}:[0-9]{{1,9}}")
_WITHOUT_PORT: Final = re.compile(rf"{_HOST}:?")
#: Hosts without a port that are no key: IP addresses, and names with labels of the length that DNS allows.
_SURELY_HOST: Final = re.compile(r"localhost|\[.+\]|(?:[\w-]{1,63}\.)+[\w-]{1,63}\.?")
_DNS: Final = re.compile(r"dns:(?://[^/]*/)?")
_MAX_PORT: Final = 65535


def target_problem(target: str, *, tls: bool, tls_option: str = "tls=True") -> str:
    """What is wrong with a target, and what to give instead; empty if gRPC may be able to resolve it.

    With `tls` gRPC takes port 443 if there is none. `tls_option` is what the caller writes to get TLS.
    """
    if not target.strip():
        return "empty: give HOST:PORT, the address of a bridge"
    scheme, slashes, rest = target.partition("://")
    if slashes and scheme not in _RESOLVED:
        address = rest.partition("/")[0].rpartition("@")[2]  # before an @ there may be a password
        shown = address if _is_address(address) else "HOST:PORT"
        known = scheme.lower() if scheme.lower() in _URLS else ""
        option = f" with {tls_option}" if _URLS.get(known) else ""
        return f"give {shown}{option}, an address without {known}://"
    name = _DNS.sub("", target, count=1)
    if name == target and target.partition(":")[0] in _RESOLVED:
        return ""
    if _is_address(name) or (tls and _SURELY_HOST.fullmatch(name)):
        return ""
    if _WITHOUT_PORT.fullmatch(name) and not name.isdecimal():
        return "no port: give HOST:PORT; a bridge's default port is 50051"
    wrong = f"no port from 1 to {_MAX_PORT}" if _WRONG_PORT.fullmatch(name) else "no address"
    return f"{wrong}: give HOST:PORT, as in 127.0.0.1:50051"


def _is_address(text: str) -> bool:
    found = _ADDRESS.fullmatch(text)
    return found is not None and 0 < int(found["port"]) <= _MAX_PORT
