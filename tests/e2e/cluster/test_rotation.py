"""Certificate, upstream key and tokens are replaced under load without a failed call; the delay is measured."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trustme

from bridge.access import tokens
from tests.e2e.cluster.callers import failures, under_load
from tests.e2e.cluster.cluster import Cluster, ClusterError, until
from tests.e2e.cluster.conftest import FULL
from tests.e2e.cluster.release import Release
from tests.e2e.cluster.report import Report

CA = "/tmp/ca.pem"  # noqa: S108 # in the client pod
#: The kubelet checks Secrets about once a minute, and the bridge reloads files within seconds.
TIMEOUT_SECONDS = 180
SERIALS = """
import socket, ssl, sys
from cryptography.x509 import load_pem_x509_certificate as load
print(sorted({load(ssl.get_server_certificate((host, 50051)).encode()).serial_number for host in sys.argv[1:]}))
"""
KEYS = "import urllib.request as r; print(r.urlopen('http://gateway/keys').read().decode())"
CALL = f"""
import sys
from aibridge.client import connect
from aibridge.v1.models_pb2 import ListModelsRequest
for _ in range(8):
    with connect("dns:///aibridge-headless.secure:50051", token=sys.argv[1], tls={CA!r}, balance="headless") as client:
        client.models.ListModels(ListModelsRequest())
"""

pytestmark = pytest.mark.skipif(not FULL, reason="QUICK")


def in_client(release: Release, code: str, *arguments: str) -> str:
    return release.kubectl("exec", "client", "--", "python3", "-c", code, *arguments)


def certificate(release: Release, authority: trustme.CA) -> int:
    """Put a new certificate into the Secret of the release. Returns its serial number."""
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415 # beside its one use

    made = authority.issue_cert(*(f"{name}.secure" for name in ("aibridge", "aibridge-headless")))
    chain, key = made.cert_chain_pems[0].bytes(), made.private_key_pem.bytes()
    release.secret("aibridge-tls", **{"tls.crt": chain.decode(), "tls.key": key.decode()})
    return load_pem_x509_certificate(chain).serial_number


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(cluster: Cluster, authority: trustme.CA) -> Iterator[Release]:
    """A release with TLS, and the CA certificate in the client pod."""
    release = Release(cluster, "secure")
    try:
        release.prepare()
        certificate(release, authority)
        release.install({"tls": {"enabled": True, "existingSecret": "aibridge-tls"}})
        pem = authority.cert_pem.bytes().decode()
        release.kubectl("exec", "--stdin", "client", "--", "sh", "-c", f"cat > {CA}", stdin=pem)
        yield release
    finally:
        release.remove()


def test_no_call_fails_when_everything_is_replaced(secure: Release, authority: trustme.CA, report: Report) -> None:
    new = tokens.new("later")

    def seconds(condition: Callable[[], bool]) -> float:
        began = time.monotonic()
        until(condition, "a rotation", seconds=TIMEOUT_SECONDS, pause=1)
        return time.monotonic() - began

    def called() -> bool:
        try:
            in_client(secure, CALL, new.token)
        except ClusterError as error:
            if "UNAUTHENTICATED" not in str(error):
                raise
            return False
        return True

    def replace(release: Release) -> None:
        hosts = [pod["status"]["podIP"] for pod in release.pods()]
        serial = certificate(release, authority)
        report.times["certificate: until all pods show the new one"] = shown(
            seconds(lambda: in_client(release, SERIALS, *hosts).strip() == f"[{serial}]")
        )
        release.secret("aibridge-upstream", **{"api-key": "key-2"})
        report.times["upstream key: until no pod uses the old one"] = shown(seconds(lambda: old_key_is_unused(release)))
        release.secret("aibridge-callers", tokens=f"{release.token.line}\n{new.line}\n")
        report.times["callers' tokens: until all pods take the new one"] = shown(seconds(called))

    said = under_load(secure, report, "certificate, key and tokens replaced", replace, CA)
    assert failures(said) == {}


def old_key_is_unused(release: Release) -> bool:
    """Whether the gateway has seen the new key, and not the old one for two seconds."""
    seen: dict[str, Any] = json.loads(in_client(release, KEYS))
    return "key-2" in seen and seen["key-2"]["last"] - seen["key-1"]["last"] > 2


def shown(seconds: float) -> str:
    return f"{seconds:.0f}"
