"""What the calls of both clients have in common."""

from collections.abc import Iterable

#: Trailing metadata: request ids, rate limits, usage.
Trailers = dict[str, str | bytes]


def trailers_of(metadata: Iterable[tuple[str, str | bytes]] | None) -> Trailers:
    """Trailing metadata as gRPC gives it, None included, as a dictionary; of keys that come twice the last one counts.

    Not `dict(metadata)`: asyncio's `Metadata` has keys that older grpcio (1.72) gives as pairs.
    """
    return {key: value for key, value in metadata or ()}  # noqa: C416 # see above
