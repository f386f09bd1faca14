"""Settings of who may call, and over what."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, model_validator
from pydantic_settings import NoDecode

from bridge.settings.loopback import leads_to_loopback
from bridge.settings.values import ExistingFile, Items, RawPathPatterns, Seconds, Url, places, split

#: No symmetric ones: with those, anyone who can verify a token can also sign one.
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class AccessSettings(BaseModel):
    """Callers."""

    tls_certificate_file: ExistingFile | None = Field(
        None, description="PEM file with the server's certificate chain, leaf first. Reread when it changes."
    )
    tls_key_file: ExistingFile | None = Field(
        None, description="PEM file with the private key of the server's certificate. Reread when it changes."
    )
    tls_client_ca_file: ExistingFile | None = Field(
        None,
        description="PEM file with CA certificates. Clients must then present a certificate signed by one of them."
        " Reread when it changes.",
    )
    tls_client_names: Items = Field(
        (),
        description="Names in client certificates that may call: patterns of SPIFFE IDs (`spiffe://example.org/ns/*`)"
        " and DNS names (`dns:*.internal`).",
    )
    caller_tokens_file: ExistingFile | None = Field(
        None,
        description="File with a line `NAME sha256:HEX` for each bearer token that may call. `aibridge token NAME`"
        " makes such lines. Reread when it changes.",
    )
    callers_file: ExistingFile | None = Field(
        None,
        description="TOML file with a table for each caller that says what it may do. A caller without a table may do"
        " nothing. Reread when it changes.",
    )
    jwt_issuer: str = Field(
        "",
        max_length=2048,
        description="Issuer of the JSON web tokens that may call: the exact value of their claim `iss`.",
    )
    jwt_audiences: Items = Field(
        (), description="Accepted audiences: a JSON web token must have one of them in its claim `aud`."
    )
    jwt_jwks_url: Url | None = Field(
        None, description="URL of the issuer's key set: https, or http on loopback. The bridge refetches it."
    )
    jwt_jwks_file: ExistingFile | None = Field(
        None, description="File with the issuer's key set, instead of a URL. Reread when it changes."
    )
    jwt_jwks_ca_file: ExistingFile | None = Field(
        None,
        description="PEM file with the CA certificates to trust for the key set's URL, instead of the public ones.",
    )
    jwt_jwks_extra_ca_file: ExistingFile | None = Field(
        None,
        description="PEM file with CA certificates to trust for the key set's URL, in addition to the public ones.",
    )
    jwt_algorithms: Annotated[tuple[Algorithm, ...], NoDecode, BeforeValidator(split), Field(min_length=1)] = Field(
        ("RS256", "ES256", "EdDSA"), description="Accepted signature algorithms of JSON web tokens."
    )
    jwt_claim: str = Field(
        "sub",
        min_length=1,
        max_length=64,
        description="Claim that names the caller. With the claim `sub`, the caller's name is `sub:VALUE`.",
    )
    jwt_leeway: float = Field(
        30.0, ge=0, le=600, description="Seconds by which the issuer's clock may differ from the bridge's."
    )
    jwt_refresh: Seconds = Field(300.0, description="Seconds after which the key set is refetched.")
    raw_paths: RawPathPatterns = Field(
        (),
        description="Paths below the base URL that RawService may call, separated by commas: `/responses`, `/images/*`."
        " `*` matches any characters within one segment. By default none.",
    )
    allow_anonymous_callers: bool = Field(
        default=False,
        description="Allow listening beyond loopback without authentication: anyone who connects can use the bridge's"
        " credential.",
    )

    @property
    def has_issuer(self) -> bool:
        """Whether JSON web tokens are accepted."""
        return self.jwt_jwks_url is not None or self.jwt_jwks_file is not None

    @property
    def takes_bearer(self) -> bool:
        """Whether the metadata key `authorization` authenticates callers to the bridge, and is not sent on."""
        return self.caller_tokens_file is not None or self.has_issuer

    @property
    def knows_callers(self) -> bool:
        """Whether callers must authenticate."""
        return self.takes_bearer or bool(self.tls_client_names)

    @model_validator(mode="after")
    def _tls(self) -> Self:
        if (self.tls_certificate_file is None) != (self.tls_key_file is None):
            missing = "tls_key_file" if self.tls_key_file is None else "tls_certificate_file"
            raise ValueError(f"{missing}: is missing: tls_certificate_file and tls_key_file must be set together")
        if self.tls_client_ca_file is not None and self.tls_certificate_file is None:
            raise ValueError("tls_client_ca_file: needs tls_certificate_file and tls_key_file")
        if self.tls_client_names and self.tls_client_ca_file is None:
            raise ValueError("tls_client_names: needs tls_client_ca_file, which verifies the client certificates")
        if self.tls_client_ca_file is not None and not self.knows_callers:
            raise ValueError(
                "tls_client_names: is missing: tls_client_ca_file needs it;"
                " `spiffe://*,dns:*` accepts every certificate of that CA"
            )
        if wrong := places(not name.startswith(("spiffe://", "dns:")) for name in self.tls_client_names):
            raise ValueError(f"tls_client_names: must begin with spiffe:// or dns:; wrong: {wrong}")
        return self

    @model_validator(mode="after")
    def _jwt(self) -> Self:
        if self.jwt_jwks_url is not None and self.jwt_jwks_file is not None:
            raise ValueError("jwt_jwks_url: cannot be set together with jwt_jwks_file")
        if self.has_issuer and not self.jwt_issuer:
            raise ValueError("jwt_issuer: is needed to verify JSON web tokens")
        if self.has_issuer and not self.jwt_audiences:
            raise ValueError(
                "jwt_audiences: is needed to verify JSON web tokens, so that tokens for other services are refused"
            )
        if (self.jwt_issuer or self.jwt_audiences) and not self.has_issuer:
            raise ValueError("jwt_jwks_url: this or jwt_jwks_file is needed to verify JSON web tokens")
        url = self.jwt_jwks_url or ""
        if url.startswith("http://") and not leads_to_loopback(url):
            raise ValueError(
                "jwt_jwks_url: must be https or on loopback, because someone who replaces the keys can pose as any"
                " caller"
            )
        return self

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.callers_file is not None and not self.knows_callers:
            raise ValueError(
                "callers_file: needs callers to authenticate: set caller_tokens_file, jwt_jwks_url, jwt_jwks_file or"
                " tls_client_names"
            )
        return self
