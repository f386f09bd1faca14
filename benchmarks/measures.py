"""Measurements of calls by a few callers, one after the other: their cost and added latency."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmarks import golang
from benchmarks.callers import OpenAI
from benchmarks.dialects import MIXED, mix
from benchmarks.figures import BARS, Row, medians
from benchmarks.payloads import StreamRequest
from benchmarks.plan import INTERVAL, Measuring, Turn
from benchmarks.processes import Server
from benchmarks.shapes import CHUNKS

#: The merge window, in seconds.
WINDOW: Final = 0.05
#: Total chunks per second of all streams, in measurements with a fixed rate per stream.
TOGETHER: Final = 1600


class Calls(Measuring):
    """Measurements with a few callers."""

    def _before(self, upstream: str, arguments: dict[str, Any]) -> dict[str, Turn]:
        """The stacks to compare: the bare server, the bridge, and perhaps the least one and the one in Go."""
        names = {"bare": "bare", "bridge": f"bridge {upstream}"}
        if self.plan.reference:
            names["least"] = f"least {upstream}"
            if golang.program():
                names["go"] = f"go {upstream}"
        return {name: (self.stacks.server(server), arguments) for name, server in names.items()}

    def costs(self) -> tuple[list[Row], dict[str, Any]]:
        """CPU and latency per call."""
        rows, details = [], {}
        for kind in ("unary", "embeddings"):
            if self.wants(kind):
                taken = self.alternating(kind, self._before("canned", calls(kind)))
                rows.append(_row(kind, taken))
                details[kind] = _details(taken)
        return rows, details

    def paced(self) -> tuple[list[Row], dict[str, Any]]:
        """CPU per chunk of streams whose events come one by one, by shape. Each caller has one stream at a time."""
        rows, details = [], {}
        for shape in self.plan.shapes:
            if self.wants(key := f"paced/{shape}"):
                stacks = self._before("paced", calls("stream", *models(shape, self.plan.paced_events, INTERVAL)))
                taken = self.alternating(key, stacks, seconds=0.05, slices=1)  # each caller starts one stream
                rows.append(_row(key, taken))
                details[key] = _details(taken)
        return rows, details

    def burst(self) -> tuple[list[Row], dict[str, Any]]:
        """CPU per chunk of streams whose events come all at once, by shape; coalesced, per token."""
        rows, details = [], {}
        for shape in self.plan.shapes:
            kinds = {"bridge": f"burst/{shape}", "coalesced": f"coalesced/{shape}"}
            wanted = {name: key for name, key in kinds.items() if self.wants(key)}
            if wanted:
                asked = models(shape, CHUNKS, 0)
                stacks = self._before("paced", calls("stream", *asked))
                if "coalesced" in wanted:
                    stacks["coalesced"] = (stacks["bridge"][0], calls("coalesced", *asked))
                if "bridge" not in wanted:
                    del stacks["bridge"]
                taken = self.alternating(f"burst/{shape}", stacks, self.plan.burst_seconds, self.plan.burst_slices)
                rows += [_row(key, taken, name) for name, key in wanted.items()]
                details[f"burst/{shape}"] = _details(taken)
        return rows, details

    def window(self) -> tuple[list[Row], list[dict[str, Any]]]:
        """Streams with different rates, with and without a window of 50 ms. The total rate is the same."""
        rows, points = [], []
        names, server = {"without": 0.0, "with": WINDOW}, self.stacks.server("bridge paced")
        for rate in self.plan.window_rates:
            if not self.wants(key := f"window/{rate}"):
                continue
            asked = models("openai", round(rate * self.plan.window_seconds), 1 / rate, stamped=True)
            taken = []
            for index in self.rounds(key, self.plan.rounds):
                found = {}
                for name in list(names)[:: -1 if index % 2 else 1]:
                    found[name] = self.load(
                        "delays", server, models=asked, callers=TOGETHER // rate, window=names[name]
                    )
                taken.append(found)
            points += [{"rate": rate, "round": index, **found} for index, found in enumerate(taken)]
            if key in BARS:
                rows.append(Row(key, [{name: found[name]["us"] for name in ("without", "with")} for found in taken]))
        return rows, points

    def latency(self) -> tuple[Row, dict[str, Any]]:
        """One caller: through the bridge, and directly to the same upstream."""
        direct = Server([], self.stacks.upstream("canned"))
        stacks: dict[str, Turn] = {
            "bridge": (self.stacks.server("bridge canned"), calls("unary", callers=1)),
            "aiohttp": (direct, calls("unary", callers=1, client="aiohttp")),
            "bare": (self.stacks.server("bare"), calls("unary", callers=1)),
        }
        if OpenAI.found():
            stacks["openai"] = (direct, calls("unary", callers=1, client="openai"))
        taken = self.alternating("latency, one caller", stacks)
        row = Row("latency", [{name: measured[name]["latency_ms"]["p50"] for name in stacks} for measured in taken])
        return row, _details(taken)

    def litellm(self) -> Row:
        """The LiteLLM proxy and the bridge, with the same request and upstream."""
        stacks: dict[str, Turn] = {
            "litellm": (self.stacks.server("litellm"), calls("unary", "bench", client="litellm")),
            "bridge": (self.stacks.server("bridge canned"), calls("unary")),
        }
        self.load("calls", stacks["litellm"][0], **stacks["litellm"][1], seconds=3)  # it is slow to warm up
        taken = self.alternating("LiteLLM", stacks)
        return Row("litellm", [{name: measured[name]["us"] for name in stacks} for measured in taken])


def calls(kind: str, *names: str, callers: int = 16, client: str = "grpc") -> dict[str, Any]:
    """Arguments of the load generator's `calls`. The calls use the named models in turn."""
    return {"kind": kind, "models": list(names or ("bench/model",)), "callers": callers, "client": client}


def models(shape: str, events: int, interval: float, *, stamped: bool = False) -> list[str]:
    """The models' names that select streams of a shape, or of the mix in turn."""
    return [StreamRequest(name, events, interval, stamped).model for name in (mix() if shape == MIXED else [shape])]


def _row(key: str, taken: Sequence[Mapping[str, Mapping[str, Any]]], name: str = "bridge") -> Row:
    """The row for a stack and its references."""
    names = {"bare": "bare", "bridge": name, **{other: other for other in ("least", "go") if other in taken[0]}}
    return Row(key, [{stack: measured[of]["us"] for stack, of in names.items()} for measured in taken])


def _details(taken: Sequence[Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """The caller's CPU, latency and time to the first chunk by stack, as medians of the rounds."""
    return {
        name: {
            "caller_us": medians([measured[name] for measured in taken])["caller_us"],
            "latency_ms": medians([measured[name]["latency_ms"] for measured in taken]),
            "first_ms": medians([measured[name]["first_ms"] for measured in taken]),
        }
        for name in taken[0]
    }
