"""Writes `docs/clients.md`: the tested clients and tools with versions, direct and through proxies, and the results."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.e2e.clients.checks import CHECKS, Check
from tests.e2e.clients.stacks import Stack
from tests.e2e.clients.tools import Tool
from tests.e2e.openai.report import section
from tests.e2e.openai.result import Result

PATH: Final = Path(__file__).resolve().parents[3] / "docs" / "clients.md"
_HEAD: Final = """\
# Clients

The same program in each language ([examples/](../examples/README.md)), built and run against a real bridge with a
scripted gateway, directly and through other projects' proxies. `make test-clients ARGS=--write-report` writes this page
from the results of a run; `.ci/run` runs the same.

The rows with "floor" use the oldest libraries that the Python stubs support
([why these](../generated/python/README.md)). [openai.md](openai.md) is about OpenAI's own libraries over gRPC.
"""
_TOOLS: Final = """\
## Tools

These learn the API by reflection. Behind grpcwebproxy, `buf curl` speaks gRPC-Web.
"""
_SILENCE: Final = """\
## Long silences

grpc-go and grpc-js with a keepalive of 10 s, and the Python client with its own options and with 10 s, wait 75 s for
the first token of a response or a stream. Their connections stay open, and each request reaches the upstream once.
"""
_WAYS: Final = """\
## Proxies

[examples/proxies](../examples/proxies) has the configurations of these runs. They set HTTP/2 on both sides, timeouts
longer than the bridge's, room for large messages and for an error's details, and no additional retries. A message of
8 MiB and an error with 4 KiB of trailers pass through each of them. With nginx's default of 4k for `grpc_buffer_size`,
such an error arrives as UNAVAILABLE without details, and would be retried.

Envoy is not tested, because Debian has no package of it. It needs a cluster with `http2_protocol_options`, and a route
with `timeout: 0s` (otherwise streams end after 15 s) and `max_stream_duration.grpc_timeout_header_max`, with which it
applies the caller's deadline.

**Browsers** speak gRPC-Web, which a proxy translates to gRPC. Streams and the details of errors work (see the rows of
grpcwebproxy above). grpcwebproxy is no longer maintained: in production use Envoy's filter
`envoy.filters.http.grpc_web`, with `envoy.filters.http.cors` and `expose_headers` of `grpc-status, grpc-message,
grpc-status-details-bin`. In the browser, use `createGrpcWebTransport` of `@connectrpc/connect-web` with the same
[package](../generated/typescript). A browser must not hold the bridge's credential, and each user needs their own:
usually your own server sits in between.
"""


@dataclass
class Outcome:
    """The results of one stack or tool: versions, and checks by route. If it could not be built, one check fails."""

    subject: Stack | Tool
    language_version: str = "?"
    library_version: str = "?"
    checks: dict[str, list[Check]] = field(default_factory=dict)

    @property
    def failed(self) -> list[tuple[str, Check]]:
        """The failed checks, with the route."""
        return [(way, check) for way, checks in self.checks.items() for check in checks if check.problem]

    @property
    def total(self) -> int:
        """The number of checks."""
        return sum(map(len, self.checks.values()))


def text(outcomes: Sequence[Outcome], ways: Mapping[str, str], libraries: Sequence[Result]) -> str:
    """The whole page. `ways` are names and versions."""
    stacks = [outcome for outcome in outcomes if isinstance(outcome.subject, Stack)]
    tools = [outcome for outcome in outcomes if isinstance(outcome.subject, Tool)]
    return "\n".join(
        [_HEAD, *_stacks(stacks, ways), *_claims(), _TOOLS, *_tools(tools), _SILENCE, *section(libraries), _WAYS]
    )


def _stacks(outcomes: Sequence[Outcome], ways: Mapping[str, str]) -> Iterator[str]:
    heads = [f"{name} {version}".rstrip() for name, version in ways.items()]
    yield f"| example | language | library | {' | '.join(heads)} |"
    yield "|---|---|---" + "|---" * len(heads) + "|"
    for outcome in outcomes:
        stack = outcome.subject
        passed = [_passed(outcome.checks.get(name, []), len(CHECKS)) for name in ways]
        yield (
            f"| [{stack.name}](../examples/{stack.folder}) | {stack.language} {outcome.language_version} "
            f"| {stack.library} {outcome.library_version} | {' | '.join(passed)} |"
        )
    yield ""


def _claims() -> Iterator[str]:
    yield "## Checks\n"
    yield "| check | the program |"
    yield "|---|---|"
    for name, claim in CHECKS.items():
        yield f"| {name} | {claim} |"
    yield ""


def _tools(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield "| tool | version | passed | uses |"
    yield "|---|---|---|---|"
    for outcome in outcomes:
        tool, checks = outcome.subject, [check for checks in outcome.checks.values() for check in checks]
        name = f"[{tool.name}](https://pkg.go.dev/{tool.module})"
        uses = "; ".join(entry.name for entry in tool.uses)
        yield f"| {name} | {tool.version} | {_passed(checks, len(tool.uses))} | {uses} |"
    yield ""


def _passed(checks: Sequence[Check], total: int) -> str:
    return f"{sum(not check.problem for check in checks)} of {total}"
