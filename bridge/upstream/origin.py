"""Where requests to the upstream go, and what each of them bears beside its own headers."""

from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

import httpx

from bridge.errors import invalid
from bridge.settings import Settings
from bridge.upstream.secrets import NamedSecrets

_MAX_URLS: Final = 256  # that are remembered
_SAFE: Final = "!$&'()*+,;=:@-._~"  # what openai-python leaves alone in a path segment
_BEARER: Final = "bearer "
#: Operations that classic Azure OpenAI keeps below a deployment.
_OF_DEPLOYMENT: Final = frozenset({"/chat/completions", "/completions", "/embeddings", "/images/generations"})


class Origin:
    """The upstream's base URL, with the headers, the query and the credential header of the settings.

    Raises:
        SettingsError: a value of `upstream_headers` or `upstream_query` is not to be had.
    """

    def __init__(self, settings: Settings) -> None:
        self.base = httpx.URL(settings.upstream_base)
        self._deployments = settings.upstream_deployments
        self._auth_header = settings.upstream_auth_header
        self._headers = NamedSecrets("upstream_headers", settings.upstream_headers)
        self._query = NamedSecrets("upstream_query", settings.upstream_query)
        self._url = lru_cache(_MAX_URLS)(lambda target: httpx.URL(settings.upstream_base + target))

    def url(self, path: str, model: str = "") -> httpx.URL:
        """The URL of a path, which may have a query; `model` is the one that the request names.

        Raises:
            BridgeError: INVALID_REQUEST for a model that is missing where it has to be in the path.
        """
        if self._deployments and path in _OF_DEPLOYMENT:
            if model in {"", ".", ".."}:
                raise invalid("model", "is required: it names the deployment")
            path = f"/deployments/{segment(model)}{path}"
        query = self._query.items()
        if query:
            path, _, asked = path.partition("?")
            ours = {name for name, _ in query}  # a caller's own of the same name could win, or not
            theirs = [pair for pair in parse_qsl(asked, keep_blank_values=True) if pair[0] not in ours]
            path += "?" + urlencode([*theirs, *query], quote_via=quote)
        return self._url(path)

    def headers(self) -> list[tuple[str, str]]:
        """The headers of `upstream_headers`, as they are right now."""
        return self._headers.items()

    def secrets(self) -> list[str]:
        """The values of `upstream_headers` and `upstream_query` that no error may tell of."""
        return [*self._headers.secrets(), *self._query.secrets()]

    def credential(self, authorization: str) -> tuple[str, str]:
        """A value of `authorization` as the header in which this upstream wants it."""
        if self._auth_header != "authorization" and authorization[: len(_BEARER)].lower() == _BEARER:
            authorization = authorization[len(_BEARER) :].strip()
        return self._auth_header, authorization


def segment(model: str) -> str:
    """A model id as one segment of a path: `/` becomes `%2F`, what could leave the segment is refused by the caller."""
    return quote(model, safe=_SAFE)
