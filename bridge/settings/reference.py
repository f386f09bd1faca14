"""Describes each setting, from the settings object: for flags, messages, `aibridge config` and the docs."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin

import annotated_types
from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo

from bridge.settings.model import GROUPS

PREFIX: Final = "AIBRIDGE_"
_KINDS: Final = {bool: "true or false", int: "integer", float: "number", str: "text", Path: "path", SecretStr: "secret"}


class Setting(NamedTuple):
    """One setting. The first variable that is set applies. A secret has no flag."""

    name: str
    group: str
    variables: tuple[str, ...]
    flag: str
    kind: str
    default: str
    allowed: str
    meaning: str

    @property
    def switch(self) -> bool:
        """Whether it is a flag without a value, with a `--no-` counterpart."""
        return self.kind == "true or false"


@cache
def reference() -> dict[str, Setting]:
    """All settings by name, group by group."""
    return {
        name: _setting(name, (group.__doc__ or "").rstrip("."), field)
        for group in GROUPS
        for name, field in group.model_fields.items()
    }


def text(value: Any) -> str:
    """A value as written in a variable: empty for None, asterisks for a secret."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return str(int(value)) if value.is_integer() else str(value)
        case tuple() | list():
            return ",".join(str(item) for item in value)
        case _:
            return str(value)


def _setting(name: str, group: str, field: FieldInfo) -> Setting:
    kind = _kind(field.annotation)
    alias = field.validation_alias
    own = (f"{PREFIX}{name.upper()}",)
    return Setting(
        name,
        group,
        variables=tuple(str(choice) for choice in alias.choices) if isinstance(alias, AliasChoices) else own,
        flag="" if kind == "secret" else f"--{name.replace('_', '-')}",
        kind=kind,
        default=_size(field.default) if name.endswith("_bytes") else text(field.default),
        allowed=_allowed(name, field),
        meaning=field.description or "",
    )


def _kind(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return "text"
    if get_origin(annotation) is tuple:
        return "list"
    if annotation in _KINDS:
        return _KINDS[annotation]
    return next(_kind(part) for part in get_args(annotation) if part is not NoneType)


def _allowed(name: str, field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(get_args(field.annotation))
    show: Callable[[Any], str] = _size if name.endswith("_bytes") else text
    minimum = maximum = ""
    for bound in field.metadata:
        match bound:
            case annotated_types.Ge(ge=value):
                minimum = f"at least {show(value)}"
            case annotated_types.Gt(gt=value):
                minimum = f"more than {show(value)}"
            case annotated_types.Le(le=value):
                maximum = f"at most {show(value)}"
    return ", ".join(part for part in (minimum, maximum) if part)


def _size(value: int) -> str:
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if value >= unit and value % unit == 0:
            return f"{value} ({value // unit} {name})"
    return str(value)
