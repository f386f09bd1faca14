"""The table of streams: what a caller receives for each payload, with a module for each theme."""

from tests.dialects.streams import content, endings, examples, failures, servers, tools

STREAMS = [
    *examples.STREAMS,
    *servers.STREAMS,
    *endings.STREAMS,
    *failures.STREAMS,
    *tools.STREAMS,
    *content.STREAMS,
]
