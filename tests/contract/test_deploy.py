"""The manifest and the Dockerfile match each other, the settings, and the schemas of three Kubernetes versions."""

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from bridge import settings
from bridge.server.health import LIVENESS, READINESS
from tests.support.manifests import CONTAINER, DEPLOYMENT, POD, RESOURCES, TEXT, VARIABLES
from tools import chart

ROOT = Path(__file__).parents[2]
#: Seconds from the end of the drain to the end of the last process.
FAREWELL = 5

Instructions = list[tuple[str, str]]


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> settings.Settings:
    """The settings of a pod, with its mounted files in a folder."""
    for name in [name for name in os.environ if name.startswith("AIBRIDGE_") or name.endswith("_API_KEY")]:
        monkeypatch.delenv(name)
    for name, value in VARIABLES.items():
        if name.endswith("_FILE"):
            (tmp_path / Path(value).name).write_text("sk-mounted")
            monkeypatch.setenv(name, str(tmp_path / Path(value).name))
        else:
            monkeypatch.setenv(name, value)
    return settings.load()


@pytest.mark.parametrize("version", ["1.35", "1.36", "1.37"])
@pytest.mark.parametrize("name", RESOURCES, ids="/".join)
def test_follows_the_schema(name: tuple[str, str], version: str) -> None:
    assert kubernetes_validate.validate(RESOURCES[name], version, strict=True) == version


@pytest.mark.parametrize("version", ["1.35", "1.36", "1.37"])
def test_the_sidecar_example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str) -> None:
    """It follows the schema, its settings are valid without a caller's token, and it is a native sidecar."""
    (item,) = yaml.safe_load_all((ROOT / "deploy" / "examples" / "sidecar.yaml").read_text())
    assert kubernetes_validate.validate(item, version, strict=True) == version
    (bridge,) = item["spec"]["template"]["spec"]["initContainers"]
    assert bridge["restartPolicy"] == "Always"
    assert bridge["image"] == CONTAINER["image"]
    for entry in bridge["env"]:
        (tmp_path / "file").write_text("sk-mounted")
        value = str(tmp_path / "file") if entry["name"].endswith("_FILE") else entry["value"]
        monkeypatch.setenv(entry["name"], value)
    assert settings.load().listen == "127.0.0.1:50051"


