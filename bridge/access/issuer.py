"""JSON web tokens: the key set of their issuer, and what a token that it has signed says.

PyJWT does the cryptography. Here is which key may verify which token, and when the keys are fetched again: in the
background, and when a token names a key that is not known yet, but not more often than every few seconds.
"""

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import jwt
import structlog

from bridge.errors import BridgeError, Reason
from bridge.files import ReloadingFile, UnusableFileError
from bridge.jsontext import MalformedJSONError, loads
from bridge.settings import Settings, SettingsError
from bridge.upstream.jwks import FetchError, fetch

_log = structlog.get_logger("aibridge.issuer")
#: Nobody can make the bridge ask the issuer more often than every so many seconds.
_MIN_INTERVAL_SECONDS: Final = 10.0
#: Keys of a set. Each takes up to 0.1 ms to read, on the event loop; an issuer has a handful.
_MAX_KEYS: Final = 256
#: The end of time, in Unix seconds: JSON's integers go on for longer than floats do.
_NEVER: Final = 1 << 40
#: The algorithms that a key of a kind can sign with. None is symmetric: those would take a public key for a secret.
_ALGORITHMS: Final[Mapping[tuple[str, str | None], tuple[str, ...]]] = {
    ("RSA", None): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}

#: By key id and algorithm.
Keys: TypeAlias = Mapping[tuple[str | None, str], jwt.PyJWK]


class Identity(NamedTuple):
    """Whom a token is about, and until when it may be believed, in Unix seconds."""

    subject: str
    until: float


class RefusedError(Exception):
    """The token is not accepted. The message says why in a word, for the operator's log; nothing of the token."""


class Issuer:
    """Verifies the tokens of one issuer, by the settings `jwt_*`.

    Raises:
        SettingsError: the file with the keys cannot be used.
    """

    def __init__(self, settings: Settings, *, min_interval: float = _MIN_INTERVAL_SECONDS) -> None:
        self._settings = settings
        self._min_interval = min_interval
        self._keys: Keys = {}
        self._file: ReloadingFile[Keys] | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._renewed = -min_interval
        self._watch: asyncio.Task[None] | None = None
        self._problem = ""
        if settings.jwt_jwks_file is not None:
            self._file = ReloadingFile("JWKS", [settings.jwt_jwks_file], self._parse, interval=1.0)
            try:
                self._keys = self._file.load()
            except UnusableFileError as error:
                raise SettingsError(f"jwt_jwks_file: {error}") from None

    async def start(self) -> None:
        """Fetch the keys, and go on doing so. Without an answer the bridge starts all the same: it may come later."""
        if self._file is None:
            await self._renew()
            self._watch = asyncio.create_task(self._renew_forever())

    async def stop(self) -> None:
        """Ask the issuer no more."""
        tasks = [task for task in (self._watch, self._renewal) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def key_set(self) -> Keys:
        """The keys in force. Another object when they have changed."""
        if self._file is not None:
            self._keys = self._file.value() or self._keys
        return self._keys

    async def identity(self, token: str) -> Identity:
        """Whom a token is about.

        Raises:
            RefusedError: it is malformed, signed by nobody known, expired, not for this audience or not by this issuer.
            BridgeError: CALLER_UNVERIFIABLE as long as there is no key to verify it with.
        """
        try:
            header = jwt.get_unverified_header(token)
            key = await self._key(header.get("kid"), str(header.get("alg")))
            claims = jwt.decode(
                token,
                key,
                algorithms=self._settings.jwt_algorithms,
                issuer=self._settings.jwt_issuer,
                audience=self._settings.jwt_audiences,
                leeway=self._settings.jwt_leeway,
                options={
                    "require": ["exp", "iss", "aud", self._settings.jwt_claim],
                    "enforce_minimum_key_length": True,
                },
            )
        except (jwt.PyJWTError, RecursionError) as error:  # the latter for a header of brackets
            raise RefusedError(type(error).__name__) from None
        subject = claims[self._settings.jwt_claim]
        if not isinstance(subject, str) or not 0 < len(subject) <= 256 or not subject.isprintable():
            raise RefusedError(f"{self._settings.jwt_claim} is not a name")
        return Identity(subject, min(int(claims["exp"]), _NEVER) + self._settings.jwt_leeway)

    async def _key(self, kid: str | None, algorithm: str) -> jwt.PyJWK:
        found = _find(self.key_set(), kid, algorithm)
        if found is None and self._file is None and self._may_ask():
            await self._renew()
            found = _find(self.key_set(), kid, algorithm)
        if found is not None:
            return found
        if not self._keys:
            message = "the bridge has no keys yet to verify the caller's token"
            raise BridgeError(Reason.CALLER_UNVERIFIABLE, message, delay=self._min_interval)
        raise RefusedError("no key for the token's kid and alg")

    def _may_ask(self) -> bool:
        asked = self._renewal is not None and not self._renewal.done()
        return asked or asyncio.get_running_loop().time() - self._renewed >= self._min_interval

    async def _renew(self) -> None:
        """Fetch the keys; all who ask meanwhile share one request, and one that gives up does not end it."""
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._fetch())
        await asyncio.shield(self._renewal)

    async def _fetch(self) -> None:
        self._renewed = asyncio.get_running_loop().time()
        try:
            content = await fetch(self._settings)
            keys = self._parse([content])
        except (FetchError, UnusableFileError) as error:
            if str(error) != self._problem:
                _log.error("JWKS not fetched", problem=str(error), in_force=len(self._keys))
            self._problem = str(error)
        else:
            self._problem = ""
            if keys.keys() != self._keys.keys():
                _log.info("JWKS fetched", keys=len({kid for kid, _ in keys}))
            self._keys = keys

    async def _renew_forever(self) -> None:
        while True:
            pause = (
                self._settings.jwt_refresh if not self._problem else min(self._min_interval, self._settings.jwt_refresh)
            )
            await asyncio.sleep(pause * random.uniform(0.9, 1.0))  # noqa: S311 # so that replicas do not ask at once
            await self._renew()

    def _parse(self, contents: Sequence[bytes]) -> Keys:
        return parse(contents[0], self._settings.jwt_algorithms)


