"""How the values in the gaps of a template become those of a merged chunk."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Any, Final, NamedTuple

from bridge.jsontext import JSONPath
from bridge.services.merge import (
    CHECKED,
    DETAILS,
    END,
    EXAMINED,
    FILTERED,
    LATEST,
    LISTS,
    START,
    are_positions,
    begins_call,
    is_one_part,
    simple,
)
from bridge.upstream.repeats import OFFSETS, TEXTS
from bridge.upstream.template import Names, Template

#: The value of a gap in the merged chunk, from its values in each chunk.
Join = Callable[[Sequence[Any]], Any]
_CONCATENATED: Final[Join] = "".join
_LATEST: Final[Join] = itemgetter(-1)
#: How values join that may differ between the chunks of a run, besides those in `LATEST` and in lists.
_JOINS: Final[dict[Names, Join]] = {
    **{("choices", "delta", name): _CONCATENATED for name in TEXTS},
    ("choices", "delta", "tool_calls", "function", "arguments"): _CONCATENATED,
    ("choices", EXAMINED, CHECKED): _LATEST,
    ("choices", EXAMINED, START): min,
    ("choices", EXAMINED, END): max,
}
_FINDINGS: Final[Names] = ("choices", FILTERED)
_POSITIONS: Final[Names] = ("choices", EXAMINED)
_LISTED: Final[frozenset[Names]] = frozenset(("choices", *path) for path in LISTS)


class Gaps(NamedTuple):
    """How the chunks of a template are merged. All is empty for chunks that never are.

    `joins` has a function for each gap. The values of the gaps in `equal` do not differ between the chunks of a run.
    `part` has the gaps for the start and the end of the part of the text that a chunk is about, which adjoins or
    overlaps that of the chunk before it. The values of the gaps in `offsets` have to be positions in the text.
    """

    joins: Sequence[Join] = ()
    equal: Sequence[int] = ()
    part: tuple[int, int] | None = None
    offsets: Sequence[int] = ()

    @property
    def are_compared(self) -> bool:
        """Whether the values of a chunk show whether it continues another."""
        return self.part is not None or bool(self.equal)

    def continued(self, rows: Sequence[Sequence[Any]]) -> int:
        """How many of the chunks with these values, from the first one on, continue the one before."""
        count = len(rows)
        for at in self.equal:
            column = [row[at] for row in rows[:count]]
            if column.count(column[0]) < count:
                count = next(number for number, value in enumerate(column) if value != column[0])
        if self.part is not None:
            start, end = self.part
            for number, (before, row) in enumerate(pairwise(rows[:count]), 1):
                if not is_one_part(before[start], before[end], row[start], row[end]):
                    return number
        return count

    def are_positions(self, rows: Sequence[Any]) -> bool:
        """Whether the values of `offsets` are positions in the text."""
        return not self.offsets or all(are_positions([row[at] for row in rows]) for at in self.offsets)


def gaps_of(value: dict[str, Any], template: Template) -> Gaps | None:
    """How the chunks of a template, which was made from the chunk `value`, are merged.

    None if they have to be parsed for that.
    """
    values = [within(value, path)[path[-1]] for path in template.paths]
    positions = [number for number, names in enumerate(template.names) if names[:2] == _POSITIONS]
    if not are_positions([values[number] for number in positions]):
        return None  # this chunk is an exception, and must not replace the template of the others
    choice = simple(value)
    if choice is None or begins_call(choice):
        return Gaps()
    if DETAILS in choice["delta"] and "tool_calls" in choice["delta"]:
        return None  # of these lists, only one grows
    found = [number for number, names in enumerate(template.names) if names[:2] == _FINDINGS]
    if not all(type(values[number]) is str for number in found):
        return Gaps()  # 1 and 1.0 may be equal here, and are not in the message
    joins = [_join_of(names) for names in template.names]
    at = {template.names[number][-1]: number for number in positions}
    if choice.get(EXAMINED) is not None and at.keys() != set(OFFSETS):
        return Gaps()
    known = [join for join in joins if join is not None]
    return Gaps(known, found, (at[START], at[END]) if at else None, positions) if len(known) == len(joins) else None


def _join_of(names: Names) -> Join | None:
    """How the values with these names join; None if it is not known."""
    is_latest = names[0] in LATEST or names[:2] == _FINDINGS or is_listed(names)
    return _JOINS.get(names) or (_LATEST if is_latest else None)


def is_listed(names: Names) -> bool:
    """Whether a value is in a list that is concatenated."""
    return names[:3] in _LISTED


def within(value: Any, path: JSONPath) -> Any:
    """The container of the value at a path."""
    for step in path[:-1]:
        value = value[step]
    return value
