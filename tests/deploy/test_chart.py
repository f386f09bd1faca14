"""The Helm chart: refused values, and the effect of each value. It runs `helm template`, so it needs `make helm`."""

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from bridge import settings
from bridge.settings.reference import reference
from tools import chart

HELM = chart.helm()
VERSIONS = ("1.35", "1.36", "1.37")
CUSTOM = {
    "Certificate",
    "ScaledObject",
    "ServiceMonitor",
    "PodMonitor",
    "PrometheusRule",
    "GRPCRoute",
    "BackendTrafficPolicy",
}
#: All optional parts, except KEDA, which excludes the autoscaler.
FULL = """
tls: {enabled: true, certManager: {enabled: true, issuerRef: {name: ca}}}
keda: {enabled: true}
metrics:
  serviceMonitor: {enabled: true}
  podMonitor: {enabled: true}
  prometheusRule: {enabled: true, labels: {release: prometheus}}
  dashboard: {enabled: true}
grpcRoute: {enabled: true, parentRefs: [{name: gateway}], hostnames: [ai.example], envoyBackendTrafficPolicy: true}
"""

pytestmark = pytest.mark.skipif(HELM is None and "REQUIRE_HELM" not in os.environ, reason="needs Helm: make helm")


def helm(*arguments: str, values: str = "") -> subprocess.CompletedProcess[str]:
    assert HELM is not None
    command = [HELM, *arguments, "--values", "-"]
    return subprocess.run(command, input=values, capture_output=True, text=True, check=False)  # noqa: S603


@cache
def rendered(values: str = "") -> dict[tuple[str, str], Any]:
    """The manifests for these values, as release `r`."""
    done = helm("template", "r", str(chart.CHART), "--namespace", "ns", values=values)
    assert done.returncode == 0, done.stderr
    return {(item["kind"], item["metadata"]["name"]): item for item in yaml.safe_load_all(done.stdout) if item}


def refused(values: str) -> str:
    done = helm("template", "r", str(chart.CHART), values=values)
    assert done.returncode != 0, values
    return done.stderr


def deployment(values: str = "") -> Any:
    return rendered(values)["Deployment", "r-aibridge"]["spec"]


def pod(values: str = "") -> Any:
    return deployment(values)["template"]["spec"]


def container(values: str = "") -> Any:
    return pod(values)["containers"][0]


def variables(values: str = "") -> dict[str, str]:
    return rendered(values)["ConfigMap", "r-aibridge"]["data"]


def at(item: Any, path: str) -> Any:
    """The part of a manifest at a path of names and indices, with dots between them."""
    for name in path.split("."):
        item = item[int(name)] if isinstance(item, list) else item[name]
    return item


def test_lint() -> None:
    """`helm lint --strict` accepts the chart, with its defaults and with every value set."""
    for values in ("", FULL):
        done = helm("lint", str(chart.CHART), "--strict", values=values)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("values", ["", FULL, "autoscaling: {enabled: true}"], ids=["default", "full", "autoscaling"])
def test_follows_the_schemas(values: str, version: str) -> None:
    checked = 0
    for (kind, _), item in rendered(values).items():
        if kind not in CUSTOM:
            assert kubernetes_validate.validate(item, version, strict=True) == version
            checked += 1
    assert checked >= 8


