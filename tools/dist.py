"""`make dist`: builds everything that a release publishes into dist/, and lists it.

Wheel and sdist of the three Python distributions, a tarball of each npm package, the Go module as a module proxy serves
it, and the descriptor set. `tests/e2e/packages` installs and uses each of them (`make test-dist`).
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tools import versions
from tools.versions import ROOT

DIST: Final = ROOT / "dist"
PYTHON: Final = {"aibridge-protos": "generated/python", "aibridge-client": "clients/python", "aibridge": "."}
NPM: Final = {"@aibridge/protos": "generated/typescript", "@aibridge/openai-fetch": "clients/openai-fetch"}
GO_MODULE: Final = "github.com/aibridge/aibridge/generated/go"
#: The folder of a file GOPROXY: `GOPROXY=file:///…/dist/goproxy`.
GOPROXY: Final = DIST / "goproxy"
_GO_CACHE: Final = ROOT / ".tools" / "gomodcache"


class Artefact(NamedTuple):
    """One file to publish. `needs` is the number of packages that it requires, None if it is not a package."""

    name: str
    path: Path
    needs: int | None


def run(*command: str, folder: Path = ROOT, variables: Mapping[str, str] | None = None) -> str:
    """Run a command and return its output. If it fails, exit with its output."""
    everything = {**os.environ, **(variables or {})}
    done = subprocess.run(command, cwd=folder, env=everything, capture_output=True, text=True, check=False)  # noqa: S603 # ours
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def build(version: str) -> list[Artefact]:
    """Build all artefacts, each after those that it needs."""
    if DIST.exists():
        shutil.rmtree(DIST)
    DIST.mkdir()
    found = [*_python(version), *_npm(version), _go(version), _descriptors(version)]
    sums = "".join(f"{digest(item.path)}  {item.path.relative_to(DIST)}\n" for item in found)
    (DIST / "SHA256SUMS").write_text(sums, "utf-8")
    return found


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _python(version: str) -> Iterator[Artefact]:
    """Build sdists, and the wheels from them, so that a file that is missing in an sdist is noticed."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or run("git", "log", "-1", "--format=%ct").strip()
    for name, folder in PYTHON.items():
        arguments = ("-m", "build", "--no-isolation", "--outdir", str(DIST), str(ROOT / folder))
        run(sys.executable, *arguments, variables={"SOURCE_DATE_EPOCH": epoch})
        stem = f"{name.replace('-', '_')}-{version}"
        needs = _needs_python()
        yield Artefact(f"{name} (wheel)", DIST / f"{stem}-py3-none-any.whl", needs)
        yield Artefact(f"{name} (sdist)", DIST / f"{stem}.tar.gz", needs)


def _needs_python() -> int:
    """The number of packages that pip would install with the last wheel."""
    options = ("--quiet", "--disable-pip-version-check", "--dry-run", "--ignore-installed", "--report", "-")
    wheels = [str(path) for path in DIST.glob("*.whl")]
    report = json.loads(run(sys.executable, "-m", "pip", "install", *options, *wheels))
    return len(report["install"]) - 1


def _npm(version: str) -> Iterator[Artefact]:
    fetch = ROOT / NPM["@aibridge/openai-fetch"]
    run("npm", "ci", "--silent", "--no-audit", "--no-fund", folder=fetch)
    run("npm", "run", "--silent", "build", folder=fetch)
    with tempfile.TemporaryDirectory() as work:
        for name, folder in NPM.items():
            stage = _staged(ROOT / folder, Path(work) / folder, version)
            run("npm", "pack", "--silent", "--pack-destination", str(DIST), folder=stage)
            path = DIST / f"{name.removeprefix('@').replace('/', '-')}-{version}.tgz"
            yield Artefact(name, path, _needs_npm(Path(work) / "project"))


