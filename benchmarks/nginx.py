"""nginx as the upstream of unary calls, with canned bodies in files, so that it is not the bottleneck.

If nginx is not installed, Debian's package is downloaded by apt and unpacked into `benchmarks/.installed`. Without apt,
the asyncio server of `benchmarks.upstream` is used.
"""

import platform
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from benchmarks import processes
from benchmarks.payloads import COMPLETION, EMBEDDINGS

_FOLDER: Final = Path(__file__).resolve().parent / ".installed"
_TIMEOUT: Final = 60.0
_CONFIG: Final = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 100000000;
    keepalive_timeout 600s;
    tcp_nodelay on;
    open_file_cache max=10;
    types {{ application/json json; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        root {folder};
        error_page 405 =200 $uri;  # a file is what nginx serves to a GET only
        location = /v1/chat/completions {{ rewrite ^ /chat.json last; }}
        location = /v1/embeddings {{ rewrite ^ /embeddings.json last; }}
    }}
}}
"""


def version() -> str | None:
    """The version, such as `nginx/1.22.1`; None without nginx."""
    program = _program()
    return program and _version(program)


def install() -> None:
    """Download and unpack Debian's package, if nginx is not installed and apt is."""
    if _program() is not None or shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return
    _FOLDER.mkdir(exist_ok=True)
    (_FOLDER / ".gitignore").write_text("*\n")
    if not _downloaded() and not (_apt("update", "-qq") and _downloaded()):
        return
    for package in _FOLDER.glob("nginx_*.deb"):
        subprocess.run(["/usr/bin/dpkg-deb", "-x", str(package), str(_FOLDER / "nginx")], check=True)
        package.unlink()


def _downloaded() -> bool:
    return _apt("download", "-qq", "-o", "APT::Sandbox::User=root", "nginx")


def _apt(*arguments: str) -> bool:
    with suppress(subprocess.TimeoutExpired):
        command = ["/usr/bin/apt-get", *arguments]
        done = subprocess.run(command, cwd=_FOLDER, capture_output=True, timeout=_TIMEOUT, check=False)
        return done.returncode == 0
    return False


def _program() -> str | None:
    unpacked = _FOLDER / "nginx" / "usr" / "sbin" / "nginx"
    for found in (shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"), str(unpacked)):
        if found and Path(found).is_file() and _version(found):
            return found
    return None


def _version(program: str) -> str | None:
    done = subprocess.run([program, "-v"], capture_output=True, text=True, check=False)
    return done.stderr.strip().rpartition(" ")[2] if done.returncode == 0 else None


@contextmanager
def serving() -> Iterator[int | None]:
    """The port on 127.0.0.1; None without nginx."""
    program = _program() if platform.system() == "Linux" else None
    if program is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # for root, nginx runs its worker as another user
        for file, body in (("chat.json", COMPLETION), ("embeddings.json", EMBEDDINGS)):
            (folder / file).write_bytes(body)
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        (folder / "nginx.conf").write_text(_CONFIG.format(folder=folder, port=port))
        with subprocess.Popen([program, "-p", name, "-e", "stderr", "-c", str(folder / "nginx.conf")]) as child:
            try:
                _await(child, port)
                yield port
            finally:
                processes.stop(child)


def _await(child: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(100):
        with closing(socket.socket()) as probe:
            if child.poll() is None and probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise processes.StartError("nginx did not come up")


if __name__ == "__main__":
    install()
