"""The bridge's settings: one frozen object, read from flags, then `AIBRIDGE_*` variables, then a TOML file."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AliasChoices, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bridge.metadata import is_denied

_LOOPBACK = ("127.", "localhost:", "[::1]:", "unix:")
GATEWAY = "https://ai-gateway.vercel.sh/v1"

Seconds = Annotated[float, Field(gt=0, le=86400)]
Bytes = Annotated[int, Field(ge=1024, le=1 << 30)]


class SettingsError(ValueError):
    """One or more settings are wrong. The message has a line for each: its name, and what is wrong with its value."""


def _url(value: str) -> str:
    if not value.startswith(("http://", "https://")) or any(character in value for character in "?# \r\n"):
        raise ValueError("must be an http:// or https:// URL without query or fragment")
    if "@" in value.split("/")[2]:
        raise ValueError("must not hold a user name or password")
    return value.rstrip("/")


def _address(value: str) -> str:
    if value.startswith("unix:"):
        return value
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError("must be HOST:PORT, [IPV6]:PORT or unix:PATH")
    return value


def _header_names(value: tuple[str, ...]) -> tuple[str, ...]:
    denied = [name for name in value if is_denied(name) or name != name.lower()]
    if denied:
        raise ValueError(f"cannot be forwarded: {', '.join(denied)}")
    return value


class Settings(BaseSettings):
    """Everything that can be set. Each description says what it does; a bound is part of the type."""

    model_config = SettingsConfigDict(
        env_prefix="AIBRIDGE_",
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    listen: Annotated[str, AfterValidator(_address)] = Field(
        "127.0.0.1:50051", description="Address to listen on: HOST:PORT (port 0 picks a free one) or unix:PATH."
    )
    upstream_url: Annotated[str, AfterValidator(_url)] = Field(
        GATEWAY, description="Base URL of the OpenAI-compatible gateway, with its version path."
    )
    upstream_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("AIBRIDGE_UPSTREAM_API_KEY", "AI_GATEWAY_API_KEY", "OPENAI_API_KEY"),
        description="API key for the upstream. Wins over an OIDC token, as the gateway documents.",
    )
    upstream_api_key_file: Path | None = Field(
        None, description="File with the API key, instead of the key; read again when it changes."
    )
    upstream_oidc_token: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("AIBRIDGE_UPSTREAM_OIDC_TOKEN", "VERCEL_OIDC_TOKEN"),
        description="OIDC token for the upstream.",
    )
    upstream_oidc_token_file: Path | None = Field(
        None, description="File with the OIDC token; read again when it changes."
    )
    upstream_credentials: Literal["auto", "bridge", "caller"] = Field(
        "auto",
        description="Whose credential goes upstream: the bridge's if it has one, else the caller's `authorization`"
        " (auto); always the bridge's; always the caller's.",
    )
    upstream_connections: int = Field(2048, ge=1, le=65536, description="Connections to the upstream, at most.")
    max_calls: int = Field(2048, ge=1, le=65536, description="Calls that run at once, at most; as many may wait.")
    max_calls_per_caller: int = Field(
        0, ge=0, le=65536, description="Calls of one caller that run at once, at most; 0 is no limit of its own."
    )
    connect_timeout: Seconds = Field(5.0, description="Seconds to connect: name, TCP and TLS.")
    queue_timeout: Seconds = Field(
        5.0, description="Seconds a call waits for its turn, and then for an upstream connection."
    )
    response_timeout: Seconds = Field(600.0, description="Seconds to wait for the reply's headers.")
    first_event_timeout: Seconds = Field(600.0, description="Seconds from there to the first event of a stream.")
    stall_timeout: Seconds = Field(120.0, description="Seconds between two events of a stream; comments do not count.")
    default_deadline: Seconds = Field(
        600.0, description="Seconds a call may take. The caller's deadline if that is sooner."
    )
    max_retries: int = Field(
        2, ge=0, le=10, description="Attempts after the first, where none can have been billed; 0 leaves it to callers."
    )
    max_message_bytes: Bytes = Field(64 << 20, description="Largest gRPC message, received and sent.")
    max_reply_bytes: Bytes = Field(128 << 20, description="Largest upstream reply that is not a stream, decompressed.")
    max_event_bytes: Bytes = Field(32 << 20, description="Largest event of an upstream stream.")
    coalesce: bool = Field(
        default=False, description="Merge deltas that arrived together into one message, where the call does not say."
    )
    embeddings_base64: bool = Field(
        default=True,
        description="Ask for embeddings as base64 where the caller names no encoding_format: a third of the bytes.",
    )
    retrieve_from_list: bool = Field(
        default=False, description="Answer RetrieveModel from the list of models, for gateways that only list."
    )
    forward_headers: Annotated[tuple[str, ...], AfterValidator(_header_names)] = Field(
        (), description="Further metadata keys that go upstream as headers (a JSON list)."
    )
    allow_anonymous_callers: bool = Field(
        default=False,
        description="Listen beyond loopback although anyone who connects can then spend the bridge's own credential.",
    )
    max_connection_age: Seconds = Field(
        300.0, description="Seconds after which a caller's connection is renewed, so that new replicas get load."
    )
    workers: int = Field(
        1, ge=1, le=256, description="Processes that share the port; connections are spread over them, not calls."
    )
    reflection: bool = Field(default=True, description="Serve gRPC reflection, v1 and v1alpha.")
    drain_delay: float = Field(
        0.0, ge=0, le=3600, description="Seconds to go on serving after SIGTERM, while endpoints are being updated."
    )
    drain_grace: float = Field(
        30.0, ge=0, le=86400, description="Seconds for calls in flight to end after the drain delay."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="JSON lines or readable ones; auto means readable on a terminal."
    )

    @model_validator(mode="after")
    def _exposure(self) -> Self:
        """Whoever connects could spend the bridge's own credential: that has to be asked for by name."""
        own = (
            self.upstream_api_key
            or self.upstream_api_key_file
            or self.upstream_oidc_token
            or self.upstream_oidc_token_file
        )
        spends_own = own is not None and self.upstream_credentials != "caller"
        if spends_own and not self.listen.startswith(_LOOPBACK) and not self.allow_anonymous_callers:
            raise ValueError(
                f"listen: {self.listen} is not loopback, and whoever connects could spend the bridge's own credential;"
                " set allow_anonymous_callers if that is meant"
            )
        if self.workers > 1 and self.listen.startswith("unix:"):
            raise ValueError("workers: cannot share a unix socket")
        return self

    @model_validator(mode="after")
    def _files_exist(self) -> Self:
        for name in ("upstream_api_key_file", "upstream_oidc_token_file"):
            path: Path | None = getattr(self, name)
            if path is not None and not path.is_file():
                raise ValueError(f"{name}: no such file")
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
        """Flags, then environment, then the file; neither `.env` nor a secrets folder is looked for."""
        del dotenv_settings, file_secret_settings
        path = (
            init_settings.init_kwargs.pop("config_file", None)
            if isinstance(init_settings, InitSettingsSource)
            else None
        )
        sources = (init_settings, env_settings)
        return sources if path is None else (*sources, TomlConfigSettingsSource(settings_cls, path))


def load(config_file: Path | None = None, **flags: Any) -> Settings:
    """The effective settings. A flag that is None was not given.

    Raises:
        SettingsError: a setting is unknown or its value is wrong, or the file cannot be read.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        if config_file is not None:
            config_file.read_bytes()
            given["config_file"] = config_file
        return Settings(**given)
    except ValidationError as error:
        raise SettingsError("\n".join(_line(detail) for detail in error.errors())) from None
    except OSError as error:
        raise SettingsError(f"{config_file}: {error.strerror}") from None
    except ValueError as error:  # not TOML
        raise SettingsError(f"{config_file}: {error}") from None


def _line(detail: Any) -> str:
    name = ".".join(str(part) for part in detail["loc"])
    message = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        message = "no such setting"
    return f"{name}: {message}" if name else message
