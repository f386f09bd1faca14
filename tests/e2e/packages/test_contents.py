"""The contents of the packages: a licence and types in each, no file twice, and nothing else."""

import re
import zipfile
from itertools import combinations
from pathlib import Path, PurePosixPath

import pytest

from tests.e2e.packages.installed import VERSION, sdist, tarball, wheel
from tools import dist

DISTRIBUTIONS = tuple(dist.PYTHON)
PACKAGES = tuple(dist.NPM)
GO = dist.GOPROXY / dist.GO_MODULE / "@v" / f"v{VERSION}.zip"
ARCHIVES = (
    *(wheel(name) for name in DISTRIBUTIONS),
    *(sdist(name) for name in DISTRIBUTIONS),
    *(tarball(name) for name in PACKAGES),
    GO,
)


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda path: path.name)
def test_each_has_the_licence(archive: Path) -> None:
    """Each file has the licence in it."""
    assert [name for name in dist.names(archive) if PurePosixPath(name).name == "LICENSE"], archive


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda path: path.name)
def test_nothing_else_got_in(archive: Path) -> None:
    """No tests, caches, hidden files, keys or other files of a checkout."""
    for name in dist.names(archive):
        parts = PurePosixPath(name).parts
        assert not {"__pycache__", "node_modules", "tests", ".git", ".venv", "src"} & set(parts), name
        assert PurePosixPath(name).suffix not in {".pyc", ".pem", ".key", ".env", ".log"}, name
        assert not any(part.startswith(".") and part != ".gitignore" for part in parts), name


@pytest.mark.parametrize(("one", "other"), [*combinations(DISTRIBUTIONS, 2)])
def test_no_file_belongs_to_two_distributions(one: str, other: str) -> None:
    """The distributions share the namespace `aibridge`, which no file declares, so each can be removed alone."""
    files, others = (set(dist.names(wheel(name))) for name in (one, other))
    assert files & others == set()
    assert "aibridge/__init__.py" not in files | others


@pytest.mark.parametrize(
    ("name", "marker"),
    [
        ("aibridge-protos", "aibridge/v1/py.typed"),
        ("aibridge-client", "aibridge/client/py.typed"),
        ("aibridge", "bridge/py.typed"),
    ],
)
def test_type_checkers_believe_its_types(name: str, marker: str) -> None:
    """Without this file they take an installed package for untyped."""
    assert marker in dist.names(wheel(name))


@pytest.mark.parametrize("name", PACKAGES)
def test_each_npm_package_has_its_types(name: str) -> None:
    """A declaration for each module."""
    files = set(dist.names(tarball(name)))
    modules = {file for file in files if file.endswith(".js")}
    assert modules
    assert {f"{file.removesuffix('.js')}.d.ts" for file in modules} <= files


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_package_index_can_show_it(name: str) -> None:
    """Where the source is, and a description whose links lead somewhere outside of the repository."""
    with zipfile.ZipFile(wheel(name)) as archive:
        metadata = archive.read(next(file for file in archive.namelist() if file.endswith("/METADATA"))).decode()
    assert "Project-URL: Source, https://github.com/" in metadata
    links = re.findall(r"\]\(([^)]+)\)", metadata.partition("\n\n")[2])
    assert links
    assert [link for link in links if not link.startswith(("https://", "#"))] == []


def test_sums() -> None:
    """SHA256SUMS names each artefact, with the sum that it has."""
    lines = (dist.DIST / "SHA256SUMS").read_text("utf-8").splitlines()
    named = {dist.DIST / line.split("  ")[1]: line.split("  ")[0] for line in lines}
    assert set(ARCHIVES) <= named.keys()
    for path, expected in named.items():
        assert dist.digest(path) == expected