def test_what_the_full_set_has() -> None:
    kinds = {kind for kind, _ in rendered(FULL)}
    assert kinds >= CUSTOM
    assert {kind for kind, _ in rendered()} == {
        "ConfigMap", "Deployment", "NetworkPolicy", "Pod", "PodDisruptionBudget", "Service", "ServiceAccount",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ("settings: {drain_dely: 3}", "'drain_dely' not allowed"),
        ("settings: {drain_delay: -1}", "/settings/drain_delay"),
        ("settings: {drain_delay: soon}", "/settings/drain_delay"),
        ("settings: {upstream_credentials: mine}", "/settings/upstream_credentials"),
        ("settings: {upstream_api_key: sk-1}", "'upstream_api_key' not allowed"),
        ("settings: {listen: 0.0.0.0:1}", "'listen' not allowed"),
        ("settings: {upstream_ca_file: /x}", "'upstream_ca_file' not allowed"),
        ("files: {upstream_key: {secretName: s, key: k}}", "'upstream_key' not allowed"),
        ("files: {upstream_ca_file: {secretName: s}}", "/files/upstream_ca_file"),
        ("files: {upstream_ca_file: {secretName: s, configMapName: c, key: k}}", "files.upstream_ca_file"),
        ("files: {upstream_ca_file: {key: k}}", "files.upstream_ca_file"),
        ("replica: 3", "'replica' not allowed"),
        ("replicas: three", "/replicas"),
        ("image: {pullPolicy: Sometimes}", "/image/pullPolicy"),
        ("image: {digest: sha256:1}", "/image/digest"),
        ("ports: {grpc: 70000}", "/ports/grpc"),
        ("service: {type: External}", "/service/type"),
        ("networkPolicy: {upstreamPorts: [https]}", "/networkPolicy/upstreamPorts"),
        ("networkPolicy: {clientLabels: null}", "networkPolicy"),
        ("probes: {readiness: {periodSeconds: 0}}", "/probes/readiness/periodSeconds"),
        ("topologySpread: {whenUnsatisfiable: Never}", "/topologySpread/whenUnsatisfiable"),
        ("minReadySeconds: 10", "minReadySeconds: 10 must be more than settings.drain_delay (10 s)"),
        ("terminationGracePeriodSeconds: 130", "terminationGracePeriodSeconds: 130 must be more than"),
        ("autoscaling: {enabled: true}\nkeda: {enabled: true}", "enable one of them"),
        ("tls: {enabled: true}", "tls.existingSecret"),
        ("tls: {enabled: true, certManager: {enabled: true}}", "tls.certManager.issuerRef"),
        ("grpcRoute: {enabled: true}", "grpcRoute.parentRefs"),
    ],
)
def test_a_wrong_value_is_refused_by_name(values: str, said: str) -> None:
    assert said in refused(values)


