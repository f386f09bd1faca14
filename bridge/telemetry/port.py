"""The HTTP server of the metrics: prometheus-client's application, with limits on connections and their time.

Anyone who reaches the port may scrape. Each scraper costs a thread. Connections above the limit, and connections that
last too long, are closed. Only one scrape is collected at a time, so that scrapers do not slow down calls.
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
#: Concurrent connections. Further ones are closed.
_MAX_CONNECTIONS: Final = 16
#: A connection on which nothing is sent or read for this time is closed.
_IDLE_TIMEOUT_SECONDS: Final = 10.0
#: The longest time of a connection. Prometheus allows a scrape 10 s by default.
_MAX_SECONDS: Final = 30.0


class Port:
    """The metrics port, at HOST:PORT or [IPV6]:PORT. `address` has the real port if the setting has port 0.

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
        """Stop, and close the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(WSGIRequestHandler):
    """Serves one connection without logging: a scraper's errors are not worth a line."""

    timeout = _IDLE_TIMEOUT_SECONDS

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def get_stderr(self) -> Any:
        """Discards the tracebacks that wsgiref writes."""
        return io.StringIO()


class _Server(ThreadingWSGIServer):
    """A thread per connection, up to a limit."""

    request_queue_size = 64  # the default is 5, and the sixth would wait for a TCP retransmission

    def __init__(self, *arguments: Any) -> None:
        self._open: dict[Any, float] = {}  # when each socket was accepted
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        """A connection has been accepted."""
        if len(self._open) >= _MAX_CONNECTIONS:
            self.shutdown_request(request)
            return
        self._open[request] = time.monotonic()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve the connection in its thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.pop(request, None)

    def service_actions(self) -> None:
        """Called twice a second: close connections that have lasted too long."""
        now = time.monotonic()
        for request, since in list(self._open.items()):
            if now - since > _MAX_SECONDS:
                try:
                    request.shutdown(socket.SHUT_RDWR)  # its thread sees the end of the stream and closes it
                except OSError:
                    continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore an exception of a connection's thread. socketserver would print its traceback."""
        del request, client_address
        _log.debug("scrape failed")


def _server_of(host: str, port: int) -> type[_Server]:
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
    return type("_Server", (_Server,), {"address_family": family})


def _one_at_a_time(application: Callable[..., Any]) -> Callable[..., Any]:
    """The application with a lock: collecting a scrape takes interpreter time, which calls need."""
    lock = threading.Lock()

    def serve(environ: Any, start_response: Any) -> Any:
        with lock:
            return application(environ, start_response)

    return serve
