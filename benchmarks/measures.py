"""The measurements of a run. What is compared alternates within each round, and the order turns with each round."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from benchmarks.callers import OpenAI
from benchmarks.figures import Row, medians
from benchmarks.model import bytes_of_stream
from benchmarks.payloads import CHUNKS, Pace
from benchmarks.processes import Server
from benchmarks.stacks import Load, Stacks

PACE = Pace(CHUNKS, 0.005)
_MODEL = "bench/model"


@dataclass(frozen=True)
class Plan:
    """How long a run measures. Times in seconds; `chunks` is the rate of all streams together in the crowd."""

    rounds: int = 7
    seconds: float = 2.0
    crowd_rounds: int = 5
    crowds: tuple[int, ...] = (10, 100, 1000, 2000)
    crowd_seconds: float = 3.5
    chunks: float = 2500.0
    ramp: float = 400.0
    idle_rounds: int = 5
    idle: tuple[int, ...] = (100, 1000, 2000)
    rates: tuple[int, ...] = (50, 100, 200, 400)
    rate_rounds: int = 3
    channels: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    share_rounds: int = 8
    bare_crowd: bool = True
    stampedes: tuple[int, ...] = (10, 100, 1000, 2000)


QUICK = Plan(
    rounds=3,
    seconds=0.5,
    crowd_rounds=2,
    crowds=(10, 1000),
    crowd_seconds=1.5,
    idle_rounds=1,
    idle=(1000,),
    rates=(),
    channels=(),
    bare_crowd=False,
    stampedes=(),
)


class Bench:
    """Measures, with these servers and this load. `say` is told how far it is."""

    def __init__(self, stacks: Stacks, load: Load, plan: Plan, say: Callable[[str], None]) -> None:
        self._stacks = stacks
        self._load = load
        self._plan = plan
        self._say = say

    def _rounds(self, what: str, number: int) -> Iterator[int]:
        for index in range(number):
            self._say(f"{what}: round {index + 1} of {number}")
            yield index

    def _calls(
        self, server: Server, kind: str, *, model: str = _MODEL, callers: int = 16, **more: Any
    ) -> dict[str, Any]:
        return self._load("calls", server, kind=kind, model=model, callers=callers, seconds=self._plan.seconds, **more)

    def costs(self) -> tuple[list[Row], dict[str, Any]]:
        """CPU per call and chunk, and beside it latency and time to the first chunk."""
        bare, canned, paced = (self._stacks.server(name) for name in ("bare", "bridge canned", "bridge paced"))
        work: dict[str, dict[str, tuple[Server, dict[str, Any]]]] = {
            "unary": {"bare": (bare, {}), "bridge": (canned, {})},
            "paced": {"bare": (bare, {"model": PACE.model}), "bridge": (paced, {"model": PACE.model})},
            "at_once": {"bare": (bare, {}), "bridge": (canned, {}), "coalesced": (canned, {"kind": "coalesced"})},
            "embeddings": {"bare": (bare, {}), "bridge": (canned, {})},
        }
        rows, details = [], {}
        for key, stacks in work.items():
            kind = key if key in {"unary", "embeddings"} else "stream"
            taken: list[dict[str, dict[str, Any]]] = []
            for server, more in stacks.values():  # warm: nothing of it is counted
                self._load("calls", server, callers=16, seconds=0.2, **{"kind": kind, "model": _MODEL, **more})
            for index in self._rounds(key, self._plan.rounds):
                order = list(stacks.items())[:: -1 if index % 2 else 1]
                taken.append({name: self._calls(server, **{"kind": kind, **more}) for name, (server, more) in order})
            costs = [{name: measured[name]["us"] for name in stacks} for measured in taken]
            rows.append(Row(key, [{name: cost[name] for name in ("bare", "bridge")} for cost in costs]))
            if "coalesced" in stacks:
                rows.append(Row("coalesced", [{"bare": cost["bare"], "bridge": cost["coalesced"]} for cost in costs]))
            details[key] = {
                name: {
                    "caller_us": medians([measured[name] for measured in taken])["caller_us"],
                    "latency_ms": medians([measured[name]["latency_ms"] for measured in taken]),
                    "first_ms": medians([measured[name]["first_ms"] for measured in taken]),
                }
                for name in stacks
            }
        return rows, details

    def latency(self) -> tuple[Row, dict[str, Any]]:
        """One caller: the bridge, and the same call straight to the same upstream."""
        direct = Server([], self._stacks.upstream("canned"))
        clients = {"bridge": (self._stacks.server("bridge canned"), "grpc"), "aiohttp": (direct, "aiohttp")}
        clients["bare"] = (self._stacks.server("bare"), "grpc")
        if OpenAI.found():
            clients["openai"] = (direct, "openai")
        for server, client in clients.values():
            self._load("calls", server, kind="unary", model=_MODEL, callers=1, seconds=0.2, client=client)
        taken = []
        for index in self._rounds("latency, one caller", self._plan.rounds):
            order = list(clients.items())[:: -1 if index % 2 else 1]
            taken.append(
                {name: self._calls(server, "unary", callers=1, client=client) for name, (server, client) in order}
            )
        row = Row("latency", [{name: measured[name]["latency_ms"]["p50"] for name in clients} for measured in taken])
        details = {
            name: {
                "caller_us": medians([measured[name] for measured in taken])["caller_us"],
                "latency_ms": medians([measured[name]["latency_ms"] for measured in taken]),
            }
            for name in clients
        }
        return row, details

    def memory(self) -> tuple[Row, list[dict[str, Any]]]:
        """Memory of each open, silent stream; a fresh server each time, because freed memory is not given back."""
        rounds, details = [], []
        for _ in self._rounds("memory of idle streams", self._plan.idle_rounds):
            measured = {}
            for name in ("bare", "bridge paced"):
                with self._stacks.fresh(name) as server:
                    found = self._load("idle", server, numbers=self._plan.idle, ramp=self._plan.ramp)
                measured[name.partition(" ")[0]] = found
            rounds.append({name: round(bytes_of_stream(found) / 1000, 1) for name, found in measured.items()})
            details.append(measured)
        return Row("memory", rounds), details

    def crowd(self) -> tuple[list[Row], list[dict[str, Any]]]:
        """The same number of chunks a second, on ever more open streams."""
        plan, points = self._plan, []
        names = ("bridge paced", "bare") if plan.bare_crowd else ("bridge paced",)
        for index in self._rounds("open streams", plan.crowd_rounds):
            for number in plan.crowds[:: -1 if index % 2 else 1]:
                for name in names:
                    self._say(
                        f"open streams: round {index + 1} of {plan.crowd_rounds}, {number} on the {name.split()[0]}"
                    )
                    found = self._load(
                        "streams",
                        self._stacks.server(name),
                        number=number,
                        per_second=plan.chunks,
                        ramp=plan.ramp,
                        seconds=plan.crowd_seconds,
                    )
                    points.append({"round": index, "stack": name.partition(" ")[0], "number": number, **found})

        def of(number: int, field: str) -> list[float]:
            return [point[field] for point in points if point["number"] == number and point["stack"] == "bridge"]

        few, many = plan.crowds[0], 1000
        pairs = zip(of(few, "us"), of(many, "us"), strict=True)
        rows = [Row("crowd", [{f"{few} open": low, f"{many} open": high} for low, high in pairs])]
        if 2000 in plan.crowds:
            rows.append(Row("fairness", [{"bridge": wait} for wait in of(2000, "worst_wait")]))
        return rows, points

    def stampede(self) -> list[dict[str, Any]]:
        """Time to the first chunk when all streams are opened in the same moment."""
        found = []
        for number in self._plan.stampedes:
            for name in ("bare", "bridge paced"):
                self._say(f"opened in the same moment: {number} streams on the {name.split()[0]}")
                server = self._stacks.server(name)
                found.append({"stack": name.partition(" ")[0], **self._load("stampede", server, number=number)})
        return found

    def rates(self) -> list[dict[str, Any]]:
        """Latency of unary calls that come at a fixed rate."""
        found = []
        direct = Server([], self._stacks.upstream("canned"))
        targets = (("bridge", self._stacks.server("bridge canned"), "grpc"), ("aiohttp", direct, "aiohttp"))
        for rate in self._plan.rates:
            for index in self._rounds(f"{rate} calls a second", self._plan.rate_rounds):
                for name, server, client in targets[:: -1 if index % 2 else 1]:
                    taken = self._load(
                        "rate", server, model=_MODEL, per_second=rate, seconds=self._plan.seconds, client=client
                    )
                    found.append({"stack": name, "round": index, **taken})
        return found

    def workers(self) -> list[dict[str, Any]]:
        """How two workers share the calls of one caller, by how many connections it has."""
        if not self._plan.channels:
            return []
        found = []
        with ExitStack() as stack:
            shared = stack.enter_context(self._stacks.bridge("canned", "--workers", "2"))
            one, other = (stack.enter_context(self._stacks.bridge("canned")) for _ in range(2))
            apart = Server([*one.pids, *other.pids], one.port)
            ways = [
                *(
                    (f"{count} connection{'s' if count > 1 else ''}", shared, count, True, [])
                    for count in self._plan.channels
                ),
                ("8 channels with grpc's defaults", shared, 8, False, []),
                ("1 channel, round_robin over a port for each process", apart, 1, True, [other.port]),
            ]
            for name, server, channels, own, further in ways:
                for _ in self._rounds(f"two workers, {name}", self._plan.share_rounds):
                    taken = self._load("shares", server, channels=channels, own=own, seconds=0.4, further=further)
                    found.append({"way": name, **taken})
        return found

    def litellm(self) -> Row:
        """The LiteLLM proxy and the bridge, called with the same request, before the same upstream."""
        stacks = {
            "litellm": (self._stacks.server("litellm"), {"client": "litellm", "model": "bench"}),
            "bridge": (self._stacks.server("bridge canned"), {}),
        }
        for server, more in stacks.values():
            self._load("calls", server, **{"kind": "unary", "callers": 16, "seconds": 3, "model": _MODEL, **more})
        rounds = []
        for index in self._rounds("LiteLLM", self._plan.rounds):
            order = list(stacks.items())[:: -1 if index % 2 else 1]
            rounds.append({name: self._calls(server, "unary", **more)["us"] for name, (server, more) in order})
        return Row("litellm", rounds)
