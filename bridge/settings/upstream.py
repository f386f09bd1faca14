"""Settings of the upstream gateway: its address, the credential, and how requests are made."""

from typing import Final, Literal, Self

from pydantic import AliasChoices, BaseModel, Field, SecretStr, model_validator

from bridge.settings.values import MAX_WINDOW_SECONDS, UNIX, ExistingFile, HeaderNames, UpstreamUrl, unix_parts

GATEWAY: Final = "https://ai-gateway.vercel.sh/v1"


class UpstreamSettings(BaseModel):
    """Upstream."""

    upstream_url: UpstreamUrl = Field(
        GATEWAY,
        description="Base URL of the OpenAI-compatible gateway, including its version path; or `unix:/PATH` for a"
        " gateway on a unix socket, followed by `:/v2` if its version path is not `/v1`.",
    )
    upstream_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("AIBRIDGE_UPSTREAM_API_KEY", "AI_GATEWAY_API_KEY", "OPENAI_API_KEY"),
        description="API key for the upstream. Takes precedence over an OIDC token.",
    )
    upstream_api_key_file: ExistingFile | None = Field(
        None, description="File that holds the API key. Reread when it changes."
    )
    upstream_oidc_token: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("AIBRIDGE_UPSTREAM_OIDC_TOKEN", "VERCEL_OIDC_TOKEN"),
        description="OIDC token for the upstream.",
    )
    upstream_oidc_token_file: ExistingFile | None = Field(
        None, description="File that holds the OIDC token. Reread when it changes."
    )
    upstream_credentials: Literal["auto", "bridge", "caller", "none"] = Field(
        "auto",
        description="Which credential is sent upstream: auto (the bridge's if it has one, otherwise the caller's"
        " `authorization`), bridge, caller, or none. A token that authenticates a caller to the bridge is never"
        " sent.",
    )
    upstream_ca_file: ExistingFile | None = Field(
        None,
        description="PEM file with the CA certificates to trust for the upstream, instead of the public ones. Reread"
        " when it changes.",
    )
    upstream_certificate_file: ExistingFile | None = Field(
        None, description="PEM file with the client certificate to present to the upstream. Reread when it changes."
    )
    upstream_key_file: ExistingFile | None = Field(
        None, description="PEM file with the private key of the client certificate. Reread when it changes."
    )
    forward_headers: HeaderNames = Field(
        (), description="Additional metadata keys to send upstream as headers, separated by commas."
    )
    upstream_connections: int = Field(
        2048, ge=1, le=65536, description="Maximum number of connections to the upstream."
    )
    max_retries: int = Field(
        2,
        ge=0,
        le=10,
        description="Maximum number of retries of a request that cannot have been billed, or that the upstream asks for"
        " (`x-should-retry`); 0 leaves retries to callers.",
    )
    coalesce: bool = Field(
        default=False, description="Merge deltas that arrived together into one message. A call can override this."
    )
    coalesce_window: float = Field(
        0.0,
        ge=0,
        le=MAX_WINDOW_SECONDS,
        description="Maximum seconds to hold text in order to merge a stream's deltas into fewer messages. 0 merges"
        " only deltas that arrived together, if `coalesce` is set. A call can override this.",
    )
    embeddings_base64: bool = Field(
        default=True,
        description="Request embeddings as base64 when the caller sets no encoding_format. A third of the bytes.",
    )
    retrieve_from_list: bool = Field(
        default=False, description="Answer RetrieveModel from the list of models, for gateways that only list."
    )

    @property
    def upstream_socket(self) -> str:
        """Path of the unix socket that the upstream listens on; empty for one with a host and a port."""
        return unix_parts(self.upstream_url)[0] if self.upstream_url.startswith(UNIX) else ""

    @property
    def upstream_base(self) -> str:
        """Base URL of requests: `upstream_url`, or one with localhost if the upstream listens on a unix socket."""
        if not self.upstream_socket:
            return self.upstream_url
        return f"http://localhost{unix_parts(self.upstream_url)[1]}"

    @model_validator(mode="after")
    def _certificate(self) -> Self:
        if (self.upstream_certificate_file is None) != (self.upstream_key_file is None):
            missing = "upstream_key_file" if self.upstream_key_file is None else "upstream_certificate_file"
            raise ValueError(
                f"{missing}: is missing: upstream_certificate_file and upstream_key_file must be set together"
            )
        return self
