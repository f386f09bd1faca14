"""`aibridge doctor`: checks whether a bridge would work in this place, and says what to do about each problem.

A check yields findings. A problem keeps the bridge from working; a warning may do so later or under load. The network
is checked step by step against the upstream itself, so the first step that fails is the one to fix.
"""

import asyncio
import errno
import resource
import socket
import ssl
import stat
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from bridge.access.callers import Callers
from bridge.certificates import authorities, pair
from bridge.cli.local import LocalUnavailable, embedded_model
from bridge.cli.verdict import NO_API, Finding, verdict
from bridge.files import UnusableFileError
from bridge.settings import Settings, SettingsError
from bridge.settings.loopback import is_loopback
from bridge.settings.overlaps import overlaps
from bridge.settings.reference import reference
from bridge.settings.values import UNIX
from bridge.upstream.causes import Cause
from bridge.upstream.probe import Probe, ProbeResponse, UnreachableError

#: A certificate that expires within this time is a warning.
_EXPIRY_WARNING_DAYS: Final = 14
#: How far clocks may differ before certificates and tokens are affected.
_MAX_SKEW_SECONDS: Final = 60
#: File descriptors needed in addition to the connections: the log, the event loop, listeners.
_OTHER_FILES: Final = 128

#: Settings that name a file with CA certificates.
_AUTHORITIES: Final = (
    "tls_client_ca_file",
    "upstream_ca_file",
    "upstream_extra_ca_file",
    "jwt_jwks_ca_file",
    "jwt_jwks_extra_ca_file",
)


def wrong_settings(error: SettingsError) -> list[Finding]:
    """The findings for invalid settings, which make the other checks impossible."""
    advice = "Correct it: docs/configuration.md describes the settings, `aibridge config` shows where each comes from."
    return [Finding("settings", "problem", line, advice) for line in str(error).splitlines()]


def examine(settings: Settings, *, local: bool = False) -> list[Finding]:
    """All findings, in the order in which the bridge would meet the problems. `local` is for the embedded model."""
    findings = [
        Finding("settings", "ok", "valid"),
        *_files(settings),
        *_certificates(settings),
        *_callers(settings),
        *_addresses(settings),
        *_descriptors(settings),
    ]
    if local:
        return [*findings, _embedded()]
    try:
        probe = Probe(settings)
    except SettingsError as error:
        return [*findings, *wrong_settings(error)]

    async def upstream() -> list[Finding]:
        return [finding async for finding in _upstream(settings, probe)]

    return [*findings, *asyncio.run(upstream())]


def _embedded() -> Finding:
    try:
        path, model = embedded_model()
    except LocalUnavailable as error:
        what, _, advice = str(error).partition("\n")
        return Finding("model", "problem", what, advice or "Correct AIBRIDGE_LOCAL_MODEL.")
    return Finding("model", "ok", f"{model}, from {path}; it responds under any model name")


def _files(settings: Settings) -> Iterator[Finding]:
    for name, setting in reference().items():
        path = getattr(settings, name)
        if setting.kind != "path" or path is None:
            continue
        try:
            mode, empty = path.stat().st_mode, not path.read_bytes().strip()
        except OSError as error:
            yield Finding(name, "problem", f"{path}: {error.strerror}", "Give the bridge's user read access.")
            continue
        if empty:
            yield Finding(name, "problem", f"{path} is empty", "Write the content into it. No restart is needed.")
        elif ("key" in name or "token" in name) and mode & (stat.S_IROTH | stat.S_IWOTH):
            yield Finding(
                name,
                "warning",
                f"every user of this machine can read or write {path}",
                f"chmod o-rw {path}; for a Kubernetes Secret: defaultMode 0440 and an fsGroup.",
            )
        else:
            yield Finding(name, "ok", f"{path} is readable")


def _certificates(settings: Settings) -> Iterator[Finding]:
    """The server's certificate, the client certificate for the upstream, and the trusted CAs."""
    for side in ("tls", "upstream"):
        check = f"{side}_certificate_file"
        chain, key = getattr(settings, check), getattr(settings, f"{side}_key_file")
        if chain is None or key is None:
            continue
        try:
            expires = pair(chain.read_bytes(), key.read_bytes()).expires
        except (OSError, UnusableFileError) as error:
            yield Finding(check, "problem", str(error), f"Renew {chain} and its key. No restart is needed.")
            continue
        days = (expires - datetime.now(UTC)).days
        says = f"valid until {expires:%Y-%m-%d}, {days} more days"
        if days < _EXPIRY_WARNING_DAYS:
            yield Finding(check, "warning", says, f"Renew {chain}. No restart is needed.")
        else:
            yield Finding(check, "ok", says)
    for check in _AUTHORITIES:
        path = getattr(settings, check)
        try:
            if path is not None:
                authorities(path.read_bytes())
        except (OSError, UnusableFileError) as error:
            yield Finding(check, "problem", str(error), f"Put the CA certificates into {path}, in PEM.")


def _callers(settings: Settings) -> Iterator[Finding]:
    if not settings.knows_callers:
        if settings.allow_anonymous_callers:
            advice = "Set caller_tokens_file or another way to authenticate callers, or restrict access by the network."
            yield Finding("callers", "warning", "anyone who can connect can use the bridge's key", advice)
        return
    try:
        Callers(settings)
    except SettingsError as error:
        advice = "Correct the file. docs/secure.md describes both files; `aibridge token NAME` makes a token's line."
        yield Finding("callers", "problem", str(error), advice)
    else:
        yield Finding("callers", "ok", "must authenticate")


