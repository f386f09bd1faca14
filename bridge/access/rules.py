"""What each caller may do: a TOML file with a table for each name or pattern of names."""

import tomllib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bridge.call import Caller
from bridge.clean import word
from bridge.files import UnusableFileError, utf8_text
from bridge.settings.problems import problem_of
from bridge.settings.sources import similar
from bridge.settings.values import command_problem, is_file, missing


class _Rule(BaseModel):
    """One table. What it does not name is not limited."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    models: tuple[str, ...] | None = None  # patterns; an empty list allows no model
    max_calls: int = Field(default=0, ge=0, le=65536)  # concurrently; 0 for the setting max_calls_per_caller
    upstream_api_key_file: Path | None = None
    upstream_token_command: str | None = None  # in place of a key, see the setting of this name
    unknown_members: bool = False  # whether requests of a caller with `models` may have unknown members


_RULES = TypeAdapter(dict[str, _Rule])


class Rules:
    """The tables of a file, in order. The first one whose pattern matches a name counts."""

    def __init__(self, tables: dict[str, _Rule]) -> None:
        self._tables = tables
        self.caller = lru_cache(maxsize=4096)(self._caller)  # there are as many names as the issuer has subjects

    def _caller(self, name: str) -> Caller | None:
        """A caller and what it may do; None if no table matches, so that it may do nothing."""
        for pattern, rule in self._tables.items():
            if fnmatchcase(name, pattern):
                return Caller(name, **dict(rule))
        return None


#: Without a file: every authenticated caller may do everything.
EVERYTHING = Rules({"*": _Rule()})


def parse(contents: Sequence[bytes]) -> Rules:
    """The rules of a file.

    Raises:
        UnusableFileError: it is not TOML, or a table is not valid.
    """
    try:
        tables = _RULES.validate_python(tomllib.loads(utf8_text(contents[0])))
    except ValidationError as error:
        raise UnusableFileError(_line(error.errors()[0])) from None
    except (ValueError, RecursionError) as error:  # invalid TOML, a number with too many digits, too deep nesting
        what = str(error) if isinstance(error, tomllib.TOMLDecodeError) else type(error).__name__
        raise UnusableFileError(f"not TOML: {what}") from None
    for name, rule in tables.items():
        if rule.upstream_api_key_file is not None and not is_file(rule.upstream_api_key_file):
            raise UnusableFileError(f"{name}.upstream_api_key_file: {missing(rule.upstream_api_key_file)}")
        if rule.upstream_token_command is not None:
            if rule.upstream_api_key_file is not None:
                raise UnusableFileError(
                    f"{name}.upstream_token_command: cannot be set together with upstream_api_key_file"
                )
            if (problem := command_problem(rule.upstream_token_command)) is not None:
                raise UnusableFileError(f"{name}.upstream_token_command: {problem}")
    return Rules(tables)


def _line(detail: Any) -> str:
    """What is wrong with an entry, and which there are."""
    table, *entry = (word(str(part)) for part in detail["loc"])
    where = ".".join([table, *entry[:1]]) + "".join(f"[{index}]" for index in entry[1:])
    if not entry:
        return f"{where}: {problem_of(detail)}; write it as [{table}], with its entries in the lines below"
    if detail["type"] != "extra_forbidden":
        return f"{where}: {problem_of(detail)}"
    names = _Rule.model_fields
    return f"{where}: {problem_of(detail)}{similar(entry[0], names)} (allowed: {', '.join(names)})"
