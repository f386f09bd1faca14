"""Limits: calls, sizes and times."""

from pydantic import BaseModel, Field, field_validator

from bridge.settings.values import MAX_HEARTBEAT_SECONDS, MIN_HEARTBEAT_SECONDS, Bytes, Seconds


class LimitSettings(BaseModel):
    """Limits."""

    max_calls: int = Field(
        2048, ge=1, le=65536, description="Maximum number of concurrent calls. As many again may wait."
    )
    max_calls_per_caller: int = Field(
        0, ge=0, le=65536, description="Maximum number of concurrent calls of one caller; 0 means no limit per caller."
    )
    queue_timeout: Seconds = Field(
        5.0, description="Seconds that a call may wait for a free slot, and then for an upstream connection."
    )
    request_timeout: Seconds = Field(
        60.0, description="Seconds for the request message to arrive after the call's headers."
    )
    connect_timeout: Seconds = Field(5.0, description="Seconds to connect to the upstream: DNS, TCP and TLS.")
    response_timeout: Seconds = Field(600.0, description="Seconds to wait for the response headers.")
    first_event_timeout: Seconds = Field(
        600.0, description="Seconds from the response headers to the first event of a stream. Comments do not count."
    )
    stall_timeout: Seconds = Field(
        120.0,
        description="Maximum number of seconds between two events of a stream, or between two parts of the body of any"
        " other response. Comments and empty events count as events.",
    )
    stream_heartbeat: float = Field(
        0.0,
        ge=0,
        le=MAX_HEARTBEAT_SECONDS,
        description="Seconds between the empty messages that a stream sends while no chunk arrives. At least"
        f" {MIN_HEARTBEAT_SECONDS}; 0 switches them off. A call can override this.",
    )
    default_deadline: Seconds = Field(
        600.0,
        description="Maximum number of seconds that a call may take. An earlier deadline of the caller applies first.",
    )
    max_message_bytes: Bytes = Field(64 << 20, description="Maximum size of a gRPC message, received or sent.")
    max_request_elements: int = Field(
        250_000,
        ge=100,
        le=100_000_000,
        description="Maximum number of elements in a request: fields, list items, values in JSON text. 16 tokens of an"
        " embedding input count as one.",
    )
    max_metadata_bytes: Bytes = Field(16 << 10, description="Maximum size of a call's metadata, as HTTP/2 counts it.")
    max_header_bytes: Bytes = Field(
        16 << 10,
        description="Maximum length of a header line in an upstream response. A response has at most 512 lines, with 64"
        " times as many bytes.",
    )
    max_response_bytes: Bytes = Field(
        128 << 20, description="Maximum size of an upstream response that is not a stream, after decompression."
    )
    max_response_elements: int = Field(
        1_000_000,
        ge=1000,
        le=100_000_000,
        description="Maximum number of elements in an upstream response that is not a stream: values, list items,"
        " members. The numbers of embeddings do not count.",
    )
    max_event_bytes: Bytes = Field(32 << 20, description="Maximum size of one event of an upstream stream.")

    @field_validator("stream_heartbeat")
    @classmethod
    def _heartbeat(cls, value: float) -> float:
        if 0 < value < MIN_HEARTBEAT_SECONDS:
            raise ValueError(f"must be 0, or at least {MIN_HEARTBEAT_SECONDS}")
        return value
