"""Streams with the same two parallel tool calls, in odd forms that servers send: fragments per chunk."""

from collections.abc import Mapping
from typing import Any, Final

Fragment = dict[str, Any]
#: The stream of a server that sends correct indexes.
ORDINARY: Final = "as OpenAI"
#: The result of all of them: id, name, arguments.
CALLS: Final = [
    ("call_a", "get_weather", '{"city":"Paris"}'),
    ("call_b", "get_time", '{"timezone":"Europe/Paris"}'),
]


def fragment(index: int | None, call: str | None = None, name: str | None = None, text: str | None = None) -> Fragment:
    """A fragment with the given members."""
    function = {key: value for key, value in (("name", name), ("arguments", text)) if value is not None}
    found: Fragment = {"index": index, "id": call, "type": "function" if name else None, "function": function or None}
    return {key: value for key, value in found.items() if value is not None}


def _heads(first: int | None, second: int | None) -> tuple[Fragment, Fragment]:
    return fragment(first, "call_a", "get_weather", ""), fragment(second, "call_b", "get_time", "")


def _pieces(index: int | None, *texts: str, **head: str) -> list[list[Fragment]]:
    return [
        [{**fragment(index, head.get("call"), head.get("name")), "function": _function(head, text)}] for text in texts
    ]


def _function(head: Mapping[str, str], text: str) -> dict[str, str]:
    return {"name": head["name"], "arguments": text} if "name" in head else {"arguments": text}


_A: Final = ('{"city"', ':"Par', 'is"}')
_B: Final = ('{"timezone":', '"Europe/Paris"}')
_WHOLE_A: Final = ("call_a", "get_weather", "".join(_A))
_WHOLE_B: Final = ("call_b", "get_time", "".join(_B))


def _turns(first: int | None, second: int | None, **ids: bool) -> list[list[Fragment]]:
    """The starts of both calls, and their pieces in turn. Fragments can repeat `ids` or `names`."""
    repeated = [{"call": call} if ids.get("ids") else {} for call in ("call_a", "call_b")]
    if ids.get("names"):
        repeated = [{**head, "name": name} for head, name in zip(repeated, ("get_weather", "get_time"), strict=True)]
    a, b = _pieces(first, *_A, **repeated[0]), _pieces(second, *_B, **repeated[1])
    head_a, head_b = _heads(first, second)
    return [[head_a], a[0], [head_b], b[0], a[1] + b[1], a[2]]


#: Chunks, each a list of fragments.
STREAMS: Final[Mapping[str, list[list[Fragment]]]] = {
    ORDINARY: _turns(0, 1),
    "no index, whole calls": [[fragment(None, *_WHOLE_A), fragment(None, *_WHOLE_B)]],
    "no index, id in each fragment": _turns(None, None, ids=True),
    "no index, id only in the first": [[_heads(None, None)[0]], *_pieces(None, *_A), [_heads(None, None)[1]],
                                       *_pieces(None, *_B)],
    "null index": [[{**fragment(None, *_WHOLE_A), "index": None}], [{**fragment(None, *_WHOLE_B), "index": None}]],
    "index reused, whole calls": [[fragment(0, *_WHOLE_A)], [fragment(0, *_WHOLE_B)]],
    "index reused, id only in the first": [[_heads(0, 0)[0]], *_pieces(0, *_A), [_heads(0, 0)[1]], *_pieces(0, *_B)],
    "index reused, id in each fragment": _turns(0, 0, ids=True),
    "from 1": _turns(1, 2),
    "gaps": _turns(3, 70000),
    "downwards": _turns(5, 2),
    "two calls in one chunk": [list(_heads(0, 1)), _pieces(0, *_A[:2])[0] + _pieces(1, _B[0])[0],
                               _pieces(0, _A[1])[0] + _pieces(0, _A[2])[0] + _pieces(1, _B[1])[0]],
    "repeated id": _turns(0, 1, ids=True),
    "repeated id and name": _turns(0, 1, ids=True, names=True),
    "repeated name": _turns(0, 1, names=True),
    "id later": [[fragment(0, None, "get_weather", _A[0])], [fragment(0, "call_a", None, _A[1] + _A[2])],
                 [fragment(1, "", "get_time", "")], [fragment(1, "call_b", "get_time", "".join(_B))]],
    "index only in the first": [[_heads(0, 1)[0]], *_pieces(None, *_A), [_heads(0, 1)[1]], *_pieces(None, *_B)],
    "index only later": [[_heads(None, None)[0]], [_heads(None, None)[1]], *_pieces(1, *_B), *_pieces(0, *_A)],
    "index as text and as a float": [[{**fragment(None, *_WHOLE_A), "index": "0"}],
                                     [{**fragment(None, *_WHOLE_B), "index": 1.0}]],
    "index counts fragments": [*([{**piece, "index": at} for piece in pieces] for at, pieces in enumerate(
        [[_heads(None, None)[0]], *_pieces(None, *_A, call="call_a"), [_heads(None, None)[1]],
         *_pieces(None, *_B, call="call_b")]))],
    "index counts fragments, id only in the first": [*([{**piece, "index": at} for piece in pieces] for at, pieces in
        enumerate([[_heads(None, None)[0]], *_pieces(None, *_A), [_heads(None, None)[1]], *_pieces(None, *_B)]))],
    "index counts the fragments of each call": [*([{**piece, "index": at} for piece in pieces] for at, pieces in (
        *enumerate([[_heads(None, None)[0]], *_pieces(None, *_A)]),
        *enumerate([[_heads(None, None)[1]], *_pieces(None, *_B)], 1)))],
    "another id in the first": [[{**_heads(0, 1)[0], "id": "x"}], *_pieces(0, *_A, call="call_a"),
                                [{**_heads(0, 1)[1], "id": "y"}], *_pieces(1, *_B, call="call_b")],
    "an id of its own in each fragment": [
        [{**_heads(0, 1)[0], "id": "x"}], *_pieces(0, _A[0], call="x1"), *_pieces(0, _A[1], call="x2"),
        [{**_heads(0, 1)[1], "id": "y"}], *_pieces(1, _B[0], call="y1"), *_pieces(0, _A[2], call="call_a"),
        *_pieces(1, _B[1], call="call_b")],
    "filler": [[_heads(0, 1)[0]], [fragment(0)], [{"index": 0, "function": None}], *_pieces(0, *_A),
               [_heads(0, 1)[1]], [{"index": 1, "function": {"arguments": None}}], *_pieces(1, *_B)],
}  # fmt: skip
#: Those that `make test-clients` sends to the example of each language.
FOR_CLIENTS: Final = (
    "no index, whole calls", "no index, id only in the first", "index reused, id only in the first", "gaps", "from 1",
    "two calls in one chunk", "repeated id and name",
)  # fmt: skip
