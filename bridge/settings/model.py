"""The settings object: all groups, and the checks across groups."""

from typing import Any, Final, Self

from pydantic import BaseModel, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bridge.settings.access import AccessSettings
from bridge.settings.health import HealthSettings
from bridge.settings.limits import LimitSettings
from bridge.settings.loopback import leads_to_loopback, listens_to_loopback
from bridge.settings.network import NetworkSettings
from bridge.settings.server import ServerSettings
from bridge.settings.telemetry import TelemetrySettings
from bridge.settings.upstream import UpstreamSettings
from bridge.settings.values import UNIX


class Settings(
    ServerSettings,
    HealthSettings,
    AccessSettings,
    UpstreamSettings,
    NetworkSettings,
    LimitSettings,
    TelemetrySettings,
    BaseSettings,
):
    """All settings. Each has a description, and its bounds are part of its type."""

    model_config = SettingsConfigDict(
        env_prefix="AIBRIDGE_",
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    @property
    def is_exposed(self) -> bool:
        """Whether other machines can connect."""
        return not all(map(listens_to_loopback, self.addresses))

    @property
    def spends_own(self) -> bool:
        """Whether requests carry a credential of the bridge: a key, a secret header, or a client certificate."""
        return (
            self.has_own_credential
            or any(item.is_reference for item in (*self.upstream_headers, *self.upstream_query))
            or self.upstream_certificate_file is not None
        )

    @property
    def sends_secrets_in_the_clear(self) -> bool:
        """Whether a credential of the bridge or of a caller is sent to another machine over plain HTTP."""
        sends = self.spends_own or self.upstream_credentials == "caller" or self.callers_file is not None
        return sends and self.upstream_base.startswith("http://") and not leads_to_loopback(self.upstream_base)

    @property
    def has_own_credential(self) -> bool:
        """Whether the bridge sends its own key or token upstream."""
        own = (
            self.upstream_api_key,
            self.upstream_api_key_file,
            self.upstream_oidc_token,
            self.upstream_oidc_token_file,
            self.upstream_token_command,
        )
        return any(own) and self.upstream_credentials in {"auto", "bridge"}

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        if self.upstream_token_command is None:
            return self
        for name in ("upstream_api_key", "upstream_api_key_file", "upstream_oidc_token", "upstream_oidc_token_file"):
            if getattr(self, name) is not None:
                raise ValueError(f"upstream_token_command: cannot be set together with {name}")
        return self

    @model_validator(mode="after")
    def _exposure(self) -> Self:
        """Refuse to offer the bridge's credential to anyone who can connect, unless a setting allows it."""
        open_to_all = not self.knows_callers and not self.allow_anonymous_callers
        if self.spends_own and self.is_exposed and open_to_all:
            raise ValueError(
                f"listen: {self.listen} is not loopback, so anyone who connects could use the bridge's credential; set"
                " caller_tokens_file, jwt_jwks_url or tls_client_names, or allow it with allow_anonymous_callers"
            )
        if self.takes_bearer and self.upstream_credentials == "caller":
            raise ValueError(
                "upstream_credentials: caller would forward the metadata key `authorization`, which authenticates the"
                " caller to the bridge; set upstream_api_key_file for each caller in callers_file instead"
            )
        if self.workers > 1 and any(
            (address or "").startswith(UNIX) for address in (*self.addresses, self.health_listen)
        ):
            raise ValueError("workers: cannot share a unix socket")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then the environment, then the file. `.env` files and secrets folders are not read."""
        del dotenv_settings, file_secret_settings
        given: dict[str, Any] = init_settings.init_kwargs if isinstance(init_settings, InitSettingsSource) else {}
        entries = InitSettingsSource(settings_cls, given.pop("file_entries", {}))
        return (init_settings, env_settings, entries)


#: In the order of the documentation.
GROUPS: Final[tuple[type[BaseModel], ...]] = Settings.__bases__[:-1]
