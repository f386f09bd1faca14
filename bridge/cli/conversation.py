"""A conversation on a terminal: a prompt with history, commands, and responses that Ctrl-C stops.

Enter sends, Alt-Enter starts a new line, and pasted text keeps its lines. Ctrl-C stops a response and keeps what has
arrived, or clears the current line. Ctrl-D ends the conversation.
"""

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from aibridge.client import CallFailed, Client
from aibridge.v1.chat_pb2 import ChatCompletionMessage, ContentPart, CreateChatCompletionRequest, ToolCall
from aibridge.v1.models_pb2 import ListModelsRequest
from bridge.clean import printable
from bridge.cli import console
from bridge.cli.attachments import user_message
from bridge.jsontext import dumps

_ROLES: Final = {"system": "System", "user": "You", "assistant": "Model", "tool": "Tool"}


class Conversation:
    """The messages so far, and the request that carries them.

    `request` has the model and everything else that all messages share.
    """

    def __init__(self, client: Client, request: CreateChatCompletionRequest) -> None:
        self._client = client
        self._request = request
        self._status = f"model {request.model}"
        self._session: PromptSession[str] = PromptSession(
            multiline=True,
            key_bindings=_keys(),
            completer=WordCompleter(sorted(COMMANDS), sentence=True),
            complete_while_typing=False,
            prompt_continuation="  ",
            bottom_toolbar=lambda: printable(self._status),
        )

    def run(self, attached: Sequence[ContentPart] = ()) -> None:
        """Converse until Ctrl-D or /exit. `attached` is sent with the first message."""
        console.note("Enter sends, Alt-Enter starts a new line, Ctrl-C stops a response, /help lists the commands.")
        with suppress(EOFError):
            while True:
                text = self._read("> ")
                if text.startswith("/"):
                    self._command(text)
                elif text.strip():
                    self._send(user_message(text, attached))
                    attached = ()

    def _read(self, prompt: str) -> str:
        """What was typed. Raises EOFError at the end of input."""
        while True:
            with suppress(KeyboardInterrupt):
                return self._session.prompt(prompt)

    def _send(self, message: ChatCompletionMessage) -> None:
        """Send a message and show the response. If the call fails, the message is dropped from the conversation."""
        kept = len(self._request.messages)
        self._request.messages.append(message)
        try:
            printed = console.print_response(
                partial(self._client.chat.CreateChatCompletionStream, self._request),
                console.chunk_text,
                stoppable=True,
            )
        except CallFailed as error:
            del self._request.messages[kept:]
            console.failure(error)
            return
        self._status = f"model {printed.completion.model or self._request.model}, {printed.summary()}"
        if not printed.completion.choices:  # stopped before anything arrived
            del self._request.messages[kept:]
            return
        said = printed.completion.choices[0].message
        if printed.stopped:
            said.ClearField("tool_calls")  # they may be incomplete, and each needs a result
        self._request.messages.append(said)
        self._run_tools(said.tool_calls)

    def _run_tools(self, calls: Iterable[ToolCall]) -> None:
        """Ask the person for the result of each tool call, and send the results."""
        results = []
        for call in calls:
            console.write(f"{console.tool_call(call)}\n")
            result = self._read("result> ")
            results.append(ChatCompletionMessage(role="tool", tool_call_id=call.id, content=result))
        if results:
            self._request.messages.extend(results[:-1])
            self._send(results[-1])

    def _command(self, text: str) -> None:
        name, _, rest = text.partition(" ")
        command = COMMANDS.get(name)
        if command is None:
            console.note(f"Unknown command {name}. /help lists the commands.")
            return
        try:
            command.run(self, rest.strip())
        except CallFailed as error:
            console.failure(error)

    def show_help(self, _: str) -> None:
        """List the commands."""
        for name, command in COMMANDS.items():
            console.note(f"{name:<10}{command.meaning}")

    def choose_model(self, name: str) -> None:
        """Choose another model, or list the models."""
        if name:
            self._request.model = name
            self._status = f"model {name}"
            return
        for model in self._client.models.ListModels(ListModelsRequest()).data:
            console.note(f"{'*' if model.id == self._request.model else ' '} {model.id}")

    def set_system(self, text: str) -> None:
        """Set or remove the system message."""
        messages = self._request.messages
        if messages and messages[0].role == "system":
            del messages[0]
        if text:
            messages.insert(0, ChatCompletionMessage(role="system", content=text))

    def clear(self, _: str) -> None:
        """Forget all messages but the system message."""
        messages = self._request.messages
        del messages[1 if messages and messages[0].role == "system" else 0 :]

    def end(self, _: str) -> None:
        """End the conversation."""
        raise EOFError

    def save(self, name: str) -> None:
        """Write the conversation to a file: as Markdown, or as JSON messages if the name ends in .json."""
        names = shlex.split(name) if name else []
        if len(names) != 1:
            console.note("/save needs a file name.")
            return
        path = Path(names[0]).expanduser()
        try:
            path.write_bytes(self._json() if path.suffix == ".json" else self._markdown())
        except OSError as error:
            console.note(f"{path}: {error.strerror}")
        else:
            console.note(f"Wrote {len(self._request.messages)} messages to {path}.")

    def _json(self) -> bytes:
        from bridge.codec import encode  # noqa: PLC0415 # only for this command

        return dumps([encode(message) for message in self._request.messages]) + b"\n"

    def _markdown(self) -> bytes:
        parts = [f"## {_ROLES.get(item.role, item.role)}\n\n{console.message_text(item)}\n" for item in
                 self._request.messages]  # fmt: skip
        return "\n".join(parts).encode()


class ChatCommand(NamedTuple):
    """A command: its function, which gets the rest of the line, and its text in /help."""

    run: Callable[[Conversation, str], None]
    meaning: str


COMMANDS: Final[Mapping[str, ChatCommand]] = {
    "/help": ChatCommand(Conversation.show_help, "list the commands"),
    "/model": ChatCommand(Conversation.choose_model, "list the models; with a name, use that model"),
    "/system": ChatCommand(Conversation.set_system, "set the system message; without a text, remove it"),
    "/clear": ChatCommand(Conversation.clear, "forget all messages except the system message"),
    "/save": ChatCommand(
        Conversation.save, "write the conversation to a file: JSON if its name ends in .json, otherwise Markdown"
    ),
    "/exit": ChatCommand(Conversation.end, "end the conversation, as Ctrl-D does"),
}


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter")
    def _send(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys
