"""Settings of the one gateway that the bridge speaks to, and of how it is spoken to."""

from typing import Final, Literal, Self

from pydantic import AliasChoices, BaseModel, Field, SecretStr, model_validator

from bridge.settings.values import ExistingFile, HeaderNames, UpstreamUrl, unix_parts

GATEWAY: Final = "https://ai-gateway.vercel.sh/v1"


class UpstreamSettings(BaseModel):
    """Upstream."""

    upstream_url: UpstreamUrl = Field(
        GATEWAY,
        description="Base URL of the OpenAI-compatible gateway, with its version path; or `unix:/PATH` for a gateway on"
        " a unix socket, with `:/v2` behind it if its version path is not `/v1`.",
    )
    upstream_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("AIBRIDGE_UPSTREAM_API_KEY", "AI_GATEWAY_API_KEY", "OPENAI_API_KEY"),
        description="API key for the upstream. Wins over an OIDC token, as the gateway documents.",
    )
    upstream_api_key_file: ExistingFile | None = Field(
        None, description="File with the API key, instead of the key; read again when it changes."
    )
    upstream_oidc_token: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("AIBRIDGE_UPSTREAM_OIDC_TOKEN", "VERCEL_OIDC_TOKEN"),
        description="OIDC token for the upstream.",
    )
    upstream_oidc_token_file: ExistingFile | None = Field(
        None, description="File with the OIDC token; read again when it changes."
    )
    upstream_credentials: Literal["auto", "bridge", "caller", "none"] = Field(
        "auto",
        description="Whose credential goes upstream: the bridge's if it has one, else the caller's `authorization`"
        " (auto); always the bridge's; always the caller's; nobody's (none). A token that shows the bridge who"
        " calls never does.",
    )
    upstream_ca_file: ExistingFile | None = Field(
        None,
        description="PEM file with the CA certificates to trust for the upstream, instead of the public ones; read"
        " again when it changes.",
    )
    upstream_certificate_file: ExistingFile | None = Field(
        None, description="PEM file with the client certificate to show the upstream; read again when it changes."
    )
    upstream_key_file: ExistingFile | None = Field(
        None, description="PEM file with the private key of the client certificate; read again when it changes."
    )
    forward_headers: HeaderNames = Field(
        (), description="Further metadata keys that go upstream as headers, separated by commas."
    )
    upstream_connections: int = Field(2048, ge=1, le=65536, description="Connections to the upstream, at most.")
    max_retries: int = Field(
        2, ge=0, le=10, description="Attempts after the first, where none can have been billed; 0 leaves it to callers."
    )
    coalesce: bool = Field(
        default=False, description="Merge deltas that arrived together into one message, where the call does not say."
    )
    coalesce_window: float = Field(
        0.0,
        ge=0,
        le=10,
        description="Seconds in which the deltas of a stream are merged into one message, where the call does not say;"
        " no text waits for longer. 0 merges only what `coalesce` does.",
    )
    embeddings_base64: bool = Field(
        default=True,
        description="Ask for embeddings as base64 where the caller names no encoding_format: a third of the bytes.",
    )
    retrieve_from_list: bool = Field(
        default=False, description="Answer RetrieveModel from the list of models, for gateways that only list."
    )

    @property
    def upstream_socket(self) -> str:
        """Path of the unix socket that the upstream listens on; empty for one with a host and a port."""
        return unix_parts(self.upstream_url)[0] if self.upstream_url.startswith("unix:") else ""

    @property
    def upstream_base(self) -> str:
        """Base URL of requests: `upstream_url`, or that of localhost where the upstream listens on a unix socket."""
        if not self.upstream_socket:
            return self.upstream_url
        return f"http://localhost{unix_parts(self.upstream_url)[1]}"

    @model_validator(mode="after")
    def _certificate(self) -> Self:
        if (self.upstream_certificate_file is None) != (self.upstream_key_file is None):
            missing = "upstream_key_file" if self.upstream_key_file is None else "upstream_certificate_file"
            raise ValueError(f"{missing}: is needed too: upstream_certificate_file and upstream_key_file are a pair")
        return self
