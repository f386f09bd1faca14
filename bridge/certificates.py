"""Reads certificates and keys from PEM files, and checks for anything that would make every handshake fail."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from bridge.files import UnusableFileError

#: Kinds of alternative names that are text.
_TEXTS: Final = (x509.DNSName, x509.UniformResourceIdentifier, x509.RFC822Name)


class Pair(NamedTuple):
    """A certificate chain, leaf first, and its private key, as PEM; and the time at which the leaf expires."""

    chain: bytes
    key: bytes
    expires: datetime


def pair(chain: bytes, key: bytes) -> Pair:
    """The certificate and key that a server or a client presents.

    Raises:
        UnusableFileError: it is not PEM, the key is of another certificate, or the certificate is not valid today.
    """
    leaf = _certificates(chain, "the certificate")[0]
    try:
        private = load_pem_private_key(key, None)
    except TypeError:
        raise UnusableFileError("the key is encrypted") from None
    except ValueError:
        raise UnusableFileError("the key is not a private key in PEM") from None
    if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise UnusableFileError("the key is neither RSA nor EC")  # gRPC's TLS library offers no other signatures
    if _public(private.public_key()) != _public(leaf.public_key()):
        raise UnusableFileError("the private key does not match the certificate")
    _check_dates(leaf)
    return Pair(chain, key, leaf.not_valid_after_utc)


def authorities(bundle: bytes) -> bytes:
    """Check a bundle of CA certificates, of which at least one must not have expired.

    Raises:
        UnusableFileError: it is not PEM, or has no certificate that is valid today.
    """
    now = datetime.now(UTC)
    if all(authority.not_valid_after_utc < now for authority in _certificates(bundle, "the CA bundle")):
        raise UnusableFileError("every CA certificate has expired")
    return bundle


def has_printable_names(certificate: bytes) -> bool:
    """Whether a PEM certificate has alternative names that can be read, and whose texts are all printable."""
    try:
        extensions = x509.load_pem_x509_certificate(certificate).extensions
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return all(text.isprintable() for kind in _TEXTS for text in names.get_values_for_type(kind))
    except (ValueError, x509.ExtensionNotFound, x509.UnsupportedGeneralNameType):
        return False


def _certificates(text: bytes, name: str) -> Sequence[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(text)
    except ValueError:
        raise UnusableFileError(f"{name} is not a certificate in PEM") from None


def _check_dates(leaf: x509.Certificate) -> None:
    now = datetime.now(UTC)
    if leaf.not_valid_after_utc <= now:
        raise UnusableFileError(f"the certificate expired at {leaf.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}")
    if leaf.not_valid_before_utc > now + timedelta(minutes=5):  # clocks differ
        raise UnusableFileError(f"the certificate is not valid before {leaf.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}")


def _public(key: object) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined,no-any-return] # of any kind
