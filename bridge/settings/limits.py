"""Settings of how much, how large and how long."""

from pydantic import BaseModel, Field, field_validator

from bridge.settings.values import Bytes, Seconds


class LimitSettings(BaseModel):
    """Limits."""

    max_calls: int = Field(2048, ge=1, le=65536, description="Calls that run at once, at most; as many may wait.")
    max_calls_per_caller: int = Field(
        0, ge=0, le=65536, description="Calls of one caller that run at once, at most; 0 is no limit of its own."
    )
    queue_timeout: Seconds = Field(
        5.0, description="Seconds a call waits for its turn, and then for an upstream connection."
    )
    request_timeout: Seconds = Field(
        60.0, description="Seconds for a call's request message to arrive, after its headers."
    )
    connect_timeout: Seconds = Field(5.0, description="Seconds to connect: name, TCP and TLS.")
    response_timeout: Seconds = Field(600.0, description="Seconds to wait for the reply's headers.")
    first_event_timeout: Seconds = Field(600.0, description="Seconds from there to the first event of a stream.")
    stall_timeout: Seconds = Field(120.0, description="Seconds between two events of a stream; comments do not count.")
    stream_heartbeat: float = Field(
        0.0,
        ge=0,
        le=3600,
        description="Seconds between the empty messages that a stream's caller gets while no chunk arrives, unless the"
        " call says otherwise. At least 0.1; 0 switches them off.",
    )
    default_deadline: Seconds = Field(
        600.0, description="Seconds a call may take. The caller's deadline if that is sooner."
    )
    max_message_bytes: Bytes = Field(64 << 20, description="Largest gRPC message, received and sent.")
    max_request_elements: int = Field(
        250_000,
        ge=100,
        le=100_000_000,
        description="Largest number of elements in a request: fields, list items, values in JSON text. 16 tokens of an"
        " embedding count as one.",
    )
    max_metadata_bytes: Bytes = Field(16 << 10, description="Largest metadata of a call, as HTTP/2 counts it.")
    max_header_bytes: Bytes = Field(16 << 10, description="Longest line in the head of an upstream reply.")
    max_reply_bytes: Bytes = Field(128 << 20, description="Largest upstream reply that is not a stream, decompressed.")
    max_reply_elements: int = Field(
        1_000_000,
        ge=1000,
        le=100_000_000,
        description="Largest number of elements in an upstream reply that is not a stream: values, list items, members."
        " The numbers of embeddings do not count.",
    )
    max_event_bytes: Bytes = Field(32 << 20, description="Largest event of an upstream stream.")

    @field_validator("stream_heartbeat")
    @classmethod
    def _heartbeat(cls, value: float) -> float:
        if 0 < value < 0.1:
            raise ValueError("must be 0, or at least 0.1")
        return value
