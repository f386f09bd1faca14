"""The chart's objects for operators match their definitions: cert-manager, KEDA, Prometheus, the Gateway API."""

from pathlib import Path

import pytest

from tests.e2e.cluster.conftest import FULL
from tests.e2e.cluster.definitions import definitions
from tests.e2e.cluster.release import CHART, Release

pytestmark = pytest.mark.skipif(not FULL, reason="QUICK")

#: Every part that needs a resource definition.
VALUES = """
tls: {enabled: true, certManager: {enabled: true, issuerRef: {name: ca, kind: ClusterIssuer}}}
keda: {enabled: true}
metrics:
  serviceMonitor: {enabled: true}
  podMonitor: {enabled: true}
  prometheusRule: {enabled: true}
grpcRoute: {enabled: true, parentRefs: [{name: gateway}], hostnames: [ai.example], envoyBackendTrafficPolicy: true}
"""
KINDS = {
    "certificate.cert-manager.io",
    "scaledobject.keda.sh",
    "servicemonitor.monitoring.coreos.com",
    "podmonitor.monitoring.coreos.com",
    "prometheusrule.monitoring.coreos.com",
    "grpcroute.gateway.networking.k8s.io",
    "backendtrafficpolicy.gateway.envoyproxy.io",
}


def test_the_api_server_takes_what_is_made_for_operators(release: Release, tmp_path: Path) -> None:
    """With strict validation, the API server refuses an unknown field, a wrong type and an invalid value."""
    for path in definitions(tmp_path):
        release.cluster.kubectl("apply", "--server-side", "--filename", str(path))
    release.cluster.kubectl("wait", "--for=condition=Established", "customresourcedefinitions", "--all")
    made = release.cluster.helm(
        "template", "other", str(CHART), "--namespace", release.name, "--values", "-", stdin=VALUES
    )
    said = release.kubectl(
        "apply", "--server-side", "--dry-run=server", "--validate=strict", "--filename", "-", stdin=made
    )
    assert {line.split("/")[0] for line in said.splitlines()} >= KINDS
