"""The resource definitions of the operators that the chart supports, from the operators' own Go modules."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PROMETHEUS: Final = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
#: The modules with their versions, and the files in them.
_FILES: Final = (
    ("sigs.k8s.io/gateway-api@v1.6.3", "config/crd/standard/*_grpcroutes.yaml"),
    (_PROMETHEUS, "example/prometheus-operator-crd/*monitors.yaml"),
    (_PROMETHEUS, "example/prometheus-operator-crd/*rules.yaml"),
    ("github.com/kedacore/keda/v2@v2.21.0", "config/crd/bases/keda.sh_scaledobjects.yaml"),
    ("github.com/cert-manager/cert-manager@v1.21.2", "deploy/crds/cert-manager.io_certificates.yaml"),
    (
        "github.com/envoyproxy/gateway@v1.9.1",
        "charts/gateway-helm/charts/crds/crds/generated/gateway.envoyproxy.io_backendtrafficpolicies.yaml",
    ),
)


def definitions(folder: Path) -> Iterator[Path]:
    """The files, downloaded by Go; `folder` is an empty one for it to work in.

    Raises:
        subprocess.CalledProcessError: a module could not be downloaded.
        FileNotFoundError: a module has no such file.
    """
    (folder / "go.mod").write_text("module definitions\n")
    for module, pattern in _FILES:
        done = subprocess.run(  # noqa: S603
            ["go", "mod", "download", "-json", module],  # noqa: S607
            cwd=folder, check=True, stdout=subprocess.PIPE, timeout=600,
        )  # fmt: skip
        found = list(Path(json.loads(done.stdout)["Dir"]).glob(pattern))
        if not found:
            raise FileNotFoundError(f"{module}: {pattern}")
        yield from found
