"""The command line: `aibridge serve | config | demo | chat | embed | models | health | token | version`.

Results go to standard output, everything else to standard error. Exit codes: 0, 1 for a call that failed, 2 for wrong
usage or settings, 130 after Ctrl-C. A key is never a flag, because anyone on the machine can read those.
"""

import os
import sys
from contextlib import nullcontext
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated, Any

import typer
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from typer.core import TyperGroup

from aibridge.v1.chat_pb2 import CreateChatCompletionRequest, StreamOptions
from aibridge.v1.embeddings_pb2 import CreateEmbeddingRequest
from aibridge.v1.models_pb2 import ListModelsRequest, Model
from bridge import console
from bridge.client import CallFailed, Client, connect
from bridge.flags import takes_settings
from bridge.jsontext import rewrite
from bridge.local import LocalUnavailable, running
from bridge.settings import Settings, SettingsError, load
from bridge.settings.reference import text
from bridge.settings.sources import effective

_CLOSED_PIPE = 141  # what a shell reports for a program that SIGPIPE has ended
_CONTEXT_FIELDS = ("context_window", "context_length", "max_model_len", "max_context_length")


class _Commands(TyperGroup):
    """Where every command's failure becomes a few lines and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # here, where a closed pipe can be dealt with; at exit Python would complain
        except CallFailed as error:
            console.failure(error)
            raise typer.Exit(1) from None
        except LocalUnavailable as error:
            console.notes().print(str(error))
            raise typer.Exit(1) from None
        except SettingsError as error:
            console.notes().print(f"wrong settings:\n{error}")
            raise typer.Exit(2) from None
        except BrokenPipeError:  # whoever read has had enough, as in `aibridge models | head -1`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(_CLOSED_PIPE) from None
        return result


app = typer.Typer(
    cls=_Commands,
    help="Typed gRPC for any OpenAI-compatible gateway.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Target = Annotated[
    str, typer.Option(envvar=["AIBRIDGE_TARGET", "AIBRIDGE_LISTEN"], help="Address of the bridge: HOST:PORT.")
]
Timeout = Annotated[float | None, typer.Option(min=0.001, help="Seconds a call may take. Default: the bridge's limit.")]
ModelId = Annotated[str | None, typer.Option("--model", "-m", help="Model id. Default: the first one that is listed.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the JSON of the REST API.")]
LOCAL_TARGET = "127.0.0.1:50051"


@app.command()
@takes_settings
def serve(
    config: Path | None,
    flags: dict[str, Any],
    *,
    local: Annotated[
        bool, typer.Option("--local", help="Serve the embedded model; needs no gateway and no key.")
    ] = False,
) -> None:
    """Serve gRPC before a gateway, until SIGTERM or Ctrl-C.

    Each setting is also a variable, AIBRIDGE_ and its name in capitals, and an entry of the file. Keys and tokens are
    only those (AIBRIDGE_UPSTREAM_API_KEY, AI_GATEWAY_API_KEY or OPENAI_API_KEY), or a file of their own.
    """
    if local and "upstream_url" in flags:
        raise typer.BadParameter("--local and --upstream-url exclude each other")
    if local:
        flags["upstream_credentials"] = "caller"  # the embedded server asks for no key, so it gets none of ours
        flags["retrieve_from_list"] = True  # and it lists its model, but does not give it singly
    _serve(load(config, **flags), local=local)


def _serve(settings: Settings, *, local: bool) -> None:
    # The server takes half a second to import, for which `aibridge models` need not wait.
    import uvloop  # noqa: PLC0415 # as said

    from bridge.server import drain, workers  # noqa: PLC0415 # as said
    from bridge.telemetry import logs  # noqa: PLC0415 # as said

    logs.configure(settings)
    with running(progress=console.notes().print) if local else nullcontext(settings.upstream_url) as url:
        chosen = settings.model_copy(update={"upstream_url": url})
        if chosen.workers > 1:
            raise typer.Exit(workers.run(chosen, _ready))
        uvloop.run(drain.run(chosen, _ready))


def _ready(address: str) -> None:
    typer.echo(f"aibridge listening on {address}")  # and flush


@app.command(name="config")
@takes_settings
def show_config(
    config: Path | None,
    flags: dict[str, Any],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, with an object for each setting.")
    ] = False,
) -> None:
    """Print the settings that `serve` would run with, and where each comes from; secrets are masked."""
    found = effective(config, **flags)
    if as_json:
        values = {item.name: {"value": item.value, "source": item.source, "origin": item.origin} for item in found}
        console.write(rewrite(values) + "\n")
        return
    rows = ((item.name, text(item.value), f"{item.source} {item.origin}".strip()) for item in found)
    console.rows(("setting", "value", "source"), rows)


@app.command()
def demo() -> None:
    """Start a bridge before the embedded model, and show what it does: models, chat, embeddings, an error."""
    from bridge import demo as show  # noqa: PLC0415 # the only command that starts processes

    raise typer.Exit(0 if show.run() else 1)


@app.command()
def chat(  # noqa: PLR0913 # a parameter is a flag
    prompt: Annotated[str | None, typer.Argument(help="What to say. Default, and -: standard input.")] = None,
    *,
    system: Annotated[str | None, typer.Option(help="System message.")] = None,
    model: ModelId = None,
    temperature: Annotated[float | None, typer.Option(help="Randomness, 0 to 2.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="The most tokens to generate.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print each chunk's JSON, one a line.")] = False,
    target: Target = LOCAL_TARGET,
    timeout: Timeout = None,
) -> None:
    """Ask a model, and print its answer as it comes."""
    words = _utf8(prompt) if prompt not in {None, "-"} else _standard_input("a prompt")
    if not words.strip():
        raise typer.BadParameter("the prompt is empty")
    messages = [{"role": "system", "content": _utf8(system)}] if system else []
    messages.append({"role": "user", "content": words})
    with _client(target, timeout) as client:
        request = CreateChatCompletionRequest(
            model=_utf8(model) if model else _first_model(client, "language"),
            messages=messages,
            temperature=temperature,
            max_tokens=max_tokens,
            stream_options=StreamOptions(include_usage=True),
        )
        with client.chat.CreateChatCompletionStream(request) as chunks:
            answer = console.answer(chunks, _json if as_json else console.text_of)
    if not as_json:
        console.notes().print(answer.summary(), style="dim")


@app.command()
def embed(
    inputs: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT...", help="What to embed. Default: lines of standard input.")
    ] = None,
    *,
    model: ModelId = None,
    dimensions: Annotated[int | None, typer.Option(help="Length of the vectors, for models that can choose.")] = None,
    as_json: AsJson = False,
    target: Target = LOCAL_TARGET,
    timeout: Timeout = None,
) -> None:
    """Turn texts into vectors; shows the length and the first values of each."""
    items = [_utf8(item) for item in inputs or ()] or _standard_input("texts").splitlines()
    if not any(items):
        raise typer.BadParameter("there is nothing to embed")
    with _client(target, timeout) as client:
        request = CreateEmbeddingRequest(
            model=_utf8(model) if model else _first_model(client, "embedding"), dimensions=dimensions
        )
        request.input_texts.items.extend(items)
        reply = client.embeddings.CreateEmbedding(request)
    if as_json:
        console.write(_json(reply))
        return
    rows = ([item, str(len(data.embedding)), console.numbers(data.embedding)]
            for item, data in zip(items, reply.data, strict=False))  # fmt: skip
    console.rows(("text", "numbers", "values"), rows)


@app.command()
def models(*, as_json: AsJson = False, target: Target = LOCAL_TARGET, timeout: Timeout = None) -> None:
    """List the gateway's models."""
    with _client(target, timeout) as client:
        reply = client.models.ListModels(ListModelsRequest())
    if as_json:
        console.write(_json(reply))
        return
    console.rows(
        ("model", "owner", "type", "context"),
        ((model.id, model.owned_by, model.type, _context(model)) for model in reply.data),
    )