#: A value, the manifest that it changes, the path there, and the expected content.
CASES: list[tuple[str, tuple[str, str], str, Any]] = [
    ("nameOverride: x", ("Deployment", "r-x"), "metadata.labels.app\\.kubernetes\\.io/name", "x"),
    ("fullnameOverride: x", ("Deployment", "x"), "metadata.name", "x"),
    ("commonLabels: {team: a}", ("Service", "r-aibridge"), "metadata.labels.team", "a"),
    ("commonLabels: {team: a}", ("Deployment", "r-aibridge"), "spec.template.metadata.labels.team", "a"),
    ("commonAnnotations: {team: a}", ("ConfigMap", "r-aibridge"), "metadata.annotations.team", "a"),
    ("replicas: 5", ("Deployment", "r-aibridge"), "spec.replicas", 5),
    ("revisionHistoryLimit: 1", ("Deployment", "r-aibridge"), "spec.revisionHistoryLimit", 1),
    ("minReadySeconds: 60", ("Deployment", "r-aibridge"), "spec.minReadySeconds", 60),
    ("settings: {drain_delay: 20}", ("Deployment", "r-aibridge"), "spec.minReadySeconds", 25),
    ("settings: {drain_delay: 20, drain_grace: 600}", ("Deployment", "r-aibridge"),
     "spec.template.spec.terminationGracePeriodSeconds", 630),
    ("terminationGracePeriodSeconds: 300", ("Deployment", "r-aibridge"),
     "spec.template.spec.terminationGracePeriodSeconds", 300),
    ("strategy: {maxSurge: 0, maxUnavailable: 1}", ("Deployment", "r-aibridge"), "spec.strategy.rollingUpdate",
     {"maxSurge": 0, "maxUnavailable": 1}),
    ("service: {type: LoadBalancer}", ("Service", "r-aibridge"), "spec.type", "LoadBalancer"),
    ("service: {appProtocol: kubernetes.io/h2c}", ("Service", "r-aibridge"), "spec.ports.0.appProtocol",
     "kubernetes.io/h2c"),
    ("service: {annotations: {a: b}}", ("Service", "r-aibridge"), "metadata.annotations.a", "b"),
    ("service: {trafficDistribution: PreferClose}", ("Service", "r-aibridge"), "spec.trafficDistribution",
     "PreferClose"),
    ("headlessService: {annotations: {a: b}}", ("Service", "r-aibridge-headless"), "metadata.annotations.a", "b"),
    ("serviceAccount: {name: x, annotations: {a: b}}", ("ServiceAccount", "x"), "metadata.annotations.a", "b"),
    ("ports: {grpc: 443}", ("Service", "r-aibridge-headless"), "spec.ports.0.port", 443),
    ("ports: {address: '[::]', grpc: 1}", ("ConfigMap", "r-aibridge"), "data.AIBRIDGE_LISTEN", "[::]:1"),
    ("podDisruptionBudget: {maxUnavailable: 25%}", ("PodDisruptionBudget", "r-aibridge"), "spec.maxUnavailable", "25%"),
    ("autoscaling: {enabled: true, minReplicas: 3, maxReplicas: 4, targetCPUUtilizationPercentage: 50}",
     ("HorizontalPodAutoscaler", "r-aibridge"), "spec.metrics.0.resource.target.averageUtilization", 50),
    ("autoscaling: {enabled: true, minReplicas: 3}", ("HorizontalPodAutoscaler", "r-aibridge"), "spec.minReplicas", 3),
    ("keda: {enabled: true, callsPerPod: 7}", ("ScaledObject", "r-aibridge"), "spec.triggers.0.metadata.threshold",
     "7"),
    ("keda: {enabled: true}", ("ScaledObject", "r-aibridge"), "spec.triggers.0.metadata.query",
     'sum(aibridge_calls_open{namespace="ns", pod=~"r-aibridge-.*"})'),
    ("keda: {enabled: true, serverAddress: 'http://p:1'}", ("ScaledObject", "r-aibridge"),
     "spec.triggers.0.metadata.serverAddress", "http://p:1"),
    ("keda: {enabled: true, pollingInterval: 7}", ("ScaledObject", "r-aibridge"), "spec.pollingInterval", 7),
    ("keda: {enabled: true, cooldownPeriod: 7}", ("ScaledObject", "r-aibridge"), "spec.cooldownPeriod", 7),
    ("autoscaling: {enabled: true, behavior: {scaleUp: {}}}", ("HorizontalPodAutoscaler", "r-aibridge"),
     "spec.behavior.scaleUp", {}),
    ("tls: {enabled: true, certManager: {enabled: true, issuerRef: {name: i}, renewBefore: 1h}}",
     ("Certificate", "r-aibridge"), "spec.renewBefore", "1h"),
    ("tls: {enabled: true, spiffe: {enabled: true, certificate: c.pem}}", ("ConfigMap", "r-aibridge"),
     "data.AIBRIDGE_TLS_CERTIFICATE_FILE", "/run/tls/c.pem"),
    ("tls: {enabled: true, spiffe: {enabled: true, key: k.pem}}", ("ConfigMap", "r-aibridge"),
     "data.AIBRIDGE_TLS_KEY_FILE", "/run/tls/k.pem"),
    ("tls: {enabled: true, clientCertificates: true, spiffe: {enabled: true, ca: a.pem}}",
     ("ConfigMap", "r-aibridge"), "data.AIBRIDGE_TLS_CLIENT_CA_FILE", "/run/tls/a.pem"),
    ("keda: {enabled: true, query: up}", ("ScaledObject", "r-aibridge"), "spec.triggers.0.metadata.query", "up"),
    ("keda: {enabled: true, authenticationRef: {name: a}}", ("ScaledObject", "r-aibridge"),
     "spec.triggers.0.authenticationRef", {"name": "a"}),
    ("networkPolicy: {clientLabels: {aibridge.client: null, a: b}}", ("NetworkPolicy", "r-aibridge"),
     "spec.ingress.0.from.0.podSelector.matchLabels", {"a": "b"}),
    ("networkPolicy: {clients: [{namespaceSelector: {}}]}", ("NetworkPolicy", "r-aibridge"), "spec.ingress.0.from.1",
     {"namespaceSelector": {}}),
    ("networkPolicy: {upstreamPorts: [8000, 8001]}", ("NetworkPolicy", "r-aibridge"), "spec.egress.1.ports",
     [{"port": 8000}, {"port": 8001}]),
    ("settings: {upstream_url: 'http://gateway:8080/v1'}", ("NetworkPolicy", "r-aibridge"), "spec.egress.1.ports",
     [{"port": 8080}]),
    ("settings: {upstream_url: 'http://gateway/v1'}", ("NetworkPolicy", "r-aibridge"), "spec.egress.1.ports",
     [{"port": 80}]),
    ("settings: {upstream_url: 'https://[fd00::1]:8443/v1'}", ("NetworkPolicy", "r-aibridge"), "spec.egress.1.ports",
     [{"port": 8443}]),
    ("networkPolicy: {upstream: [{ipBlock: {cidr: 10.0.0.0/8}}]}", ("NetworkPolicy", "r-aibridge"), "spec.egress.1.to",
     [{"ipBlock": {"cidr": "10.0.0.0/8"}}]),
    ("networkPolicy: {proxyPort: 3128}", ("NetworkPolicy", "r-aibridge"), "spec.egress.2.ports", [{"port": 3128}]),
    ("networkPolicy: {extraEgress: [{ports: [{port: 4317}]}]}", ("NetworkPolicy", "r-aibridge"), "spec.egress.2",
     {"ports": [{"port": 4317}]}),
    ("networkPolicy: {metricsNamespace: '', extraIngress: [{ports: [{port: 1}]}]}", ("NetworkPolicy", "r-aibridge"),
     "spec.ingress.1", {"ports": [{"port": 1}]}),
    ("metrics: {serviceMonitor: {enabled: true, labels: {a: b}, interval: 5s}}", ("ServiceMonitor", "r-aibridge"),
     "spec.endpoints", [{"port": "metrics", "interval": "5s"}]),
    ("metrics: {serviceMonitor: {enabled: true, labels: {a: b}}}", ("ServiceMonitor", "r-aibridge"),
     "metadata.labels.a", "b"),
    ("metrics: {podMonitor: {enabled: true, interval: 5s}}", ("PodMonitor", "r-aibridge"), "spec.podMetricsEndpoints",
     [{"port": "metrics", "interval": "5s"}]),
    ("metrics: {prometheusRule: {enabled: true}}", ("PrometheusRule", "r-aibridge"), "spec.groups.0.name", "aibridge"),
    ("metrics: {dashboard: {enabled: true}}", ("ConfigMap", "r-aibridge-dashboard"),
     "metadata.labels.grafana_dashboard", "1"),
    ("grpcRoute: {enabled: true, parentRefs: [{name: g}], hostnames: [h]}", ("GRPCRoute", "r-aibridge"),
     "spec.hostnames", ["h"]),
    ("tls: {enabled: true, certManager: {enabled: true, issuerRef: {name: i}, dnsNames: [a.example], duration: 1h}}",
     ("Certificate", "r-aibridge"), "spec.dnsNames.8", "a.example"),
    ("extraObjects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: '{{ .Release.Name }}-x'}}]",
     ("ConfigMap", "r-x"), "kind", "ConfigMap"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "where", "path", "wanted"), CASES, ids=[case[0][:60] for case in CASES])
