"""Whether a caller may use the models that its request names, in whatever place and however they are spelled.

Besides `model`, gateways take models to fall back to, or to choose from, in several places. A caller whose rule has
model patterns is refused where

* a member that speaks of models names one that no pattern covers, at any depth, as a value or as a key;
* a name could be read as another one: it holds a separator, a dot segment or a character that Unicode equates with
  another;
* the request has a member that the schema does not know, unless the rule has `unknown_members = true`.

The content of a request (`messages`, definitions of functions and so on) is not searched for models: nobody routes by
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
from bridge.codec import encode
from bridge.codec.members import first_unknown
from bridge.errors import BridgeError, Reason, invalid
from bridge.jsontext import MalformedJSONError, dumps, pairs
from bridge.services.checks import MAX_MODEL_CHARACTERS

#: Members that hold content. Text in `metadata` is content too.
_CONTENT: Final = frozenset(
    {"messages", "functions", "response_format", "input", "documents", "prediction", "json_schema",
     "structured_outputs", "chat_template", "chat_template_kwargs", "logit_bias", "trace"}
)  # fmt: skip
#: Of a tool, what its user has made up; the rest is the provider's, and may name a model that the tool runs.
_DEFINITIONS: Final = frozenset({"function", "custom"})
#: Parts of the names of members that speak of models. LiteLLM takes `deployment_id`, servers of adapters take theirs.
_NAMES: Final = ("model", "fallback", "preset", "deployment", "adapter", "lora")
#: The same, as a whole name and only beside `model`: elsewhere `engine` is that of a web search.
_TOP_NAMES: Final = frozenset({"engine"})
#: Members whose own members a gateway may read as the request's.
_BODIES: Final = frozenset({"extrabody"})  # as `_folded` gives them
#: What `*` and `?` in a pattern stand for. Any other character has to be in the pattern itself.
_PLAIN: Final = re.compile(r"[A-Za-z0-9._:/@+~-]*").fullmatch
_PLAIN_MARKS: Final = frozenset("._:/@+~-")
#: Longer names of members are not looked into: their values have to be models that the caller may use.
_MAX_NAME_CHARACTERS: Final = 128


def permit(call: CallContext, request: Message) -> None:
    """See that the caller may use every model that a request names.

    Raises:
        BridgeError: CALLER_NOT_ALLOWED, or INVALID_REQUEST for a request that has no JSON; before anything goes
            upstream, and before the request's content is looked at.
    """
    caller = call.caller
    if caller is None or caller.models is None:
        return
    model = getattr(request, "model", "")
    if model and not may_use(caller, model):
        raise refusal()
    if not caller.unknown_members and (path := first_unknown(request)) is not None:
        raise BridgeError(
            Reason.CALLER_NOT_ALLOWED,
            f"{path}: the caller has model patterns and may not send members that the schema does not know;"
            " `unknown_members = true` in callers_file allows them",
            violations=((path, "has a member that the schema does not know"),),
        )
    members = _routing(request)
    models = [value for key, value in members if key == "model"]
    if not models:
        raise invalid("model", "is required")
    if not all(isinstance(value, str) for value in models):
        raise refusal()
    if not all(may_use(caller, name) for name in _models(members, top=True)):
        raise refusal()


def permit_model(call: CallContext, model: str) -> None:
    """See that the caller may use a model.

    Raises:
        BridgeError: CALLER_NOT_ALLOWED.
    """
    if call.caller is not None and not may_use(call.caller, model):
        raise refusal()


def permit_raw(call: CallContext, body: str, query: Sequence[tuple[str, str]]) -> None:
    """See that the caller may use every model that a raw request names, in its JSON body or in its query.

    The schema knows nothing of such a request: a model is whatever stands in a member that speaks of models. A body
    has to name one, because what runs without a model would run with one that nobody sees.

    Raises:
        BridgeError: CALLER_NOT_ALLOWED, before anything goes upstream.
    """
    caller = call.caller
    if caller is None or caller.models is None:
        return
    try:
        members = pairs(body.encode()) if body else ()
    except MalformedJSONError:  # nested more deeply than anything that routes a request
        raise refusal() from None
    if body and not (isinstance(members, tuple) and any(key == "model" for key, _ in members)):
        raise refusal()
    if not all(isinstance(value, str) for key, value in members if key == "model"):
        raise refusal()
    routing = [(key, _SEARCHED[key](value) if key in _SEARCHED else value) for key, value in members]
    named = [*((key, value) for key, value in routing if key not in _CONTENT), *query]
    if not all(may_use(caller, name) for name in _models(tuple(named), top=True)):
        raise refusal()


def only_permitted(call: CallContext, response: models_pb2.ListModelsResponse) -> None:
    """Take the models from a list that the caller may not use, and what else the list says of models.

    Whether there are further pages stays. What names the ends of a page are the models that are left.
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


