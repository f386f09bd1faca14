"""Accumulates a streamed completion: the chunks become the response that the unary call would have returned.

In a delta, texts are appended, lists are extended, the fragments of tool calls are joined by their `index`, which the
bridge sets, and pieces of audio are joined. Elsewhere the last value counts. Members without a field (`extra_json`)
follow the same rules: appended inside a delta, replaced elsewhere. Heartbeats (empty chunks) change nothing. Added
chunks are not modified.
"""

from collections.abc import AsyncIterable, Iterable
from typing import Any, Final

from aibridge.client.deltas import add_delta, drop_overridden, merge_extra
from aibridge.v1.chat_pb2 import Choice, ChoiceLogprobs, ChunkChoice, CreateChatCompletionResponse
from aibridge.v1.chat_pb2 import CreateChatCompletionStreamResponse as Chunk

#: Members that are about a single chunk.
_CHUNK_ONLY: Final = frozenset({"object", "choices", "obfuscation", "latency_checkpoint_json", "extra_json"})


class Accumulator:
    """The completion so far; `add` each chunk as it arrives.

    `completion` is complete when the stream has ended without an error. Choices are in the order of their `index`.
    """

    def __init__(self) -> None:
        self.completion = CreateChatCompletionResponse(object="chat.completion")

    def add(self, chunk: Chunk) -> None:
        """Add the next chunk."""
        whole = self.completion
        _replace(whole, chunk, _CHUNK_ONLY)
        merge_extra(whole, chunk.extra_json, append=False)
        for position, choice in enumerate(chunk.choices):
            _add_choice(self._choice(choice.index if choice.HasField("index") else position), choice)
        drop_overridden(whole)

    def _choice(self, index: int) -> Choice:
        choices = self.completion.choices
        for choice in choices:
            if choice.index == index:
                return choice
        choices.add(index=index, message={"role": "assistant"})
        choices.sort(key=lambda choice: choice.index)
        return next(choice for choice in choices if choice.index == index)


def collect(chunks: Iterable[Chunk]) -> CreateChatCompletionResponse:
    """The whole completion of a stream."""
    accumulator = Accumulator()
    for chunk in chunks:
        accumulator.add(chunk)
    return accumulator.completion


async def collect_async(chunks: AsyncIterable[Chunk]) -> CreateChatCompletionResponse:
    """The whole completion of a stream."""
    accumulator = Accumulator()
    async for chunk in chunks:
        accumulator.add(chunk)
    return accumulator.completion


def _replace(whole: Any, piece: Any, without: frozenset[str]) -> None:
    """Copy each field that is set in `piece` to `whole`. Empty text and 0 replace nothing."""
    fields = whole.DESCRIPTOR.fields_by_name
    for field, value in piece.ListFields():
        if field.name in without or field.name not in fields:
            continue
        if field.is_repeated:
            whole.ClearField(field.name)
            getattr(whole, field.name).MergeFrom(value)
        elif field.message_type is not None:
            getattr(whole, field.name).CopyFrom(value)
        elif value or not whole.HasField(field.name):
            setattr(whole, field.name, value)


def _add_choice(whole: Choice, piece: ChunkChoice) -> None:
    _replace(whole, piece, frozenset({"index", "delta", "logprobs", "token_ids", "extra_json"}))
    merge_extra(whole, piece.extra_json, append=False)
    whole.token_ids.extend(piece.token_ids)
    if piece.HasField("logprobs"):
        _add_logprobs(whole.logprobs, piece.logprobs)
    if piece.HasField("delta"):
        add_delta(whole.message, piece.delta)
        drop_overridden(whole.message)
    drop_overridden(whole)


def _add_logprobs(whole: ChoiceLogprobs, piece: ChoiceLogprobs) -> None:
    extra = whole.extra_json
    whole.MergeFrom(piece)  # the lists of tokens grow
    if extra:
        whole.extra_json = extra
        merge_extra(whole, piece.extra_json, append=True)
