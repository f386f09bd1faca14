"""The HTTP server of the metrics: prometheus-client's application, behind bounds on connections and their time.

Whoever reaches the port may scrape. A scraper that is slow, or many of them, cost a thread each and hold up nobody:
further connections are closed, old ones too, and one scrape at a time is put together.
"""

import io
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, make_server

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import ThreadingWSGIServer, make_wsgi_app
from prometheus_client.registry import Collector

_log = structlog.get_logger("aibridge.telemetry")
#: Connections at once; a further one is closed.
_MAX_CONNECTIONS: Final = 16
#: Seconds in which nothing is said, or taken, before a connection is closed.
_IDLE_TIMEOUT_SECONDS: Final = 10.0
#: Seconds that a connection may last. Prometheus gives a scrape 10 by default.
_MAX_SECONDS: Final = 30.0


class Port:
    """A port that is scraped, at HOST:PORT or [IPV6]:PORT; `address` has the port that was free if 0 was asked for.

    Raises:
        OSError: the address cannot be bound.
    """

    def __init__(self, address: str, collectors: Iterable[Collector]) -> None:
        registry = CollectorRegistry()
        for collector in collectors:
            registry.register(collector)
        name, _, number = address.rpartition(":")
        host, port = name.strip("[]"), int(number)
        application = _one_at_a_time(make_wsgi_app(registry))
        self._server = make_server(host, port, application, _server_of(host, port), _Handler)
        self.address = f"{name}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="aibridge-port", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop, and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(WSGIRequestHandler):
    """Serves one connection in silence: what a scraper does wrong is not worth a line."""

    timeout = _IDLE_TIMEOUT_SECONDS

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def get_stderr(self) -> Any:
        """Where wsgiref writes tracebacks, with whatever is in them."""
        return io.StringIO()


class _Server(ThreadingWSGIServer):
    """A thread for each connection, within bounds."""

    request_queue_size = 64  # by default 5, and whoever comes sixth waits for TCP to try again

    def __init__(self, *arguments: Any) -> None:
        self._open: dict[Any, float] = {}  # sockets, and when each was accepted
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        """A connection has been accepted."""
        if len(self._open) >= _MAX_CONNECTIONS:
            self.shutdown_request(request)
            return
        self._open[request] = time.monotonic()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve it, in its thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.pop(request, None)

    def service_actions(self) -> None:
        """Called twice a second: end what has lasted for too long."""
        now = time.monotonic()
        for request, since in list(self._open.items()):
            if now - since > _MAX_SECONDS:
                try:
                    request.shutdown(socket.SHUT_RDWR)  # its thread sees the end, and closes it
                except OSError:
                    continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """An exception of a connection's thread, of which socketserver would write the traceback."""
        del request, client_address
        _log.debug("scrape failed")


def _server_of(host: str, port: int) -> type[_Server]:
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
    return type("_Server", (_Server,), {"address_family": family})


def _one_at_a_time(application: Callable[..., Any]) -> Callable[..., Any]:
    """The application with a lock: to put a scrape together takes the interpreter's time, which calls need."""
    lock = threading.Lock()

    def serve(environ: Any, start_response: Any) -> Any:
        with lock:
            return application(environ, start_response)

    return serve