def parse(content: bytes, allowed: Sequence[str]) -> Keys:
    """The keys of a JWK set that can verify a signature by one of the `allowed` algorithms.

    Raises:
        UnusableFileError: there is none.
    """
    try:
        entries = loads(content)["keys"]
    except (MalformedJSONError, LookupError, TypeError):
        entries = None
    if not isinstance(entries, list):
        raise UnusableFileError("not a JWK set")
    if len(entries) > _MAX_KEYS:
        raise UnusableFileError(f"has more than {_MAX_KEYS} keys")
    found = {
        (entry.get("kid"), algorithm): key
        for entry in map(_entry, entries)
        for algorithm in _algorithms(entry)
        if algorithm in allowed and (key := _jwk(entry, algorithm)) is not None
    }
    if not found:
        raise UnusableFileError("has no key for the algorithms in jwt_algorithms")
    return found


def _entry(entry: Any) -> dict[str, Any]:
    """An entry of the set without what is null; empty for one that is no key by its form, which is passed over."""
    members = {name: value for name, value in entry.items() if value is not None} if isinstance(entry, dict) else {}
    is_key = all(isinstance(members.get(name, ""), str) for name in ("kid", "kty", "crv", "use", "alg"))
    return members if is_key and isinstance(members.get("key_ops", []), list) else {}


def _algorithms(entry: Mapping[str, Any]) -> Iterator[str]:
    """What a key may verify: by its kind, narrowed by what it says itself."""
    if entry.get("use", "sig") != "sig" or "verify" not in entry.get("key_ops", ("verify",)):
        return
    kind = entry.get("kty", ""), None if entry.get("kty") == "RSA" else entry.get("crv")
    for algorithm in _ALGORITHMS.get(kind, ()):
        if entry.get("alg", algorithm) == algorithm:
            yield algorithm


def _jwk(entry: Mapping[str, Any], algorithm: str) -> jwt.PyJWK | None:
    try:
        return jwt.PyJWK(dict(entry), algorithm)
    except Exception:  # noqa: BLE001 # whatever is said of a key that is none: the others still count
        return None


def _find(keys: Keys, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
    """The key of this id; a token without one fits only an issuer with one key."""
    if kid is None and len({known for known, _ in keys}) == 1:
        return next((key for (_, of), key in keys.items() if of == algorithm), None)
    return keys.get((kid, algorithm)) if kid is not None else None
