"""Values from files that are reloaded when the files change. While a file is invalid, the last good value is used."""

import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Generic, NamedTuple, TypeVar

import structlog

_log = structlog.get_logger("aibridge.files")
#: A file that has not changed for this time is complete.
_SETTLED_NANOSECONDS: Final = 100_000_000

Value = TypeVar("Value")


class UnusableFileError(ValueError):
    """A file cannot be read, or its content is not valid. The message says why, without quoting the content."""


class ReloadingFile(Generic[Value]):
    """The value that `parse` returns for the contents of one or more files.

    `what` names the value in the log. `parse` raises UnusableFileError. Files over `max_bytes` are not read. The files
    are checked when the value is needed, at most once in `interval` seconds. New content is used once the file has not
    changed for a moment, because it may be incomplete before.
    """

    def __init__(
        self,
        what: str,
        paths: Sequence[Path],
        parse: Callable[[Sequence[bytes]], Value],
        *,
        max_bytes: int = 1 << 20,
        interval: float = 0.0,
    ) -> None:
        self._what = what
        self._paths = paths
        self._parse = parse
        self._max_bytes = max_bytes
        self._interval = interval
        self._next = 0.0
        self._stamps: list[_Stamp] | None = None
        self._value: Value | None = None
        self._problem = ""

    def value(self) -> Value | None:
        """The current value; None if there has never been one."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._interval
            try:
                self._refresh()
            except UnusableFileError as error:
                self._report(str(error))
        return self._value

    def load(self) -> Value:
        """The value, if the bridge cannot start without it.

        Raises:
            UnusableFileError: there is none.
        """
        self._refresh()
        assert self._value is not None  # noqa: S101 # for mypy
        return self._value

    def _refresh(self) -> None:
        try:
            stamps = self._stat()
            if stamps == self._stamps:
                self._problem = ""
                return
            youngest = max(stamp.modified for stamp in stamps)
            if self._value is not None and 0 <= time.time_ns() - youngest < _SETTLED_NANOSECONDS:
                return
            contents = [path.read_bytes() for path in self._paths]
            if self._value is not None and self._stat() != stamps:
                return  # it changed while it was read
        except OSError as error:
            raise UnusableFileError(type(error).__name__) from None
        value = self._parse(contents)
        if self._stamps is not None:
            _log.info(f"{self._what} file read again", path=self._path)
        self._value, self._stamps, self._problem = value, stamps, ""

    def _stat(self) -> "list[_Stamp]":
        stamps = []
        for path in self._paths:
            status = path.stat()  # follows the symlinks with which Kubernetes swaps a secret
            if not stat.S_ISREG(status.st_mode) or status.st_size > self._max_bytes:
                raise UnusableFileError("not a regular file, or too large")
            stamps.append(_Stamp(status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size))
        return stamps

    @property
    def _path(self) -> str:
        return ", ".join(str(path) for path in self._paths)

    def _report(self, problem: str) -> None:
        """Log a problem once."""
        if problem != self._problem:
            self._problem = problem
            in_force = self._value is not None
            _log.error(f"{self._what} file unusable", path=self._path, problem=problem, in_force=in_force)


class _Stamp(NamedTuple):
    """What identifies a version of a file."""

    device: int
    inode: int
    modified: int  # nanoseconds since 1970
    size: int


def utf8_text(content: bytes) -> str:
    """A file's content as text.

    Raises:
        UnusableFileError: it is not UTF-8.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise UnusableFileError("not text") from None
