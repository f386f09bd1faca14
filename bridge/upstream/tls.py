"""TLS to the upstream: trusted CAs and the client certificate. Each new connection uses the current files."""

import ssl
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Final

import httpx

from bridge.certificates import authorities, pair
from bridge.files import ReloadingFile, UnusableFileError
from bridge.settings import Settings, SettingsError

#: The files are checked for changes at most once in this time, however many connections are made.
_CHECK_SECONDS: Final = 0.25


def contexts(settings: Settings) -> Callable[[], ssl.SSLContext]:
    """A function that returns the context for the next connection.

    Raises:
        SettingsError: a file cannot be used.
    """
    ca, extra = settings.upstream_ca_file, settings.upstream_extra_ca_file
    chain, key = settings.upstream_certificate_file, settings.upstream_key_file
    given = {
        "upstream_ca_file": ca,
        "upstream_extra_ca_file": extra,
        "upstream_certificate_file": chain,
        "upstream_key_file": key,
    }
    paths = [path for path in given.values() if path is not None]
    if not paths:
        context = cache(partial(httpx.create_ssl_context, trust_env=False))
        if settings.upstream_url.startswith("https:"):
            context()  # now, because it blocks the event loop for about 20 ms
        return context
    files = ReloadingFile("upstream TLS", paths, partial(_context, ca, extra, chain, key), interval=_CHECK_SECONDS)
    try:
        first = files.load()
    except UnusableFileError as error:
        names = ", ".join(name for name, path in given.items() if path is not None)
        raise SettingsError(f"{names}: {error}") from None
    return lambda: files.value() or first


def trust(ca_file: Path | None, extra_ca_file: Path | None = None) -> ssl.SSLContext:
    """A context that trusts the CA certificates of a file, by default the public ones, and those of an extra file.

    Raises:
        UnusableFileError: a file has no certificates.
    """
    try:
        if ca_file is None:
            context = httpx.create_ssl_context(trust_env=False)
        else:
            context = ssl.create_default_context(cadata=_authorities(ca_file))
        if extra_ca_file is not None:
            context.load_verify_locations(cadata=_authorities(extra_ca_file))
    except OSError as error:
        raise UnusableFileError(type(error).__name__) from None
    return context


def _authorities(path: Path) -> str:
    return authorities(path.read_bytes()).decode("ascii", "ignore")


def _context(
    ca: Path | None, extra: Path | None, chain: Path | None, key: Path | None, contents: Sequence[bytes]
) -> ssl.SSLContext:
    context = trust(ca, extra)
    if chain is not None and key is not None:
        pair(contents[-2], contents[-1])  # its errors are more precise
        try:
            context.load_cert_chain(chain, key)  # it only takes paths; files that have changed since are reloaded later
        except OSError:
            raise UnusableFileError("the key does not belong to the certificate") from None
    return context
