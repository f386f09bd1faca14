"""The Python client: `connect` for threads, `bridge.client.aio.connect` for asyncio, one exception for every failure.

`Accumulator` and `collect` make a streamed reply whole, `run_tools` lets a model call Python functions.
`bridge.client.openai` lets code that is written against openai-python speak to a bridge.
"""

from bridge.client.accumulate import Accumulator, collect
from bridge.client.channel import OPTIONS, SERVICE_CONFIG, Tls, caller_metadata
from bridge.client.failures import CallFailed, failure_of
from bridge.client.sync import Client, Stream, connect
from bridge.client.tools import Conversation, TooManyRounds, run_tools

__all__ = [
    "OPTIONS",
    "SERVICE_CONFIG",
    "Accumulator",
    "CallFailed",
    "Client",
    "Conversation",
    "Stream",
    "Tls",
    "TooManyRounds",
    "caller_metadata",
    "collect",
    "connect",
    "failure_of",
    "run_tools",
]
