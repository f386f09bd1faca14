"""JSON web tokens: the key set of their issuer, and the verification of tokens.

PyJWT does the cryptography. This module decides which key may verify which token, and when the keys are fetched again:
in the background, and when a token names an unknown key, but not more often than every few seconds.
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
#: Time between two fetches that tokens have caused.
_MIN_INTERVAL_SECONDS: Final = 10.0
#: Keys in a set. Each takes up to 0.1 ms to read on the event loop; issuers have a handful.
_MAX_KEYS: Final = 256
#: The latest expiry, in Unix seconds: integers in JSON may exceed the range of floats.
_NEVER: Final = 1 << 40
#: Signature algorithms by kind of key. None is symmetric, because that would use a public key as the secret.
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
    """The subject of a token, and its expiry in Unix seconds."""

    subject: str
    until: float


class RefusedError(Exception):
    """The token is not accepted. The message says why, for the operator's log, without quoting the token."""


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
        """Fetch the keys now and in the background. The bridge starts even if the issuer does not respond yet."""
        if self._file is None:
            await self._renew()
            self._watch = asyncio.create_task(self._renew_forever())

    async def stop(self) -> None:
        """Stop fetching the keys."""
        tasks = [task for task in (self._watch, self._renewal) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def key_set(self) -> Keys:
        """The current keys. A different object when they have changed."""
        if self._file is not None:
            self._keys = self._file.value() or self._keys
        return self._keys

    async def identity(self, token: str) -> Identity:
        """The subject of a token.

        Raises:
            RefusedError: it is malformed, expired, signed by an unknown key, or has another audience or issuer.
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
        except (jwt.PyJWTError, RecursionError) as error:  # the latter for deeply nested JSON in its header
            raise RefusedError(type(error).__name__) from None
        subject = claims[self._settings.jwt_claim]
        if not isinstance(subject, str) or not 0 < len(subject) <= 256 or not subject.isprintable():
            raise RefusedError(f"{self._settings.jwt_claim} is not a name")
        return Identity(subject, min(int(claims["exp"]), _NEVER) + self._settings.jwt_leeway)

    async def _key(self, kid: str | None, algorithm: str) -> jwt.PyJWK:
        found = _find(self.key_set(), kid, algorithm)
        if found is None and self._file is None and self._may_fetch():
            await self._renew()
            found = _find(self.key_set(), kid, algorithm)
        if found is not None:
            return found
        if not self._keys:
            message = "the bridge has no keys yet to verify the caller's token"
            raise BridgeError(Reason.CALLER_UNVERIFIABLE, message, delay=self._min_interval)
        raise RefusedError("no key for the token's kid and alg")

    def _may_fetch(self) -> bool:
        asked = self._renewal is not None and not self._renewal.done()
        return asked or asyncio.get_running_loop().time() - self._renewed >= self._min_interval

    async def _renew(self) -> None:
        """Fetch the keys. Concurrent callers share one request, which goes on if one of them gives up."""
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
            await asyncio.sleep(pause * random.uniform(0.9, 1.0))  # noqa: S311 # so that replicas do not fetch at the same time
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
    """An entry of the set without null members; empty for one that is not a key, which is skipped."""
    members = {name: value for name, value in entry.items() if value is not None} if isinstance(entry, dict) else {}
    is_key = all(isinstance(members.get(name, ""), str) for name in ("kid", "kty", "crv", "use", "alg"))
    return members if is_key and isinstance(members.get("key_ops", []), list) else {}


def _algorithms(entry: Mapping[str, Any]) -> Iterator[str]:
    """The algorithms that a key may verify, by its kind and by its own restrictions."""
    if entry.get("use", "sig") != "sig" or "verify" not in entry.get("key_ops", ("verify",)):
        return
    kind = entry.get("kty", ""), None if entry.get("kty") == "RSA" else entry.get("crv")
    for algorithm in _ALGORITHMS.get(kind, ()):
        if entry.get("alg", algorithm) == algorithm:
            yield algorithm


def _jwk(entry: Mapping[str, Any], algorithm: str) -> jwt.PyJWK | None:
    try:
        return jwt.PyJWK(dict(entry), algorithm)
    except Exception:  # noqa: BLE001 # an invalid key does not affect the others
        return None


def _find(keys: Keys, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
    """The key with this id. A token without an id needs an issuer with only one key."""
    if kid is None and len({known for known, _ in keys}) == 1:
        return next((key for (_, of), key in keys.items() if of == algorithm), None)
    return keys.get((kid, algorithm)) if kid is not None else None
