"""The parts of a PromQL expression: the metrics, with the labels and values that it selects and groups by."""

import re
from dataclasses import dataclass, field

_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
_WORDS = {"and", "or", "unless", "bool", "offset"}


@dataclass
class Query:
    """`selectors`: each metric with its matchers (label, operator, value). `groups`: labels of all groupings."""

    selectors: list[tuple[str, list[tuple[str, str, str]]]] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)


def parse(expression: str) -> Query:
    """Parse an expression with the parts of PromQL that dashboards and alerts use."""
    query = Query()
    for labels in _GROUPING.findall(expression):
        query.groups |= {label.strip() for label in labels.split(",")}
    rest = re.sub(r"\[[^\]]*\]", " ", _GROUPING.sub(" ", expression))
    for match in _SELECTOR.finditer(rest):
        name, matchers = match.groups()
        is_function = rest[match.end() :].lstrip().startswith("(")
        if name not in _WORDS and not is_function and not rest[: match.start()].endswith(tuple("0123456789.")):
            query.selectors.append((name, _MATCHER.findall(matchers or "")))
    return query
