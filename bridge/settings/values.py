"""The kinds of values: what each may be, and how it is read from text.

A message gives the position of a wrong item, not its text. Text in the wrong place may be a key, and not every key has
a form by which it can be recognised.
"""

import re
import shlex
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from bridge.metadata import DENIED, is_denied, is_name
from bridge.redact import safe

#: A path of `RawService`, or a pattern of such paths.
_PATTERN: Final = re.compile(r"(?:/(?:(?!\*\*)[A-Za-z0-9._~!$&'()*+=:@-])+)+")
#: What the address of a unix socket starts with.
UNIX: Final = "unix:"
#: The path of a unix socket, and the version path that may follow it.
_UNIX: Final = re.compile(r"/[^?#]*[^/?#]")
_UNIX_VERSION: Final = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+=@%-]+)*")
_UNIX_BASE: Final = "/v1"
#: Maximum bytes of a socket's path: Linux has 108, including the final NUL.
_MAX_UNIX: Final = 107
#: A URL of one endpoint, which people paste in place of the base URL. Some base URLs of Azure end in /models, so that
#: and other words count only after a version.
_ENDPOINT: Final = re.compile(
    r"(?P<base>.+?)(?P<path>/chat/completions)|"
    r"(?P<versioned>.+/v\d\w*(?:/openai)?)(?P<word>/(?:completions|embeddings|models|responses))"
)
_PORT: Final = re.compile(r"[0-9]{1,5}")
#: A URL without its scheme: a host with a port or a dot.
_HOST_FIRST: Final = re.compile(r"(?!unix:)[\w-]+(?:\.[\w.-]+|:\d)(?!.*://)")
_DOTS: Final = re.compile(r"/\.{1,2}(?:/|$)")


class SettingsError(ValueError):
    """One or more settings are wrong. The message has a line for each, with its name and the problem."""


class NamedValue(NamedTuple):
    """A name and where its value comes from: `env:VARIABLE`, `file:PATH`, or the value itself, which is never shown."""

    name: str
    source: str

    @property
    def is_reference(self) -> bool:
        """Whether the source is a reference to a variable or a file."""
        return self.source.startswith(("env:", "file:"))

    def __str__(self) -> str:
        return f"{self.name}={self.source if self.is_reference else '*' * 10}"

    def __repr__(self) -> str:
        return str(self)


def _named(value: Any) -> Any:
    items = split(value)
    if not isinstance(items, list | tuple):
        return items
    named: list[NamedValue] = []
    for item in items:
        name, _, source = item.partition("=") if isinstance(item, str) else ("", "", "")
        if isinstance(item, NamedValue):
            named.append(item)
        elif name.strip() and source.strip("="):  # a key in base64 may end with ==
            named.append(NamedValue(name.strip(), source))
        else:
            raise ValueError("must be NAME=VALUE, NAME=env:VARIABLE or NAME=file:PATH, separated by commas")
    names = [item.name for item in named]
    if repeated := places(names.count(name) > 1 for name in names):
        raise ValueError(f"must not have a name more than once; wrong: {repeated}")
    return tuple(named)


def places(wrong: Iterable[bool]) -> str:
    """The positions of the wrong items of a list, as in `item 2, item 3`; empty if none is wrong."""
    return ", ".join(f"item {position}" for position, is_wrong in enumerate(wrong, 1) if is_wrong)


def _url(value: str) -> str:
    if not value.startswith(("http://", "https://")) or any(character in value for character in "?# \r\n"):
        raise ValueError("must be an http:// or https:// URL without query or fragment")
    if "@" in value.split("/")[2]:
        raise ValueError("must not contain a user name or password")
    try:
        parts = urlsplit(value)
        usable = parts.hostname and parts.port != 0  # reading the port is what checks it
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("must have a host, and optionally a port from 1 to 65535")
    return value.rstrip("/")


def unix_parts(value: str) -> tuple[str, str]:
    """The path of the socket, and the version path, in `unix:/PATH` or `unix:/PATH:/VERSION`."""
    path, _, base = value.removeprefix(UNIX).partition(":")
    return path, (base or _UNIX_BASE).rstrip("/")


def _not_an_endpoint(value: str) -> None:
    """Refuse the URL of an endpoint, and show its base URL."""
    url, query, _ = value.partition("?")
    found = _ENDPOINT.fullmatch(url.rstrip("/"))
    if found is None or "@" in url or not url.startswith(("http://", "https://", "unix:/")):
        return  # before an @ there may be a password, and what is no URL may be a key
    base = found["base"] or found["versioned"]
    words = f"must be the base URL, without {found['path'] or found['word']}: {base}"
    raise ValueError(f"{words}; set upstream_query for the query" if query else words)


def _upstream_url(value: str) -> str:
    _not_an_endpoint(value)
    if value.startswith(("http://", "https://")) and "?" in value:
        raise ValueError("must not have a query: set upstream_query instead")
    if _HOST_FIRST.match(value):
        raise ValueError("must begin with http:// or https://, as in https://api.openai.com/v1")
    if not value.startswith(UNIX):
        return _url(value)
    path, base = unix_parts(value)
    if not _UNIX.fullmatch(path) or not path.isprintable() or not _UNIX_VERSION.fullmatch(base):
        raise ValueError("must be unix:/PATH or unix:/PATH:/VERSION, without query or fragment")
    if len(path.encode()) > _MAX_UNIX:
        raise ValueError(f"must name a unix socket by a path of at most {_MAX_UNIX} bytes")
    return value


