"""The commands that call a bridge: `aibridge chat | embed | models | health | bench`."""

import sys
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from aibridge.client import Client
from aibridge.v1.chat_pb2 import CreateChatCompletionRequest, StreamOptions
from aibridge.v1.embeddings_pb2 import CreateEmbeddingRequest
from aibridge.v1.models_pb2 import ListModelsRequest, Model
from bridge.cli import console
from bridge.cli.attachments import parts_of, tools_of, user_message
from bridge.cli.connection import calls_bridge

_NO_MODELS: Final = (
    "The list of models is empty: the gateway has none, or `models` in the bridge's callers_file allows none of them."
)
_CONTEXT_FIELDS = ("context_window", "context_length", "max_model_len", "max_context_length")
#: The end of each client command's help. A token is never a flag: other users of the machine can read those.
CREDENTIAL_HELP: Final = "Set the variable AIBRIDGE_TOKEN to the caller's token if the bridge requires one."

ModelId = Annotated[str | None, typer.Option("--model", "-m", help="Model id. Default: the first suitable one listed.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the JSON of the REST API.")]


@calls_bridge()
def chat(  # noqa: PLR0913 # a parameter is a flag
    client: Client,
    prompt: Annotated[
        str | None,
        typer.Argument(metavar="MESSAGE", help="The message; - reads it from standard input."),
    ] = None,
    *,
    system: Annotated[str | None, typer.Option(help="System message.")] = None,
    model: ModelId = None,
    image: Annotated[list[str] | None, typer.Option(metavar="FILE|URL", help="Image. May be repeated.")] = None,
    file: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="Document. May be repeated.")] = None,
    tool: Annotated[Path | None, typer.Option(metavar="FILE", help="Tools for the model, as JSON.")] = None,
    temperature: Annotated[float | None, typer.Option(help="Randomness, 0 to 2.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Maximum number of tokens to generate.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the JSON of each chunk, one per line.")] = False,
) -> None:
    """Send a message to a model and print the response as it arrives, or hold a conversation.

    Without a message, the message comes from standard input. On a terminal, a conversation starts instead, where /help
    lists the commands.
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
    _print_completion(client, request, as_json=as_json)


def _print_completion(client: Client, request: CreateChatCompletionRequest, *, as_json: bool) -> None:
    start = partial(client.chat.CreateChatCompletionStream, request)
    printed = console.print_response(start, _json if as_json else console.chunk_text)
    if not as_json:
        for call in printed.completion.choices[0].message.tool_calls if printed.completion.choices else ():
            console.write(f"{console.tool_call(call)}\n")
        console.note(printed.summary(), style="dim")


@calls_bridge()
def embed(
    client: Client,
    inputs: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT", help="What to embed. Default: lines of standard input.")
    ] = None,
    *,
    model: ModelId = None,
    dimensions: Annotated[int | None, typer.Option(help="Length of the vectors, for models that can choose.")] = None,
    as_json: AsJson = False,
) -> None:
    """Turn texts into vectors, and print the length and the first values of each."""
    items = [_utf8(item) for item in inputs or ()] or _standard_input("texts").splitlines()
    if not any(items):
        raise typer.BadParameter("there is nothing to embed")
    request = CreateEmbeddingRequest(
        model=_utf8(model) if model else _first_model(client, "embedding"), dimensions=dimensions
    )
    request.input_texts.items.extend(items)
    response = client.embeddings.CreateEmbedding(request)
    if as_json:
        console.write(_json(response))
        return
    rows = ([item, str(len(data.embedding)), console.numbers(data.embedding)]
            for item, data in zip(items, response.data, strict=False))  # fmt: skip
    console.rows(("text", "numbers", "values"), rows)


@calls_bridge()
def models(client: Client, *, as_json: AsJson = False) -> None:
    """List the gateway's models."""
    response = client.models.ListModels(ListModelsRequest())
    if as_json:
        console.write(_json(response))
        return
    if not response.data:
        console.note(_NO_MODELS)
    console.rows(
        ("model", "owner", "type", "context"),
        ((model.id, model.owned_by, model.type, _context(model)) for model in response.data),
    )


@calls_bridge(timeout=5.0)
def health(
    client: Client,
    *,
    service: Annotated[str, typer.Option(help="Full name of a service. Default: the server as a whole.")] = "",
) -> None:
    """Ask whether the bridge serves, for probes: exit code 0 for SERVING, else 1."""
    status = client.health.Check(HealthCheckRequest(service=service)).status
    typer.echo(HealthCheckResponse.ServingStatus.Name(status))
    raise typer.Exit(0 if status == HealthCheckResponse.SERVING else 1)


def _bridge(target: str, **options: Any) -> AbstractContextManager[Any]:
    from bridge.cli.bench import Bridge  # noqa: PLC0415 # asyncio's client, which the other commands do without

    return Bridge(target, **options)


@calls_bridge(open_client=_bridge, positional=True)
def bench(  # noqa: PLR0913 # a parameter is a flag
    bridge: Any,
    *,
    calls: Annotated[int, typer.Option("--calls", "-n", min=1, help="Number of unary calls, and of streams.")] = 200,
    callers: Annotated[int, typer.Option("--callers", "-c", min=1, help="Number of concurrent callers.")] = 16,
    only: Annotated[
        Literal["unary", "stream"] | None, typer.Option(help="Measure only unary calls, or only streams.")
    ] = None,
    message: Annotated[str, typer.Option(help="The message of each call.")] = "Say hello.",
    max_tokens: Annotated[int, typer.Option(min=1, help="Maximum number of tokens of each response.")] = 16,
    model: ModelId = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, with times in milliseconds.")] = False,
) -> None:
    """Measure chat completions, unary and streamed: latencies, rates and failures. The gateway bills every call.

    The first call makes the connection and is not counted. Ctrl-C ends it early and prints what was measured.
    """
    from bridge.cli import bench as measuring  # noqa: PLC0415 # as above
    from bridge.jsontext import text_of  # noqa: PLC0415 # only for --json

    request = CreateChatCompletionRequest(
        model=_utf8(model) if model else _first_model(bridge.client, "language"),
        messages=[{"role": "user", "content": _utf8(message)}],
        max_tokens=max_tokens,
    )
    load = measuring.Load(request, calls, callers, [only] if only else list(measuring.KINDS))
    found = measuring.run(bridge, load)
    if as_json:
        console.write(text_of({measured.name: measured.as_json() for measured in found}) + "\n")
    else:
        measuring.show(found)
    raise typer.Exit(1 if any(measured.failures for measured in found) else 0)


def _first_model(client: Client, kind: str) -> str:
    """The first listed model of this type or without a type."""
    listed = client.models.ListModels(ListModelsRequest()).data
    if not listed:
        raise typer.BadParameter(f"{_NO_MODELS} Choose one with --model.")
    return next((str(model.id) for model in listed if model.type in {"", kind}), str(listed[0].id))


def _context(model: Model) -> str:
    """The context length that is served; llama.cpp also lists the one of the training, which may be larger."""
    windows = (getattr(model, name) for name in _CONTEXT_FIELDS)
    return str(next((window for window in windows if window), model.meta.n_ctx or model.meta.n_ctx_train or ""))


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


ALL: Final = (chat, embed, models, health, bench)