def test_a_value_shows(values: str, where: tuple[str, str], path: str, wanted: Any) -> None:
    item: Any = rendered(values)[where]
    for name in path.replace("\\.", "\0").split("."):
        item = item[int(name)] if isinstance(item, list) else item[name.replace("\0", ".")]
    assert item == wanted


#: A value, and its effect on the pod, or with a dot on the container.
POD = [
    ("imagePullSecrets: [{name: s}]", "imagePullSecrets", [{"name": "s"}]),
    ("priorityClassName: p", "priorityClassName", "p"),
    ("runtimeClassName: p", "runtimeClassName", "p"),
    ("nodeSelector: {a: b}", "nodeSelector", {"a": "b"}),
    ("tolerations: [{operator: Exists}]", "tolerations", [{"operator": "Exists"}]),
    ("affinity: {podAffinity: {}}", "affinity", {"podAffinity": {}}),
    ("serviceAccount: {create: false}", "serviceAccountName", "default"),
    ("serviceAccount: {name: x}", "serviceAccountName", "x"),
    ("tls: {enabled: true, spiffe: {enabled: true, driver: d}}", "volumes.3.csi.driver", "d"),
    ("initContainers: [{name: i, image: x}]", "initContainers", [{"name": "i", "image": "x"}]),
    ("extraContainers: [{name: i, image: x}]", "containers.1", {"name": "i", "image": "x"}),
    ("extraVolumes: [{name: v, emptyDir: {}}]", "volumes.3", {"name": "v", "emptyDir": {}}),
    ("topologySpread: {keys: [rack]}", "topologySpreadConstraints.0.topologyKey", "rack"),
    ("topologySpread: {whenUnsatisfiable: DoNotSchedule}", "topologySpreadConstraints.1.whenUnsatisfiable",
     "DoNotSchedule"),
    ("image: {repository: r/a, tag: t}", "containers.0.image", "r/a:t"),
    ("image: {digest: 'sha256:" + "a" * 64 + "'}", "containers.0.image", "aibridge@sha256:" + "a" * 64),
    ("image: {pullPolicy: Always}", "containers.0.imagePullPolicy", "Always"),
    ("extraEnv: [{name: A, value: b}]", "containers.0.env", [{"name": "A", "value": "b"}]),
    ("extraEnvFrom: [{secretRef: {name: s}}]", "containers.0.envFrom.1", {"secretRef": {"name": "s"}}),
    ("extraVolumeMounts: [{name: v, mountPath: /v}]", "containers.0.volumeMounts.3", {"name": "v", "mountPath": "/v"}),
    ("resources: {requests: {cpu: 2}}", "containers.0.resources.requests.cpu", 2),
    ("probes: {startup: {failureThreshold: 9}}", "containers.0.startupProbe.failureThreshold", 9),
    ("probes: {readiness: {periodSeconds: 9}}", "containers.0.readinessProbe.periodSeconds", 9),
    ("probes: {liveness: {timeoutSeconds: 9}}", "containers.0.livenessProbe.timeoutSeconds", 9),
    ("ports: {health: 99}", "containers.0.livenessProbe.grpc", {"port": 99, "service": "liveness"}),
    ("ports: {health: 99}", "containers.0.readinessProbe.grpc", {"port": 99, "service": "readiness"}),
]  # fmt: skip


