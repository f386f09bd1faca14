"""Very long names and large numbers: what is recorded of a call, and what is searched for forbidden models."""

from typing import Final

import grpc

from aibridge.v1 import chat_pb2, chat_pb2_grpc
from tests.floods.attack import Attack
from tests.floods.target import Target
from tests.support.gateway import respond_json
from tests.support.payloads import COMPLETION

_MIB: Final = 1 << 20
_OPTIONS: Final = (("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1))
#: The attacker may use some models, and send unknown members.
_RULES: Final = '[attacker]\nmodels = ["openai/*"]\nunknown_members = true\n\n[good]\n'
_HUGE: Final = {
    "prompt_tokens": 10**30,
    "completion_tokens": -(10**30),
    "prompt_tokens_details": {"cached_tokens": 1 << 64},
    "total_tokens": 1e308,
}


async def _calls(target: Target, requests: list[chat_pb2.CreateChatCompletionRequest], count: int) -> set[str]:
    """A number of consecutive calls of the attacker. Returns their statuses."""
    ended = set()
    async with grpc.aio.insecure_channel(target.address, options=_OPTIONS) as channel:
        stub = chat_pb2_grpc.ChatServiceStub(channel)
        for number in range(count):
            call = stub.CreateChatCompletion(requests[number % len(requests)], metadata=target.metadata, timeout=60)
            ended.add((await call.code()).name)
    return ended


def _request(model: str, extra: str | None = None) -> chat_pb2.CreateChatCompletionRequest:
    messages = [{"role": "user", "content": "hi"}]
    return chat_pb2.CreateChatCompletionRequest(model=model, messages=messages, extra_json=extra)


async def names_of_models(target: Target) -> None:
    """Models of 5 MiB, and of control characters, for which the upstream reports counts over 64 bits."""
    requests = [_request("x" * (5 * _MIB)), _request("\x1b[2J" * _MIB), _request("\u202e" * _MIB)]
    assert await _calls(target, requests, 60 if target.long else 9) == {"OK"}


async def searches_for_models(target: Target) -> None:
    """Requests of 8 MiB in which every member, key or text must be searched for models."""
    texts = ",".join(['"openai/x"'] * (8 * _MIB // 11))
    members = ",".join(f'"m{number}":1' for number in range(_MIB // 2))
    extras = [
        f'{{"models":[{texts}]}}',
        '{"x":{' + members + "}}",
        '{"' + "m\u200b" * (2 * _MIB) + '":1}',
        '{"models":["openai/' + "x" * (8 * _MIB) + '"]}',
    ]
    ended = await _calls(target, [_request("openai/x", extra) for extra in extras], 40 if target.long else 8)
    assert ended <= {"OK", "PERMISSION_DENIED", "INVALID_ARGUMENT"}


ATTACKS: Final = (
    Attack("names of 5 MiB", names_of_models, script=respond_json({**COMPLETION, "usage": _HUGE})),
    Attack("searches for models", searches_for_models, rules=_RULES),
)
