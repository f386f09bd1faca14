"""Settings of the network path to the upstream, and of what a gateway needs in addition to a key."""

from typing import Final, Self

from pydantic import BaseModel, Field, field_validator, model_validator

from bridge.metadata import is_name
from bridge.settings.values import (
    ExistingFile,
    Items,
    NamedValue,
    NamedValues,
    ProxyUrl,
    Seconds,
    command_problem,
    places,
)

#: Headers that the bridge sets itself, or that frame a request.
_OWN_HEADERS: Final = frozenset(
    {
        "accept", "accept-encoding", "authorization", "connection", "content-encoding", "content-length",
        "content-type", "cookie", "expect", "host", "keep-alive", "te", "traceparent",
        "tracestate", "trailer", "transfer-encoding", "upgrade", "user-agent",
    }
)  # fmt: skip


class NetworkSettings(BaseModel):
    """Network path to the upstream."""

    upstream_headers: NamedValues = Field(
        (),
        description="Headers to send upstream with each request: NAME=VALUE, NAME=env:VARIABLE or NAME=file:PATH,"
        " separated by commas. Files are reread when they change.",
    )
    upstream_query: NamedValues = Field(
        (),
        description="Query parameters of each request, in the format of upstream_headers: `api-version=2024-10-21`.",
    )
    upstream_auth_header: str = Field(
        "authorization",
        description="Header for the credential. `authorization` holds `Bearer KEY`; any other, such as `api-key`,"
        " holds the key alone.",
    )
    upstream_deployments: bool = Field(
        default=False,
        description="Put the model into the path, as the classic Azure OpenAI API needs it:"
        " /deployments/MODEL/chat/completions.",
    )
    upstream_token_command: str | None = Field(
        None,
        description="Command that prints a token for the upstream, or JSON with `token` or `access_token` and its"
        " expiry. It runs without a shell, at startup and before the token expires.",
    )
    upstream_token_timeout: Seconds = Field(30.0, description="Seconds that upstream_token_command may take.")
    upstream_token_refresh: Seconds = Field(
        300.0, description="Seconds after which a token is renewed if the command does not print its expiry."
    )
    upstream_proxy: ProxyUrl | None = Field(
        None,
        description="Forward proxy for the upstream and for jwt_jwks_url: http://HOST:PORT or https://HOST:PORT, with"
        " USER:PASSWORD@ before the host if the proxy needs it.",
    )
    upstream_proxy_credentials_file: ExistingFile | None = Field(
        None, description="File with USER:PASSWORD for the proxy. Reread when it changes."
    )
    upstream_no_proxy: Items = Field(
        (),
        description="Hosts to reach without the proxy: host names, domains including their subdomains, IP addresses,"
        " networks (10.0.0.0/8), each optionally with :PORT; or * for all.",
    )
    upstream_proxy_from_environment: bool = Field(
        default=False, description="Read the proxy from the variables HTTPS_PROXY, HTTP_PROXY and NO_PROXY."
    )
    upstream_extra_ca_file: ExistingFile | None = Field(
        None,
        description="PEM file with CA certificates to trust for the upstream, in addition to the public ones. Reread"
        " when it changes.",
    )

    @field_validator("upstream_headers")
    @classmethod
    def _no_own_headers(cls, value: tuple[NamedValue, ...]) -> tuple[NamedValue, ...]:
        names = [item.name.lower() for item in value]
        if wrong := places(not is_name(name) for name in names):
            raise ValueError(f"must begin with the name of a header; wrong: {wrong}")
        if wrong := places(name in _OWN_HEADERS or name.startswith("proxy-") for name in names):
            raise ValueError(f"must not name a header that the bridge sets itself; wrong: {wrong}")
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
            raise ValueError("must be the name of a header that the bridge does not set itself")
        return name

    @model_validator(mode="after")
    def _one_proxy(self) -> Self:
        if self.upstream_proxy is not None and self.upstream_proxy_from_environment:
            raise ValueError("upstream_proxy_from_environment: cannot be set together with upstream_proxy")
        if self.upstream_proxy is None and self.upstream_no_proxy:
            raise ValueError("upstream_no_proxy: needs upstream_proxy; a proxy from the environment uses NO_PROXY")
        if self.upstream_proxy_credentials_file is not None:
            if self.upstream_proxy is None:
                raise ValueError("upstream_proxy_credentials_file: needs upstream_proxy")
            if "@" in self.upstream_proxy.get_secret_value():
                raise ValueError(
                    "upstream_proxy_credentials_file: cannot be set together with a user in upstream_proxy"
                )
        return self

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if wrong := places(item.name.lower() == self.upstream_auth_header for item in self.upstream_headers):
            raise ValueError(
                f"upstream_headers: upstream_auth_header reserves this header for the credential; wrong: {wrong}"
            )
        return self
