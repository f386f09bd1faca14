"""What Prometheus scrapes: the numbers of this process, or of all workers.

With several workers the parent has the port and asks each of them, over a pipe, for its numbers; `worker` tells them
apart. So a worker that dies takes its own series back to zero, as a restarted pod does, which is what `rate` expects.
prometheus-client's own way, files that all workers map into memory, has no process metrics, keeps the files of the dead
and makes each change of a number dearer.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from multiprocessing.connection import Connection
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from bridge.settings import Settings, SettingsError
from bridge.telemetry.port import Port
from bridge.telemetry.series import counter, gauge

_log = structlog.get_logger("aibridge.telemetry")
#: Seconds that a scrape waits for one worker.
_SCRAPE_TIMEOUT_SECONDS: Final = 2.0


def listen(settings: Settings, collectors: Iterable[Collector]) -> Port | None:
    """Serve the metrics as the settings say; None if they are off, or nobody asked for them and the port is taken.

    Raises:
        SettingsError: the address that was asked for cannot be bound.
    """
    address = settings.metrics_listen
    if address == "off":
        return None
    try:
        port = Port(address, collectors)
    except OSError as error:
        problem = f"metrics_listen: cannot bind {address} ({error.strerror})"
        if "metrics_listen" in settings.model_fields_set:
            raise SettingsError(problem) from error
        _log.warning("no metrics", problem=problem)
        return None
    _log.info("metrics", address=port.address)
    return port


def process() -> list[Collector]:
    """What prometheus-client knows about a process: memory, CPU, files, garbage collection."""
    nowhere = CollectorRegistry()
    return [ProcessCollector(registry=nowhere), GCCollector(registry=nowhere)]


def answer(pipe: Connection, collectors: Iterable[Collector]) -> None:
    """Answer, in a thread, the scrapes that the parent passes on; it ends with the pipe."""
    own = list(collectors)

    def serve() -> None:
        try:
            while True:
                number = pipe.recv()
                pipe.send((number, [metric for collector in own for metric in collector.collect()]))
        except (EOFError, OSError):
            return

    threading.Thread(target=serve, name="aibridge-metrics", daemon=True).start()


class _WorkerPipe:
    """A place among the workers, and the pipe to the one that has it now."""

    def __init__(self) -> None:
        self.pipe: Connection | None = None
        self.starts = 0
        self._asked = 0

    def ask(self) -> Connection | None:
        """Send the question; the pipe to listen to, None if there is nobody at its other end."""
        pipe = self.pipe
        self._asked += 1
        try:
            if pipe is not None:
                pipe.send(self._asked)
        except OSError:
            return None
        return pipe

    def numbers(self, pipe: Connection | None) -> list[Metric]:
        """What it answers; nothing if it does not in time. Late answers to earlier questions are passed over."""
        try:
            while pipe is not None and pipe.poll(_SCRAPE_TIMEOUT_SECONDS):
                number, metrics = pipe.recv()
                if number == self._asked:
                    return list(metrics)
        except (EOFError, OSError):
            pass
        return []


class Workers(Collector):
    """The numbers of all workers, each sample labelled with its worker's place."""

    def __init__(self, count: int) -> None:
        self._workers = [_WorkerPipe() for _ in range(count)]
        self._scrape = threading.Lock()  # two scrapes at a time would take each other's answers

    def started(self, index: int, pipe: Connection) -> None:
        """A worker has been started in a place. The pipe of the one before closes when no scrape holds it any more."""
        worker = self._workers[index]
        worker.pipe = pipe
        worker.starts += 1

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask workers that are not there yet."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Ask all, then gather: they work at the same time."""
        with self._scrape:
            pipes = [worker.ask() for worker in self._workers]
            answers = [worker.numbers(pipe) for worker, pipe in zip(self._workers, pipes, strict=True)]
        families: dict[str, Metric] = {}
        for index, metrics in enumerate(answers):
            for metric in metrics:
                family = families.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
                family.samples += [_labelled(sample, str(index)) for sample in metric.samples]
        yield from families.values()
        up: dict[tuple[str, ...], float] = {(str(at),): float(bool(a)) for at, a in enumerate(answers)}
        yield gauge("aibridge_worker_up", "Whether a worker answered this scrape.", ("worker",), up)
        restarts: dict[tuple[str, ...], float] = {
            (str(at),): float(max(0, worker.starts - 1)) for at, worker in enumerate(self._workers)
        }
        text = "Workers that were started in the place of one that died."
        yield counter("aibridge_worker_restarts_total", text, ("worker",), restarts)


def _labelled(sample: Sample, worker: str) -> Sample:
    labels: Mapping[str, Any] = sample.labels
    return sample._replace(labels={**labels, "worker": worker})
