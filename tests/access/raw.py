"""A raw HTTP/2 caller, which sends what gRPC clients refuse to send."""

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass, field

from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)

Headers = Sequence[tuple[bytes, bytes]]
METHOD = b"/aibridge.v1.ChatService/CreateChatCompletion"


@dataclass
class RawResponse:
    """The response: headers and trailers together, the body, and whether the stream ended properly."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    ended: bool = False

    @property
    def status(self) -> str:
        """The gRPC status as a number; empty if there is none."""
        return self.headers.get(b"grpc-status", b"").decode()

    @property
    def info(self) -> ErrorInfo:
        """The `ErrorInfo` of the status."""
        text = self.headers[b"grpc-status-details-bin"]
        details = Status.FromString(base64.b64decode(text + b"=" * (-len(text) % 4))).details
        return next(ErrorInfo.FromString(item.value) for item in details if item.Is(ErrorInfo.DESCRIPTOR))


def request_headers(more: Headers = (), **pseudo: bytes) -> list[tuple[bytes, bytes]]:
    """The headers of a call, followed by `more`. `pseudo` replaces pseudo-headers."""
    known = {"method": b"POST", "scheme": b"http", "path": METHOD, "authority": b"bridge.test", **pseudo}
    first = [(b":" + name.encode(), value) for name, value in known.items()]
    return [*first, (b"te", b"trailers"), (b"content-type", b"application/grpc"), *more]


def _connection() -> H2Connection:
    config = H2Configuration(
        header_encoding=None,
        validate_outbound_headers=False,
        normalize_outbound_headers=False,
        validate_inbound_headers=False,
    )
    connection = H2Connection(config)
    connection.initiate_connection()
    return connection


def _say(connection: H2Connection, headers: Headers, message: bytes) -> bytes:
    connection.send_headers(1, list(headers))
    connection.send_data(1, b"\x00" + len(message).to_bytes(4, "big") + message, end_stream=True)
    return connection.data_to_send()


def call_frames(headers: Headers, message: bytes) -> bytes:
    """The bytes of one call on a new connection."""
    return _say(_connection(), headers, message)


async def call(address: str, headers: Headers, message: bytes) -> RawResponse:
    """Make one call with these headers. It ends with the stream or with the connection."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    connection = _connection()
    writer.write(_say(connection, headers, message))
    response = RawResponse()
    try:
        async with asyncio.timeout(10):
            while not response.ended and (data := await reader.read(1 << 16)):
                if _take(connection, data, response):
                    break
                writer.write(connection.data_to_send())
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()
    return response


def _take(connection: H2Connection, data: bytes, response: RawResponse) -> bool:
    """Process received data. Returns whether the peer ended the stream or the connection."""
    for event in connection.receive_data(data):
        match event:
            case ResponseReceived() | TrailersReceived():
                response.headers.update((bytes(name), bytes(value)) for name, value in event.headers)
            case DataReceived():
                response.body += event.data
            case StreamEnded():
                response.ended = True
            case StreamReset() | ConnectionTerminated():
                return True
    return False
