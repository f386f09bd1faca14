"""The paths that `RawService` may call: valid paths that the setting `raw_paths` allows."""

import re
from collections.abc import Sequence
from typing import Final

from bridge.errors import BridgeError, Reason, invalid

_MAX_PATH: Final = 1024  # characters
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~!$&'()+=:@-]+)+")
_DOTS: Final = re.compile(r"/\.{1,2}(?:/|$)")
#: Why a path is refused: the first match counts. The bridge sends paths so that they stay below the base URL, but the
#: servers behind it may decode and normalise them again.
_FAULTS: Final = (
    (re.compile(r"[^/]"), "must begin with a slash: it is a path below the base URL"),
    (re.compile(r".*\?", re.DOTALL), "must not have a query; parameters go in the field `query`"),
    (re.compile(r".*//|.*/$", re.DOTALL), "must not have an empty segment"),
    (re.compile(r".*%", re.DOTALL), "must not be percent-encoded"),
)


class RawPaths:
    """The patterns of `raw_paths`, in which `*` matches any characters within one segment."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = [(pattern, re.compile(re.escape(pattern).replace(r"\*", "[^/]+"))) for pattern in patterns]

    def pattern_of(self, path: str) -> str:
        """The pattern that allows a path.

        Raises:
            BridgeError: INVALID_REQUEST for an invalid path, RAW_PATH_NOT_ALLOWED for a path that no pattern allows.
        """
        _check(path)
        for pattern, matches in self._patterns:
            if matches.fullmatch(path):
                return pattern
        raise BridgeError(
            Reason.RAW_PATH_NOT_ALLOWED,
            "the bridge does not allow this path; its operator can allow it with `raw_paths`",
        )


def _check(path: str) -> None:
    if not path:
        raise invalid("path", "is required")
    if len(path) > _MAX_PATH:
        raise invalid("path", f"is longer than {_MAX_PATH} characters")
    for fault, description in _FAULTS:
        if fault.match(path):
            raise invalid("path", description)
    if _DOTS.search(path):
        raise invalid("path", "must not have a segment `.` or `..`")
    if not _PATH.fullmatch(path):
        raise invalid("path", "has a character that is not allowed")
