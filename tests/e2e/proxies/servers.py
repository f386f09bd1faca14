"""squid and tinyproxy as processes on a free loopback port, with or without authentication."""

import asyncio
import hashlib
import shutil
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

USER, PASSWORD = "user", "pass-of-the-proxy"
_SQUID: Final = """
http_port 127.0.0.1:{port}
pid_filename none
visible_hostname proxy.test
cache deny all
access_log none
cache_log {folder}/squid.log
coredump_dir {folder}
shutdown_lifetime 0 seconds
acl denied port 1
http_access deny denied
{access}
"""
_SQUID_LOGIN: Final = """
auth_param basic program /usr/lib/squid/basic_ncsa_auth {folder}/passwords
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
"""
_TINYPROXY: Final = """
Port {port}
Listen 127.0.0.1
Timeout 600
MaxClients 100
Allow 127.0.0.1
LogLevel Critical
LogFile "{folder}/tinyproxy.log"
PidFile "{folder}/tinyproxy.pid"
{access}
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    assert found is not None, f"there is no {name}: run tools/proxies.sh"
    return found


def _squid(folder: Path, port: int, *, login: bool) -> Sequence[str]:
    access = _SQUID_LOGIN.format(folder=folder) if login else "http_access allow all"
    digest = hashlib.md5(PASSWORD.encode(), usedforsecurity=False).hexdigest()
    (folder / "passwords").write_text(f"{USER}:{digest}\n")  # plain MD5 in hexadecimal, which basic_ncsa_auth reads
    (folder / "squid.conf").write_text(_SQUID.format(folder=folder, port=port, access=access))
    for path in (folder, folder / "passwords"):
        path.chmod(0o777)  # squid drops root privileges
    return _program("squid"), "-N", "-f", str(folder / "squid.conf")


def _tinyproxy(folder: Path, port: int, *, login: bool) -> Sequence[str]:
    access = f"BasicAuth {USER} {PASSWORD}" if login else ""
    (folder / "tinyproxy.conf").write_text(_TINYPROXY.format(folder=folder, port=port, access=access))
    return _program("tinyproxy"), "-d", "-c", str(folder / "tinyproxy.conf")


_COMMANDS: Final = {"squid": _squid, "tinyproxy": _tinyproxy}
NAMES: Final = tuple(_COMMANDS)


@asynccontextmanager
async def forward_proxy(name: str, folder: Path, *, login: bool = False) -> AsyncIterator[int]:
    """The port of a running proxy."""
    port = _free_port()
    for parent in (folder, folder.parent, folder.parent.parent):
        with suppress(PermissionError):
            parent.chmod(0o755)
    process = await asyncio.create_subprocess_exec(
        *_COMMANDS[name](folder, port, login=login),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(30):
            while True:
                assert process.returncode is None, f"{name} has ended"
                with suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                await asyncio.sleep(0.05)
        yield port
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