def _addresses(settings: Settings) -> Iterator[Finding]:
    overlapping = list(overlaps(settings))
    for overlap in overlapping:
        yield Finding(overlap.name, "problem", overlap.problem, f"{overlap.advice.capitalize()}.")
    given = [("listen", address) for address in settings.addresses]
    for name, address in (
        *given,
        ("health_listen", settings.health_listen),
        ("metrics_listen", settings.metrics_listen),
    ):
        if address in {None, "off"} or address.startswith(UNIX) or name in {item.name for item in overlapping}:
            continue
        host, _, port = address.rpartition(":")
        try:
            family, kind, _, _, where = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(where)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            yield Finding(
                name,
                "warning" if taken else "problem",
                f"{address}: {error.strerror}",
                "Fine if that is the bridge itself, already running. Otherwise choose another port."
                if taken
                else f"Set {name} to an address of this machine and a port that this user may bind.",
            )
        else:
            yield Finding(name, "ok", f"{address} is free")


def _descriptors(settings: Settings) -> Iterator[Finding]:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]  # the bridge raises its own limit up to the hard one
    needed = settings.upstream_connections + settings.max_connections + _OTHER_FILES
    if limit == resource.RLIM_INFINITY or limit >= needed:
        yield Finding("open files", "ok", f"{limit} allowed, {needed} needed at most")
        return
    yield Finding(
        "open files",
        "warning",
        f"{limit} allowed, but upstream_connections and max_connections together may need {needed}",
        f"ulimit -Hn {needed} (systemd: LimitNOFILE={needed}), or lower both settings.",
    )


async def _upstream(settings: Settings, probe: Probe) -> AsyncIterator[Finding]:
    try:
        await probe.credentials.start()
    except SettingsError as error:
        yield Finding("credential", "problem", str(error), "Run the command yourself, as the bridge's user.")
        return
    try:
        async for finding in _network(settings, probe):
            yield finding
    finally:
        await probe.credentials.close()


async def _network(settings: Settings, probe: Probe) -> AsyncIterator[Finding]:
    if unused := ", ".join(probe.unused_variables):
        advice = "Set upstream_proxy_from_environment to use them, or set upstream_proxy."
        yield Finding("proxy", "warning", f"{unused}: set but not used", advice)
    if probe.proxy is not None:
        async for finding in _proxied(settings, probe, probe.proxy.url):
            yield finding
        return
    addresses: list[str] = []
    step = "connection" if probe.socket else "name"
    try:
        if not probe.socket:
            addresses = await probe.resolve()
            yield Finding(step, "ok", f"{probe.host} is {', '.join(addresses)}")
        step = "connection"
        await probe.connect(tls=None)
        yield Finding(step, "ok", f"{probe.socket or f'port {probe.port}'} accepts connections")
        step = "TLS"
        if probe.tls is not None:
            yield _certificate("TLS", await probe.connect(tls=probe.tls))
        elif not all(map(is_loopback, addresses)):
            yield Finding(
                step, "warning", "not used: keys and prompts are sent over the network unencrypted", "Use https."
            )
        step = "GET /models"
        response = await probe.ask(with_body=True)
        yield await verdict(probe, settings, response)
        yield _clock(response)
    except UnreachableError as error:
        cause = error.cause
        if step == "TLS" and cause in {Cause.TIMEOUT, Cause.CLOSED}:
            cause = Cause.TLS_FAILED  # the port accepts connections, so the server does not speak TLS
        yield Finding(step, "problem", str(error), NO_API if step == "GET /models" else cause.advice)


async def _proxied(settings: Settings, probe: Probe, proxy: str) -> AsyncIterator[Finding]:
    yield Finding("proxy", "ok", f"{probe.host} is reached through {proxy}")
    try:
        response = await probe.ask(with_body=True)
    except UnreachableError as error:
        yield Finding("GET /models", "problem", str(error), error.cause.advice)
        return
    yield await verdict(probe, settings, response)
    yield _clock(response)


def _certificate(check: str, certificate: dict[str, str]) -> Finding:
    ends = certificate["notAfter"]
    days = (ssl.cert_time_to_seconds(ends) - time.time()) / 86400
    if days < _EXPIRY_WARNING_DAYS:
        advice = "Ask the operator of the upstream to renew it."
        return Finding(check, "warning", f"the upstream's certificate is valid for {days:.0f} more days", advice)
    return Finding(check, "ok", f"the certificate is valid until {ends}")


def _clock(response: ProbeResponse) -> Finding:
    try:
        skew = time.time() - parsedate_to_datetime(response.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return Finding("clock", "ok", "the upstream sends no date to compare with")
    if abs(skew) > _MAX_SKEW_SECONDS:
        direction = "ahead of" if skew > 0 else "behind"
        advice = "Synchronise it (NTP): certificates and tokens depend on it."
        return Finding("clock", "warning", f"{abs(skew):.0f} s {direction} the upstream's", advice)
    return Finding("clock", "ok", f"within {_MAX_SKEW_SECONDS} s of the upstream's")
