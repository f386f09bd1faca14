"""The measurements of a run. What is compared alternates within each round, and the order turns with each round."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeAlias

from benchmarks.callers import OpenAI
from benchmarks.dialects import MIXED, SHAPES, mix
from benchmarks.figures import Row, medians
from benchmarks.model import bytes_of_stream
from benchmarks.payloads import Asked
from benchmarks.processes import Server
from benchmarks.shapes import CHUNKS
from benchmarks.stacks import Load, Stacks

#: Seconds between two events of a paced stream.
INTERVAL = 0.005
#: A server, and the arguments of `calls` in benchmarks.load.
Turn: TypeAlias = tuple[Server, dict[str, Any]]


@dataclass(frozen=True)
class Plan:
    """How long a run measures. Times in seconds; `chunks` is the rate of all streams together in the crowd."""

    rounds: int = 5
    seconds: float = 2.0
    slices: int = 4
    shapes: tuple[str, ...] = (*SHAPES, MIXED)
    burst_seconds: float = 0.8
    burst_slices: int = 2
    paced_events: int = CHUNKS
    crowd_rounds: int = 5
    crowds: tuple[int, ...] = (10, 100, 1000, 2000)
    crowd_seconds: float = 2.5
    chunks: float = 2500.0
    ramp: float = 800.0
    idle_rounds: int = 5
    idle: tuple[int, ...] = (100, 1000, 2000)
    rates: tuple[int, ...] = (50, 100, 200, 400)
    rate_rounds: int = 3
    channels: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    share_rounds: int = 5
    bare_crowd: bool = True
    stampede_rounds: int = 5
    stampedes: tuple[int, ...] = (10, 100, 1000, 2000)


QUICK = Plan(
    rounds=3,
    seconds=0.5,
    slices=2,
    shapes=("plain", "openai", "spaced", "logprobs", "azure", "tools", "reasoning", MIXED),
    burst_seconds=0.25,
    burst_slices=1,
    paced_events=100,
    crowd_rounds=2,
    crowds=(10, 1000),
    crowd_seconds=1.0,
    idle_rounds=1,
    idle=(1000,),
    rates=(),
    channels=(),
    bare_crowd=False,
    stampede_rounds=2,
    stampedes=(1000,),
)


class Bench:
    """Measures, with these servers and this load. `say` is told how far it is; `only` some rows are wanted, or all."""

    def __init__(
        self, stacks: Stacks, load: Load, plan: Plan, say: Callable[[str], None], only: Sequence[str] = ()
    ) -> None:
        self._stacks = stacks
        self._load = load
        self._plan = plan
        self._say = say
        self._only = only

    def wants(self, key: str) -> bool:
        """Whether a row is wanted: `paced` stands for all rows `paced/...`."""
        return not self._only or any(f"{key}/".startswith(f"{name}/") for name in self._only)

    def _rounds(self, what: str, number: int) -> Iterator[int]:
        for index in range(number):
            self._say(f"{what}: round {index + 1} of {number}")
            yield index

    def _alternating(
        self, what: str, stacks: Mapping[str, Turn], seconds: float | None = None, slices: int | None = None
    ) -> list[dict[str, Any]]:
        """Rounds in which the stacks take turns, several times each: what disturbs one of them disturbs them all."""
        number = slices or self._plan.slices
        each = (seconds or self._plan.seconds) / number
        for server, arguments in stacks.values():  # warm: nothing of it is counted
            self._load("calls", server, **{**arguments, "seconds": 0.1})
        rounds = []
        for index in self._rounds(what, self._plan.rounds):
            taken: dict[str, list[dict[str, Any]]] = {name: [] for name in stacks}
            for turn in range(index, index + number):
                for name, (server, arguments) in list(stacks.items())[:: -1 if turn % 2 else 1]:
                    taken[name].append(self._load("calls", server, **arguments, seconds=each))
            rounds.append({name: merged(parts) for name, parts in taken.items()})
        return rounds

    def costs(self) -> tuple[list[Row], dict[str, Any]]:
        """CPU per call and chunk, and beside it latency and time to the first chunk."""
        rows, details = [], {}
        for kind in ("unary", "embeddings"):
            if self.wants(kind):
                stacks: dict[str, Turn] = {
                    "bare": (self._stacks.server("bare"), calls(kind)),
                    "bridge": (self._stacks.server("bridge canned"), calls(kind)),
                }
                taken = self._alternating(kind, stacks)
                rows.append(_row(kind, taken))
                details[kind] = _details(taken)
        return rows, details

    def paced(self) -> tuple[list[Row], dict[str, Any]]:
        """CPU per chunk of streams whose events come one by one, by shape; one stream of each caller at a time."""
        rows, details = [], {}
        for shape in self._plan.shapes:
            if self.wants(key := f"paced/{shape}"):
                arguments = calls("stream", *models(shape, self._plan.paced_events, INTERVAL))
                stacks: dict[str, Turn] = {
                    "bare": (self._stacks.server("bare"), arguments),
                    "bridge": (self._stacks.server("bridge paced"), arguments),
                }
                taken = self._alternating(key, stacks, seconds=0.05, slices=1)  # each caller begins one stream
                rows.append(_row(key, taken))
                details[key] = _details(taken)
        return rows, details

    def burst(self) -> tuple[list[Row], dict[str, Any]]:
        """CPU per chunk of streams whose events all come at once, by shape; and per token, coalesced."""
        rows, details = [], {}
        bare, bridge = self._stacks.server("bare"), self._stacks.server("bridge paced")
        for shape in self._plan.shapes:
            kinds = {"bridge": f"burst/{shape}", "coalesced": f"coalesced/{shape}"}
            wanted = {name: key for name, key in kinds.items() if self.wants(key)}
            if wanted:
                asked = models(shape, CHUNKS, 0)
                stacks: dict[str, Turn] = {"bare": (bare, calls("stream", *asked))}
                for name in wanted:
                    stacks[name] = (bridge, calls("coalesced" if name == "coalesced" else "stream", *asked))
                taken = self._alternating(f"burst/{shape}", stacks, self._plan.burst_seconds, self._plan.burst_slices)
                rows += [_row(key, taken, name) for name, key in wanted.items()]
                details[f"burst/{shape}"] = _details(taken)
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

    def stampede(self) -> tuple[list[Row], list[dict[str, Any]]]:
        """Time to the first chunk when all streams are opened in the same moment."""
        points, rounds = [], []
        for index in self._rounds("opened in the same moment", self._plan.stampede_rounds):
            measured = {}
            for number in self._plan.stampedes:
                for name in ("bare", "bridge paced")[:: -1 if index % 2 else 1]:
                    found = self._load("stampede", self._stacks.server(name), number=number)
                    stack = name.partition(" ")[0]
                    points.append({"stack": stack, "round": index, **found})
                    if number == 1000:
                        measured[stack] = found["first_ms"]["p99"]
            rounds.append(measured)
        return [Row("stampede", rounds)], points

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


def calls(kind: str, *names: str, callers: int = 16, client: str = "grpc") -> dict[str, Any]:
    """What the load generator is told of calls; they name these models in turn."""
    return {"kind": kind, "models": list(names or ("bench/model",)), "callers": callers, "client": client}


def models(shape: str, events: int, interval: float) -> list[str]:
    """The models' names that ask for streams of a shape, or for those of the mix in turn."""
    return [Asked(name, events, interval).model for name in (mix() if shape == MIXED else [shape])]


def _row(key: str, taken: Sequence[Mapping[str, Mapping[str, Any]]], name: str = "bridge") -> Row:
    """The row of what a stack used, beside what the bare server did."""
    return Row(key, [{"bare": measured["bare"]["us"], "bridge": measured[name]["us"]} for measured in taken])


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
