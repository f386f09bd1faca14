"""The claims of the targets: a condition holds, and a status can be read by any client and hides the prompt."""

import json
from typing import Final

import grpc
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from bridge.call import CallContext, CallRecord
from bridge.errors import BridgeError
from bridge.status import status_of
from bridge.upstream.leaks import Secrets
from bridge.upstream.masking import Mask

#: No sequence of this many characters of the prompt may be in an error.
SHARED: Final = 24
PROMPT: Final = 'Please tell "Anna Ångström" that room 4711\nis booked under the name Żółkiewski for Tuesday at 10:30.'
#: The bridge's own credential in the upstream request.
CREDENTIAL: Final = "7Yk2pQ9mNc4vXr8tLw1zHb6sJd3fGa5e"
REQUEST: Final = json.dumps({"model": "acme/m", "messages": [{"role": "user", "content": PROMPT}]}).encode()
MASK: Final = Mask(REQUEST, Secrets((f"Bearer {CREDENTIAL}",)))
METHOD: Final = "/aibridge.v1.ChatService/CreateChatCompletion"


class Finding(Exception):  # noqa: N818 # a finding, not an error of the program
    """The bridge broke a claim."""


def must(condition: object, claim: str) -> None:
    """Check a claim, which has to hold for each input."""
    if not condition:
        raise Finding(claim)


def check_status(error: BridgeError, call: CallContext) -> None:
    """Check a status that leaves the bridge."""
    response = status_of(error, call.record)
    trailers = dict(response.trailing_metadata)
    packed = trailers["grpc-status-details-bin"]
    status = Status.FromString(packed)  # type: ignore[arg-type]
    must(response.code is not grpc.StatusCode.OK, "a failure is not OK")
    must(
        (status.code, status.message) == (response.code.value[0], response.details),
        "the details are those of the status",
    )
    must(len(packed) <= 2048, "all details are under 2 KiB")
    must(len(response.details) <= 512, "a message has 512 characters at most")
    kinds = [detail.TypeName() for detail in status.details]
    must(len(kinds) == len(set(kinds)) and kinds[0] == "google.rpc.ErrorInfo", "one ErrorInfo, and no detail twice")
    info = ErrorInfo.FromString(status.details[0].value)
    must(info.reason == error.reason.name, "the reason is the error's")
    texts = [value for key, value in response.trailing_metadata if isinstance(value, str)]
    must(all(text.isascii() and text.isprintable() for text in texts), "trailers are printable ASCII")
    pushback = trailers.get("grpc-retry-pushback-ms", "0")
    must(-1 <= int(pushback) <= 60_000, "pushback is a number of milliseconds, or no")
    shown = packed.decode("utf-8", "ignore") if isinstance(packed, bytes) else packed
    leaks = (shown[at : at + SHARED] for at in range(len(shown)) if shown[at : at + SHARED] in PROMPT)
    must(not any(len(leak) == SHARED for leak in leaks), "nothing of the prompt comes back")
    must(CREDENTIAL[:16] not in shown and CREDENTIAL[16:] not in shown, "nothing of the credential comes back")


def call_of(method: str = METHOD) -> CallContext:
    """The call of an input."""
    return CallContext(CallRecord(method, (), "fuzz", model="acme/m"), method, (), 0.0, model="acme/m")
