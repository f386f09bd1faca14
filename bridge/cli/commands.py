"""The commands that call a bridge: `aibridge chat | embed | models | health`."""

import inspect
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from aibridge.client import CallFailed, Client, Tls, connect
from aibridge.client.channel import caller_metadata
from aibridge.v1.chat_pb2 import CreateChatCompletionRequest, StreamOptions
from aibridge.v1.embeddings_pb2 import CreateEmbeddingRequest
from aibridge.v1.models_pb2 import ListModelsRequest, Model
from bridge.cli import console
from bridge.cli.attachments import parts_of, tools_of, user_message
from bridge.settings import SettingsError

_CONTEXT_FIELDS = ("context_window", "context_length", "max_model_len", "max_context_length")
_LOCAL = "127.0.0.1:50051"
_CONNECTION = "Connection"
#: The end of the help of each command that calls a bridge. A token is never a flag: anyone on the machine reads those.
CREDENTIAL_HELP: Final = "The variable AIBRIDGE_TOKEN holds the caller's token, for a bridge that asks for one."
_Command = Callable[..., None]

ModelId = Annotated[str | None, typer.Option("--model", "-m", help="Model id. Default: the first one that is listed.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the JSON of the REST API.")]


def _option(name: str, kind: Any, default: Any, words: str, **more: Any) -> inspect.Parameter:
    annotation = Annotated[kind, typer.Option(help=words, rich_help_panel=_CONNECTION, **more)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _file(name: str, words: str) -> inspect.Parameter:
    return _option(name, Path | None, None, words, envvar=f"AIBRIDGE_TARGET_{name.upper()}")


def _calls_bridge(timeout: float | None = None) -> Callable[[_Command], _Command]:
    """Gives a command the options of a connection, and the client that they make as its first argument."""

    def decorate(command: _Command) -> _Command:
        @wraps(command)
        def run(*, target: str, timeout: float | None, **given: Any) -> None:
            if target == os.environ.get("AIBRIDGE_LISTEN"):
                target = target.split(",", maxsplit=1)[0]  # of several, any one will do
            tls = {name: given.pop(name) for name in ("tls", "ca_file", "certificate_file", "key_file", "server_name")}
            try:
                with _client(target, timeout, **tls) as client:
                    command(client, **given)
            except CallFailed as error:
                if not given.get("as_json"):
                    raise
                console.write(failure_json(error))
                raise typer.Exit(1) from None

        own = list(inspect.signature(command).parameters.values())[1:]
        run.__signature__ = inspect.Signature([  # type: ignore[attr-defined] # what typer reads
            *own,
            _option("target", str, _LOCAL, "Address of the bridge: HOST:PORT.",
                    envvar=["AIBRIDGE_TARGET", "AIBRIDGE_LISTEN"]),
            _option("timeout", float | None, timeout, "Seconds a call may take. Default: the bridge's limit.",
                    min=0.001),
            _option("tls", bool, False, "Connect with TLS, as the options below do too.", envvar="AIBRIDGE_TARGET_TLS"),
            _file("ca_file", "PEM file with authorities to trust beside the public ones."),
            _file("certificate_file", "PEM file with the caller's certificate, for a bridge that asks for one."),
            _file("key_file", "PEM file with the private key of that certificate."),
            _option("server_name", str | None, None, "Name in the bridge's certificate, where the address has another.",
                    envvar="AIBRIDGE_TARGET_SERVER_NAME"),
        ])  # fmt: skip
        return run

    return decorate


@_calls_bridge()
def chat(  # noqa: PLR0913 # a parameter is a flag
    client: Client,
    prompt: Annotated[
        str | None,
        typer.Argument(metavar="[MESSAGE]", help="What to say; - reads standard input. Default: see above."),
    ] = None,
    *,
    system: Annotated[str | None, typer.Option(help="System message.")] = None,
    model: ModelId = None,
    image: Annotated[list[str] | None, typer.Option(metavar="FILE|URL", help="Image. May be repeated.")] = None,
    file: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="Document. May be repeated.")] = None,
    tool: Annotated[Path | None, typer.Option(metavar="FILE", help="Tools to call, in JSON.")] = None,
    temperature: Annotated[float | None, typer.Option(help="Randomness, 0 to 2.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Maximum number of tokens to generate.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print each chunk's JSON, one a line.")] = False,
) -> None:
    """Ask a model and print its answer as it comes, or hold a conversation.

    On a terminal and without a message this is a conversation: /help lists its commands.
    """
    converses = prompt is None and not as_json and sys.stdin.isatty() and sys.stdout.isatty()
    words = "" if converses else _utf8(prompt) if prompt not in {None, "-"} else _standard_input("a prompt")
    attached = parts_of(image or (), file or ())
    if not converses and not words.strip() and not attached:
        raise typer.BadParameter("the prompt is empty")
    request = CreateChatCompletionRequest(
        model=_utf8(model) if model else _first_model(client, "language"),
        messages=[{"role": "system", "content": _utf8(system)}] if system else [],
        tools=tools_of(tool),
        temperature=temperature,
        max_tokens=max_tokens,
        stream_options=StreamOptions(include_usage=True),
    )
    if converses:
        from bridge.cli.conversation import Conversation  # noqa: PLC0415 # imports a library of terminal input

        Conversation(client, request).run(attached)
        return
    request.messages.append(user_message(words, attached))
    with client.chat.CreateChatCompletionStream(request) as chunks:
        answer = console.answer(chunks, _json if as_json else console.text_of)
    if not as_json:
        for call in answer.completion.choices[0].message.tool_calls if answer.completion.choices else ():
            console.write(f"{console.tool_call(call)}\n")
        console.note(answer.summary(), style="dim")


