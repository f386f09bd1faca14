"""The names in a client certificate that gRPC has verified: its SPIFFE ID and its DNS names."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from bridge.certificates import has_printable_names

#: What gRPC tells of a connection: of each kind of name, those of the certificate.
Connection = Mapping[str, Iterable[bytes]]


class UnreadableError(Exception):
    """A name in the certificate is not what gRPC tells."""


def names_of(connection: Connection) -> list[str]:
    r"""The names of the other side, each with the beginning of its kind; none without a certificate.

    gRPC ends a name at a NUL: `a.example.org\0.evil` is `a.example.org` for it. So the certificate is looked at too.

    Raises:
        UnreadableError: a name in it holds a NUL or another character that is not printable.
    """
    names = [uri.decode("utf-8", "replace") for uri in connection.get("peer_spiffe_id", ())]
    names += [f"dns:{name.decode('utf-8', 'replace').lower()}" for name in connection.get("peer_dns", ())]
    if names and not all(map(_is_readable, connection.get("x509_pem_cert", (b"",)))):
        raise UnreadableError
    return names


_is_readable = lru_cache(maxsize=1024)(has_printable_names)  # 50 µs for a certificate, once
