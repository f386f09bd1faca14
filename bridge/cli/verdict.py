"""What the upstream's response to GET /models says about the address and the credential, for `aibridge doctor`."""

from typing import Any, Final, Literal, NamedTuple
from urllib.parse import urlsplit

from bridge.jsontext import MalformedJSONError, loads
from bridge.settings import Settings
from bridge.settings.sources import variable_of
from bridge.upstream.probe import Probe, ProbeResponse

_CHECK: Final = "GET /models"
#: What to do about an address that does not lead to the API.
NO_API: Final = (
    "Set upstream_url to the base URL of an OpenAI-compatible API, with its version path, as in https://HOST/v1."
)
_KEYS: Final = "AIBRIDGE_UPSTREAM_API_KEY, AI_GATEWAY_API_KEY or OPENAI_API_KEY, or upstream_api_key_file"


class Finding(NamedTuple):
    """What a check found, and what to do about it, if anything."""

    check: str
    state: Literal["ok", "warning", "problem"]
    finding: str
    advice: str = ""


#: By HTTP status: the state, and what to do.
_RULES: Final[dict[int, tuple[Literal["warning", "problem"], str]]] = {
    407: ("problem", "Set the proxy's user and password: upstream_proxy_credentials_file."),
    403: ("warning", "The key may not list models. It may still work for chat: check its permissions."),
    404: ("warning", "Fine if this gateway has no list of models. Otherwise: "),
    429: ("warning", "The gateway is limiting this key: wait, or check its quota."),
}


async def verdict(probe: Probe, settings: Settings, response: ProbeResponse) -> Finding:
    """What the response says."""
    status, own = response.status, probe.authorization is not None
    said = f"HTTP {status} {'with' if own else 'without'} the bridge's credential"
    if status in {401, 403} and not own:
        return _without_key(settings, said)
    if status >= 300:
        return _refused(settings, response, said)
    if wrong := _not_a_list(response):
        return Finding(_CHECK, "problem", f"{said}, but the response is {wrong}", _no_api(settings))
    if own and (await probe.ask(anonymously=True)).status < 300:
        return Finding(_CHECK, "ok", f"{said}; the list is public here, so this does not test the credential")
    return Finding(_CHECK, "ok", said)


def _refused(settings: Settings, response: ProbeResponse, said: str) -> Finding:
    status = response.status
    if status == 401:
        return Finding(_CHECK, "problem", said, f"Set a valid key {_place(settings)}, and check it for spaces.")
    if status in _RULES:
        state, advice = _RULES[status]
        return Finding(_CHECK, state, said, advice + _no_api(settings) if status == 404 else advice)
    if status < 400:
        advice = "Set upstream_url to the redirect's target. The bridge does not follow redirects."
        target = response.headers.get("location", "nowhere").partition("?")[0][:200]  # the query may have a key
        return Finding(_CHECK, "problem", f"{said}, a redirect to {target}", advice)
    advice = "The upstream has a problem: see its status page or its log." if status >= 500 else _no_api(settings)
    return Finding(_CHECK, "problem", said, advice)


def _place(settings: Settings) -> str:
    """Where the bridge's credential comes from."""
    for name in ("upstream_api_key", "upstream_oidc_token"):
        if file := getattr(settings, f"{name}_file"):
            return f"into {file} ({name}_file)"
        if variable := variable_of(name):
            return f"in {variable}"
    return "by upstream_token_command" if settings.upstream_token_command else "in AIBRIDGE_UPSTREAM_API_KEY"


def _no_api(settings: Settings) -> str:
    """What to do about an address that does not lead to the API, with a guess if the URL has no path."""
    url = settings.upstream_url
    return NO_API if urlsplit(url).path else f"{NO_API} Try {url}/v1."


def _without_key(settings: Settings, said: str) -> Finding:
    """The finding for an upstream that wants a credential, and a bridge that has none of its own."""
    if settings.callers_file is not None:
        advice = "Fine if each table of callers_file has a key. Otherwise set the bridge's key: " + _KEYS
        return Finding(_CHECK, "warning", f"{said}: the upstream requires a key", advice + ".")
    if settings.upstream_credentials == "none":
        advice = f"Remove upstream_credentials = none, and set the key: {_KEYS}."
        return Finding(_CHECK, "problem", f"{said}: the upstream requires a key, and none is sent", advice)
    if settings.takes_bearer or settings.upstream_credentials == "bridge":
        advice = f"Set the bridge's key: {_KEYS}."
        return Finding(_CHECK, "problem", f"{said}: the upstream requires a key, and the bridge has none", advice)
    if settings.upstream_credentials == "caller":
        return Finding(_CHECK, "ok", f"{said}: callers must send their own")
    advice = f"Set the bridge's key: {_KEYS}. If all callers send their own, set upstream_credentials to caller."
    return Finding(_CHECK, "warning", f"{said}: every call without a key of its own will fail", advice)


def _not_a_list(response: ProbeResponse) -> str:
    """What a successful response is, if it is not a list of models; empty if it is one, or may be."""
    body = response.body.lstrip()
    if not body:
        return "empty"
    if body.startswith(b"<"):
        return "a web page"
    if not response.is_complete:
        return "" if body.startswith((b"{", b"[")) else "not JSON"
    try:
        value: Any = loads(body)
    except MalformedJSONError:
        return "not JSON"
    members = value if isinstance(value, dict) else {}
    listed = [members.get("data"), members.get("models"), value]
    is_list = any(isinstance(item, list) for item in listed) or members.get("object") == "list"
    return "" if is_list else "JSON without a list of models"
