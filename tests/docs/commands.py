"""Finds options, variables, targets, files and calls in the command lines of a page that do not exist."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import typer
from google.protobuf import descriptor_pool, json_format, message_factory

import aibridge.v1.chat_pb2
import aibridge.v1.embeddings_pb2
import aibridge.v1.models_pb2
import aibridge.v1.raw_pb2  # imported to have the services in the pool
from bridge.cli.app import app
from bridge.settings.reference import reference
from tests.docs.blocks import ROOT

_COMMANDS: Final = typer.main.get_group(app).commands
_UsageError: Final = typer.BadParameter.__base__
_TARGETS: Final = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
#: Other projects' programs, whose arguments are not checked.
_OTHERS: Final = {
    *("cargo", "cat", "cmake", "go", "helm", "java", "mvn", "node", "npm", "npx", "php", "rake", "ruby"),
    *("chmod", "openssl", "python3", ".venv/bin/pip", ".venv/bin/python"),
}
_EXTRAS: Final = {"aibridge": {"local", "otel"}, "aibridge-client": {"openai"}, "aibridge-protos": set()}
_SETTINGS: Final = {name for setting in reference().values() for name in setting.variables}
_CLIENT: Final = {
    "AIBRIDGE_CONFIG", "AIBRIDGE_LOCAL_MODEL", "AIBRIDGE_TOKEN", "AIBRIDGE_TARGET", "AIBRIDGE_TARGET_TLS",
    "AIBRIDGE_TARGET_CA_FILE", "AIBRIDGE_TARGET_CERTIFICATE_FILE", "AIBRIDGE_TARGET_KEY_FILE",
    "AIBRIDGE_TARGET_SERVER_NAME",
}  # fmt: skip
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]*=")


def problems(code: str, page: Path) -> Iterator[str]:
    """The problems in the lines of a shell block on this page."""
    text = re.sub(r"(^|\s)#\s.*$", "", re.sub(r"\\\n\s*", " ", code), flags=re.MULTILINE)
    lexer = shlex.shlex(text, posix=True, punctuation_chars="|&;<>\n")
    lexer.whitespace = " \t"
    lexer.whitespace_split = True
    lexer.commenters = ""
    for command in _split(list(lexer)):
        yield from _command(command, page)


def _split(words: list[str]) -> Iterator[list[str]]:
    """The single commands, without redirections."""
    command: list[str] = []
    redirected = False
    for word in words:
        if word in {"|", "&&", "||", ";"} or not word.strip("\n"):
            yield command
            command = []
        elif word in {">", ">>", "<"}:
            redirected = True
        elif redirected:
            redirected = False
        else:
            command.append(word)
    yield command


def _command(words: list[str], page: Path) -> Iterator[str]:
    while words and _VARIABLE.match(words[0]):
        name = words.pop(0).partition("=")[0]
        if name.startswith("AIBRIDGE_") and name not in _SETTINGS | _CLIENT:
            yield f"there is no variable {name}"
    if not words:
        return
    program, *arguments = words
    if program in _CHECKS:
        yield from _CHECKS[program](arguments, page)
    elif program not in _OTHERS and not program.startswith("build/") and not (ROOT / program).is_file():
        yield f"nothing is known of the program {program}"


def aibridge(arguments: list[str], _: Path = ROOT) -> Iterator[str]:
    """The command line's own error for these arguments. Nothing is run."""
    name, *rest = arguments
    command = _COMMANDS.get(name)
    if command is None:
        yield f"there is no command {name}"
        return
    try:
        command.make_context(name, rest)
    except _UsageError as error:
        yield f"aibridge {' '.join(arguments)}: {error.format_message()}"


def _make(arguments: list[str], page: Path) -> Iterator[str]:
    if page.parent != ROOT / "examples" / "php":  # it has its own Makefile
        yield from (f"make has no target {word}" for word in arguments if "=" not in word and word not in _TARGETS)


#: What pip installs from a path of the checkout.
_CHECKOUT = {".": "aibridge"}


def _pip(arguments: list[str], _: Path) -> Iterator[str]:
    for word in arguments[1:]:
        name, _, extras = word.rstrip("]").partition("[")
        if word.startswith("./"):
            if not (ROOT / name).is_dir():
                yield f"there is no {name}"
        elif not word.startswith("-") and not set(filter(None, extras.split(","))) <= _EXTRAS.get(
            _CHECKOUT.get(name, name), set()
        ):
            yield f"{name} has no extra {extras}"
        elif not word.startswith("-") and name.startswith("aibridge") and name not in _EXTRAS:
            yield f"there is no distribution {name}"


def _python(arguments: list[str], _: Path) -> Iterator[str]:
    path = Path(*arguments[1].split(".")) if arguments[0] == "-m" else Path(arguments[0])
    if not any((ROOT / path.with_suffix(end)).exists() for end in ("", ".py")):
        yield f"there is no {path}"


def _call(words: list[str], _: Path) -> Iterator[str]:
    """A call by reflection: its method must exist, and its JSON must be a message of the method."""
    name = next((word.split("//")[-1].partition("/")[2] for word in words if "//" in word), words[-1])
    service, _, method = name.rpartition("/")
    try:
        found = descriptor_pool.Default().FindServiceByName(service).methods_by_name[method]
        if "-d" in words:
            data = json.loads(words[words.index("-d") + 1])
            json_format.ParseDict(data, message_factory.GetMessageClass(found.input_type)())
    except (KeyError, ValueError, json_format.ParseError) as error:
        yield f"{name}: {error}"


def _container(arguments: list[str], _: Path) -> Iterator[str]:
    """After the image's name or `--` follows the bridge's own command line."""
    for position, word in enumerate(arguments):
        if word.startswith("aibridge:") and "run" in arguments and arguments[position + 1 :]:
            yield from aibridge(arguments[position + 1 :])
        if word == "-e":
            yield from _command([arguments[position + 1]], ROOT)


#: The programs whose arguments are checked.
_CHECKS: Final[dict[str, Callable[[list[str], Path], Iterator[str]]]] = {
    "aibridge": aibridge,
    ".venv/bin/aibridge": aibridge,
    "make": _make,
    "pip": _pip,
    "python": _python,
    "buf": _call,
    "grpcurl": _call,
    "docker": _container,
    "kubectl": _container,
}
