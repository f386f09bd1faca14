"""The image, built and run by a container engine: reproducible, without secrets, with a list of components."""

import json
import re
import shutil
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
#: Options for the rights of this machine: cgroup v1, no CAP_SYS_RESOURCE, no network.
RUN = (
    "podman", "--cgroup-manager", "cgroupfs", "--runtime", "runc", "--events-backend", "file", "run", "--rm",
    "--ulimit", "nofile=1024:4096", "--ulimit", "nproc=4096:4096", "--network", "none", "--read-only",
)  # fmt: skip
NAME = "localhost/aibridge-test"
VARIABLE = "AIBRIDGE_UPSTREAM_CREDENTIALS=caller"
MARK = "a-secret-of-the-index"

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("buildah", "podman", "runc", "debootstrap"))),
    reason="needs buildah, podman, runc and debootstrap",
)


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout  # noqa: S603


def build(tag: str, folder: Path) -> str:
    """Build with `make image`, without a cache. Returns the digest."""
    config = folder / "pip.conf"
    config.write_text(f"[global]\ntimeout = 60\n# {MARK}\n")
    flags = "--runtime runc --network host --no-cache"
    output(
        "make", "image", "ENGINE=buildah", f"ENGINE_FLAGS={flags}", "BASE=localhost/base:trixie", f"IMAGE={NAME}:{tag}",
        f"PIP_CONFIG={config}", f"CA={AUTHORITIES}",
    )  # fmt: skip
    return output("buildah", "images", "--no-trunc", "--format", "{{.Digest}}", f"{NAME}:{tag}").split()[0]


@pytest.fixture(scope="module")
def digest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    output("bash", "tests/e2e/image/base.sh", "localhost/base:trixie")
    yield build("first", tmp_path_factory.mktemp("first"))
    output("buildah", "rmi", "--force", f"{NAME}:first")


def in_image(*arguments: str, entry: str = "") -> subprocess.CompletedProcess[str]:
    chosen = ("--entrypoint", entry) if entry else ()
    return subprocess.run((*RUN, *chosen, f"{NAME}:first", *arguments), capture_output=True, text=True, check=True)  # noqa: S603


def test_two_builds_have_one_digest(digest: str, tmp_path: Path) -> None:
    """Two builds of the same sources on the same base, without a cache, are identical."""
    again = build("again", tmp_path)
    output("buildah", "rmi", f"{NAME}:again")  # the name alone where it is one image
    assert re.fullmatch("sha256:[0-9a-f]{64}", again)
    assert again == digest


@pytest.mark.usefixtures("digest")
def test_build_secrets_stay_outside(tmp_path: Path) -> None:
    """No layer and no configuration contains pip's configuration, or a file where the secrets were mounted."""
    archive = tmp_path / "image.tar"
    output("buildah", "push", f"{NAME}:first", f"docker-archive:{archive}")
    seen = 0
    with tarfile.open(archive) as image:
        for member in image:
            if (stream := image.extractfile(member)) is None:
                continue
            if not member.name.endswith(".tar"):
                assert MARK not in stream.read().decode(errors="replace")
                continue
            with tarfile.open(fileobj=stream) as layer:
                for file in layer:
                    seen += 1
                    assert file.name.lstrip("./") not in {"etc/pip.conf", "run/secrets/ca"} or file.size == 0
                    if file.isreg() and file.size < 1 << 20:
                        inner = layer.extractfile(file)
                        assert inner is None or MARK.encode() not in inner.read(), file.name
    assert seen > 1000


@pytest.mark.usefixtures("digest")
def test_the_list_of_components_is_what_is_installed() -> None:
    """The list has each distribution with the version that constraints.txt pins."""
    listed = json.loads(in_image("/opt/aibridge/sbom.cdx.json", entry="cat").stdout)
    assert listed["bomFormat"] == "CycloneDX"
    components = {item["name"].lower().replace("_", "-"): item["version"] for item in listed["components"]}
    code = "from importlib.metadata import distributions as d\nfor i in d(): print(i.name + '==' + i.version)"
    installed = in_image("-c", code, entry="/opt/aibridge/bin/python").stdout.lower().replace("_", "-").split()
    assert sorted(f"{name}=={version}" for name, version in components.items()) == sorted(installed)
    pins = (ROOT / "requirements" / "constraints.txt").read_text().lower().replace("_", "-").split()
    own = {name for name in components if name.startswith("aibridge")}
    assert own == {"aibridge", "aibridge-client", "aibridge-protos"}
    assert {line for line in installed if line.partition("==")[0] not in own} <= set(pins)


@pytest.mark.usefixtures("digest")
def test_what_an_operator_runs() -> None:
    """The version command works, and the token command writes its line and the token to different streams."""
    assert in_image("version").stdout == in_image("--version").stdout == "aibridge 0.1.0\n"
    made = in_image("token", "search")
    assert re.fullmatch(r"search sha256:[0-9a-f]{64}\n", made.stdout)
    assert re.search(r"aib_[\w-]{43}", made.stderr)


@pytest.mark.usefixtures("digest")
def test_it_serves_without_rights_and_stops_in_peace() -> None:
    """As user 10001, without capabilities and writable files, it serves, and exits with code 0 on SIGTERM."""
    rights = ("--cap-drop", "all", "--security-opt", "no-new-privileges", "--env", VARIABLE)
    assert in_image("-u", entry="id").stdout == "10001\n"
    with subprocess.Popen((*RUN, *rights, f"{NAME}:first"), stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        assert server.stdout is not None
        assert server.stdout.readline().endswith(", listening on 0.0.0.0:50051\n")
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
