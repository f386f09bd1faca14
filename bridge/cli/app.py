"""The command line: `aibridge serve`, `config`, `doctor`, `demo`, `token`, `version`, and what calls a bridge.

Results go to standard output, everything else to standard error. Exit codes: 0, 1 for a call that failed, 2 for wrong
usage or settings, 130 after Ctrl-C. Keys are never flags, because other users can read those.
"""

import os
import sys
from contextlib import nullcontext
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from aibridge.client import CallFailed
from bridge.cli import commands, console
from bridge.cli.flags import takes_settings
from bridge.cli.help import Commands, GroupedCommand
from bridge.cli.local import LocalUnavailable, running
from bridge.jsontext import text_of
from bridge.settings import Settings, SettingsError, forget_secrets, load
from bridge.settings.reference import text
from bridge.settings.sources import effective, variable_of

Local = Annotated[bool, typer.Option("--local", help="Use the embedded model. Needs no gateway and no key.")]
#: What `--local` stands for: the embedded server needs no key, and has no endpoint for a single model.
_LOCAL: Final = {"upstream_credentials": "none", "retrieve_from_list": True}
_CLOSED_PIPE = 141  # what a shell reports for a program that SIGPIPE ended


class _Commands(Commands):
    """Turns every command's failure into a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # here, where a closed pipe can be handled; at exit Python would print a traceback
        except CallFailed as error:
            console.failure(error)
            raise typer.Exit(1) from None
        except LocalUnavailable as error:
            console.note(str(error))
            raise typer.Exit(1) from None
        except SettingsError as error:
            problems = str(error)
            console.note("invalid settings:" + ("\n" if "\n" in problems else " ") + problems)
            raise typer.Exit(2) from None
        except BrokenPipeError:  # the reader closed the pipe, as in `aibridge models | head -1`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(_CLOSED_PIPE) from None
        return result


app = typer.Typer(
    cls=_Commands,
    help="Typed gRPC for any OpenAI-compatible gateway.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(value: bool) -> None:
    if value:
        version()
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[  # its callback does the work
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Typed gRPC for any OpenAI-compatible gateway."""


@app.command(cls=GroupedCommand)
@takes_settings
def serve(
    config: Path | None,
    flags: dict[str, Any],
    *,
    local: Local = False,
) -> None:
    """Serve gRPC in front of a gateway, until SIGTERM, SIGHUP or Ctrl-C.

    Each setting can also be given as a variable (AIBRIDGE_ and its name in capitals) or as an entry of the file. Keys
    and tokens have no flag: use a variable (AIBRIDGE_UPSTREAM_API_KEY, AI_GATEWAY_API_KEY, OPENAI_API_KEY) or a file.
    """
    _serve(load(config, **_with_local(flags, local=local)), local=local)


def _with_local(flags: dict[str, Any], *, local: bool) -> dict[str, Any]:
    """The flags, with those that `--local` stands for."""
    if local and "upstream_url" in flags:
        raise typer.BadParameter("--local and --upstream-url cannot be used together")
    return {**flags, **_LOCAL} if local else flags


def _serve(settings: Settings, *, local: bool) -> None:
    # Importing the server takes half a second, which `aibridge models` does not need.
    import uvloop  # noqa: PLC0415 # as said

    from bridge.server import listening, process, workers  # noqa: PLC0415 # as said
    from bridge.telemetry import logs  # noqa: PLC0415 # as said

    logs.configure(settings)
    credential = _credential(settings)
    forget_secrets(settings)
    listening.check_all_free(settings)
    with running(progress=console.note) if local else nullcontext(settings.upstream_url) as url:
        chosen = settings.model_copy(update={"upstream_url": url})

        def ready(address: str) -> None:
            # The address is the last word, so that programs can read it. `echo` flushes.
            access = f"TLS {'off' if chosen.tls_certificate_file is None else 'on'}, callers: {_callers(chosen)}"
            typer.echo(f"aibridge for {chosen.upstream_url}, {credential}, {access}, listening on {address}")

        if chosen.workers > 1:
            raise typer.Exit(workers.run(chosen, ready))
        with logs.libraries():
            uvloop.run(process.run(chosen, ready))


