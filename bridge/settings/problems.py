"""What is wrong with a value that pydantic refuses, in words of our own."""

import re
from collections.abc import Mapping
from typing import Any, Final

from bridge.redact import without_keys

#: The text that is shown: a number, perhaps with a unit, as in `30s`. Any other text may be a key in the wrong place.
_SHOWN: Final = re.compile(r"(?:[+-]?[0-9]{1,9}(?:\.[0-9]{1,6})?(?:e[+-]?[0-9]{1,3})?\s?[A-Za-z%]{0,3})?", re.ASCII)
#: Numbers up to this one are shown. A larger one may be a key of digits.
_MAX_SHOWN: Final = 10**9
#: By pydantic's type of the problem. Names in braces are from its context.
_WORDS: Final[Mapping[str, str]] = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "dict_type": "must be a table",
    "extra_forbidden": "no such entry",
    "finite_number": "must be a number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "int_type": "must be a whole number",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list",
    "literal_error": "must be {expected}",
    "missing": "is missing",
    "model_attributes_type": "must be a table",
    "model_type": "must be a table",
    "path_type": "must be a path",
    "string_pattern_mismatch": "must match {pattern}",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "string_type": "must be text",
    "too_short": "must have at least {min_length} items",
    "tuple_type": "must be a list",
}
#: Types of problems that do not depend on the value. In place of a table it may be a caller's token or key.
_WITHOUT_VALUE: Final = frozenset({
    "dict_type", "extra_forbidden", "missing", "model_attributes_type", "model_type", "string_too_long",
    "string_too_short", "too_short",
})  # fmt: skip


def problem_of(detail: Any) -> str:
    """The words for one of the entries of `ValidationError.errors()`. The value is named if the entry has it."""
    kind, context = detail["type"], {name: _number(value) for name, value in detail.get("ctx", {}).items()}
    if kind not in _WORDS:  # a check of our own, which may repeat a part of the value
        return without_keys(str(detail["msg"]).removeprefix("Value error, "))
    words = _WORDS[kind].format_map(context)
    if context.get("min_length") == 1:
        words = "must not be empty"
    value = _shown(detail.get("input"))
    return f"{words}, not {value}" if value and kind not in _WITHOUT_VALUE else words


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _shown(value: Any) -> str:
    """A value in a message; empty for one that should not be shown, such as a table or a text."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float() if abs(value) <= _MAX_SHOWN:
            return str(value)
        case str() if _SHOWN.fullmatch(value):
            return f"`{value}`"
        case _:
            return ""
