"""`aibridge bench` makes the requested calls and reports the results."""

import asyncio
import json
import statistics

import pytest

from bridge.cli.bench import percentile, plot
from tests.cli.conftest import Run
from tests.support.gateway import Exchange, Gateway, respond_json, sse

COMPLETION = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}]}
CHUNKS = [
    {"choices": [{"index": 0, "delta": {"content": "h"}}]},
    {"choices": [{"index": 0, "delta": {"content": "i"}, "finish_reason": "stop"}]},
]


async def respond(exchange: Exchange) -> None:
    script = sse(*CHUNKS) if exchange.request.json.get("stream") else respond_json(COMPLETION)
    await script(exchange)


async def test_every_call_is_made_and_counted(aibridge: Run, gateway: Gateway) -> None:
    """It makes the requested number of calls of each kind, and one before them.

    The first chunk comes before the end.
    """
    gateway.script(respond)
    result = await aibridge(
        "bench", "-n", "20", "-c", "4", "--model", "m", "--message", "Hi", "--max-tokens", "3", "--json"
    )
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert list(found) == ["unary", "stream"]
    for kind in found.values():
        assert (kind["calls"], kind["failed"]) == (20, {})
        latency = kind["latency_ms"]
        assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["max"] < kind["seconds"] * 1000
        assert kind["calls_per_second"] == pytest.approx(20 / kind["seconds"], rel=0.1)
    assert found["stream"]["chunks"] == 40
    assert found["stream"]["first_chunk_ms"]["p50"] < found["stream"]["latency_ms"]["max"]
    bodies = [request.json for request in gateway.requests]
    assert [body.get("stream", False) for body in bodies] == [False] * 21 + [True] * 20
    assert all((body["messages"][0]["content"], body["max_tokens"]) == ("Hi", 3) for body in bodies)


async def test_callers_are_as_many_as_asked(aibridge: Run, gateway: Gateway) -> None:
    """Each caller has one call at a time, so the number of concurrent calls is the number of callers."""
    under_way = most = 0

    async def script(exchange: Exchange) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.005)
        under_way -= 1
        await respond_json(COMPLETION)(exchange)

    gateway.script(script)
    result = await aibridge("bench", "-n", "30", "-c", "3", "--model", "m", "--only", "unary", "--json")
    assert json.loads(result.out)["unary"]["calls"] == 30
    assert 1 < most <= 3


async def test_failures_are_told_by_reason(aibridge: Run, gateway: Gateway) -> None:
    """Failures have no latency. The exit code reports them, and the first one is shown with its advice."""
    limit = respond_json({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, status=429)
    gateway.script(respond, limit, limit, respond)
    arguments = ("bench", "-n", "5", "-c", "1", "--model", "m", "--only", "unary")
    result = await aibridge(*arguments)
    assert result.code == 1
    assert "unary: 2 failed: RESOURCE_EXHAUSTED RATE_LIMIT_EXCEEDED" in result.err
    assert "slow down" in result.err
    assert result.out.startswith("unary\t")
    gateway.script(respond, limit, respond)
    as_json = json.loads((await aibridge(*arguments, "--json")).out)["unary"]
    assert (as_json["calls"], as_json["failed"]) == (4, {"RESOURCE_EXHAUSTED RATE_LIMIT_EXCEEDED": 1})


async def test_the_first_call_fails(aibridge: Run, gateway: Gateway) -> None:
    """If the first call fails, the failure is shown once, as by every command."""
    gateway.script(respond_json({"error": {"message": "no such model", "code": "model_not_found"}}, status=404))
    result = await aibridge("bench", "--model", "m")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("NOT_FOUND MODEL_NOT_FOUND: no such model")
    assert len(gateway.requests) == 1


def test_percentiles() -> None:
    """Percentiles are interpolated between the measured values; without values they are 0."""
    values = [float(at) for at in range(1, 101)]
    assert percentile(values, 50) == statistics.median(values) == 50.5
    assert percentile(values, 99) == pytest.approx(99.01)
    assert (percentile([7.0], 99), percentile([], 50)) == (7.0, 0.0)


def test_the_plot_shows_every_call() -> None:
    """Each latency is in one bin, the slowest percent in the last one. The fullest bin has the longest bar."""
    lines = list(plot([0.010] * 60 + [0.020] * 38 + [1.0, 2.0]))
    assert sum(int(line.split()[-1]) for line in lines) == 100
    assert max(lines, key=lambda line: line.count("█")).split()[-1] == "98"
    assert lines[-1].startswith(">")
    assert next(plot([0.005, 0.005])).endswith(" 2")
