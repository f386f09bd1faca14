"""Measurements of many streams and callers: memory, cost and fairness by their number, first chunks, workers."""

from contextlib import ExitStack
from typing import Any

from benchmarks.figures import Row
from benchmarks.model import bytes_of_stream
from benchmarks.plan import Measuring
from benchmarks.processes import Server


class Crowds(Measuring):
    """Measurements with many concurrent streams or callers."""

    def memory(self) -> tuple[Row, list[dict[str, Any]]]:
        """Memory per open, silent stream, each time with a fresh server, because freed memory is not returned."""
        rounds, details = [], []
        for _ in self.rounds("memory of idle streams", self.plan.idle_rounds):
            measured = {}
            for name in ("bare", "bridge paced"):
                with self.stacks.fresh(name) as server:
                    found = self.load("idle", server, numbers=self.plan.idle, ramp=2 * self.plan.ramp)
                measured[name.partition(" ")[0]] = found
            rounds.append({name: round(bytes_of_stream(found) / 1000, 1) for name, found in measured.items()})
            details.append(measured)
        return Row("memory", rounds), details

    def crowd(self) -> tuple[list[Row], list[dict[str, Any]]]:
        """The same number of chunks per second, on growing numbers of open streams."""
        plan, points = self.plan, []
        names = ("bridge paced", "bare") if plan.bare_crowd else ("bridge paced",)
        for index in self.rounds("open streams", plan.crowd_rounds):
            for number in plan.crowds[:: -1 if index % 2 else 1]:
                for name in names:
                    self.say(
                        f"open streams: round {index + 1} of {plan.crowd_rounds}, {number} on the {name.split()[0]}"
                    )
                    found = self.load(
                        "streams",
                        self.stacks.server(name),
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
        """Time to the first chunk when all streams are opened at once."""
        points, rounds = [], []
        for index in self.rounds("opened in the same moment", self.plan.stampede_rounds):
            measured = {}
            for number in self.plan.stampedes:
                for name in ("bare", "bridge paced")[:: -1 if index % 2 else 1]:
                    found = self.load("stampede", self.stacks.server(name), number=number)
                    stack = name.partition(" ")[0]
                    points.append({"stack": stack, "round": index, **found})
                    if number == 1000:
                        measured[stack] = found["first_ms"]["p99"]
            rounds.append(measured)
        return [Row("stampede", rounds)], points

    def rates(self) -> list[dict[str, Any]]:
        """Latency of unary calls at a fixed rate."""
        found = []
        direct = Server([], self.stacks.upstream("canned"))
        targets = (("bridge", self.stacks.server("bridge canned"), "grpc"), ("aiohttp", direct, "aiohttp"))
        for rate in self.plan.rates:
            for index in self.rounds(f"{rate} calls a second", self.plan.rate_rounds):
                for name, server, client in targets[:: -1 if index % 2 else 1]:
                    taken = self.load(
                        "rate", server, model="bench/model", per_second=rate, seconds=self.plan.seconds, client=client
                    )
                    found.append({"stack": name, "round": index, **taken})
        return found

    def workers(self) -> list[dict[str, Any]]:
        """How two workers share the calls of one caller, by its number of connections."""
        if not self.plan.channels:
            return []
        found = []
        with ExitStack() as stack:
            shared = stack.enter_context(self.stacks.bridge("canned", "--workers", "2"))
            one, other = (stack.enter_context(self.stacks.bridge("canned")) for _ in range(2))
            apart = Server([*one.pids, *other.pids], one.port)
            ways = [
                *(
                    (f"{count} connection{'s' if count > 1 else ''}", shared, count, True, [])
                    for count in self.plan.channels
                ),
                ("8 channels with grpc's defaults", shared, 8, False, []),
                ("1 channel, round_robin over a port for each process", apart, 1, True, [other.port]),
            ]
            for name, server, channels, own, further in ways:
                for _ in self.rounds(f"two workers, {name}", self.plan.share_rounds):
                    taken = self.load("shares", server, channels=channels, own=own, seconds=0.4, further=further)
                    found.append({"way": name, **taken})
        return found
