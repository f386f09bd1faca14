"""The tool loop: a model calls Python functions until it responds without a tool call.

A model's mistake (an unknown function, arguments that are not a JSON object or do not fit the function) is sent back as
the function's result, so that the model can correct it. An exception in a function ends the loop.
"""

import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aibridge.client.accumulate import Accumulator
from aibridge.client.asynchronous import Client as AsyncClient
from aibridge.client.calls import finish
from aibridge.client.sync import Client
from aibridge.v1.chat_pb2 import (
    ChatCompletionMessage,
    CreateChatCompletionRequest,
    CreateChatCompletionResponse,
    ToolCall,
)
from aibridge.v1.chat_pb2 import CreateChatCompletionStreamResponse as Chunk

Functions = Mapping[str, Callable[..., Any]]

_ROUNDS: Final = 8


class TooManyRounds(Exception):  # noqa: N818 # not an error of the program, as CallFailed
    """The model did not stop calling functions. `conversation` has the messages so far."""

    def __init__(self, conversation: "Conversation", rounds: int) -> None:
        super().__init__(f"the model still calls functions after {rounds} rounds")
        self.conversation = conversation


@dataclass
class Conversation:
    """The result of a tool loop: the last completion, and the request with all messages before it."""

    request: CreateChatCompletionRequest
    completion: CreateChatCompletionResponse = field(default_factory=CreateChatCompletionResponse)

    @property
    def message(self) -> ChatCompletionMessage:
        """The model's last message."""
        return self.completion.choices[0].message if self.completion.choices else ChatCompletionMessage()

    def _take(self, completion: CreateChatCompletionResponse) -> list[ToolCall]:
        """Add the model's response. Returns the functions that it calls."""
        self.completion = completion
        calls = list(self.message.tool_calls)
        if calls:
            said = self.request.messages.add()
            said.CopyFrom(self.message)
            for call in said.tool_calls:
                call.ClearField("index")  # only deltas have it: some servers refuse it in a message
        return calls

    def _answer(self, call: ToolCall, result: Any) -> None:
        text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
        self.request.messages.add(role="tool", tool_call_id=call.id, content=text)


def run_tools(
    client: Client,
    request: CreateChatCompletionRequest,
    functions: Functions,
    *,
    rounds: int = _ROUNDS,
    on_chunk: Callable[[Chunk], object] | None = None,
) -> Conversation:
    """Chat until the model responds without calling a function.

    Args:
        client: from `aibridge.client.connect`.
        request: the first request, with `tools` that describe the functions; it is not changed.
        functions: by name. Each takes its arguments by keyword and returns text, or a value that can be written as
            JSON. A custom tool's function takes the input as its only argument.
        rounds: the maximum number of completions.
        on_chunk: responses are streamed, and this gets each chunk.

    Raises:
        CallFailed: a completion failed.
        TooManyRounds: the last allowed completion still calls a function.
    """

    async def complete(request: CreateChatCompletionRequest) -> CreateChatCompletionResponse:
        if on_chunk is None:
            return client.chat.CreateChatCompletion(request)
        accumulator = Accumulator()
        with client.chat.CreateChatCompletionStream(request) as chunks:
            for chunk in chunks:
                accumulator.add(chunk)
                on_chunk(chunk)
        return accumulator.completion

    return finish(_run(complete, request, functions, rounds))


async def run_tools_async(
    client: AsyncClient,
    request: CreateChatCompletionRequest,
    functions: Functions,
    *,
    rounds: int = _ROUNDS,
    on_chunk: Callable[[Chunk], object] | None = None,
) -> Conversation:
    """As `run_tools`, with a client from `aibridge.client.aio.connect`; functions and `on_chunk` may be coroutines.

    Raises:
        CallFailed: a completion failed.
        TooManyRounds: the last allowed completion still calls a function.
    """

    async def complete(request: CreateChatCompletionRequest) -> CreateChatCompletionResponse:
        if on_chunk is None:
            return await client.chat.CreateChatCompletion(request)
        accumulator = Accumulator()
        async with client.chat.CreateChatCompletionStream(request) as chunks:
            async for chunk in chunks:
                accumulator.add(chunk)
                await _settled(on_chunk(chunk))
        return accumulator.completion

    return await _run(complete, request, functions, rounds)


async def _run(
    complete: Callable[[CreateChatCompletionRequest], Awaitable[CreateChatCompletionResponse]],
    request: CreateChatCompletionRequest,
    functions: Functions,
    rounds: int,
) -> Conversation:
    conversation = _begin(request)
    for _ in range(rounds):
        completion = await complete(conversation.request)
        calls = conversation._take(completion)  # noqa: SLF001 # of this module
        if not calls:
            return conversation
        for call in calls:
            conversation._answer(call, await _settled(_invoke(functions, call)))  # noqa: SLF001 # as above
    raise TooManyRounds(conversation, rounds)


async def _settled(result: Any) -> Any:
    return await result if isinstance(result, Awaitable) else result


def _begin(request: CreateChatCompletionRequest) -> Conversation:
    copy = CreateChatCompletionRequest()
    copy.CopyFrom(request)
    return Conversation(copy)


def _invoke(functions: Functions, call: ToolCall) -> Any:
    """The result of the called function, or the problem if the call cannot be made."""
    if call.HasField("custom"):
        name, arguments = call.custom.name, {}
        positional = [call.custom.input]
    else:
        name, positional = call.function.name, []
        try:
            arguments = json.loads(call.function.arguments or "{}")
        except ValueError:
            return _wrong(f"the arguments of {name} are not JSON")
        if not isinstance(arguments, dict):
            return _wrong(f"the arguments of {name} are not a JSON object")
    function = functions.get(name)
    if function is None:
        return _wrong(f"there is no function {name!r}, there are: {', '.join(sorted(functions))}")
    try:
        inspect.signature(function).bind(*positional, **arguments)
    except TypeError as error:
        return _wrong(f"{name}: {error}")
    return function(*positional, **arguments)


def _wrong(what: str) -> dict[str, str]:
    return {"error": what}
