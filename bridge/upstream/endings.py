"""How a choice has ended: what its `finish_reason` says, and which values say that the generation failed.

Servers write dozens of values. A value that is not recognised as a failure is an ordinary end.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from bridge.errors import BridgeError, Reason
from bridge.jsontext import text_of
from bridge.upstream.names import status_named
from bridge.upstream.reasons import of_status, refined

#: Maximum number of characters of a finish_reason that are kept and examined.
_MAX_REASON: Final = 128
#: What some servers write before the end, in place of null. As an end it would make a cut stream look complete.
_NO_ENDS: Final = frozenset({"", "null", "none", "nil", "undefined", "not_finished", "in_progress"})
#: Words in a value that says that the generation failed: `error`, `network_error` (Z.AI), `cancelled` (TensorRT-LLM),
#: `MALFORMED_FUNCTION_CALL` and `UNEXPECTED_TOOL_CALL` (Gemini, which discards the call), `malformed_model_output`
#: (Bedrock).
_FAILED: Final = frozenset(
    (
        *("error", "errors", "errored", "exception", "fault", "panic", "crash", "crashed", "killed"),
        *("fail", "failed", "failure", "abort", "aborted", "cancel", "cancelled", "canceled", "evicted", "preempted"),
        *("interrupted", "disconnect", "disconnected", "lost", "timeout", "deadline", "expired"),
        *("overload", "overloaded", "unavailable", "unreachable", "unloaded", "insufficient", "throttled"),
        *("malformed", "invalid", "unexpected"),
    )
)
#: The same for several words.
_PHRASES: Final = re.compile(r"timed?_out|out_of_memory|rate_limit|too_many_requests|quota_exceeded|connection_")
#: Ends that only sound like a failure: Cohere's names for a full context window and for filtered content. vLLM and
#: DeepSeek document theirs as values of finish_reason beside `length`: the text is shorter, and the caller is told so.
_ENDS: Final = frozenset({"error_limit", "error_toxic", "abort", "insufficient_system_resource"})
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
#: A value that can be shown. Without digits it is no key.
_SHOWN: Final = re.compile(r"[A-Za-z_:./ -]{1,64}")


def end_of(choice: Mapping[str, Any]) -> str:
    """The finish_reason of a choice as text; empty if the choice has not ended. SGLang may write an object."""
    reason = choice.get("finish_reason")
    if not reason:
        return ""
    if type(reason) is dict and type(reason.get("type")) is str:
        reason = reason["type"]
    if type(reason) is not str:
        return text_of(reason)[:_MAX_REASON]
    return "" if reason.strip().lower() in _NO_ENDS else reason[:_MAX_REASON]


def means_failure(end: str) -> bool:
    """Whether a finish_reason says that the generation failed."""
    words = [word.lower() for word in _WORD.findall(end)]
    if _FAILED.isdisjoint(words) and _PHRASES.search("_".join(words)) is None:
        return False
    return "_".join(words) not in _ENDS


def failure_of(end: str) -> BridgeError:
    """The failure for such a finish_reason: as for an error of that type. The reason is INTERNAL for most."""
    status = status_named((end,))
    reason = refined(status, (end,)) or of_status(status)
    if reason is Reason.CALLER_CREDENTIALS_REJECTED:  # they were accepted, or there would be no choice
        reason = Reason.UPSTREAM_INTERNAL_ERROR
    shown = end if _SHOWN.fullmatch(end) else "error"
    message = f"the upstream ended a choice with finish_reason `{shown}`"
    return BridgeError(reason, message, metadata={"finishReason": shown})


def check_ends(choices: Any) -> None:
    """Check that no choice of a whole response has failed.

    Raises:
        BridgeError: as `failure_of`.
    """
    for choice in choices if type(choices) is list else ():
        if type(choice) is dict and means_failure(end := end_of(choice)):
            raise failure_of(end)