@pytest.mark.parametrize(("values", "path", "wanted"), POD, ids=[case[0][:60] for case in POD])
def test_a_value_shows_in_the_pod(values: str, path: str, wanted: Any) -> None:
    assert at(pod(values), path) == wanted


@pytest.mark.parametrize(
    ("values", "gone"),
    [
        ("headlessService: {enabled: false}", ("Service", "r-aibridge-headless")),
        ("podDisruptionBudget: {enabled: false}", ("PodDisruptionBudget", "r-aibridge")),
        ("networkPolicy: {enabled: false}", ("NetworkPolicy", "r-aibridge")),
        ("serviceAccount: {create: false}", ("ServiceAccount", "r-aibridge")),
        ("test: {enabled: false}", ("Pod", "r-aibridge-test")),
    ],
)
def test_a_part_can_be_left_out(values: str, gone: tuple[str, str]) -> None:
    assert gone in rendered()
    assert gone not in rendered(values)


def test_every_value_has_a_case() -> None:
    """Every value has a case above, because a value without a test may have no effect."""
    text = "\n".join([FULL, *(case[0] for case in (*CASES, *POD))]) + Path(__file__).read_text("utf-8")
    names = {path.rpartition(".")[2] for path, _, _ in chart.documented()}
    assert len(names) > 60
    assert {name for name in names if f"{name}:" not in text} == set()


