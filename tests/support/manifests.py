"""The resources in deploy/kubernetes.yaml, and the pod of its deployment."""

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]

TEXT = (ROOT / "deploy" / "kubernetes.yaml").read_text()
RESOURCES = {(item["kind"], item["metadata"]["name"]): item for item in yaml.safe_load_all(TEXT)}
DEPLOYMENT = RESOURCES["Deployment", "aibridge"]["spec"]
POD = DEPLOYMENT["template"]["spec"]
CONTAINER = POD["containers"][0]
VARIABLES = RESOURCES["ConfigMap", "aibridge"]["data"]
