"""The commands' output: tables and colours on a terminal, plain lines for other programs.

rich tells them apart and obeys NO_COLOR. On a terminal, control characters in text from models and gateways are
removed, because they could move the cursor, change the window's title or reorder words.
"""

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import grpc
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aibridge.client import Accumulator, CallFailed, Stream
from aibridge.v1.chat_pb2 import ChatCompletionMessage, CreateChatCompletionResponse, ToolCall
from aibridge.v1.chat_pb2 import CreateChatCompletionStreamResponse as Chunk
from bridge.clean import printable
from bridge.cli.interrupts import Interrupts
from bridge.errors import Reason

#: What to do about a failure. A reason without an entry needs no advice.
ADVICE: Final[Mapping[Reason, str]] = {
    Reason.CALLER_UNAUTHENTICATED: "Set AIBRIDGE_TOKEN to the caller's token; `aibridge token NAME` makes one.",
    Reason.INVALID_METADATA: "Check AIBRIDGE_TOKEN for line breaks and special characters.",
    Reason.CONTEXT_LENGTH_EXCEEDED: "Shorten the prompt, lower --max-tokens, or choose a model with a larger context"
    " window.",
    Reason.CALLER_CREDENTIALS_REJECTED: "Start the bridge with a key for its upstream (AIBRIDGE_UPSTREAM_API_KEY), or"
    " set AIBRIDGE_TOKEN to a key that the upstream accepts.",
    Reason.BRIDGE_CREDENTIALS_REJECTED: "Start the bridge with a valid AIBRIDGE_UPSTREAM_API_KEY.",
    Reason.CALLER_NOT_ALLOWED: "The bridge's operator can allow it there. A change of callers_file needs no restart.",
    Reason.ACCESS_DENIED: "The gateway knows the key but denies access: check the key's permissions there.",
    Reason.MODEL_NOT_FOUND: "List the available models with: aibridge models. If that fails too, check the bridge's"
    " --upstream-url.",
    Reason.MODEL_RETIRED: "List the available models with: aibridge models",
    Reason.ENDPOINT_NOT_FOUND: "Check the bridge's --upstream-url: it must include the version path, as in https://HOST/v1.",
    Reason.INSUFFICIENT_QUOTA: "Add credit or raise the spending limit at the gateway.",
    Reason.RATE_LIMIT_EXCEEDED: "Wait, or ask the gateway for a higher limit.",
    Reason.BRIDGE_OVERLOADED: "Make fewer calls at once, start more bridges, or raise the bridge's limit: max_calls in"
    " callers_file, max_calls, max_calls_per_caller or upstream_connections.",
    Reason.UPSTREAM_NOT_SUPPORTED: "This gateway or model does not support it: try another --model.",
    Reason.UPSTREAM_TIMEOUT: "Allow more time with --timeout, or ask for less with --max-tokens.",
    Reason.UPSTREAM_UNREACHABLE: "Check the bridge's --upstream-url, and that it can reach that host.",
    Reason.UPSTREAM_TLS_ERROR: "Check the bridge's --upstream-url (https or http?) and its CA certificates.",
    Reason.UPSTREAM_PROXY_REJECTED: "Configure the proxy's user and password in the bridge:"
    " upstream_proxy_credentials_file.",
    Reason.UPSTREAM_MALFORMED_RESPONSE: "Check that the bridge's --upstream-url is an OpenAI-compatible API.",
    Reason.UPSTREAM_UNEXPECTED_REDIRECT: "Set the bridge's --upstream-url to the redirect's target.",
    Reason.BRIDGE_INTERNAL: "Look up the request id in the bridge's log.",
}
#: For a call with a token that the bridge refuses.
_REFUSED: Final = (
    "The bridge does not accept the token in AIBRIDGE_TOKEN: it is mistyped, expired or not known to it. The line"
    " of this request id in the bridge's log says why (`problem`). `aibridge token NAME` makes a token; the"
    " bridge accepts it when its line is in caller_tokens_file."
)
#: The same for failures without a reason, which do not come from a bridge.
_ADVICE_BY_CODE: Final[Mapping[grpc.StatusCode, str]] = {
    grpc.StatusCode.UNAVAILABLE: "Start a bridge with `aibridge serve`, or set --target or AIBRIDGE_TARGET to a"
    " running one.",
    grpc.StatusCode.UNAUTHENTICATED: "Set AIBRIDGE_TOKEN to the caller's token.",
    grpc.StatusCode.UNIMPLEMENTED: "This server is not an aibridge: check --target.",
    grpc.StatusCode.NOT_FOUND: "Use the full name of a service, such as aibridge.v1.ChatService.",
    grpc.StatusCode.DEADLINE_EXCEEDED: "Allow more time with --timeout.",
}


#: The same for connections that could not be made.
_ADVICE_BY_CAUSE: Final[Mapping[str, str]] = {
    "certificate_expired": "Renew the bridge's certificate, and check the clock of this machine.",
    "certificate_not_yet_valid": "Check the clock of this machine.",
    "certificate_unknown_authority": "Trust the CA that signed it: --ca-file FILE, in PEM.",
    "certificate_wrong_host": "Set the name that the certificate holds: --server-name NAME.",
    "tls_failed": "Leave out --tls and the other TLS options.",
    "not_grpc": "Set --target or AIBRIDGE_TARGET to the address of the bridge, not of the gateway or of its metrics.",
    "connection_closed": "The bridge may want TLS: --tls. With TLS, it may require a client certificate:"
    " --certificate-file and --key-file.",
}