def test_every_setting_can_be_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The ConfigMap has each setting in a form that the bridge reads: lists, switches, large numbers."""
    given = {
        "max_message_bytes": 1 << 29, "stall_timeout": 0.5, "coalesce": True, "reflection": False, "log_level": "debug",
        "forward_headers": ["x-a", "x-b"], "upstream_credentials": "bridge", "workers": 2, "jwt_claim": None,
    }  # fmt: skip
    made = variables(
        json.dumps({"settings": given, "files": {"upstream_ca_file": {"configMapName": "c", "key": "ca.pem"}}})
    )
    assert made["AIBRIDGE_UPSTREAM_CA_FILE"] == "/run/config/c/ca.pem"
    for name, value in made.items():
        if name.endswith("_FILE"):
            (tmp_path / name).write_text("text")
            value = str(tmp_path / name)  # noqa: PLW2901
        monkeypatch.setenv(name, value)
    read = settings.load()
    assert {name: getattr(read, name) for name in given} == given | {
        "forward_headers": ("x-a", "x-b"), "jwt_claim": reference()["jwt_claim"].default,
    }  # fmt: skip


def test_the_schema_knows_every_setting() -> None:
    """Each setting is in the chart's settings or files, is made by the chart, or is a secret."""
    known = chart.schema()["properties"]
    names = known["settings"]["properties"].keys() | known["files"]["properties"].keys()
    rest = {name for name in reference() if name not in names}
    secrets = {name for name, setting in reference().items() if setting.kind == "secret"}
    assert rest == {"listen", "health_listen", "metrics_listen", "removal_notice"} | secrets
    assert {"upstream_api_key", "upstream_oidc_token"} <= secrets


def test_a_pair_of_files_is_one_mount() -> None:
    """A certificate and its key come from one mount of one Secret, so that they change together."""
    values = (
        "files: {upstream_certificate_file: {secretName: s.x, key: c}, upstream_key_file: {secretName: s.x, key: k}}"
    )
    mounts = [mount for mount in container(values)["volumeMounts"] if mount["mountPath"] == "/run/secrets/s.x"]
    assert [mount["name"] for mount in mounts] == ["secret-s-x"]
    assert all(mount["readOnly"] for mount in mounts)
    assert {"name": "secret-s-x", "secret": {"secretName": "s.x", "defaultMode": 0o440}} in pod(values)["volumes"]
    assert variables(values)["AIBRIDGE_UPSTREAM_KEY_FILE"] == "/run/secrets/s.x/k"


def test_the_hook_makes_the_file_that_the_bridge_looks_for() -> None:
    """In a folder that the bridge's user may write to, which is gone with the pod."""
    path = variables()["AIBRIDGE_REMOVAL_NOTICE"]
    assert container()["lifecycle"]["preStop"]["exec"]["command"] == ["sh", "-c", f"echo > {path}"]
    assert path.rpartition("/")[0] in {mount["mountPath"] for mount in container()["volumeMounts"]}


def test_a_file_can_be_left_out() -> None:
    made = variables("files: {caller_tokens_file: null}\nsettings: {allow_anonymous_callers: true}")
    assert "AIBRIDGE_CALLER_TOKENS_FILE" not in made
    assert made["AIBRIDGE_ALLOW_ANONYMOUS_CALLERS"] == "true"


