"""Serves the metrics that Prometheus scrapes: of this process, or of all workers.

With several workers the parent has the port. It asks each worker for its metrics over a pipe, and labels them with
`worker`. When a worker dies, its series restart at zero, as those of a restarted pod do, which `rate` handles.
prometheus-client's multiprocess mode (files mapped into memory) has no process metrics, keeps the files of dead
processes, and makes each increment more expensive.
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
#: Time that a scrape waits for one worker.
_SCRAPE_TIMEOUT_SECONDS: Final = 2.0


def listen(settings: Settings, collectors: Iterable[Collector]) -> Port | None:
    """Serve the metrics as the settings say. None if they are off, or if the default port is taken.

    Raises:
        SettingsError: the configured address cannot be bound.
    """
    address = settings.metrics_listen
    if address == "off":
        return None
    try:
        port = Port(address, collectors)
    except OSError as error:
        advice = "choose another with --metrics-listen HOST:PORT, or turn metrics off with --metrics-listen off"
        problem = f"metrics_listen: cannot bind {address} ({error.strerror}); {advice}"
        if "metrics_listen" in settings.model_fields_set:
            raise SettingsError(problem) from error
        _log.warning("no metrics", problem=problem)
        return None
    _log.info("metrics", address=port.address)
    return port


def process() -> list[Collector]:
    """prometheus-client's metrics of a process: memory, CPU, files, garbage collection."""
    nowhere = CollectorRegistry()
    return [ProcessCollector(registry=nowhere), GCCollector(registry=nowhere)]


def serve_pipe(pipe: Connection, collectors: Iterable[Collector]) -> None:
    """Serve the scrapes that the parent passes on, in a thread that ends with the pipe."""
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
    """A worker's place, and the pipe to the worker that has it now."""

    def __init__(self) -> None:
        self.pipe: Connection | None = None
        self.starts = 0
        self._number = 0

    def request(self) -> Connection | None:
        """Send a request. Returns the pipe for the response; None if there is no worker at its other end."""
        pipe = self.pipe
        self._number += 1
        try:
            if pipe is not None:
                pipe.send(self._number)
        except OSError:
            return None
        return pipe

    def response(self, pipe: Connection | None) -> list[Metric]:
        """The worker's response, empty if there is none in time. Late responses to earlier requests are dropped."""
        try:
            while pipe is not None and pipe.poll(_SCRAPE_TIMEOUT_SECONDS):
                number, metrics = pipe.recv()
                if number == self._number:
                    return list(metrics)
        except (EOFError, OSError):
            pass
        return []


class Workers(Collector):
    """The metrics of all workers. Each sample has the worker's place as a label."""

    def __init__(self, count: int) -> None:
        self._workers = [_WorkerPipe() for _ in range(count)]
        self._scrape = threading.Lock()  # concurrent scrapes would get each other's responses

    def started(self, index: int, pipe: Connection) -> None:
        """A worker has started in a place. The pipe of its predecessor closes when no scrape uses it any more."""
        worker = self._workers[index]
        worker.pipe = pipe
        worker.starts += 1

    def describe(self) -> Iterable[Metric]:
        """Nothing: registration must not ask workers that do not exist yet."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Send all requests, then gather the responses, so that the workers work concurrently."""
        with self._scrape:
            pipes = [worker.request() for worker in self._workers]
            responses = [worker.response(pipe) for worker, pipe in zip(self._workers, pipes, strict=True)]
        families: dict[str, Metric] = {}
        for index, metrics in enumerate(responses):
            for metric in metrics:
                family = families.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
                family.samples += [_labelled(sample, str(index)) for sample in metric.samples]
        yield from families.values()
        up: dict[tuple[str, ...], float] = {(str(at),): float(bool(a)) for at, a in enumerate(responses)}
        yield gauge(
            "aibridge_worker_up", "1 if the worker sent its metrics for this scrape, otherwise 0.", ("worker",), up
        )
        restarts: dict[tuple[str, ...], float] = {
            (str(at),): float(max(0, worker.starts - 1)) for at, worker in enumerate(self._workers)
        }
        text = "Workers that were restarted after they died."
        yield counter("aibridge_worker_restarts_total", text, ("worker",), restarts)


def _labelled(sample: Sample, worker: str) -> Sample:
    labels: Mapping[str, Any] = sample.labels
    return sample._replace(labels={**labels, "worker": worker})
