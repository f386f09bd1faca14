"""All channel options and service config fields exist, because gRPC silently ignores unknown ones.

The names are searched in the installed gRPC library, which contains them as zero-terminated text.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from grpc._cython import cygrpc

from aibridge.client.channel import HEADLESS_SERVICE_CONFIG, OPTIONS, SERVICE_CONFIG
from bridge import settings
from bridge.server import options

ROOT = Path(__file__).parents[2]
#: A quoted text that starts like an option, in any language.
QUOTED = re.compile(r"""["'`](grpc\.[a-z0-9_.]*[a-z0-9_])""")
#: Python modules and protobuf packages start like options too.
OTHERWISE = re.compile(r"grpc\.(aio\b|[a-z]+\.v1)")


@cache
def library() -> bytes:
    return Path(cygrpc.__file__).read_bytes()


def known(name: str) -> bool:
    """Whether the installed gRPC library contains this name."""
    return f"{name}\0".encode() in library()


def options_in(text: str) -> set[str]:
    return {name for name in QUOTED.findall(text) if not OTHERWISE.match(name)}


def texts() -> Iterator[tuple[str, str]]:
    """Each text file of the repository, with its content."""
    git = shutil.which("git")
    assert git
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603 # ours
    for name in listed.stdout.split("\0"):
        path = ROOT / name
        if name and path.is_file() and not name.startswith("generated/"):
            try:
                yield name, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue  # a picture


def fields(config: Any) -> Iterator[str]:
    """The names of all members of a service config, at any depth."""
    if isinstance(config, Mapping):
        for name, value in config.items():
            yield name
            yield from fields(value)
    elif isinstance(config, list):
        for value in config:
            yield from fields(value)


def test_every_option_in_code_examples_and_docs_is_known_to_grpc() -> None:
    named = {(name, option) for name, text in texts() for option in options_in(text)}
    assert {file.partition("/")[0] for file, _ in named} >= {"bridge", "examples", "tests", "benchmarks", "docs"}
    assert [(file, option) for file, option in sorted(named) if not known(option)] == []


def test_every_option_that_server_and_client_really_pass_is_known_to_grpc() -> None:
    passed = {name for name, _ in (*options.of_calls(settings.Settings()), *OPTIONS)}
    assert len(passed) > 10
    assert [name for name in sorted(passed) if not known(name)] == []


@pytest.mark.parametrize("option", sorted({name for name, _ in (*options.of_calls(settings.Settings()), *OPTIONS)}))
def test_a_letter_more_or_less_is_noticed(option: str) -> None:
    assert not known(option[:-1])
    assert not known(f"{option}s")
    assert not known(option.replace(".", ".x", 1))


def test_pings_every_ten_seconds_are_tolerated() -> None:
    """The server tolerates a ping every 10 s, the minimum of grpc-go.

    Otherwise it would end such connections with `too_many_pings`.
    """
    passed = dict(options.of_calls(settings.Settings()))
    assert passed["grpc.http2.min_ping_interval_without_data_ms"] <= 9_000
    assert passed["grpc.keepalive_permit_without_calls"] == 1


@pytest.mark.parametrize(
    ("file", "constant"),
    [("service_config.json", SERVICE_CONFIG), ("service_config_headless.json", HEADLESS_SERVICE_CONFIG)],
)
def test_the_files_for_other_languages_are_what_the_python_client_has(file: str, constant: Mapping[str, Any]) -> None:
    assert json.loads((ROOT / "examples" / file).read_text()) == constant


@pytest.mark.parametrize("source", ["client", "examples"])
def test_every_field_of_a_service_config_is_known_to_grpc(source: str) -> None:
    shipped = json.loads((ROOT / "examples" / "service_config_headless.json").read_text())
    config = HEADLESS_SERVICE_CONFIG if source == "client" else shipped
    assert [name for name in sorted(set(fields(config))) if not known(name)] == []
