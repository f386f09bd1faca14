"""Settings of the way to the upstream: what a gateway, or a network in between, wants beside a key."""

from typing import Final, Self

from pydantic import BaseModel, Field, field_validator, model_validator

from bridge.metadata import is_name
from bridge.settings.values import ExistingFile, Items, NamedValue, NamedValues, ProxyUrl, Seconds, command_problem

#: Headers that the bridge itself writes, or that frame a request.
_OWN_HEADERS: Final = frozenset(
    {
        "accept", "accept-encoding", "authorization", "connection", "content-encoding", "content-length",
        "content-type", "cookie", "expect", "host", "keep-alive", "te", "traceparent",
        "tracestate", "trailer", "transfer-encoding", "upgrade", "user-agent",
    }
)  # fmt: skip


class NetworkSettings(BaseModel):
    """Way to the upstream."""

    upstream_headers: NamedValues = Field(
        (),
        description="Headers that go upstream with each request: NAME=VALUE, NAME=env:VARIABLE or NAME=file:PATH,"
        " separated by commas. A file is read again when it changes.",
    )
    upstream_query: NamedValues = Field(
        (),
        description="Members of the query of each request, written as upstream_headers: `api-version=2024-10-21`.",
    )
    upstream_auth_header: str = Field(
        "authorization",
        description="Header that holds the credential: `authorization` as `Bearer KEY`; any other, such as `api-key`,"
        " as the key alone.",
    )
    upstream_deployments: bool = Field(
        default=False,
        description="Put the model into the path, as classic Azure OpenAI wants: /deployments/MODEL/chat/completions.",
    )
    upstream_token_command: str | None = Field(
        None,
        description="Command that prints a token for the upstream, or JSON with `token` or `access_token` and its"
        " expiry. Run at the start and before the token expires, without a shell.",
    )
    upstream_token_timeout: Seconds = Field(30.0, description="Seconds that upstream_token_command may take.")
    upstream_token_refresh: Seconds = Field(
        300.0, description="Seconds after which a token is renewed whose expiry the command does not say."
    )
    upstream_proxy: ProxyUrl | None = Field(
        None,
        description="Forward proxy for the upstream and for jwt_jwks_url: http://HOST:PORT or https://HOST:PORT, with"
        " USER:PASSWORD@ before the host if need be.",
    )
    upstream_proxy_credentials_file: ExistingFile | None = Field(
        None, description="File with USER:PASSWORD for the proxy; read again when it changes."
    )
    upstream_no_proxy: Items = Field(
        (),
        description="Hosts that are reached without the proxy: names, domains with everything below them, addresses,"
        " networks (10.0.0.0/8), each with :PORT if need be, or *.",
    )
    upstream_proxy_from_environment: bool = Field(
        default=False, description="Take the proxy from HTTPS_PROXY, HTTP_PROXY and NO_PROXY, as other programs do."
    )
    upstream_extra_ca_file: ExistingFile | None = Field(
        None,
        description="PEM file with CA certificates to trust for the upstream beside the public ones; read again when it"
        " changes.",
    )

    @field_validator("upstream_headers")
    @classmethod
    def _no_own_headers(cls, value: tuple[NamedValue, ...]) -> tuple[NamedValue, ...]:
        for name in (item.name.lower() for item in value):
            if not is_name(name):
                raise ValueError(f"{name} is not the name of a header")
            if name in _OWN_HEADERS or name.startswith("proxy-"):
                raise ValueError(f"{name} is a header that the bridge itself writes")
        return tuple(NamedValue(item.name.lower(), item.source) for item in value)

    @field_validator("upstream_token_command")
    @classmethod
    def _is_command(cls, value: str | None) -> str | None:
        if value is not None and (problem := command_problem(value)) is not None:
            raise ValueError(problem)
        return value

    @field_validator("upstream_auth_header")
    @classmethod
    def _is_header(cls, value: str) -> str:
        name = value.lower()
        if not is_name(name) or (name in _OWN_HEADERS and name != "authorization"):
            raise ValueError("must be the name of a header that the bridge does not write itself")
        return name

    @model_validator(mode="after")
    def _one_proxy(self) -> Self:
        if self.upstream_proxy is not None and self.upstream_proxy_from_environment:
            raise ValueError("upstream_proxy_from_environment: excludes upstream_proxy")
        if self.upstream_proxy is None and self.upstream_no_proxy:
            raise ValueError("upstream_no_proxy: needs upstream_proxy; from the environment, NO_PROXY counts")
        if self.upstream_proxy_credentials_file is not None:
            if self.upstream_proxy is None:
                raise ValueError("upstream_proxy_credentials_file: needs upstream_proxy")
            if "@" in self.upstream_proxy.get_secret_value():
                raise ValueError("upstream_proxy_credentials_file: excludes a user in upstream_proxy")
        return self

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.upstream_auth_header in {item.name.lower() for item in self.upstream_headers}:
            raise ValueError(
                f"upstream_headers: {self.upstream_auth_header} holds the credential: upstream_auth_header"
            )
        return self
