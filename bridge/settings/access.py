"""Settings of who may call."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, model_validator
from pydantic_settings import NoDecode

from bridge.settings.loopback import leads_to_loopback
from bridge.settings.values import ExistingFile, Items, RawPathPatterns, Seconds, Url, split

#: None of them is symmetric: whoever can read a key that verifies could sign with it.
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class AccessSettings(BaseModel):
    """Callers."""

    tls_certificate_file: ExistingFile | None = Field(
        None, description="PEM file with the server's certificate chain, leaf first; read again when it changes."
    )
    tls_key_file: ExistingFile | None = Field(
        None, description="PEM file with the private key of the server's certificate; read again when it changes."
    )
    tls_client_ca_file: ExistingFile | None = Field(
        None,
        description="PEM file with the CA certificates of callers; with it, only who has a certificate of theirs gets"
        " a connection. Read again when it changes.",
    )
    tls_client_names: Items = Field(
        (),
        description="Patterns of the SPIFFE IDs (`spiffe://example.org/ns/*`) and DNS names (`dns:*.internal`) in"
        " client certificates that may call.",
    )
    caller_tokens_file: ExistingFile | None = Field(
        None,
        description="File with a line `NAME sha256:HEX` for each bearer token that may call, as `aibridge token NAME`"
        " makes them; read again when it changes.",
    )
    callers_file: ExistingFile | None = Field(
        None,
        description="TOML file that says what each caller may do; who is in no table of it may do nothing. Read again"
        " when it changes.",
    )
    jwt_issuer: str = Field(
        "", max_length=2048, description="Issuer (`iss`) of the JSON web tokens that may call, to the letter."
    )
    jwt_audiences: Items = Field((), description="Audiences (`aud`), of which a JSON web token must have one.")
    jwt_jwks_url: Url | None = Field(
        None, description="URL of the issuer's key set; https, or http on loopback. Fetched again by itself."
    )
    jwt_jwks_file: ExistingFile | None = Field(
        None, description="File with the issuer's key set, instead of the URL; read again when it changes."
    )
    jwt_jwks_ca_file: ExistingFile | None = Field(
        None,
        description="PEM file with the CA certificates to trust for the key set's URL, not the public ones.",
    )
    jwt_jwks_extra_ca_file: ExistingFile | None = Field(
        None, description="PEM file with CA certificates to trust for the key set's URL beside the public ones."
    )
    jwt_algorithms: Annotated[tuple[Algorithm, ...], NoDecode, BeforeValidator(split), Field(min_length=1)] = Field(
        ("RS256", "ES256", "EdDSA"), description="Algorithms by which JSON web tokens may be signed."
    )
    jwt_claim: str = Field(
        "sub", min_length=1, max_length=64, description="Claim that names the caller: text; its name is `sub:TEXT`."
    )
    jwt_leeway: float = Field(30.0, ge=0, le=600, description="Seconds by which the issuer's clock may differ.")
    jwt_refresh: Seconds = Field(300.0, description="Seconds after which the key set is fetched again.")
    raw_paths: RawPathPatterns = Field(
        (),
        description="Paths below the base URL that RawService may call, separated by commas: `/responses`, `/images/*`."
        " `*` stands for any characters of one segment. None unless set.",
    )
    allow_anonymous_callers: bool = Field(
        default=False,
        description="Listen beyond loopback although anyone who connects can then spend the bridge's own credential.",
    )

    @property
    def has_issuer(self) -> bool:
        """Whether JSON web tokens are accepted."""
        return self.jwt_jwks_url is not None or self.jwt_jwks_file is not None

    @property
    def takes_bearer(self) -> bool:
        """Whether the metadata key `authorization` is the bridge's own: it shows who calls, and goes nowhere else."""
        return self.caller_tokens_file is not None or self.has_issuer

    @property
    def knows_callers(self) -> bool:
        """Whether a caller has to show who it is."""
        return self.takes_bearer or bool(self.tls_client_names)

    @model_validator(mode="after")
    def _tls(self) -> Self:
        if (self.tls_certificate_file is None) != (self.tls_key_file is None):
            missing = "tls_key_file" if self.tls_key_file is None else "tls_certificate_file"
            raise ValueError(f"{missing}: is needed too: tls_certificate_file and tls_key_file are a pair")
        if self.tls_client_ca_file is not None and self.tls_certificate_file is None:
            raise ValueError("tls_client_ca_file: needs tls_certificate_file and tls_key_file")
        if self.tls_client_names and self.tls_client_ca_file is None:
            raise ValueError("tls_client_names: needs tls_client_ca_file, by which client certificates are verified")
        if self.tls_client_ca_file is not None and not self.knows_callers:
            raise ValueError(
                "tls_client_names: is needed with tls_client_ca_file;"
                " spiffe://* and dns:* let every certificate of that CA in"
            )
        wrong = [name for name in self.tls_client_names if not name.startswith(("spiffe://", "dns:"))]
        if wrong:
            raise ValueError(f"tls_client_names: {wrong[0]} must begin with spiffe:// or dns:")
        return self

    @model_validator(mode="after")
    def _jwt(self) -> Self:
        if self.jwt_jwks_url is not None and self.jwt_jwks_file is not None:
            raise ValueError("jwt_jwks_url: excludes jwt_jwks_file")
        if self.has_issuer and not self.jwt_issuer:
            raise ValueError("jwt_issuer: is needed to verify JSON web tokens")
        if self.has_issuer and not self.jwt_audiences:
            raise ValueError("jwt_audiences: is needed to verify JSON web tokens: others' tokens must not work here")
        if (self.jwt_issuer or self.jwt_audiences) and not self.has_issuer:
            raise ValueError("jwt_jwks_url: or jwt_jwks_file is needed to verify JSON web tokens")
        url = self.jwt_jwks_url or ""
        if url.startswith("http://") and not leads_to_loopback(url):
            raise ValueError("jwt_jwks_url: must be https, or on loopback: whoever changes the keys can be any caller")
        return self

    @model_validator(mode="after")
    def _rules(self) -> Self:
        if self.callers_file is not None and not self.knows_callers:
            raise ValueError(
                "callers_file: needs a way to know callers: caller_tokens_file, jwt_jwks_url, jwt_jwks_file or"
                " tls_client_names"
            )
        return self