def refusal() -> BridgeError:
    """What a caller is told about a model that it may not use."""
    return BridgeError(Reason.CALLER_NOT_ALLOWED, "the caller may not use this model")


def may_use(caller: Caller, model: str) -> bool:
    """Whether a pattern of the caller's covers a model id, and nobody can read the id as another one."""
    if caller.models is None:
        return True
    if not 0 < len(model) <= MAX_MODEL_CHARACTERS or not _is_one_name(model):
        return False
    return any(fnmatchcase(model, pattern) and _covers(pattern, model) for pattern in caller.models)


def _is_one_name(model: str) -> bool:
    """Whether no part of the id is empty or a dot segment; a leading slash is that of a path to a local model."""
    return not {"", ".", ".."} & set(model.removeprefix("/").split("/"))


def _covers(pattern: str, model: str) -> bool:
    """Whether each character of a model that the pattern fits may stand for `*`, or is in the pattern itself."""
    if "@preset" in model.casefold() and "@preset" not in pattern:  # OpenRouter: a configuration with models of its own
        return False
    return _PLAIN(model) is not None or all(_is_plain(character) or character in pattern for character in model)


def _is_plain(character: str) -> bool:
    """Whether a character is a mark of model ids, or a letter or digit that Unicode equates with no other."""
    if character.isalnum():
        return normalize("NFKC", character) == character
    return character in _PLAIN_MARKS


def _routing(request: Message) -> Any:
    """The members of a request that are not content, as JSON has them: one that is there twice, is there twice."""
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
    except MalformedJSONError:  # nested too deeply, as above
        raise refusal() from None
    return tuple((key, _SEARCHED[key](value) if key in _SEARCHED else value) for key, value in members)


def _without_definitions(tools: Any) -> Any:
    if not isinstance(tools, list):
        return tools
    return [
        tuple(member for member in tool if member[0] not in _DEFINITIONS) if isinstance(tool, tuple) else tool
        for tool in tools
    ]


def _without_text(metadata: Any) -> Any:
    """What of `metadata` is no text. Its text is the caller's own; LiteLLM reads objects and lists in it."""
    if not isinstance(metadata, tuple):
        return metadata
    return tuple(member for member in metadata if not isinstance(member[1], str))


#: What is searched of a member of which only a part is content.
_SEARCHED: Final[Mapping[str, Callable[[Any], Any]]] = {"tools": _without_definitions, "metadata": _without_text}


def _models(value: Any, *, top: bool = False) -> Iterator[str]:
    """Each text and each key in a value that stands in a member that speaks of models.

    `top`: the value is an object whose members stand beside `model`, for whoever reads it.
    """
    # Not by recursion, where each model would come up through all levels. What waits is one iterator for each level.
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
    """The members of an object or the items of a list: each, whether it speaks of models, and whether it is a body.

    A key in a member that speaks of models may be one, and comes as an item of its own.
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
    """A member's name as the most forgiving parser could read it: `Model` and `\uff4dodel` are `model`."""
    if len(key) > _MAX_NAME_CHARACTERS:
        return _NAMES[0]
    return "".join(filter(str.isalnum, normalize("NFKC", key).casefold()))
