"""The durations of a run, and the base of all measurements."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from benchmarks.dialects import MIXED, SHAPES
from benchmarks.figures import medians
from benchmarks.payloads import StreamRequest
from benchmarks.processes import Server
from benchmarks.shapes import CHUNKS
from benchmarks.stacks import Load, Stacks

#: Seconds between two events of a paced stream.
INTERVAL = 0.005
#: A server, and the arguments of `calls` in benchmarks.load.
Turn: TypeAlias = tuple[Server, dict[str, Any]]


@dataclass(frozen=True)
class Durations:
    """The durations of a run, in seconds. `chunks` is the total rate of all streams in the crowd."""

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
    #: Whether to measure the bridge in Go too, if Go is installed.
    reference: bool = True


QUICK = Durations(
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
    """Measures with these servers and this load. `say` gets the progress. With `only`, these rows are measured."""

    def __init__(
        self, stacks: Stacks, load: Load, plan: Durations, say: Callable[[str], None], only: Sequence[str] = ()
    ) -> None:
        self.stacks = stacks
        self.load = load
        self.plan = plan
        self.say = say
        self._only = only

    def wants(self, key: str) -> bool:
        """Whether a row is requested. `paced` means all rows `paced/...`."""
        return not self._only or any(f"{key}/".startswith(f"{name}/") for name in self._only)

    def rounds(self, what: str, number: int) -> Iterator[int]:
        for index in range(number):
            self.say(f"{what}: round {index + 1} of {number}")
            yield index

    def alternating(
        self, what: str, stacks: Mapping[str, Turn], seconds: float | None = None, slices: int | None = None
    ) -> list[dict[str, Any]]:
        """Rounds in which the stacks alternate several times, so that a disturbance affects all of them."""
        number = slices or self.plan.slices
        each = (seconds or self.plan.seconds) / number
        for server, arguments in stacks.values():  # warm-up, not counted
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
    asked = StreamRequest.of(model)
    return asked._replace(events=min(asked.events, 20)).model if asked.interval else model


def merged(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Merge the slices of a round: the cost over all units, and the percentiles of the median slice."""
    units = sum(part["units"] for part in parts)
    costs = {name: sum(part[name] * part["units"] for part in parts) / units for name in ("us", "caller_us")}
    spreads = {name: medians([part[name] for part in parts]) for name in ("latency_ms", "first_ms")}
    return {**{name: round(cost, 2) for name, cost in costs.items()}, "units": units, **spreads}