@pytest.mark.parametrize(
    "wrong",
    [{"terminationGracePeriodSeconds": "150"}, {"securtyContext": {}}, {"containers": [{"image": "no-name"}]}],
    ids=["type", "misspelt", "missing"],
)
def test_the_schema_is_checked(wrong: dict[str, Any]) -> None:
    """The schema check finds a wrong type, an unknown field and a missing field."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": POD | wrong}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(pod, "1.37", strict=True)


def test_kubernetes_waits_for_the_drain(chosen: settings.Settings) -> None:
    assert chosen.drain_delay > 0, "endpoints are updated while calls still come in"
    assert POD["terminationGracePeriodSeconds"] >= chosen.drain_delay + chosen.drain_grace + FAREWELL
    # A pod becomes ready only after the previous one's drain delay, so two pods are never in it.
    assert DEPLOYMENT["minReadySeconds"] > chosen.drain_delay
    assert chosen.upstream_check_timeout < chosen.upstream_check_interval


def test_probes_ask_the_health_port_for_names_that_it_knows(chosen: settings.Settings) -> None:
    assert chosen.health_listen is not None
    port = int(chosen.health_listen.rpartition(":")[2])
    asked = {name: CONTAINER[name]["grpc"] for name in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert CONTAINER["envFrom"] == [{"configMapRef": {"name": "aibridge"}}]
    assert asked == {
        "startupProbe": {"port": port, "service": LIVENESS},
        "readinessProbe": {"port": port, "service": READINESS},
        "livenessProbe": {"port": port, "service": LIVENESS},
    }


def test_ports_are_where_the_bridge_listens(chosen: settings.Settings) -> None:
    ports = {port["name"]: port["containerPort"] for port in CONTAINER["ports"]}
    assert chosen.listen == f"0.0.0.0:{ports['grpc']}"
    assert chosen.health_listen == f"0.0.0.0:{ports['health']}"
    assert chosen.metrics_listen == f"0.0.0.0:{ports['metrics']}"
    assert DEPLOYMENT["template"]["metadata"]["annotations"]["prometheus.io/port"] == str(ports["metrics"])
    rules = RESOURCES["NetworkPolicy", "aibridge"]["spec"]["ingress"]
    assert {port["port"] for rule in rules for port in rule["ports"]} == {"grpc", "metrics"}
    for name in ("aibridge", "aibridge-headless"):
        (port,) = RESOURCES["Service", name]["spec"]["ports"]
        # With a headless Service clients connect to the pod's port, so it has to be the same.
        assert (port["port"], port["targetPort"]) == (ports["grpc"], "grpc")
    assert RESOURCES["Service", "aibridge-headless"]["spec"]["clusterIP"] == "None"


def test_selectors_select_the_pods() -> None:
    labels = DEPLOYMENT["template"]["metadata"]["labels"]
    selectors = [
        DEPLOYMENT["selector"]["matchLabels"],
        RESOURCES["Service", "aibridge"]["spec"]["selector"],
        RESOURCES["Service", "aibridge-headless"]["spec"]["selector"],
        RESOURCES["PodDisruptionBudget", "aibridge"]["spec"]["selector"]["matchLabels"],
        RESOURCES["NetworkPolicy", "aibridge"]["spec"]["podSelector"]["matchLabels"],
        *(item["labelSelector"]["matchLabels"] for item in POD["topologySpreadConstraints"]),
    ]
    assert all(selector.items() <= labels.items() for selector in selectors)


def test_the_container_may_do_nothing_that_it_need_not() -> None:
    pod, container = POD["securityContext"], CONTAINER["securityContext"]
    assert pod["runAsNonRoot"] is True
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert POD["automountServiceAccountToken"] is False


@pytest.mark.parametrize(
    ("volume", "variable", "file"),
    [("upstream", "AIBRIDGE_UPSTREAM_API_KEY_FILE", "api-key"), ("callers", "AIBRIDGE_CALLER_TOKENS_FILE", "tokens")],
)
def test_secrets_are_files_of_secrets_that_are_made_elsewhere(volume: str, variable: str, file: str) -> None:
    assert not [kind for kind, _ in RESOURCES if kind == "Secret"]
    mounts = {mount["name"]: mount for mount in CONTAINER["volumeMounts"]}
    volumes = {item["name"]: item for item in POD["volumes"]}
    name = f"secret-aibridge-{volume}"
    assert volumes[name]["secret"] == {"secretName": f"aibridge-{volume}", "defaultMode": 0o440}
    assert mounts[name]["readOnly"] is True
    assert VARIABLES[variable] == f"{mounts[name]['mountPath']}/{file}"
    assert f"create secret generic aibridge-{volume} --from-file={file}" in TEXT


def test_a_pod_fits_beside_two_others_on_a_small_node() -> None:
    """Two replicas and the surge pod fit on a node of two cores; otherwise a rollout there would never end."""
    requests = CONTAINER["resources"]["requests"]
    surge = DEPLOYMENT["strategy"]["rollingUpdate"]["maxSurge"]
    assert int(requests["cpu"].removesuffix("m")) * (DEPLOYMENT["replicas"] + surge) <= 1800
    assert "ephemeral-storage" in requests


def test_what_is_made_for_the_chart_is_fresh() -> None:
    """The files that tools/chart.py makes for the chart are up to date."""
    assert [str(path.relative_to(ROOT)) for path, _ in chart.outdated(None)] == []


def test_tags_agree() -> None:
    """The chart, the manifest and the docs name the image that is built."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    chart = yaml.safe_load((ROOT / "deploy" / "helm" / "aibridge" / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (version, version)
    assert CONTAINER["image"] == f"aibridge:{version}"
    assert f'org.opencontainers.image.version="{version}"' in (ROOT / "deploy" / "Dockerfile").read_text()
    made = subprocess.run(["make", "--dry-run", "image"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    assert f"--tag aibridge:{version} " in made.stdout
    for page in ("docs/deployment.md", "docs/kubernetes.md"):
        assert set(re.findall(r"\baibridge:(\d[\w.]*)", (ROOT / page).read_text())) == {version}, page


def test_callers_have_to_show_who_they_are(chosen: settings.Settings) -> None:
    assert chosen.knows_callers
    assert not chosen.allow_anonymous_callers


def instructions() -> Instructions:
    """The Dockerfile's instructions, with continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "deploy" / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [(line.split()[0], line.partition(" ")[2]) for line in lines if line.strip()]


def test_both_stages_have_the_base_of_the_argument() -> None:
    first, *rest = instructions()
    assert first[0] == "ARG"
    assert first[1].startswith("BASE=")
    assert [value for word, value in rest if word == "FROM"] == ["${BASE} AS build", "${BASE}"]


def test_what_is_copied_is_there_and_not_ignored() -> None:
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for word, value in instructions():
        if word == "COPY" and not value.startswith("--from"):
            for source in value.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert source in allowed


def test_the_image_runs_as_the_user_of_the_manifest_and_serves() -> None:
    final = dict(instructions()[[word for word, _ in instructions()].index("LABEL") :])
    pod = POD["securityContext"]
    assert final["USER"] == f"{pod['runAsUser']}:{pod['runAsGroup']}"
    assert final["ENTRYPOINT"] == '["aibridge"]'
    assert final["CMD"] == '["serve"]'
    assert CONTAINER["args"] == ["serve"]
    listen = dict(item.split("=", 1) for item in final["ENV"].split())["AIBRIDGE_LISTEN"]  # without the chart
    assert listen == VARIABLES["AIBRIDGE_LISTEN"]
    assert final["EXPOSE"] == listen.rpartition(":")[2]
