"""Decides whether a caller may use the models that its request names, wherever they are and however they are spelled.

Gateways take models not only from `model`, but also from lists of fallbacks and in other places. A request of a caller
whose rule has model patterns is refused if

* a member with a name like `model` or `fallback` names a model that no pattern allows, at any depth, as a value or as a
  key;
* a model name is ambiguous: it has an empty segment, a dot segment or a character that Unicode equates with another;
* the request has a member that the schema does not know, unless the rule has `unknown_members = true`.

The content of a request (`messages`, function definitions and so on) is not searched, because gateways do not route by
it.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final
from unicodedata import normalize

from google.protobuf.message import Message

from aibridge.v1 import models_pb2
from bridge.call import CallContext, Caller
from bridge.clean import word
from bridge.codec import encode
from bridge.codec.members import first_unknown
from bridge.errors import BridgeError, invalid, not_allowed
from bridge.jsontext import MalformedJSONError, dumps, pairs
from bridge.services.checks import MAX_MODEL_CHARACTERS

#: Members with content. Text in `metadata` is content too.
_CONTENT: Final = frozenset(
    {"messages", "functions", "response_format", "input", "documents", "prediction", "json_schema",
     "structured_outputs", "chat_template", "chat_template_kwargs", "logit_bias", "trace"}
)  # fmt: skip
#: Members of a tool that the caller defines. Other members are the provider's, and may name a model that the tool runs.
_DEFINITIONS: Final = frozenset({"function", "custom"})
#: A member whose name contains one of these may name models. LiteLLM takes `deployment_id`, other servers take
#: adapters.
_NAMES: Final = ("model", "fallback", "preset", "deployment", "adapter", "lora")
#: Names of members that may name models, only next to `model`. Elsewhere `engine` is a search engine.
_TOP_NAMES: Final = frozenset({"engine"})
#: Members whose members a gateway may treat as members of the request.
_BODIES: Final = frozenset({"extrabody"})  # as `_folded` returns them
#: The characters that `*` and `?` in a pattern match. Any other character has to be in the pattern itself.
_PLAIN: Final = re.compile(r"[A-Za-z0-9._:/@+~-]*").fullmatch
_PLAIN_MARKS: Final = frozenset("._:/@+~-")
#: A member with a longer name counts as one that names models.
_MAX_NAME_CHARACTERS: Final = 128
#: The same for names that are not ASCII. A character may have the meaning of 18, and takes a microsecond.
_MAX_UNICODE_CHARACTERS: Final = 32


def permit(call: CallContext, request: Message) -> None:
    """Check that the caller may use every model that a request names.

    Raises:
        BridgeError: CALLER_NOT_ALLOWED, or INVALID_REQUEST for a request that cannot be written as JSON.
    """
    caller = call.caller
    if caller is None or caller.models is None:
        return
    model = getattr(request, "model", "")
    if model and not may_use(caller, model):
        raise refusal(caller, model)
    if not caller.unknown_members and (path := first_unknown(request)) is not None:
        raise not_allowed(
            caller.name,
            "has model patterns and may not send members that the schema does not know; `unknown_members = true` in"
            " its table in callers_file allows them",
            (path, "has a member that the schema does not know"),
        )
    members = _routing(caller, request)
    models = [value for key, value in members if key == "model"]
    if not models:
        raise invalid("model", "is required")
    if not all(isinstance(value, str) for value in models):
        raise refusal(caller)
    if not all(may_use(caller, name) for name in _models(members, top=True)):
        raise refusal(caller)


def permit_model(call: CallContext, model: str) -> None:
    """Check that the caller may use a model.

    Raises:
        BridgeError: CALLER_NOT_ALLOWED.
    """
    if call.caller is not None and not may_use(call.caller, model):
        raise refusal(call.caller, model)


def permit_raw(call: CallContext, body: str, query: Sequence[tuple[str, str]]) -> None:
    """Check that the caller may use every model that a raw request names, in its JSON body or in its query.

    There is no schema for such a request, so every value of a member that may name models counts as a model. A body has
    to name a model: without one, the gateway would choose a model that cannot be checked.

    Raises:
        BridgeError: CALLER_NOT_ALLOWED.
    """
    caller = call.caller
    if caller is None or caller.models is None:
        return
    try:
        members = pairs(body.encode()) if body else ()
    except MalformedJSONError:  # nested too deeply for anything that a gateway routes by
        raise refusal(caller) from None
    if body and not (isinstance(members, tuple) and any(key == "model" for key, _ in members)):
        raise refusal(caller)
    if not all(isinstance(value, str) for key, value in members if key == "model"):
        raise refusal(caller)
    routing = [(key, _SEARCHED[key](value) if key in _SEARCHED else value) for key, value in members]
    named = [*((key, value) for key, value in routing if key not in _CONTENT), *query]
    if not all(may_use(caller, name) for name in _models(tuple(named), top=True)):
        raise refusal(caller)


def only_permitted(call: CallContext, response: models_pb2.ListModelsResponse) -> None:
    """Remove the models that the caller may not use from a list, and other members that name models.

    `has_more` stays. `first_id` and `last_id` become those of the remaining models.
    """
    caller = call.caller
    if caller is None or caller.models is None:
        return
    kept = [model for model in response.data if may_use(caller, model.id)]
    has_more = response.has_more if response.HasField("has_more") else None
    response.Clear()
    response.object = "list"
    response.data.extend(kept)
    if has_more is not None:
        response.has_more = has_more
        if kept:
            response.first_id, response.last_id = kept[0].id, kept[-1].id


def refusal(caller: Caller, model: str = "") -> BridgeError:
    """The error for a request that names a model that the caller may not use, or no model that can be checked.

    `model` is the request's own. A model in another place may be text of any kind, so it is not repeated.
    """
    what = f"the model {word(model)}" if model else "a model that the request names, or could name"
    return not_allowed(caller.name, f"may not use {what}: `models` in its table in callers_file does not allow it")


def may_use(caller: Caller, model: str) -> bool:
    """Whether one of the caller's patterns allows a model id, and the id is not ambiguous."""
    if caller.models is None:
        return True
    if not 0 < len(model) <= MAX_MODEL_CHARACTERS or not _is_one_name(model):
        return False
    return any(fnmatchcase(model, pattern) and _covers(pattern, model) for pattern in caller.models)