def _staged(source: Path, target: Path, version: str) -> Path:
    """A copy of what an npm package publishes. It depends on versions of our packages, in place of folders."""
    manifest = json.loads((source / "package.json").read_text("utf-8"))
    for name in ("package.json", "README.md", "LICENSE", *manifest["files"]):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name)
        else:
            shutil.copy(source / name, target / name)
    for name in NPM:
        if name in manifest.get("dependencies", {}):
            manifest["dependencies"][name] = version
    for unused in ("scripts", "devDependencies"):
        manifest.pop(unused, None)
    (target / "package.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    return target


def _needs_npm(project: Path) -> int:
    """The number of packages that npm would install with a project's tarballs."""
    project.mkdir(exist_ok=True)
    (project / "package.json").write_text('{"private": true}\n', "utf-8")
    tarballs = [str(path) for path in DIST.glob("*.tgz")]
    run("npm", "install", "--silent", "--package-lock-only", "--no-audit", "--no-fund", *tarballs, folder=project)
    lock = json.loads((project / "package-lock.json").read_text("utf-8"))
    return len(lock["packages"]) - 2  # the project, and the package


def _go(version: str) -> Artefact:
    """The four files of a version in a module proxy (https://go.dev/ref/mod#goproxy-protocol)."""
    source = ROOT / "generated" / "go"
    folder = GOPROXY / GO_MODULE / "@v"
    folder.mkdir(parents=True)
    time = run("git", "log", "-1", "--format=%cd", "--date=format:%Y-%m-%dT%H:%M:%SZ").strip()
    (folder / "list").write_text(f"v{version}\n", "utf-8")
    (folder / f"v{version}.info").write_text(json.dumps({"Version": f"v{version}", "Time": time}) + "\n", "utf-8")
    shutil.copy(source / "go.mod", folder / f"v{version}.mod")
    _forget_go()
    path = folder / f"v{version}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(file for file in source.rglob("*") if file.is_file()):
            entry = zipfile.ZipInfo(f"{GO_MODULE}@v{version}/{file.relative_to(source).as_posix()}")
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
    return Artefact("go module", path, _needs_go(version))


def _needs_go(version: str) -> int:
    with tempfile.TemporaryDirectory() as work:
        project = Path(work)
        variables = go_variables()
        run("go", "mod", "init", "example.test/alone", folder=project, variables=variables)
        (project / "main.go").write_text(f'package main\n\nimport _ "{GO_MODULE}/aibridge/v1"\n\nfunc main() {{}}\n')
        run("go", "mod", "edit", f"-require={GO_MODULE}@v{version}", folder=project, variables=variables)
        run("go", "mod", "tidy", folder=project, variables=variables)
        form = "{{with .Module}}{{.Path}}{{end}}"
        modules = run("go", "list", "-deps", "-f", form, "./...", folder=project, variables=variables)
    return len(set(modules.split()) - {"example.test/alone", GO_MODULE})


def go_variables() -> dict[str, str]:
    """Environment variables with which Go takes our module from dist/, and others as usual."""
    return {
        "GOPROXY": f"file://{GOPROXY},{run('go', 'env', 'GOPROXY').strip()}",
        "GONOSUMDB": GO_MODULE,
        "GOFLAGS": "-mod=mod -modcacherw",
        "GOWORK": "off",
        "GOMODCACHE": str(_GO_CACHE),
    }


def _forget_go() -> None:
    """Remove our module from the cache: Go does not expect that a version changes, but here it may be built again."""
    for folder in (_GO_CACHE, _GO_CACHE / "cache" / "download"):
        shutil.rmtree(folder / "github.com" / "aibridge", ignore_errors=True)


def _descriptors(version: str) -> Artefact:
    path = DIST / f"aibridge-{version}.binpb"
    shutil.copy(ROOT / "generated" / "aibridge.binpb", path)
    return Artefact("descriptor set", path, None)


def table(artefacts: Sequence[Artefact], version: str) -> str:
    """A table of the artefacts, as text."""
    rows = [("name", "version", "size", "needs", "file")]
    for item in artefacts:
        needs = "" if item.needs is None else str(item.needs)
        rows.append((item.name, version, _size(item.path), needs, str(item.path.relative_to(DIST))))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1024:,.0f} KiB"


def names(path: Path) -> list[str]:
    """The files in an archive."""
    if path.suffix in {".whl", ".zip"}:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    with tarfile.open(path) as tarball:
        return [member.name for member in tarball if member.isfile()]


def main() -> int:
    """Build, and print the table."""
    if wrong := versions.wrong():
        sys.exit("\n".join(wrong))
    version = versions.version()
    artefacts = build(version)
    print(table(artefacts, version))
    print("\nneeds: packages that come along when it is installed alone, ours included")
    return 0


if __name__ == "__main__":
    sys.exit(main())
