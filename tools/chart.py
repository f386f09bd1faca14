"""Makes the files that follow from the Helm chart's values and the settings; `--check` fails if one is stale.

These are values.schema.json, README.md and files/ of the chart, and deploy/kubernetes.yaml, which is the output of
`helm template` with the chart's own values. Without Helm (`make helm`), only the hash in the manifest's head is
checked.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

import annotated_types
import orjson
import yaml
from pydantic.fields import FieldInfo

from bridge.settings.model import GROUPS
from bridge.settings.reference import reference

ROOT: Final = Path(__file__).parent.parent
CHART: Final = ROOT / "deploy" / "helm" / "aibridge"
MANIFEST: Final = ROOT / "deploy" / "kubernetes.yaml"
#: Copies in the chart, because a chart can only read its own files.
COPIES: Final = {
    "files/alerts.yaml": ROOT / "deploy" / "prometheus" / "alerts.yaml",
    "files/dashboard.json": ROOT / "deploy" / "grafana" / "aibridge.json",
}
#: Settings that the chart makes, from `ports` and for the preStop hook.
_OWN: Final = frozenset({"listen", "health_listen", "metrics_listen", "removal_notice"})
_TYPES: Final = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
_NUMBER: Final = {"integer", "number"}
_PORT: Final = {"type": "integer", "minimum": 1, "maximum": 65535}
_MAP: Final = {"type": "object", "additionalProperties": {"type": "string"}}
_AMOUNT: Final = {"type": ["integer", "string"], "pattern": "^[0-9]+%?$", "minimum": 0}
_COUNT: Final = {"type": "integer", "minimum": 1}
#: Constraints that do not follow from a key's default value. The path ends in the key.
_RULES: Final[Mapping[str, Mapping[str, Any]]] = {
    "image.repository": {"type": "string", "minLength": 1},
    "image.digest": {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"},
    "image.pullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
    "replicas": {"type": "integer", "minimum": 0},
    "revisionHistoryLimit": {"type": "integer", "minimum": 0},
    "minReadySeconds": {"type": ["integer", "null"], "minimum": 0},
    "terminationGracePeriodSeconds": {"type": ["integer", "null"], "minimum": 1},
    "strategy.maxSurge": _AMOUNT,
    "strategy.maxUnavailable": _AMOUNT,
    "podDisruptionBudget.maxUnavailable": _AMOUNT,
    "ports.grpc": _PORT,
    "ports.health": _PORT,
    "ports.metrics": _PORT,
    "service.type": {"enum": ["ClusterIP", "NodePort", "LoadBalancer"]},
    "service.trafficDistribution": {"enum": ["", "PreferClose", "PreferSameZone", "PreferSameNode"]},
    "networkPolicy.upstreamPorts": {"type": "array", "items": _PORT},
    "networkPolicy.proxyPort": {**_PORT, "type": ["integer", "null"]},
    "networkPolicy.clientLabels": {**_MAP, "minProperties": 1},
    "topologySpread.whenUnsatisfiable": {"enum": ["ScheduleAnyway", "DoNotSchedule"]},
    "topologySpread.keys": {"type": "array", "items": {"type": "string"}},
    "autoscaling.minReplicas": _COUNT,
    "autoscaling.maxReplicas": _COUNT,
    "autoscaling.targetCPUUtilizationPercentage": _COUNT,
    "keda.minReplicas": _COUNT,
    "keda.maxReplicas": _COUNT,
    "keda.callsPerPod": _COUNT,
    "resources": {"type": "object"},
    "autoscaling.behavior": {"type": "object"},
    "metrics.dashboard.labels": _MAP,
}
#: Keys with a map of texts, which is empty by default.
_MAPS: Final = frozenset({"commonLabels", "commonAnnotations", "annotations", "podLabels", "podAnnotations", "labels"})


def values() -> dict[str, Any]:
    """The chart's values."""
    return yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))


