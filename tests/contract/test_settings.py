"""Every setting can be given as a flag, as a variable and as an entry of the file."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bridge.cli.app import app
from bridge.settings.reference import Setting, reference

#: A value other than the default, for settings whose type does not give one.
SAMPLES: dict[str, Any] = {
    "listen": "127.0.0.1:1",
    "health_listen": "127.0.0.1:2",
    "upstream_url": "http://127.0.0.1:1/v1",
    "forward_headers": ["x-team", "x-tenant"],
    "tls_client_names": ["spiffe://example.org/ns/*", "dns:*.internal"],
    "jwt_issuer": "https://issuer.example.org/",
    "jwt_audiences": ["aibridge", "other"],
    "jwt_jwks_url": "https://issuer.example.org/jwks",
    "jwt_algorithms": ["ES384", "PS256"],
    "jwt_claim": "client_id",
    "raw_paths": ["/responses", "/images/*"],
    "metrics_listen": "127.0.0.1:1",
    "upstream_headers": ["x-team=env:HOME"],
    "upstream_query": ["api-version=env:HOME"],
    "upstream_auth_header": "api-key",
    "upstream_token_command": "echo token",
    "upstream_proxy": "http://user:password@proxy:3128",
    "upstream_no_proxy": ["internal.example.org"],
    "provider_name": "vercel",
}
_FILE = __file__  # any existing file: `config` does not read it
_SERVER = {"tls_certificate_file": _FILE, "tls_key_file": _FILE}
_TOKENS = {"jwt_issuer": "https://issuer.example.org/", "jwt_audiences": ["aibridge"]}
#: Settings that another setting requires.
COMPANIONS: dict[str, dict[str, Any]] = {
    "tls_certificate_file": {"tls_key_file": _FILE},
    "tls_key_file": {"tls_certificate_file": _FILE},
    "tls_client_ca_file": {**_SERVER, "tls_client_names": ["dns:*"]},
    "tls_client_names": {**_SERVER, "tls_client_ca_file": _FILE},
    "callers_file": {"caller_tokens_file": _FILE},
    "jwt_issuer": {**_TOKENS, "jwt_jwks_file": _FILE},
    "jwt_audiences": {**_TOKENS, "jwt_jwks_file": _FILE},
    "jwt_jwks_url": _TOKENS,
    "jwt_jwks_file": _TOKENS,
    "upstream_no_proxy": {"upstream_proxy": "http://proxy:3128"},
    "upstream_proxy_credentials_file": {"upstream_proxy": "http://proxy:3128"},
    "upstream_certificate_file": {"upstream_key_file": _FILE},
    "upstream_key_file": {"upstream_certificate_file": _FILE},
}

every = pytest.mark.parametrize("setting", reference().values(), ids=list(reference()))


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in reference().values():
        for variable in setting.variables:
            monkeypatch.delenv(variable, raising=False)


def sample(setting: Setting, folder: Path) -> Any:
    if setting.name in SAMPLES:
        return SAMPLES[setting.name]
    match setting.kind:
        case "true or false":
            return setting.default != "true"
        case "integer" | "number":
            most = float(setting.allowed.partition("at most ")[2].split()[0])
            default = float(setting.default.split()[0])
            return int(default - 1 if default == most else default + 1)
        case "path":
            path = folder / setting.name
            path.write_text("sk-in-a-file")
            return str(path)
        case "secret":
            return "sk-a-secret"
        case _:
            return next(word for word in setting.allowed.split(", ") if word != setting.default)


def shown(setting: Setting, arguments: list[str], variables: dict[str, str]) -> dict[str, Any]:
    """The value of a setting in `aibridge config`."""
    result = CliRunner().invoke(app, ["config", "--json", *arguments], env=variables)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)[setting.name]


def toml(folder: Path, entries: dict[str, Any]) -> Path:
    file = folder / "bridge.toml"
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in entries.items()))
    return file


def variable(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(value)
    return value if isinstance(value, str) else json.dumps(value)


@every
def test_by_flag(setting: Setting, tmp_path: Path) -> None:
    value = sample(setting, tmp_path)
    arguments = ["--config", str(toml(tmp_path, COMPANIONS.get(setting.name, {})))]
    if not setting.flag:  # a secret has no flag, and its value is not repeated
        result = CliRunner().invoke(app, ["config", f"--{setting.name.replace('_', '-')}", value])
        assert result.exit_code == 2
        assert value not in result.output
        return
    if setting.switch:
        arguments.append(setting.flag if value else setting.flag.replace("--", "--no-", 1))
    else:
        arguments += [setting.flag, variable(value)]
    assert shown(setting, arguments, {}) == {"value": value, "source": "flag", "origin": setting.flag}


@every
def test_by_variable(setting: Setting, tmp_path: Path) -> None:
    value = sample(setting, tmp_path)
    arguments = ["--config", str(toml(tmp_path, COMPANIONS.get(setting.name, {})))]
    for name in setting.variables:
        found = shown(setting, arguments, {name: variable(value)})
        assert (found["source"], found["origin"]) == ("variable", name)
        assert found["value"] == ("**********" if setting.kind == "secret" else value)


@every
def test_by_file(setting: Setting, tmp_path: Path) -> None:
    value = sample(setting, tmp_path)
    file = str(toml(tmp_path, COMPANIONS.get(setting.name, {}) | {setting.name: value}))
    found = shown(setting, ["--config", file], {})
    assert (found["source"], found["origin"]) == ("file", file)
    assert found["value"] == ("**********" if setting.kind == "secret" else value)
    assert shown(setting, [], {"AIBRIDGE_CONFIG": file}) == found


@every
def test_is_described(setting: Setting) -> None:
    """Each setting has a description, and each number has bounds."""
    assert setting.meaning.endswith(".")
    assert "at most" in setting.allowed or setting.kind not in {"integer", "number"}
    assert setting.name not in {"config", "local", "as_json"}, "a flag of the command itself"