def _is_one_name(model: str) -> bool:
    """Whether no segment of the id is empty or a dot segment. A leading slash is allowed, for paths of local models."""
    return not {"", ".", ".."} & set(model.removeprefix("/").split("/"))


def _covers(pattern: str, model: str) -> bool:
    """Whether each character of a matching model id may be matched by `*`, or is in the pattern itself."""
    if "@preset" in model.casefold() and "@preset" not in pattern:  # OpenRouter: a preset has its own models
        return False
    return _PLAIN(model) is not None or all(_is_plain(character) or character in pattern for character in model)


def _is_plain(character: str) -> bool:
    """Whether a character is a mark of model ids, or a letter or digit that Unicode does not equate with another."""
    if character.isalnum():
        return normalize("NFKC", character) == character
    return character in _PLAIN_MARKS


def _routing(caller: Caller, request: Message) -> Any:
    """The members of a request's JSON that are not content, as pairs, so that repeated members are kept."""
    part = type(request)(
        **{
            field.name: value
            for field, value in request.ListFields()
            if field.name.partition("_json")[0] not in _CONTENT and field.name not in _CONTENT
        }
    )
    body = {key: value for key, value in encode(part).items() if key not in _CONTENT}
    try:
        members = pairs(dumps(body))
    except MalformedJSONError:  # as in `permit_raw`
        raise refusal(caller) from None
    return tuple((key, _SEARCHED[key](value) if key in _SEARCHED else value) for key, value in members)


def _without_definitions(tools: Any) -> Any:
    if not isinstance(tools, list):
        return tools
    return [
        tuple(member for member in tool if member[0] not in _DEFINITIONS) if isinstance(tool, tuple) else tool
        for tool in tools
    ]


def _without_text(metadata: Any) -> Any:
    """The members of `metadata` that are not text. Texts are the caller's own, but LiteLLM reads objects and lists."""
    if not isinstance(metadata, tuple):
        return metadata
    return tuple(member for member in metadata if not isinstance(member[1], str))


#: For members that are partly content: a function that returns the part to search.
_SEARCHED: Final[Mapping[str, Callable[[Any], Any]]] = {"tools": _without_definitions, "metadata": _without_text}


def _models(value: Any, *, top: bool = False) -> Iterator[str]:
    """Each text and each key in members that may name models.

    `top` says that the members of the value are next to `model`.
    """
    # Not recursive, because each model would be passed up through all levels. There is one iterator per level.
    levels = [_members(value, named=False, top=top)]
    while levels:
        for item, named, is_body in levels[-1]:
            if isinstance(item, str):
                if named:
                    yield item
            elif isinstance(item, (tuple, list)):
                levels.append(_members(item, named=named, top=is_body))
                break
        else:
            levels.pop()


def _members(value: Any, *, named: bool, top: bool) -> Iterator[tuple[Any, bool, bool]]:
    """Each member of an object or item of a list, with two flags: may it name models, and is it a nested body.

    Within a member that may name models, a key may be a model too, so it is an item of its own.
    """
    if isinstance(value, list):
        for item in value:
            yield item, named, False
        return
    for key, item in value:
        word = _folded(key)
        speaks = any(name in word for name in _NAMES) or (top and word in _TOP_NAMES)
        if named and not speaks:
            yield key, True, False
        yield item, named or speaks, word in _BODIES


def _folded(key: str) -> str:
    """A member's name as the most lenient parser could read it: `Model` and `\uff4dodel` are `model`."""
    if len(key) > (_MAX_NAME_CHARACTERS if key.isascii() else _MAX_UNICODE_CHARACTERS):
        return _NAMES[0]
    return "".join(filter(str.isalnum, normalize("NFKC", key).casefold()))
