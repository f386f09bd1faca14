"""A rolling restart of two bridges behind one balancing client fails no call."""

import asyncio
import json
from typing import Any

import grpc
import pytest

from aibridge.client import OPTIONS, SERVICE_CONFIG
from tests.support.gateway import Gateway
from tests.support.load import Load, script
from tests.support.processes import Process, free_port, serving

pytestmark = pytest.mark.alone

#: The client checks each bridge's health, and leaves one that is about to stop.
HEALTH = {"healthCheckConfig": {"serviceName": "aibridge.v1.ChatService"}}
CASES = [
    pytest.param({}, "0", id="as shipped"),
    pytest.param(HEALTH, "0.3", id="with health checks", marks=pytest.mark.slow),
]


@pytest.mark.slow
@pytest.mark.parametrize(("config", "delay"), CASES)
async def test_rolling_restart(gateway: Gateway, config: dict[str, Any], delay: str) -> None:
    """Each of two bridges is stopped and restarted under load, and no call fails."""
    gateway.script(script)
    addresses = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    balanced = {**SERVICE_CONFIG, **config}
    options = {
        **dict(OPTIONS),
        "grpc.service_config": json.dumps(balanced),
        "grpc.use_local_subchannel_pool": 1,
        "grpc.initial_reconnect_backoff_ms": 100,
        "grpc.max_reconnect_backoff_ms": 200,
    }

    def bridge(address: str) -> Any:
        return serving(gateway, "--drain-delay", delay, listen=address)

    async with (
        grpc.aio.insecure_channel(f"ipv4:{','.join(addresses)}", options=list(options.items())) as channel,
        bridge(addresses[0]) as first,
        bridge(addresses[1]) as second,
    ):
        load = Load(channel)
        running = asyncio.create_task(load.run(4))
        await _served(running, first, second)
        first.terminate()
        assert await first.ended() == 0
        async with bridge(addresses[0]) as first_again:
            await _served(running, first_again)
            second.terminate()
            assert await second.ended() == 0
            async with bridge(addresses[1]) as second_again:
                await _served(running, second_again)
                load.stop()
                await asyncio.wait_for(running, 10)
    stopped = [
        line["calls_cut_off"] for process in (first, second) for line in process.log if line["event"] == "stopped"
    ]
    assert stopped == [0, 0]
    assert min(load.done["unary"], load.done["stream"]) > 30


async def _served(load: asyncio.Task[None], *processes: Process) -> None:
    """Wait until each bridge has its share of the load; return at once if the load has failed."""
    for process in processes:
        share = asyncio.create_task(process.logged("call", 20))
        await asyncio.wait({share, load}, return_when=asyncio.FIRST_COMPLETED)
        if load.done():
            share.cancel()
            await load
        await share