def _proxy_url(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.startswith(("http://", "https://")):
        raise ValueError(
            "must be http://HOST:PORT or https://HOST:PORT, optionally with USER:PASSWORD@ before the host"
        )
    try:
        parts = urlsplit(text)
        usable = parts.hostname and parts.port != 0 and parts.path in {"", "/"} and not parts.query + parts.fragment
    except ValueError:
        usable = False
    if not usable or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must have a host, optionally a port from 1 to 65535, and neither path nor query")
    return value


def _address(value: str) -> str:
    if value.startswith(UNIX):
        path = value.removeprefix(UNIX)
        if not path or not path.isprintable() or len(path.encode()) > _MAX_UNIX:
            raise ValueError(f"must be unix:PATH with a path of at most {_MAX_UNIX} bytes")
        return value
    if not _is_host_and_port(value):
        raise ValueError("must be HOST:PORT, [IPV6]:PORT or unix:PATH")
    return value


def _is_host_and_port(value: str) -> bool:
    """Whether this is HOST:PORT, with a host that can be looked up: `getaddrinfo` fails for others with odd errors."""
    host, _, port = value.rpartition(":")
    try:
        usable = host.encode("idna") and host.isprintable()
    except UnicodeError:  # an empty label, or one of more than 63 characters
        return False
    return bool(usable and _PORT.fullmatch(port) and int(port) <= 65535)


def _addresses(value: str) -> str:
    addresses = [_address(item) for item in split(value)]
    if not addresses:
        raise ValueError("must be HOST:PORT, [IPV6]:PORT or unix:PATH")
    taken = [address for address in addresses if not address.endswith(":0")]
    repeated = next((address for address in taken if taken.count(address) > 1), None)
    if repeated:
        raise ValueError(f"names {repeated} more than once")
    return ",".join(addresses)


def _joined(value: Any) -> Any:
    return ",".join(value) if isinstance(value, list) and all(isinstance(item, str) for item in value) else value


def _metrics_address(value: str) -> str:
    if value == "off":
        return value
    if value.startswith(UNIX) or not _is_host_and_port(value):
        raise ValueError("must be HOST:PORT, [IPV6]:PORT or off")
    return value


def is_file(path: Path) -> bool:
    """Whether there is such a file; False also for a path that cannot be one, such as a very long one."""
    try:
        return path.is_file()
    except OSError:
        return False


def missing(path: Path) -> str:
    """What is wrong with the path of a missing file. Only an absolute path is shown: other text may be a key."""
    return f"no such file: {safe(str(path))}" if path.is_absolute() else "no such file"


def _file(value: Path) -> Path:
    if not is_file(value):
        raise ValueError(missing(value))
    return value


def split(value: Any) -> Any:
    """Split text at its commas."""
    return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value


def command_problem(value: str) -> str | None:
    """What is wrong with a command line; None if it names a program of this machine."""
    try:
        words = shlex.split(value)
    except ValueError as error:
        return f"cannot be parsed as a command: {error}"
    if not words:
        return "is empty"
    if shutil.which(words[0]):
        return None
    if Path(words[0]).is_absolute():
        return f"program {safe(words[0])} not found"
    return "must begin with a program on PATH, or with the absolute path of one"  # other text may be a key


def _header_names(value: tuple[str, ...]) -> tuple[str, ...]:
    if denied := [name for name in value if name.lower() in DENIED]:
        raise ValueError(f"these headers cannot be forwarded: {', '.join(denied)}")
    if wrong := places(not is_name(name) for name in value):
        raise ValueError(f"must be names of headers in lower case; wrong: {wrong}")
    if wrong := places(is_denied(name) for name in value):
        raise ValueError(f"must not be headers that name a sender or authenticate; wrong: {wrong}")
    return value


def _raw_paths(value: tuple[str, ...]) -> tuple[str, ...]:
    if wrong := places(not _PATTERN.fullmatch(path) or bool(_DOTS.search(path)) for path in value):
        raise ValueError(f"must be paths with a leading slash, plain segments and single asterisks; wrong: {wrong}")
    return value


Address = Annotated[str, AfterValidator(_address)]
#: One or more, separated by commas; in a file also a list.
Addresses = Annotated[str, BeforeValidator(_joined), AfterValidator(_addresses)]
MetricsAddress = Annotated[str, AfterValidator(_metrics_address)]
Url = Annotated[str, AfterValidator(_url)]
UpstreamUrl = Annotated[str, AfterValidator(_upstream_url)]
#: May contain a password, so it is masked like one.
ProxyUrl = Annotated[SecretStr, AfterValidator(_proxy_url)]
#: A file that has to be there when the bridge starts.
ExistingFile = Annotated[Path, AfterValidator(_file)]
Seconds = Annotated[float, Field(gt=0, le=86400)]
#: Bounds of options that a call can set too.
MAX_WINDOW_SECONDS: Final = 10
MIN_HEARTBEAT_SECONDS: Final = 0.1
MAX_HEARTBEAT_SECONDS: Final = 3600
Bytes = Annotated[int, Field(ge=1024, le=1 << 30)]
#: A list, in text separated by commas. NoDecode: pydantic-settings would ask for JSON in variables.
NamedValues = Annotated[tuple[NamedValue, ...], NoDecode, BeforeValidator(_named)]
Items = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split)]
RawPathPatterns = Annotated[Items, AfterValidator(_raw_paths)]
HeaderNames = Annotated[Items, AfterValidator(_header_names)]
