"""The Python client: `connect` for threads, `aibridge.client.aio.connect` for asyncio, one exception for every failure.

`Accumulator` and `collect` turn a stream into a whole completion. `run_tools` lets a model call Python functions.
`aibridge.client.openai` lets code that uses openai-python call a bridge.
"""

from aibridge.client.accumulate import Accumulator, collect
from aibridge.client.channel import HEADLESS_SERVICE_CONFIG, OPTIONS, SERVICE_CONFIG, Tls, caller_metadata
from aibridge.client.failures import CallFailed, failure_of
from aibridge.client.sync import Client, Stream, connect
from aibridge.client.tools import Conversation, TooManyRounds, run_tools

__all__ = [
    "HEADLESS_SERVICE_CONFIG",
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
