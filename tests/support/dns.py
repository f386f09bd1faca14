"""A DNS server for one name, whose addresses a test changes; a headless Service in Kubernetes looks like that."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

NAME: Final = "bridge.test"
_A: Final = 1
_ANSWER: Final = 0x8580  # authoritative, recursion available
_NO_SUCH_NAME: Final = 3


class Dns(asyncio.DatagramProtocol):
    """Answers from `hosts`, IPv4 addresses; `target` is that of a client which asks this server for `port`."""

    def __init__(self) -> None:
        self.hosts: list[str] = []
        self._transport: asyncio.DatagramTransport | None = None
        self.port = 0

    def target(self, port: int) -> str:
        return f"dns://127.0.0.1:{self.port}/{NAME}:{port}"

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        labels, at = [], 12
        while size := data[at]:
            labels.append(data[at + 1 : at + 1 + size].decode())
            at += 1 + size
        known = ".".join(labels) == NAME
        (kind,) = struct.unpack_from(">H", data, at + 1)
        hosts = self.hosts if known and kind == _A else []
        head = data[:2] + struct.pack(">HHHHH", _ANSWER | (0 if known else _NO_SUCH_NAME), 1, len(hosts), 0, 0)
        records = (
            struct.pack(">HHHIH4B", 0xC00C, _A, 1, 0, 4, *(int(part) for part in host.split("."))) for host in hosts
        )
        assert self._transport is not None
        self._transport.sendto(head + data[12 : at + 5] + b"".join(records), addr)


@asynccontextmanager
async def running() -> AsyncIterator[Dns]:
    transport, dns = await asyncio.get_running_loop().create_datagram_endpoint(Dns, local_addr=("127.0.0.1", 0))
    try:
        yield dns
    finally:
        transport.close()
