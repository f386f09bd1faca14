"""A real Prometheus scrapes a bridge with two workers, evaluates the alert rules and runs the dashboard's queries.

The tests run in this order: later ones use the data of earlier ones.
"""

import asyncio
import json
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
import yaml

from aibridge.v1 import chat_pb2, chat_pb2_grpc
from tests.support import gateway as fake
from tests.support.processes import Process, channel_to, free_port, serving
from tests.telemetry.calls import COUNT, every_kind

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT = Path(__file__).parents[3]
PROGRAMS = ROOT / ".tools/prometheus/usr/bin"
ALERTS = ROOT / "deploy/prometheus/alerts.yaml"
DASHBOARD = ROOT / "deploy/grafana/aibridge.json"
ROUNDS = 4


class Prometheus:
    """The server, through its HTTP API."""

    def __init__(self, address: str) -> None:
        self._base = f"http://{address}/api/v1"

    async def get(self, path: str, **query: str) -> Any:
        url = f"{self._base}/{path}?{urllib.parse.urlencode(query)}"

        def fetch() -> Any:
            with urllib.request.urlopen(url, timeout=20) as response:  # noqa: S310 # http
                return json.load(response)

        found = await asyncio.to_thread(fetch)
        assert found["status"] == "success", found
        return found["data"]

    async def value(self, expression: str) -> float:
        """The single value of an expression; NaN if it has none."""
        result = (await self.get("query", query=expression))["result"]
        assert len(result) <= 1, result
        return float(result[0]["value"][1]) if result else float("nan")

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Wait until a condition is true, which takes a scrape or two."""
        async with asyncio.timeout(60):
            while True:
                with suppress(OSError):
                    if await condition():
                        return
                await asyncio.sleep(0.05)


@pytest_asyncio.fixture(loop_scope="module", scope="module", name="bridge")
async def _bridge() -> AsyncIterator[tuple[Process, fake.Gateway]]:
    """A bridge with two workers, both of which have served calls of every kind."""
    async with (
        fake.running() as gateway,
        serving(gateway, "--workers", "2", "--metrics-listen", "127.0.0.1:0") as process,
    ):
        await process.logged("metrics")
        for _ in range(ROUNDS):
            async with channel_to(process.address) as channel:
                await every_kind(gateway, channel)
        yield process, gateway


@pytest_asyncio.fixture(loop_scope="module", scope="module", name="prometheus")
async def _prometheus(
    bridge: tuple[Process, fake.Gateway], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Prometheus]:
    process, _ = bridge
    target = next(line["address"] for line in process.log if line["event"] == "metrics")
    folder = tmp_path_factory.mktemp("prometheus")
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(ALERTS)],
        "scrape_configs": [{"job_name": "aibridge", "static_configs": [{"targets": [target]}]}],
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    with (folder / "log").open("wb") as log:
        server = await asyncio.create_subprocess_exec(
            PROGRAMS / "prometheus",
            f"--config.file={folder}/prometheus.yaml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address={address}",
            stdout=log,
            stderr=log,
        )
    try:
        prometheus = Prometheus(address)
        await prometheus.until(lambda: _is_up(prometheus))
        yield prometheus
    finally:
        server.terminate()
        await server.wait()


async def _is_up(prometheus: Prometheus) -> bool:
    return await prometheus.value('count_over_time(up{job="aibridge"}[1m])') >= 3


def _expressions(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("expr"), str):
            yield value["expr"]
        for member in value.values():
            yield from _expressions(member)
    elif isinstance(value, list):
        for member in value:
            yield from _expressions(member)


async def test_promtool_accepts_the_rules() -> None:
    """The rules are accepted by promtool, which finds all of them."""
    tool = await asyncio.create_subprocess_exec(
        PROGRAMS / "promtool", "check", "rules", ALERTS, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await asyncio.wait_for(tool.communicate(), 30)
    rules = yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]
    assert tool.returncode == 0, out
    assert f"{len(rules)} rules found".encode() in out


async def test_the_numbers_arrive(prometheus: Prometheus) -> None:
    """The metrics of both workers arrive, as two series that add up."""
    assert await prometheus.value('up{job="aibridge"}') == 1
    assert await prometheus.value("sum(grpc_server_handled_total)") == ROUNDS * COUNT
    assert await prometheus.value("sum(aibridge_worker_up)") == 2
    assert await prometheus.value("count(count by (worker) (process_cpu_seconds_total))") == 2
    assert await prometheus.value('sum(grpc_server_handled_total{grpc_code="Canceled"})') == ROUNDS
    cut = 'sum(aibridge_call_failures_total{reason="UPSTREAM_STREAM_INTERRUPTED"})'
    assert await prometheus.value(cut) == ROUNDS
    tokens = 'sum(gen_ai_client_token_usage_sum{gen_ai_token_type="output"})'
    assert await prometheus.value(tokens) == ROUNDS * (7 + 7 + 2)  # unary, streamed, tried again


async def test_nothing_is_wrong_with_the_scrape(prometheus: Prometheus) -> None:
    """The scrape has no duplicate or out-of-order sample, and no warning."""
    targets = (await prometheus.get("targets"))["activeTargets"]
    assert [(target["health"], target["lastError"]) for target in targets] == [("up", "")]


async def test_the_rules_are_evaluated(prometheus: Prometheus) -> None:
    """Each rule is evaluated without an error, and none fires without a reason."""

    async def evaluated() -> bool:
        groups = (await prometheus.get("rules"))["groups"]
        return all(rule["health"] == "ok" for group in groups for rule in group["rules"])

    await prometheus.until(evaluated)
    groups = (await prometheus.get("rules"))["groups"]
    states = {rule["name"]: rule["state"] for group in groups for rule in group["rules"]}
    assert states["AibridgeDown"] == states["AibridgeWorkerDown"] == states["AibridgeWorkerRestarts"] == "inactive"
    assert states["AibridgeInternalErrors"] == states["AibridgeCredentialsRejected"] == "inactive"


async def test_an_alert_fires(prometheus: Prometheus, bridge: tuple[Process, fake.Gateway]) -> None:
    """When the account's credit is used up, the alert fires, with a rate by model."""
    process, gateway = bridge
    gateway.script(fake.respond(b"", 402))
    request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])

    async def refused() -> None:
        with pytest.raises(grpc.aio.AioRpcError, match="RESOURCE_EXHAUSTED"):
            await stub.CreateChatCompletion(request)

    async def fires() -> bool:
        alerts = (await prometheus.get("alerts"))["alerts"]
        return any(alert["labels"]["alertname"] == "AibridgeQuotaUsedUp" for alert in alerts)

    async def shows() -> bool:
        rate = 'sum(rate(gen_ai_client_operation_duration_seconds_count{error_type="INSUFFICIENT_QUOTA"}[1m]))'
        return await prometheus.value(rate) > 0

    async with channel_to(process.address) as channel:
        stub = chat_pb2_grpc.ChatServiceStub(channel)
        await refused()
        await prometheus.until(fires)
        await refused()
        await prometheus.until(shows)


async def test_the_dashboard_can_be_drawn(prometheus: Prometheus) -> None:
    """Each expression is valid, and all except those that need a longer run have a result."""
    empty = []
    for expression in _expressions(json.loads(DASHBOARD.read_text())):
        filled = expression.replace("$__rate_interval", "1m").replace("$job", ".*").replace("$instance", ".*")
        if not (await prometheus.get("query", query=filled))["result"]:
            empty.append(expression)
    assert empty == []