def schema() -> dict[str, Any]:
    """The JSON schema of the values, with closed maps, so that Helm reports unknown keys."""
    made = _closed({name: _value(name, name, value) for name, value in values().items()})
    made["properties"] |= {"settings": _settings(), "files": _files(), "global": {"type": "object"}}
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Values of the chart aibridge", **made}


def _closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": dict(properties)}


def _value(path: str, name: str, value: Any) -> Mapping[str, Any]:
    if path in _RULES:
        return _RULES[path]
    if isinstance(value, dict) and value:
        return _closed({key: _value(f"{path}.{key}", key, inner) for key, inner in value.items()})
    if isinstance(value, dict):
        return _MAP if name in _MAPS else {"type": "object"}
    if name.endswith("Seconds") or name in {"failureThreshold", "pollingInterval", "cooldownPeriod"}:
        return _COUNT
    return {"type": _TYPES[type(value)]}


def _settings() -> dict[str, Any]:
    known = reference()
    fields = {name: field for group in GROUPS for name, field in group.model_fields.items()}
    return _closed(
        {
            name: _setting(field, known[name].kind) | {"description": known[name].meaning}
            for name, field in fields.items()
            if name not in _OWN and not name.endswith("_file") and known[name].kind != "secret"
        }
    )


def _setting(field: FieldInfo, kind: str) -> dict[str, Any]:
    if get_origin(field.annotation) is Literal:
        return {"enum": [*get_args(field.annotation), None]}
    if kind == "list":
        return {"type": ["array", "string", "null"], "items": {"type": "string"}}
    name = {"true or false": "boolean", "integer": "integer", "number": "number"}.get(kind, "string")
    made: dict[str, Any] = {"type": [name, "null"]}
    for bound in field.metadata if name in _NUMBER else ():
        match bound:
            case annotated_types.Ge(ge=least):
                made["minimum"] = least
            case annotated_types.Gt(gt=least):
                made["exclusiveMinimum"] = least
            case annotated_types.Le(le=most):
                made["maximum"] = most
    return made


def _files() -> dict[str, Any]:
    text = {"type": "string", "minLength": 1}
    source = _closed({"secretName": text, "configMapName": text, "key": text})
    source |= {"type": ["object", "null"], "required": ["key"]}
    return _closed({name: source for name in reference() if name.endswith("_file")})


def readme() -> str:
    """The chart's README: how to install it, and a table of its values."""
    meta = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))
    rows = "\n".join(f"| `{path}` | `{_show(default)}` | {meaning} |" for path, default, meaning in documented())
    return f"""# Chart {meta["name"]}

Made by `tools/chart.py` from values.yaml; do not edit.

{meta["description"]} Chart {meta["version"]}, bridge {meta["appVersion"]}, Kubernetes {meta["kubeVersion"]}.
[docs/kubernetes.md](../../../docs/kubernetes.md) explains the installation, clients, autoscaling and rotation.

```
helm install aibridge deploy/helm/aibridge --set settings.upstream_url=https://gateway.example/v1
```

`settings` takes every setting of [docs/configuration.md](../../../docs/configuration.md) by its name, without files and
secrets. Helm refuses an unknown name or a value out of range, and names it. Settings that end in `_file` are entries of
`files`, each with the Secret or ConfigMap that holds the file. No value of the chart holds a key, a token or a
password.

## Upgrade

- A change of `settings` makes new pods. A change of a Secret or of another file's source does not: the bridge reloads
  it.
- The selector is `app.kubernetes.io/name` and `app.kubernetes.io/instance`, and a Deployment cannot change it. An older
  manifest of this project had only the first: delete its Deployment with `--cascade=orphan`, install the chart, and
  delete the old ReplicaSet when the new pods are ready.

## Values

| value | default | meaning |
|---|---|---|
{rows}
"""


def _show(value: Any) -> str:
    return orjson.dumps(value).decode().replace("|", "\\|")


