"""Compares outcomes and requests. The allowed differences are listed here and in docs/openai.md."""

import json
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from tests.e2e.openai.cases import Case
from tests.support.gateway import Request

#: Headers of a request that the caller chooses.
_HEADERS: Final = ("authorization", "openai-organization", "x-title")
#: The place of a request id in an outcome.
_REQUEST_ID: Final = (".x-request-id", "request_id")
_CALL_INDEX: Final = re.compile(r"\.delta\.tool_calls\[\d+\]\.index$")
_MAX_CALLS: Final = 8  # in one case
_ABSENT: Final = object()


def problems(case: Case, outcomes: Mapping[str, Any]) -> Iterator[str]:
    """The differences between the outcomes of a case, by client and route: `{case} {client} {way}`."""
    clients = {key.split()[-2] for key in outcomes if key.rpartition(" ")[0].rpartition(" ")[0] == case.name}
    if not clients:
        yield "did not run"
    for client in sorted(clients):
        direct, bridge = (outcomes[f"{case.name} {client} {way}"] for way in ("direct", "bridge"))
        if case.differs:
            if not _failed(bridge):
                yield f"{client}: no error over the bridge, but {json.dumps(bridge)[:400]}"
        else:
            yield from (f"{client}: {difference}" for difference in differences(plain(direct), plain(bridge), ""))


def request_problems(case: Case, seen: Sequence[Request], runs_of: int, *, obeys: bool) -> Iterator[str]:
    """The differences between the gateway's requests of a case, direct and over the bridge.

    `runs_of` is the number of clients of the library. `obeys` says that it obeys `x-should-retry`.
    """
    tried_again = case.retries if case.headers.get("x-should-retry") != "false" or not obeys else 0
    expected = 2 * runs_of * (1 + tried_again)
    if len(seen) != expected:
        yield f"{len(seen)} requests instead of {expected}"
        return
    size = 1 + tried_again
    runs = [seen[start : start + size] for start in range(0, len(seen), size)]
    for direct, bridge in zip(runs[::2], runs[1::2], strict=True):
        for first, second in zip(direct, bridge, strict=True):
            yield from differences(_request(first), _request(second), "request")


def plain(value: Any) -> Any:
    """A value without allowed differences: null counts as absent, and vectors are sorted 32-bit numbers."""
    if isinstance(value, dict):
        members = {name: plain(member) for name, member in value.items() if member is not None}
        if isinstance(members.get("embedding"), list):
            members["embedding"] = list(struct.unpack(f"<{len(members['embedding'])}f", _packed(members["embedding"])))
        if isinstance(members.get("data"), list) and all("embedding" in item for item in members["data"]):
            members["data"] = sorted(members["data"], key=lambda item: (item.get("index", 0), item["embedding"]))
        return members
    return [plain(item) for item in value] if isinstance(value, list) else value


def differences(first: Any, second: Any, path: str) -> Iterator[str]:
    """Each place where two values differ."""
    if isinstance(first, dict) and isinstance(second, dict):
        for name in sorted(first.keys() | second.keys()):
            yield from differences(first.get(name, _ABSENT), second.get(name, _ABSENT), f"{path}.{name}")
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for index, (one, other) in enumerate(zip(first, second, strict=True)):
            yield from differences(one, other, f"{path}[{index}]")
    elif path.endswith(_REQUEST_ID) and first is _ABSENT:
        return  # the gateway sent none; the bridge has its own
    elif _CALL_INDEX.search(path) and type(second) is int and 0 <= second < _MAX_CALLS:
        return  # the bridge corrects it
    elif first != second or isinstance(first, bool) is not isinstance(second, bool):
        yield f"{path}: directly {_shown(first)}, over the bridge {_shown(second)}"


def _shown(value: Any) -> str:
    return "nothing" if value is _ABSENT else json.dumps(value)[:400]


def _packed(vector: list[float]) -> bytes:
    return struct.pack(f"<{len(vector)}f", *vector)


def _failed(outcome: Any) -> bool:
    return isinstance(outcome, dict) and "raised" in outcome


def _request(request: Request) -> dict[str, Any]:
    body = plain(request.json) if request.body else {}
    if body.get("stream") is False:
        del body["stream"]  # counts as absent
    headers = {name: request.headers.get(name) for name in _HEADERS}
    path = unquote(request.path)  # early versions do not encode slashes in a model's id
    return {"method": request.method, "path": path, "body": body, "headers": headers}
