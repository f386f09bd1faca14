"""The options of a connection, which all commands share that call a bridge."""

import inspect
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from aibridge.client import CallFailed, Tls, connect
from aibridge.client.channel import caller_metadata
from aibridge.client.targets import target_problem
from bridge.cli import console
from bridge.settings import SettingsError

_LOCAL = "127.0.0.1:50051"
_CONNECTION = "Connection"
_TIMEOUT = "Maximum seconds for a call."
Command = Callable[..., None]
_Open = Callable[..., AbstractContextManager[Any]]


def _option(name: str, kind: Any, default: Any, words: str, **more: Any) -> inspect.Parameter:
    annotation = Annotated[kind, typer.Option(help=words, rich_help_panel=_CONNECTION, **more)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


_ADDRESS = inspect.Parameter(
    "address",
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    default=None,
    annotation=Annotated[str | None, typer.Argument(metavar="TARGET", help="Address of the bridge, as --target.")],
)


def _file(name: str, words: str) -> inspect.Parameter:
    return _option(name, Path | None, None, words, envvar=f"AIBRIDGE_TARGET_{name.upper()}")


def calls_bridge(
    timeout: float | None = None, open_client: _Open = connect, *, positional: bool = False
) -> Callable[[Command], Command]:
    """Give a command the connection options, and as its first argument the result of `open_client` with them.

    With `positional`, the address may also be given without `--target`.
    """

    def decorate(command: Command) -> Command:
        @wraps(command)
        def run(*, target: str, timeout: float | None, **given: Any) -> None:
            target = given.pop("address", None) or target
            if target == os.environ.get("AIBRIDGE_LISTEN"):
                target = target.split(",", maxsplit=1)[0]  # any of several addresses will do
            tls = {name: given.pop(name) for name in ("tls", "ca_file", "certificate_file", "key_file", "server_name")}
            try:
                with _client(open_client, target, timeout, **tls) as client:
                    command(client, **given)
            except CallFailed as error:
                if not given.get("as_json"):
                    raise
                console.write(failure_json(error))
                raise typer.Exit(1) from None

        parameters = _parameters(command, timeout, positional=positional)
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # what typer reads
        return run

    return decorate


def _parameters(command: Command, timeout: float | None, *, positional: bool) -> list[inspect.Parameter]:
    """The command's own parameters without its first, and the connection options."""
    return [
        *([_ADDRESS] if positional else []),
        *list(inspect.signature(command).parameters.values())[1:],
        _option("target", str, _LOCAL, "Address of the bridge: HOST:PORT.",
                envvar=["AIBRIDGE_TARGET", "AIBRIDGE_LISTEN"]),
        _option("timeout", float | None, timeout, _TIMEOUT if timeout else f"{_TIMEOUT} Default: the bridge's limit.",
                min=0.001),
        _option("tls", bool, False, "Connect with TLS. The options below imply it.", envvar="AIBRIDGE_TARGET_TLS"),
        _file("ca_file", "PEM file with CA certificates to trust in addition to the public ones."),
        _file("certificate_file", "PEM file with the client certificate, for a bridge that requires one."),
        _file("key_file", "PEM file with the private key of the client certificate."),
        _option("server_name", str | None, None, "Name in the bridge's certificate, if the address differs.",
                envvar="AIBRIDGE_TARGET_SERVER_NAME"),
    ]  # fmt: skip


def _client(  # noqa: PLR0913 # an option each
    open_client: _Open,
    target: str,
    timeout: float | None,
    *,
    tls: bool,
    ca_file: Path | None,
    certificate_file: Path | None,
    key_file: Path | None,
    server_name: str | None,
) -> AbstractContextManager[Any]:
    token = os.environ.get("AIBRIDGE_TOKEN")
    files = (ca_file, certificate_file, key_file)
    choice = Tls(None, certificate_file, key_file, server_name, ca_file) if tls or server_name or any(files) else False
    if problem := target_problem(target, tls=choice is not False, tls_option="--tls"):
        raise SettingsError(f"--target: {problem}")
    try:
        caller_metadata(token)
    except ValueError as error:
        raise SettingsError(f"AIBRIDGE_TOKEN: {error}") from None
    try:
        return open_client(target, token=token, timeout=timeout, tls=choice)
    except OSError as error:
        names = dict(zip(("--ca-file", "--certificate-file", "--key-file"), files, strict=True))
        path = Path(error.filename)
        option = next((name for name, file in names.items() if file == path), ", ".join(names))
        shown = f"{path}: " if path.is_absolute() else ""  # other text may be a key
        raise SettingsError(f"{option}: {shown}{error.strerror}") from None
    except ValueError:
        raise SettingsError("--certificate-file and --key-file must be given together") from None


def failure_json(error: CallFailed) -> str:
    """A failed call as one JSON object, for `--json`."""
    from bridge.jsontext import text_of  # noqa: PLC0415 # only for --json

    members = {
        "code": error.code.name,
        "reason": error.reason,
        "message": error.message,
        "retryable": error.retryable,
        "retry_delay": error.retry_delay,
        "request_id": error.request_id,
        "metadata": dict(error.metadata),
        "violations": [{"field": path, "description": words} for path, words in error.violations],
    }
    return text_of({"error": members}) + "\n"
