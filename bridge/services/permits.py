"""Whether a caller may use the models that its request names, in whatever place.

Besides `model`, gateways take models to fall back to, or to choose from, in several places. A caller who may use some
models only is refused wherever one of these names another: in each member, at any depth, whose name speaks of models,
fallbacks or presets. What the request is about (`messages`, definitions of functions and so on) is not searched.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from aibridge.v1 import models_pb2
from bridge.call import Call
from bridge.errors import BridgeError, Reason
from bridge.jsontext import MalformedJSONError, dumps, pairs

#: Members that hold content, and none that a gateway routes by.
_CONTENT: Final = frozenset(
    {"messages", "functions", "response_format", "input", "metadata", "documents", "prediction", "json_schema",
     "structured_outputs", "chat_template", "chat_template_kwargs", "logit_bias", "trace"}
)  # fmt: skip
#: Of a tool, what its user has made up; the rest is the provider's, and may name a model that the tool runs.
_DEFINITIONS: Final = frozenset({"function", "custom"})
_NAMES: Final = ("model", "fallback", "preset")


def permit(call: Call, body: Mapping[str, Any]) -> None:
    """See that the caller may use every model that a request's body names.

    Raises:
        BridgeError: CALLER_NOT_ALLOWED, before anything goes upstream.
    """
    caller = call.caller
    if caller is None or caller.models is None:
        return
    routing = {key: value for key, value in body.items() if key not in _CONTENT}
    try:
        members = pairs(dumps(routing))
    except MalformedJSONError:  # nested more deeply than anything that routes a request
        raise refusal() from None
    members = tuple((key, _without_definitions(value) if key == "tools" else value) for key, value in members)
    model = dict(members).get("model")
    if not isinstance(model, str) or not all(map(caller.may_use, _models(members))):
        raise refusal()


def permit_model(call: Call, model: str) -> None:
    """See that the caller may use a model.

    Raises:
        BridgeError: CALLER_NOT_ALLOWED.
    """
    if call.caller is not None and not call.caller.may_use(model):
        raise refusal()


def only_permitted(call: Call, reply: models_pb2.ListModelsResponse) -> None:
    """Take the models from a list that the caller may not use, and what else the list says of models."""
    caller = call.caller
    if caller is None or caller.models is None:
        return
    kept = [model for model in reply.data if caller.may_use(model.id)]
    reply.Clear()
    reply.object = "list"
    reply.data.extend(kept)


def refusal() -> BridgeError:
    """What a caller is told about a model that it may not use."""
    return BridgeError(Reason.CALLER_NOT_ALLOWED, "the caller may not use this model")


def _without_definitions(tools: Any) -> Any:
    if not isinstance(tools, list):
        return tools
    return [
        tuple(member for member in tool if member[0] not in _DEFINITIONS) if isinstance(tool, tuple) else tool
        for tool in tools
    ]


def _models(value: Any, *, named: bool = False) -> Iterator[str]:
    """Each text in a value that stands in a member that speaks of models, or that is `named` as one."""
    if isinstance(value, str):
        if named:
            yield value
    elif isinstance(value, tuple):
        for key, item in value:
            yield from _models(item, named=named or any(name in key.lower() for name in _NAMES))
    elif isinstance(value, list):
        for item in value:
            yield from _models(item, named=named)
