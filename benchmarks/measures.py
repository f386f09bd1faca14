"""The measurements of a run. What is compared alternates within each round, and the order turns with each round."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeAlias

from benchmarks.callers import OpenAI
from benchmarks.figures import Row, medians
from benchmarks.model import bytes_of_stream
from benchmarks.payloads import CHUNKS, Pace
from benchmarks.processes import Server
from benchmarks.stacks import Load, Stacks

PACE = Pace(CHUNKS, 0.005)
#: A server, and the arguments of `calls` in benchmarks.load.
Turn: TypeAlias = tuple[Server, dict[str, Any]]


@dataclass(frozen=True)
class Plan:
    """How long a run measures. Times in seconds; `chunks` is the rate of all streams together in the crowd."""

    rounds: int = 7
    seconds: float = 2.0
    slices: int = 4
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
    slices=2,
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

    def _alternating(self, what: str, stacks: Mapping[str, Turn], slices: int | None = None) -> list[dict[str, Any]]:
        """Rounds in which the stacks take turns, several times each: what disturbs one of them disturbs them all."""
        number = slices or self._plan.slices
        seconds = self._plan.seconds / number
        for server, arguments in stacks.values():  # warm: nothing of it is counted
            self._load("calls", server, **{**arguments, "seconds": 0.2})
        rounds = []
        for _ in self._rounds(what, self._plan.rounds):
            taken: dict[str, list[dict[str, Any]]] = {name: [] for name in stacks}
            for index in range(number):
                for name, (server, arguments) in list(stacks.items())[:: -1 if index % 2 else 1]:
                    taken[name].append(self._load("calls", server, **arguments, seconds=seconds))
            rounds.append({name: merged(parts) for name, parts in taken.items()})
        return rounds

    def costs(self) -> tuple[list[Row], dict[str, Any]]:
        """CPU per call and chunk, and beside it latency and time to the first chunk."""
        bare, canned, paced = (self._stacks.server(name) for name in ("bare", "bridge canned", "bridge paced"))
        unary, embeddings = calls("unary"), calls("embeddings")
        work: dict[str, dict[str, Turn]] = {
            "unary": {"bare": (bare, unary), "bridge": (canned, unary)},
            "paced": {"bare": (bare, calls("stream", PACE.model)), "bridge": (paced, calls("stream", PACE.model))},
            "at_once": {
                "bare": (bare, calls("stream")),
                "bridge": (canned, calls("stream")),
                "coalesced": (canned, calls("coalesced")),
            },
            "embeddings": {"bare": (bare, embeddings), "bridge": (canned, embeddings)},
        }
        rows, details = [], {}
        for key, stacks in work.items():
            slices = max(1, self._plan.slices // 2) if key == "paced" else None  # its streams take a second each
            taken = self._alternating(key, stacks, slices)
            costs = [{name: measured[name]["us"] for name in stacks} for measured in taken]
            rows.append(Row(key, [{name: cost[name] for name in ("bare", "bridge")} for cost in costs]))
            if "coalesced" in stacks:
                rows.append(Row("coalesced", [{"bare": cost["bare"], "bridge": cost["coalesced"]} for cost in costs]))
            details[key] = _details(taken)
        return rows, details

    def latency(self) -> tuple[Row, dict[str, Any]]:
        """One caller: the bridge, and the same call straight to the same upstream."""
        direct = Server([], self._stacks.upstream("canned"))
        stacks: dict[str, Turn] = {
            "bridge": (self._stacks.server("bridge canned"), calls("unary", callers=1)),
            "aiohttp": (direct, calls("unary", callers=1, client="aiohttp")),
            "bare": (self._stacks.server("bare"), calls("unary", callers=1)),
        }
        if OpenAI.found():
            stacks["openai"] = (direct, calls("unary", callers=1, client="openai"))
        taken = self._alternating("latency, one caller", stacks)
        row = Row("latency", [{name: measured[name]["latency_ms"]["p50"] for name in stacks} for measured in taken])
        return row, _details(taken)

    def memory(self) -> tuple[Row, list[dict[str, Any]]]:
        """Memory of each open, silent stream; a fresh server each time, because freed memory is not given back."""
        rounds, details = [], []
        for _ in self._rounds("memory of idle streams", self._plan.idle_rounds):
            measured = {}
            for name in ("bare", "bridge paced"):
                with self._stacks.fresh(name) as server:
                    found = self._load("idle", server, numbers=self._plan.idle, ramp=2 * self._plan.ramp)
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
                        "rate", server, model="bench/model", per_second=rate, seconds=self._plan.seconds, client=client
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
        stacks: dict[str, Turn] = {
            "litellm": (self._stacks.server("litellm"), calls("unary", "bench", client="litellm")),
            "bridge": (self._stacks.server("bridge canned"), calls("unary")),
        }
        self._load("calls", stacks["litellm"][0], **stacks["litellm"][1], seconds=3)  # it is slow to warm up
        taken = self._alternating("LiteLLM", stacks)
        return Row("litellm", [{name: measured[name]["us"] for name in stacks} for measured in taken])


def calls(kind: str, model: str = "bench/model", *, callers: int = 16, client: str = "grpc") -> dict[str, Any]:
    """What the load generator is told of calls."""
    return {"kind": kind, "model": model, "callers": callers, "client": client}


def merged(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The slices of a round as one: costs of all units together, the median slice's percentiles."""
    units = sum(part["units"] for part in parts)
    costs = {name: sum(part[name] * part["units"] for part in parts) / units for name in ("us", "caller_us")}
    spreads = {name: medians([part[name] for part in parts]) for name in ("latency_ms", "first_ms")}
    return {**{name: round(cost, 2) for name, cost in costs.items()}, "units": units, **spreads}


def _details(taken: Sequence[Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """By stack: the caller's CPU, latency and time to the first chunk, medians of the rounds."""
    return {
        name: {
            "caller_us": medians([measured[name] for measured in taken])["caller_us"],
            "latency_ms": medians([measured[name]["latency_ms"] for measured in taken]),
            "first_ms": medians([measured[name]["first_ms"] for measured in taken]),
        }
        for name in taken[0]
    }
