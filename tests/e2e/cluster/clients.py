"""The clients of the load: each language for a headless target and for a Service, as docs/kubernetes.md describes."""

import json
from typing import Any, Final, NamedTuple

from tests.e2e.cluster.cluster import ROOT

_FILES: Final = {"service": "service_config.json", "headless": "service_config_headless.json"}
#: Milliseconds between two DNS look-ups, as in the Python client.
_DNS: Final = "1000"


class Client(NamedTuple):
    """A client configuration: its name in the report, its program, and its target."""

    name: str
    program: str
    balance: str

    def command(self, namespace: str, token: str, ca: str) -> list[str]:
        """The command that runs it in the client pod."""
        host = f"aibridge-headless.{namespace}" if self.balance == "headless" else f"aibridge.{namespace}"
        given = ["--target", f"dns:///{host}:50051", "--token", token, "--ca", ca]
        if self.program == "python":
            return ["python3", "/load/load.py", *given, "--balance", self.balance]
        # grpc-js has no health checks: it uses the other config
        file = _FILES["service" if self.program == "js" else self.balance]
        config = json.dumps(json.loads((ROOT / "examples" / file).read_text("utf-8")))
        program = ["/load/load-go"] if self.program == "go" else ["/load/node", "/load/load.js"]
        return [*program, *given, "--config", config, "--dns", _DNS]


CLIENTS: Final = tuple(
    Client(f"{name}, {shown}", program, balance)
    for program, name in (("python", "Python"), ("go", "grpc-go"), ("js", "grpc-js"))
    for balance, shown in (("headless", "headless"), ("service", "Service"))
)


class PlainClient(NamedTuple):
    """A client without any configuration: no service config, and gRPC's own interval of DNS look-ups."""

    name: str
    program: str
    host: str

    def command(self, namespace: str, token: str, address: str) -> list[str]:
        """The command that runs it in the client pod. `address` is that of the Service."""
        target = f"dns:///{self.host}.{namespace}:50051" if self.host else f"passthrough:///{address}:50051"
        program = {
            "python": ["python3", "/load/load.py", "--plain"],
            "go": ["/load/load-go", "--config", "{}"],
            "js": ["/load/node", "/load/load.js"],
        }[self.program]
        return [*program, "--target", target, "--token", token]


PLAIN: Final = (
    *(
        PlainClient(f"{name}, {shown}", program, host)
        for program, name in (("python", "Python (grpcio)"), ("go", "grpc-go"), ("js", "grpc-js"))
        for host, shown in (("aibridge-headless", "headless"), ("aibridge", "Service"))
    ),
    PlainClient("grpc-go, the Service's address", "go", ""),
)
#: Their age at the first disruption, in seconds.
PLAIN_AGE: Final = 120


def plain_plan(namespace: str, token: str, address: str) -> list[dict[str, Any]]:
    """Every client without configuration."""
    return [
        {"name": f"plain {client.name}", "age": PLAIN_AGE, "command": client.command(namespace, token, address)}
        for client in PLAIN
    ]


def plan(namespace: str, token: str, ages: tuple[int, ...], ca: str = "") -> list[dict[str, Any]]:
    """Every client in every age."""
    return [
        {"name": f"{client.name}, {age} s", "age": age, "command": client.command(namespace, token, ca)}
        for client in CLIENTS
        for age in ages
    ]