@_calls_bridge()
def embed(
    client: Client,
    inputs: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT...", help="What to embed. Default: lines of standard input.")
    ] = None,
    *,
    model: ModelId = None,
    dimensions: Annotated[int | None, typer.Option(help="Length of the vectors, for models that can choose.")] = None,
    as_json: AsJson = False,
) -> None:
    """Turn texts into vectors; shows the length and the first values of each."""
    items = [_utf8(item) for item in inputs or ()] or _standard_input("texts").splitlines()
    if not any(items):
        raise typer.BadParameter("there is nothing to embed")
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


@_calls_bridge()
def models(client: Client, *, as_json: AsJson = False) -> None:
    """List the gateway's models."""
    reply = client.models.ListModels(ListModelsRequest())
    if as_json:
        console.write(_json(reply))
        return
    console.rows(
        ("model", "owner", "type", "context"),
        ((model.id, model.owned_by, model.type, _context(model)) for model in reply.data),
    )


@_calls_bridge(timeout=5.0)
def health(
    client: Client,
    *,
    service: Annotated[str, typer.Option(help="Full name of a service. Default: the server as a whole.")] = "",
) -> None:
    """Ask whether the bridge serves, for probes: exit code 0 for SERVING, else 1."""
    status = client.health.Check(HealthCheckRequest(service=service)).status
    typer.echo(HealthCheckResponse.ServingStatus.Name(status))
    raise typer.Exit(0 if status == HealthCheckResponse.SERVING else 1)


def _client(
    target: str,
    timeout: float | None,
    *,
    tls: bool,
    ca_file: Path | None,
    certificate_file: Path | None,
    key_file: Path | None,
    server_name: str | None,
) -> Client:
    token = os.environ.get("AIBRIDGE_TOKEN")
    scheme, _, rest = target.rpartition("://")
    if scheme in {"http", "https", "grpc", "grpcs"}:
        with_tls = " with --tls" if scheme.endswith("s") else ""
        raise SettingsError(f"--target: give {rest.partition('/')[0]}{with_tls}, an address without {scheme}://")
    if not target.strip():
        raise SettingsError("--target: give HOST:PORT, the address of a bridge")
    try:
        caller_metadata(token)
    except ValueError as error:
        raise SettingsError(f"AIBRIDGE_TOKEN: {error}") from None
    files = (ca_file, certificate_file, key_file)
    choice = Tls(None, certificate_file, key_file, server_name, ca_file) if tls or server_name or any(files) else False
    try:
        return connect(target, token=token, timeout=timeout, tls=choice)
    except OSError as error:
        raise SettingsError(f"{error.filename}: {error.strerror}") from None
    except ValueError:
        raise SettingsError("--certificate-file and --key-file belong together") from None


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


def _standard_input(what: str) -> str:
    if sys.stdin.isatty():
        raise typer.BadParameter(f"give {what}, as an argument or on standard input")
    return sys.stdin.buffer.read().decode("utf-8", "replace")


def _utf8(text: str | None) -> str:
    """An argument as valid Unicode: Python keeps bytes of it that are not UTF-8 as lone surrogates."""
    return (text or "").encode("utf-8", "surrogateescape").decode("utf-8", "replace")


ALL: Final = (chat, embed, models, health)
