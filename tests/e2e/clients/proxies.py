"""Other projects' gRPC proxies in front of the bridge, each as a process with its configuration in examples/proxies."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e.clients.programs import BUILDS, EXAMPLES, execute, free_port, serving
from tests.e2e.clients.toolchains import provide

_TIMEOUT: Final = 20.0
_VERSION: Final = re.compile(r"\d+(\.\d+)+")
#: The addresses in the configurations, which are replaced by those of a run.
_LISTEN: Final = "127.0.0.1:50050"
_BRIDGE: Final = "127.0.0.1:50051"
#: The nginx configuration around a file for conf.d, to run in a folder without privileges.
_NGINX: Final = """\
daemon off;
pid nginx.pid;
events {}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include site.conf;
}
"""


@dataclass(frozen=True)
class Proxy:
    """A Debian package with a program, its configuration, and the command that starts it in a folder."""

    name: str
    configuration: str
    command: Callable[[Path], tuple[str, ...]]


def _nginx(folder: Path) -> tuple[str, ...]:
    (folder / "nginx.conf").write_text(_NGINX)
    return ("nginx", "-p", f"{folder}/", "-c", "nginx.conf", "-e", "stderr")


def _haproxy(_folder: Path) -> tuple[str, ...]:
    return ("haproxy", "-db", "-f", "site.conf")


PROXIES: Final = (Proxy("nginx", "nginx.conf", _nginx), Proxy("haproxy", "haproxy.cfg", _haproxy))


@asynccontextmanager
async def running(proxy: Proxy, bridge: str) -> AsyncIterator[str]:
    """The proxy before the bridge at this address; its own address.

    Raises:
        ToolchainError: it is not there, and cannot be installed.
        ProgramError: it did not start.
    """
    await provide((proxy.name,), (proxy.name,), ())
    folder = BUILDS / proxy.name
    folder.mkdir(parents=True, exist_ok=True)
    address = f"127.0.0.1:{free_port()}"
    text = (EXAMPLES / "proxies" / proxy.configuration).read_text()
    (folder / "site.conf").write_text(text.replace(_LISTEN, address).replace(_BRIDGE, bridge))
    async with serving(proxy.command(folder), folder, address):
        yield address


async def version(proxy: Proxy) -> str:
    """The program's version."""
    result = await execute((proxy.name, "-v"), BUILDS, {}, _TIMEOUT)
    found = _VERSION.search(result.output + result.errors)
    return found.group() if found else "?"
