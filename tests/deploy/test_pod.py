"""The life of a pod by the manifest: the bridge with the manifest's variables, and the results of its probes."""

import asyncio
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from aibridge.v1 import chat_pb2, chat_pb2_grpc
from bridge.access import tokens
from tests.support.gateway import Exchange, Gateway, respond_json
from tests.support.manifests import CONTAINER, POD, VARIABLES
from tests.support.payloads import COMPLETION
from tests.support.processes import channel_to, free_port, serving

TOKEN = tokens.new("search")
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """The container's variables, with free ports, a folder for the Secrets, and a shorter delay."""
    secret, callers = tmp_path / "api-key", tmp_path / "tokens"
    secret.write_text("sk-from-the-secret\n")
    callers.write_text(f"{TOKEN.line}\n")
    changed = {
        "AIBRIDGE_HEALTH_LISTEN": f"127.0.0.1:{free_port()}",
        "AIBRIDGE_METRICS_LISTEN": "127.0.0.1:0",
        "AIBRIDGE_UPSTREAM_API_KEY_FILE": str(secret),
        "AIBRIDGE_CALLER_TOKENS_FILE": str(callers),
        "AIBRIDGE_DRAIN_DELAY": "0.3",
    }
    assert changed.keys() <= VARIABLES.keys()
    return VARIABLES | changed


async def probe(address: str, name: str) -> int:
    """A probe as by the kubelet: a new connection each time, without TLS."""
    service = CONTAINER[name]["grpc"]["service"]
    async with channel_to(address) as channel:
        return (await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=service))).status


async def until(address: str, name: str, wanted: int) -> None:
    async with asyncio.timeout(10):
        while await probe(address, name) != wanted:  # noqa: ASYNC110 # as the kubelet does
            await asyncio.sleep(0.01)


async def test_a_pod_from_start_to_end(gateway: Gateway, variables: dict[str, str]) -> None:
    """The pod is ready once its key reaches the upstream, stays alive, and does not cut the last stream."""
    go_on = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        if exchange.request.path == "/v1/models":
            await respond_json({"object": "list", "data": []})(exchange)
            return
        await go_on.wait()
        await respond_json(COMPLETION)(exchange)

    gateway.script(script)
    health = variables["AIBRIDGE_HEALTH_LISTEN"]
    async with serving(gateway, **variables) as process, channel_to(process.address) as channel:
        assert await probe(health, "startupProbe") == SERVING
        await until(health, "readinessProbe", SERVING)
        assert gateway.last.headers["authorization"] == "Bearer sk-from-the-secret"
        request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
        stub = chat_pb2_grpc.ChatServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.CreateChatCompletion(request)
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        call = stub.CreateChatCompletion(request, metadata=[("authorization", f"Bearer {TOKEN.token}")])
        await gateway.exchange(1)
        process.terminate()
        await until(health, "readinessProbe", NOT_SERVING)
        assert await probe(health, "livenessProbe") == SERVING
        go_on.set()
        assert (await call).choices[0].message.content == "hello"
        assert await call.code() is grpc.StatusCode.OK
        assert await asyncio.wait_for(process.ended(), POD["terminationGracePeriodSeconds"]) == 0
    said = str([*process.log, *process.noise])
    assert "sk-from-the-secret" not in said
    assert TOKEN.token not in said
