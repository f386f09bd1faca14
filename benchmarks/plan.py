"""How long a run measures, and what all measurements have in common."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from benchmarks.dialects import MIXED, SHAPES
from benchmarks.figures import medians
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
    seconds: float = 1.6
    slices: int = 4
    shapes: tuple[str, ...] = (*SHAPES, MIXED)
    burst_seconds: float = 0.5
    burst_slices: int = 2
    paced_events: int = CHUNKS
    crowd_rounds: int = 5
    crowds: tuple[int, ...] = (10, 100, 1000, 2000)
    crowd_seconds: float = 3.5
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
    window_rates: tuple[int, ...] = (20, 50, 100, 200)
    window_seconds: float = 2.0
    #: The bridge in Go is measured too, where there is Go.
    reference: bool = True


QUICK = Plan(
    rounds=3,
    seconds=0.4,
    slices=2,
    shapes=("plain", "openai", "spaced", "logprobs", "azure", "tools", "reasoning", MIXED),
    burst_seconds=0.25,
    burst_slices=1,
    paced_events=80,
    window_seconds=1.2,
    crowd_rounds=2,
    crowds=(10, 1000),
    crowd_seconds=1.4,
    idle_rounds=1,
    idle=(1000,),
    rates=(),
    channels=(),
    bare_crowd=False,
    stampede_rounds=2,
    stampedes=(1000,),
    window_rates=(100,),
    reference=False,
)


class Measuring:
    """Measures, with these servers and this load. `say` is told how far it is; `only` some rows are wanted, or all."""

    def __init__(
        self, stacks: Stacks, load: Load, plan: Plan, say: Callable[[str], None], only: Sequence[str] = ()
    ) -> None:
        self.stacks = stacks
        self.load = load
        self.plan = plan
        self.say = say
        self._only = only

    def wants(self, key: str) -> bool:
        """Whether a row is wanted: `paced` stands for all rows `paced/...`."""
        return not self._only or any(f"{key}/".startswith(f"{name}/") for name in self._only)

    def rounds(self, what: str, number: int) -> Iterator[int]:
        for index in range(number):
            self.say(f"{what}: round {index + 1} of {number}")
            yield index

    def alternating(
        self, what: str, stacks: Mapping[str, Turn], seconds: float | None = None, slices: int | None = None
    ) -> list[dict[str, Any]]:
        """Rounds in which the stacks take turns, several times each: what disturbs one of them disturbs them all."""
        number = slices or self.plan.slices
        each = (seconds or self.plan.seconds) / number
        for server, arguments in stacks.values():  # warm: nothing of it is counted
            warm = {**arguments, "models": [_short(model) for model in arguments["models"]]}
            self.load("calls", server, **warm, seconds=0.1)
        measured = []
        for index in self.rounds(what, self.plan.rounds):
            taken: dict[str, list[dict[str, Any]]] = {name: [] for name in stacks}
            for turn in range(index, index + number):
                for name, (server, arguments) in list(stacks.items())[:: -1 if turn % 2 else 1]:
                    taken[name].append(self.load("calls", server, **arguments, seconds=each))
            measured.append({name: merged(parts) for name, parts in taken.items()})
        return measured


def _short(model: str) -> str:
    asked = Asked.of(model)
    return asked._replace(events=min(asked.events, 20)).model if asked.interval else model


def merged(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The slices of a round as one: costs of all units together, the median slice's percentiles."""
    units = sum(part["units"] for part in parts)
    costs = {name: sum(part[name] * part["units"] for part in parts) / units for name in ("us", "caller_us")}
    spreads = {name: medians([part[name] for part in parts]) for name in ("latency_ms", "first_ms")}
    return {**{name: round(cost, 2) for name, cost in costs.items()}, "units": units, **spreads}