def screen() -> Console:
    """Standard output, for tables."""
    return Console(highlight=False, markup=False, emoji=False)


def notes() -> Console:
    """Standard error, for formatted text. Long lines are not wrapped."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def note(text: str, style: str = "") -> None:
    """Print a line on standard error, which gets everything that is not the result."""
    notes().print(printable(text), style=style)


def write(text: str) -> None:
    """Write part of a response to standard output now, unchanged unless that is a terminal."""
    sys.stdout.write(printable(text) if sys.stdout.isatty() else text)
    sys.stdout.flush()


def failure(error: CallFailed) -> None:
    """Print on standard error what failed, why, and what to do about it."""
    console = notes()
    name = printable(f"{error.code.name} {error.reason}".strip())
    console.print(Text.assemble((name, "bold red"), f": {printable(error.message)}"))
    for path, description in error.violations:
        if f"{path}: {description}" != error.message:
            console.print(f"  {printable(path)}: {printable(description)}")
    if error.retry_delay is not None:
        console.print(f"  retry in {error.retry_delay:g} s")
    if hint := advice(error):
        console.print(f"  {hint}")
    if error.request_id:
        console.print(f"  request id {printable(error.request_id)}", style="dim")


def advice(error: CallFailed) -> str:
    """What to do about a failure; empty if its message says it all."""
    if error.reason == Reason.CALLER_UNAUTHENTICATED.name and os.environ.get("AIBRIDGE_TOKEN"):
        return _REFUSED
    if error.reason in Reason.__members__:
        return ADVICE.get(Reason[error.reason], "")
    if error.cause in _ADVICE_BY_CAUSE:
        return _ADVICE_BY_CAUSE[error.cause]
    return _ADVICE_BY_CODE.get(error.code, "") if not error.reason else ""


def rows(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    """Print a table on a terminal, otherwise lines of tab-separated values for `cut` and `awk`."""
    console = screen()
    if not console.is_terminal:
        for line in lines:
            write("\t".join(" ".join(value.split()) for value in line) + "\n")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for position, heading in enumerate(headings):
        table.add_column(heading, overflow="fold", no_wrap=position == 0)
    for line in lines:
        table.add_row(*(Text(printable(value)) for value in line))
    console.print(table)


@dataclass
class PrintedResponse:
    """A streamed response that was printed. Times are in seconds from its start.

    `stopped` says that Ctrl-C ended it early.
    """

    completion: CreateChatCompletionResponse
    first: float = 0.0
    total: float = 0.0
    stopped: bool = False

    def summary(self) -> str:
        """Usage and time, and the finish reason unless it is `stop`."""
        parts = []
        if self.completion.HasField("usage"):
            usage = self.completion.usage
            parts.append(f"{usage.prompt_tokens} prompt + {usage.completion_tokens} completion tokens")
        parts.append(f"{self.total:.2f} s, first token after {self.first:.2f} s")
        reasons = {choice.finish_reason for choice in self.completion.choices if choice.finish_reason}
        parts += [f"finish reason: {printable(reason)}" for reason in sorted(reasons - {"stop"})]
        if self.stopped:
            parts.append("stopped")
        return ", ".join(parts)


def print_response(
    start: Callable[[], Stream[Chunk]], show: Callable[[Chunk], str], *, stoppable: bool = False
) -> PrintedResponse:
    """Write the response of a call to standard output as it arrives.

    If `stoppable`, Ctrl-C ends the response. Otherwise it raises KeyboardInterrupt when the call has been cancelled.
    """
    started = time.monotonic()
    whole, first, last, stopped = Accumulator(), 0.0, "\n", False
    interrupts = Interrupts()
    try:
        with interrupts.noticed(), start() as chunks:
            interrupts.cancel(chunks)
            for chunk in chunks:
                whole.add(chunk)
                if text := show(chunk):
                    first = first or time.monotonic() - started
                    last = text[-1]
                    with interrupts.raised():
                        write(text)
    except (CallFailed, KeyboardInterrupt):
        if not interrupts.came:
            raise
        stopped = True
    finally:
        if last != "\n":
            write("\n")  # so that an error or the shell's prompt starts on a new line
    if interrupts.came and not stoppable:
        raise KeyboardInterrupt
    return PrintedResponse(whole.completion, first, time.monotonic() - started, stopped)


def chunk_text(chunk: Chunk) -> str:
    """The text in a chunk's first choice: content, in either form, and refusals."""
    pieces = []
    for choice in chunk.choices:
        if choice.index == 0:
            delta = choice.delta
            pieces += [delta.content, *(part.text for part in delta.content_parts.items), delta.refusal]
    return "".join(pieces)


def message_text(message: ChatCompletionMessage) -> str:
    """The text of a message, and a line for each tool call in it."""
    pieces = [message.content, *(part.text for part in message.content_parts.items), message.refusal]
    return "\n".join([piece for piece in pieces if piece] + [tool_call(call) for call in message.tool_calls])


def tool_call(call: ToolCall) -> str:
    """A tool call as name(arguments)."""
    return f"{call.function.name or call.custom.name}({call.function.arguments or call.custom.input})"


def numbers(vector: Sequence[float], count: int = 4) -> str:
    """The beginning of a vector."""
    return ", ".join(f"{value:.4f}" for value in vector[:count]) + (", …" if len(vector) > count else "")