def documented() -> Iterator[tuple[str, Any, str]]:
    """Path, default and meaning of each value with a `# --` comment."""
    path: list[tuple[int, str]] = []
    comment: list[str] = []
    for line in (CHART / "values.yaml").read_text("utf-8").splitlines():
        if match := re.match(r"\s*# (.*)", line):
            if match[1].startswith("-- "):
                comment = [match[1].removeprefix("-- ")]
            elif comment:
                comment.append(match[1])
            continue
        if match := re.match(r"(\s*)([\w.\-/]+):", line):
            indent = len(match[1])
            path = [*(item for item in path if item[0] < indent), (indent, match[2])]
            if comment:
                names = [name for _, name in path]
                yield ".".join(names), _at(names), " ".join(comment)
        comment = []


def _at(names: list[str]) -> Any:
    value: Any = values()
    for name in names:
        value = value[name]
    return value


def helm() -> str | None:
    """The Helm to use: the variable HELM, the one from `make helm`, or the one on the PATH."""
    own = ROOT / ".tools" / "cluster" / "bin" / "helm"
    return os.environ.get("HELM") or (str(own) if own.is_file() else shutil.which("helm"))


def source_hash() -> str:
    """The hash of everything that the manifest is made from. It does not change with the schema."""
    digest = hashlib.sha256()
    for path in sorted(CHART.rglob("*")):
        if path.is_file() and path.suffix in {".yaml", ".tpl"} and path.parent.name != "files":
            digest.update(f"{path.relative_to(CHART)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def manifest(program: str) -> str:
    """The output of `helm template`, without lines that only Helm needs."""
    command = [program, "template", "aibridge", str(CHART), "--namespace", "default", "--no-hooks"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 # our own Helm
    text = re.sub(r"^\s*(helm.sh/chart|app.kubernetes.io/managed-by|namespace): .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^# Source: .*\n", "", text, flags=re.MULTILINE).replace("\n\n---", "\n---")
    return f"""\
# aibridge on Kubernetes without Helm; docs/kubernetes.md explains it. Before `kubectl apply -f deploy/kubernetes.yaml`:
#   kubectl create secret generic aibridge-upstream --from-file=api-key=FILE_WITH_THE_KEY
#   aibridge token CALLER > tokens && kubectl create secret generic aibridge-callers --from-file=tokens
# and the image's name below. Pods with the label `aibridge.client: "true"` can connect; callers need a token.
#
# Made by tools/chart.py from deploy/helm/aibridge; do not edit. Source: sha256 {source_hash()}
{text.lstrip("-").lstrip()}"""


def outdated(program: str | None) -> Iterator[tuple[Path, bytes | None]]:
    """Each stale file and its new content; None if Helm, the `program`, is needed to make it."""
    made = {
        CHART / "values.schema.json": orjson.dumps(schema(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE),
        CHART / "README.md": readme().encode(),
        **{CHART / name: source.read_bytes() for name, source in COPIES.items()},
    }
    for path, wanted in made.items():
        if not path.is_file() or path.read_bytes() != wanted:
            yield path, wanted
    current = MANIFEST.read_bytes() if MANIFEST.is_file() else b""
    if program:
        if current != (wanted := manifest(program).encode()):
            yield MANIFEST, wanted
    elif f"sha256 {source_hash()}\n".encode() not in current:
        yield MANIFEST, None


def main() -> int:
    """Write or name the stale files."""
    check = "--check" in sys.argv[1:]
    code = 0
    for path, wanted in outdated(helm()):
        name = path.relative_to(ROOT)
        if check:
            print(f"{name} is stale: run make docs", file=sys.stderr)
            code = 1
        elif wanted is None:
            print(f"{name} is stale, and Helm is needed to make it: make helm", file=sys.stderr)
            code = 1
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wanted)
    return code


if __name__ == "__main__":
    sys.exit(main())