@pytest.mark.parametrize(
    ("values", "volume", "authorities"),
    [
        ("tls: {enabled: true, existingSecret: t}", {"secret": {"secretName": "t", "defaultMode": 0o440}}, False),
        ("tls: {enabled: true, certManager: {enabled: true, issuerRef: {name: i}}, clientCertificates: true}",
         {"secret": {"secretName": "r-aibridge-tls", "defaultMode": 0o440}}, True),
        ("tls: {enabled: true, spiffe: {enabled: true, volumeAttributes: {a: b}}, clientCertificates: true}",
         {"csi": {"driver": "spiffe.csi.cert-manager.io", "readOnly": True, "volumeAttributes": {"a": "b"}}}, True),
    ],
    ids=["secret", "cert-manager", "spiffe"],
)  # fmt: skip
def test_tls(values: str, volume: dict[str, Any], *, authorities: bool) -> None:
    """Each source of a certificate is mounted, and the bridge gets its files."""
    made = variables(values)
    assert made["AIBRIDGE_TLS_CERTIFICATE_FILE"] == "/run/tls/tls.crt"
    assert made["AIBRIDGE_TLS_KEY_FILE"] == "/run/tls/tls.key"
    assert ("AIBRIDGE_TLS_CLIENT_CA_FILE" in made) == authorities
    assert {"name": "tls", **volume} in pod(values)["volumes"]
    assert {"name": "tls", "mountPath": "/run/tls", "readOnly": True} in container(values)["volumeMounts"]


def test_settings_make_new_pods_and_nothing_else_does() -> None:
    """Pods restart when the ConfigMap changes, because variables are read at startup, and for no other reason."""

    def hashed(values: str) -> str:
        return deployment(values)["template"]["metadata"]["annotations"]["checksum/config"]

    assert hashed("settings: {drain_delay: 11}") != hashed("")
    assert hashed("replicas: 7") == hashed("")


def test_an_autoscaler_owns_the_replicas() -> None:
    for values in ("autoscaling: {enabled: true}", "keda: {enabled: true}"):
        assert "replicas" not in deployment(values)


def test_the_pod_of_helm_test_may_run_and_connect() -> None:
    """The pod of `helm test` is restricted like the bridge, and has the label that the NetworkPolicy requires."""
    test = rendered()["Pod", "r-aibridge-test"]
    assert test["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert test["metadata"]["labels"]["aibridge.client"] == "true"
    assert test["spec"]["containers"][0]["args"][-1] == "r-aibridge.ns:50051"
    for item in (test["spec"], pod()):
        assert item["securityContext"]["runAsNonRoot"] is True
        assert item["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert item["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert item["automountServiceAccountToken"] is False
    assert "ALPN" in str(rendered("tls: {enabled: true, existingSecret: t}")["Pod", "r-aibridge-test"]).upper()


def test_no_value_is_a_secret() -> None:
    assert not [kind for kind, _ in (*rendered(), *rendered(FULL)) if kind == "Secret"]


def test_monitors_call_the_job_as_alerts_and_dashboard_do() -> None:
    for kind in ("ServiceMonitor", "PodMonitor"):
        assert rendered(FULL)[kind, "r-aibridge"]["spec"]["jobLabel"] == "app.kubernetes.io/name"
    rules = rendered(FULL)["PrometheusRule", "r-aibridge"]["spec"]["groups"][0]["rules"]
    assert {"AibridgeDown"} <= {rule["alert"] for rule in rules}
    panel = json.loads(rendered(FULL)["ConfigMap", "r-aibridge-dashboard"]["data"]["aibridge.json"])
    assert panel["uid"] == "aibridge"


def test_notes_tell_how_to_call() -> None:
    done = helm("install", "r", str(chart.CHART), "--namespace", "ns", "--dry-run=client")
    assert "dns:///r-aibridge-headless.ns:50051" in done.stdout
    assert "Secret aibridge-upstream with the key api-key" in done.stdout
    assert "aibridge.client=true" in done.stdout


def test_an_upgrade_keeps_the_selector() -> None:
    """The selector of a Deployment does not change between versions, because Kubernetes would refuse the upgrade."""
    assert deployment()["selector"]["matchLabels"] == {
        "app.kubernetes.io/name": "aibridge", "app.kubernetes.io/instance": "r",
    }  # fmt: skip
    assert deployment("podLabels: {a: b}\ncommonLabels: {c: d}")["selector"] == deployment()["selector"]
    made = deployment("podLabels: {a: b}\npodAnnotations: {e: f}\nmetrics: {podAnnotations: false}")["template"][
        "metadata"
    ]
    assert made["labels"]["a"] == "b"
    assert made["annotations"]["e"] == "f"
    assert "prometheus.io/scrape" not in made["annotations"]