@app.command()
def health(
    *,
    service: Annotated[str, typer.Option(help="Full name of a service. Default: the server as a whole.")] = "",
    target: Target = LOCAL_TARGET,
    timeout: Annotated[float, typer.Option(min=0.001, help="Seconds to wait for the answer.")] = 5.0,
) -> None:
    """Ask whether the bridge serves, for probes: exit code 0 for SERVING, else 1."""
    with _client(target, timeout) as client:
        status = client.health.Check(HealthCheckRequest(service=service)).status
    typer.echo(HealthCheckResponse.ServingStatus.Name(status))
    raise typer.Exit(0 if status == HealthCheckResponse.SERVING else 1)


@app.command()
def token(name: Annotated[str, typer.Argument(help="Name of the caller, as `search`.")]) -> None:
    """Make a bearer token for a caller.

    Standard output gets its line for caller_tokens_file, which has a digest only; standard error gets the token.
    """
    from bridge.server import tokens  # noqa: PLC0415 # of no use to the other commands

    try:
        made = tokens.new(name)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="NAME") from None
    typer.echo(made.line)
    console.notes().print(f"the token, which is shown only now: {made.token}", soft_wrap=True, highlight=False)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"aibridge {version_of('aibridge')}")


def main() -> None:
    """Run the command line."""
    app(prog_name="aibridge")


def _client(target: str, timeout: float | None) -> Client:
    try:
        return connect(target, token=os.environ.get("AIBRIDGE_TOKEN"), timeout=timeout)
    except ValueError as error:
        raise SettingsError(f"AIBRIDGE_TOKEN: {error}") from None


def _first_model(client: Client, kind: str) -> str:
    """The first model that is listed as of this kind, or as of no kind at all."""
    listed = client.models.ListModels(ListModelsRequest()).data
    if not listed:
        raise typer.BadParameter("the gateway lists no models: name one with --model")
    return next((str(model.id) for model in listed if model.type in {"", kind}), str(listed[0].id))


def _context(model: Model) -> str:
    windows = (getattr(model, name) for name in _CONTEXT_FIELDS)
    return str(next((window for window in windows if window), model.meta.n_ctx_train or ""))


def _json(message: Any) -> str:
    from bridge.codec import to_json  # noqa: PLC0415 # only for --json

    return to_json(message).decode() + "\n"


def _standard_input(what: str) -> str:
    if sys.stdin.isatty():
        raise typer.BadParameter(f"give {what}, as an argument or on standard input")
    return sys.stdin.buffer.read().decode("utf-8", "replace")


def _utf8(text: str | None) -> str:
    """An argument as valid Unicode: Python keeps bytes of it that are not UTF-8 as lone surrogates."""
    return (text or "").encode("utf-8", "surrogateescape").decode("utf-8", "replace")
