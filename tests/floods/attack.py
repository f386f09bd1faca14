"""An attack: what it does, the bridge's flags, and the bounds."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.support.gateway import Script

if TYPE_CHECKING:
    from tests.floods.target import Target


#: The processor time of the event loop for a call on the machine for which the bounds were set, as its throughput under
#: load showed. Later the same machine took two to three times as long.
USUAL_CALL_SECONDS: Final = 0.0004


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack.

    `run` attacks the target, and may call `Target.child` to work in another process. `options` are flags of `aibridge
    serve`, and `rules` the content of its `callers_file`, if any. `script` is the upstream's response to the attack's
    requests. The bounds are `max_memory_mb`, the megabytes at the peak beyond those before, and `max_wait`, the seconds
    that a call of another caller may take, without the time that the machine's other work took. None of those calls may
    fail. If it `scales`, the wait is for thousands of calls to be handed over, and `max_wait` is for a machine on which
    a call without an attack takes `USUAL_CALL_SECONDS`; where it takes longer, the bound is longer in proportion.
    """

    name: str
    run: Callable[["Target"], Awaitable[None]]
    options: tuple[str, ...] = ()
    rules: str = ""
    script: Script | None = None
    max_memory_mb: int = 300
    max_wait: float = 0.5
    scales: bool = False


class Figures(NamedTuple):
    """The results: megabytes and seconds as in `Attack`, and another caller's calls, all and failed ones.

    `call_seconds` is the event loop's processor time for a call before the attack.
    """

    memory_mb: int
    wait: float
    calls: int
    failed: int
    call_seconds: float

    def problems(self, attack: Attack) -> list[str]:
        """The bounds that did not hold."""
        problems = []
        if self.memory_mb > attack.max_memory_mb:
            problems.append(f"the bridge took {self.memory_mb} MB, the bound is {attack.max_memory_mb} MB")
        slowness = max(1.0, self.call_seconds / USUAL_CALL_SECONDS) if attack.scales else 1.0
        max_wait = attack.max_wait * slowness
        if self.wait > max_wait:
            problems.append(f"another caller's call took {self.wait:.2f} s, the bound is {max_wait:.2f} s here")
        if self.failed:
            problems.append(f"{self.failed} of {self.calls} calls of another caller failed")
        return problems


def attacks() -> list[Attack]:
    """All attacks, from the tuples `ATTACKS` of this folder's modules."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith(("_", "test_")))
    return [attack for name in names for attack in getattr(import_module(f"tests.floods.{name}"), "ATTACKS", ())]
