"""The targets of upstream requests, and the headers, query and credential header that settings add to each."""

from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

import httpx

from bridge.errors import invalid
from bridge.settings import Settings
from bridge.upstream.secrets import NamedSecrets

_MAX_TARGETS: Final = 256  # in the cache
_SAFE: Final = "!$&'()*+,;=:@-._~"  # openai-python does not encode these in a path segment
_BEARER: Final = "bearer "
#: Operations that the classic Azure OpenAI API has below a deployment.
_OF_DEPLOYMENT: Final = frozenset({"/chat/completions", "/completions", "/embeddings", "/images/generations"})


class Origin:
    """The upstream's base URL, and the headers, the query and the credential header from the settings.

    Raises:
        SettingsError: a value of `upstream_headers` or `upstream_query` cannot be read or sent.
    """

    def __init__(self, settings: Settings) -> None:
        self.base = httpx.URL(settings.upstream_base)
        self._deployments = settings.upstream_deployments
        self._auth_header = settings.upstream_auth_header
        self._headers = NamedSecrets("upstream_headers", settings.upstream_headers)
        self._query = NamedSecrets("upstream_query", settings.upstream_query)
        self._target = lru_cache(_MAX_TARGETS)(
            lambda path: httpx.URL(settings.upstream_base + path).raw_path.decode("ascii")
        )

    def target(self, path: str, model: str = "") -> str:
        """The target of a request: the base URL's path, and `path`, which may have a query. `model` is the request's.

        Raises:
            BridgeError: INVALID_REQUEST if the path needs a model and there is none.
        """
        if self._deployments and path in _OF_DEPLOYMENT:
            if model in {"", ".", ".."}:
                raise invalid("model", "is required: it names the deployment")
            path = f"/deployments/{segment(model)}{path}"
        query = self._query.items()
        if query:
            path, _, asked = path.partition("?")
            ours = {name for name, _ in query}  # servers differ in which of two parameters with one name counts
            theirs = [pair for pair in parse_qsl(asked, keep_blank_values=True) if pair[0] not in ours]
            path += "?" + urlencode([*theirs, *query], quote_via=quote)
        return self._target(path)

    def headers(self) -> list[tuple[str, str]]:
        """The current headers of `upstream_headers`."""
        return self._headers.items()

    def secrets(self) -> list[str]:
        """The values of `upstream_headers` and `upstream_query` that errors must not show."""
        return [*self._headers.secrets(), *self._query.secrets()]

    def credential(self, authorization: str) -> tuple[str, str]:
        """The credential header for a value of `authorization`, by `upstream_auth_header`."""
        if self._auth_header != "authorization" and authorization[: len(_BEARER)].lower() == _BEARER:
            authorization = authorization[len(_BEARER) :].strip()
        return self._auth_header, authorization


def segment(model: str) -> str:
    """A model id as one path segment: `/` becomes `%2F`. `services.checks` refuses ids with dot segments."""
    return quote(model, safe=_SAFE)