def _credential(settings: Settings) -> str:
    """Which credential is sent upstream, for the first line of `serve`."""
    if settings.upstream_credentials == "none":
        return "no key is sent"
    if settings.has_own_credential:
        variable = variable_of("upstream_api_key") if settings.upstream_api_key_file is None else ""
        foreign = variable and not variable.startswith("AIBRIDGE_")  # one that other programs use too
        return f"with the bridge's key from {variable}" if foreign else "with the bridge's key"
    if settings.takes_bearer:
        return "no key"
    return "no key: callers send their own"


def _callers(settings: Settings) -> str:
    """Who may call, for the first line of `serve`."""
    ways = {
        "token": settings.caller_tokens_file is not None,
        "JSON web token": settings.has_issuer,
        "certificate": bool(settings.tls_client_names),
    }
    words = " or ".join(way for way, accepted in ways.items() if accepted)
    return f"with a {words}" if words else "any"


@app.command(name="config", cls=GroupedCommand)
@takes_settings
def show_config(
    config: Path | None,
    flags: dict[str, Any],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, with an object for each setting.")
    ] = False,
    changed: Annotated[
        bool, typer.Option("--changed", help="Print only settings that differ from their default.")
    ] = False,
    local: Local = False,
) -> None:
    """Print the settings that `serve` would use, and where each comes from. Secrets are masked."""
    every = effective(config, **_with_local(flags, local=local))
    if local:
        origins = {**_LOCAL, "upstream_url": "http://127.0.0.1:PORT/v1"}  # the port is known when it runs
        every = [
            item._replace(value=origins[item.name], source="flag", origin="--local") if item.name in origins else item
            for item in every
        ]
    found = [item for item in every if not changed or item.source != "default"]
    if as_json:
        values = {item.name: {"value": item.value, "source": item.source, "origin": item.origin} for item in found}
        console.write(text_of(values) + "\n")
        return
    rows = ((item.name, text(item.value), f"{item.source} {item.origin}".strip()) for item in found)
    console.rows(("setting", "value", "source"), rows)


@app.command(cls=GroupedCommand)
@takes_settings
def doctor(
    config: Path | None,
    flags: dict[str, Any],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list of findings.")] = False,
    local: Local = False,
) -> None:
    """Check what `serve` needs: settings, files, ports, the connection to the gateway. Exits with 1 on a problem."""
    from bridge.cli import doctor as practice  # noqa: PLC0415 # imports the HTTP client, which is slow

    try:
        findings = practice.examine(load(config, **_with_local(flags, local=local)), local=local)
    except SettingsError as error:
        findings = practice.wrong_settings(error)
    if as_json:
        console.write(text_of([finding._asdict() for finding in findings]) + "\n")
    else:
        console.rows(("check", "state", "finding", "what to do"), findings)
    raise typer.Exit(1 if any(finding.state == "problem" for finding in findings) else 0)


@app.command(cls=GroupedCommand)
def demo() -> None:
    """Start a bridge in front of the embedded model and show what it does: models, chat, embeddings, an error."""
    from bridge.cli import demo as show  # noqa: PLC0415 # the only command that starts processes

    raise typer.Exit(0 if show.run() else 1)


for command in commands.ALL:
    app.command(cls=GroupedCommand, epilog=commands.CREDENTIAL_HELP)(command)


@app.command(cls=GroupedCommand)
def token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the caller, for example `search`.")],
) -> None:
    """Make a bearer token for a caller.

    Standard output gets the line for caller_tokens_file, which holds only a digest. Standard error gets the token.
    """
    from bridge.access import tokens  # noqa: PLC0415 # the other commands do not need it

    try:
        made = tokens.new(name)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="NAME") from None
    typer.echo(made.line)
    console.note(f"the token, which is not shown again: {made.token}")


@app.command(cls=GroupedCommand)
def version() -> None:
    """Print the version."""
    typer.echo(f"aibridge {version_of('aibridge')}")


def main() -> None:
    """Run the command line."""
    app(prog_name="aibridge")
