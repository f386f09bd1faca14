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


def plan(namespace: str, token: str, ages: tuple[int, ...], ca: str = "") -> list[dict[str, Any]]:
    """Every client in every age."""
    return [
        {"name": f"{client.name}, {age} s", "age": age, "command": client.command(namespace, token, ca)}
        for client in CLIENTS
        for age in ages
    ]
