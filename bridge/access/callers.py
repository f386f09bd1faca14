"""Authenticates callers by bearer token, JSON web token or client certificate, before anything else is done.

There are four kinds of caller names, which cannot be confused: the name in a tokens file (`search`), a SPIFFE ID
(`spiffe://example.org/ns/prod/sa/search`), a DNS name (`dns:search.internal`) and a subject (`sub:1234`).
"""

import math
import time
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from hmac import compare_digest
from pathlib import Path
from typing import Any, Final, NamedTuple

from bridge.access import rules, tokens
from bridge.access.issuer import Issuer, RefusedError
from bridge.access.peers import AuthContext, UnreadableError, names_of
from bridge.call import Caller, CallRecord
from bridge.errors import BridgeError, Reason, not_allowed
from bridge.files import ReloadingFile, UnusableFileError
from bridge.settings import Settings, SettingsError

#: The files are checked for changes at most once in this time, however many calls arrive.
_CHECK_SECONDS: Final = 0.5
#: Verified tokens that are remembered, unless the file has more.
_MAX_REMEMBERED: Final = 4096
#: Bytes of a digest that are the key of the look-up. The whole digest is then compared in constant time.
_PREFIX: Final = 16


class _Known(NamedTuple):
    """A verified credential and its expiry by two clocks, so that setting one back does not extend it."""

    digest: bytes
    name: str
    caller: Caller | None
    until: float  # Unix seconds
    until_monotonic: float

    def counts(self, digest: bytes) -> bool:
        """Whether this is the credential, and it has not expired."""
        same = compare_digest(self.digest, digest)
        return same and time.time() < self.until and time.monotonic() < self.until_monotonic


class Callers:
    """Identifies callers by the settings. A credential is verified once; after that it costs one look-up.

    Raises:
        SettingsError: a file cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._patterns = settings.tls_client_names
        self._tokens = _watched("caller_tokens_file", "caller tokens", settings.caller_tokens_file, tokens.parse)
        self._rules = _watched("callers_file", "callers", settings.callers_file, rules.parse)
        self._issuer = Issuer(settings) if settings.has_issuer else None
        self._bearer = self._tokens is not None or self._issuer is not None
        self._known: dict[bytes, _Known] = {}
        self._sources: tuple[object, ...] = ()
        self._next = 0.0

    async def start(self) -> None:
        """Fetch the keys, and keep them up to date."""
        if self._issuer is not None:
            await self._issuer.start()

    async def stop(self) -> None:
        """Stop updating the keys."""
        if self._issuer is not None:
            await self._issuer.stop()

    async def identify(self, record: CallRecord, connection: Callable[[], AuthContext]) -> Caller:
        """The caller of a call, by its metadata or by the certificate of its connection.

        If there is a bearer token, only the token counts, whatever the certificate says. `connection` returns what gRPC
        knows of the caller's certificate. The record gets what was wrong with a credential, which only the operator
        learns.

        Raises:
            BridgeError: CALLER_UNAUTHENTICATED, CALLER_NOT_ALLOWED or CALLER_UNVERIFIABLE.
        """
        try:
            given = [value for key, value in record.metadata if key == "authorization"] if self._bearer else ()
            if given:
                return await self._by_token(_bearer(given))
            name = _by_certificate(connection() if self._patterns else {}, self._patterns)
            return _allowed(name, self._caller(name))
        except RefusedError as error:
            record.problem = str(error)
            message = "the call has no credential that the bridge accepts"
            raise BridgeError(Reason.CALLER_UNAUTHENTICATED, message) from None

    async def _by_token(self, token: str) -> Caller:
        self._refresh()
        digest = tokens.digest(token)
        known = self._known.get(digest[:_PREFIX])
        if known is None or not known.counts(digest):
            known = await self._verified(token, digest)
        return _allowed(known.name, known.caller)

    async def _verified(self, token: str, digest: bytes) -> _Known:
        if self._issuer is None:
            raise RefusedError("unknown token")
        sources = self._sources
        subject, until = await self._issuer.identity(token)
        name = f"sub:{subject}"
        known = _Known(digest, name, self._caller(name), until, time.monotonic() + until - time.time())
        if sources is self._sources:  # nothing has changed during the request to the issuer
            if len(self._known) >= _MAX_REMEMBERED:
                self._known = self._static()
            self._known[digest[:_PREFIX]] = known
        return known

    def _refresh(self) -> None:
        """Forget all verified credentials when a file or the issuer's keys have changed."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _CHECK_SECONDS
        issuer, files = self._issuer, (self._tokens, self._rules)
        sources = *(file and file.value() for file in files), issuer and issuer.key_set()
        if any(new is not old for new, old in zip(sources, self._sources, strict=False)) or not self._sources:
            self._sources = sources
            self._known = self._static()

    def _static(self) -> dict[bytes, _Known]:
        """The tokens of the file. They are valid as long as the file has them."""
        names = (self._tokens.value() if self._tokens is not None else None) or {}
        return {
            digest[:_PREFIX]: _Known(digest, name, self._caller(name), math.inf, math.inf)
            for digest, name in names.items()
        }

    def _caller(self, name: str) -> Caller | None:
        """A caller with its rules; None if it may do nothing."""
        table = (self._rules.value() if self._rules is not None else None) or rules.EVERYTHING
        return table.caller(name)


def _allowed(name: str, caller: Caller | None) -> Caller:
    if caller is None:
        raise _no_access(name, "no table in callers_file matches this name")
    return caller


def _no_access(name: str, why: str) -> BridgeError:
    return not_allowed(name, f"may not use this bridge: {why}")


def _bearer(values: list[str | bytes]) -> str:
    if len(values) > 1:
        raise RefusedError("several credentials")
    text = values[0] if isinstance(values[0], str) else ""
    scheme, _, token = text.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise RefusedError("not a bearer token")
    return token.strip()


def _by_certificate(connection: AuthContext, patterns: Iterable[str]) -> str:
    """The name in a client certificate that matches a pattern."""
    try:
        names = names_of(connection)
    except UnreadableError:
        raise RefusedError("the certificate has an ambiguous name") from None
    if not names:
        raise RefusedError("no credential")
    for name in names:
        if name.isprintable() and any(fnmatchcase(name, pattern) for pattern in patterns):
            return name
    raise _no_access(names[0], "tls_client_names does not match its certificate")


def _watched(setting: str, what: str, path: Path | None, parse: Any) -> ReloadingFile[Any] | None:
    if path is None:
        return None
    file: ReloadingFile[Any] = ReloadingFile(what, [path], parse, interval=_CHECK_SECONDS)
    try:
        file.load()
    except UnusableFileError as error:
        raise SettingsError(f"{setting}: {error}") from None
    return file
