"""A problem with a setting is reported with its name, its place and the allowed values, and without secrets."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli.app import app
from bridge.settings import SettingsError, load
from bridge.settings.reference import reference
from tests.support.commands import Result


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "bridge.toml"


def problems(config: Path | None = None, **flags: object) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(config, **flags)
    return str(caught.value).splitlines()


def shown_by(*arguments: str, **variables: str) -> Result:
    result = CliRunner().invoke(app, arguments, env=variables)
    return Result(result.exit_code, result.stdout, result.stderr)


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("WORKERS", "0", "workers: must be at least 1, not `0`; allowed: at least 1, at most 256"),
        ("STALL_TIMEOUT", "0", "stall_timeout: must be more than 0, not `0`; allowed: more than 0, at most 86400"),
        ("MAX_RETRIES", "11", "max_retries: must be at most 10, not `11`; allowed: at least 0, at most 10"),
        ("LOG_FORMAT", "xml", "log_format: must be 'auto', 'json', 'console' or 'full'"),
        ("DRAIN_GRACE", "30s", "drain_grace: must be a number, not `30s`; allowed: at least 0, at most 86400"),
        ("UPSTREAM_URL", "ftp://host", "upstream_url: must be an http:// or https:// URL without query or fragment"),
        ("UPSTREAM_URL", "https://user:pass@host", "upstream_url: must not contain a user name or password"),
        ("UPSTREAM_API_KEY_FILE", "/no/such/file", "upstream_api_key_file: no such file: /no/such/file"),
        ("UPSTREAM_API_KEY_FILE", "Zk9fQ2xw-a-key", "upstream_api_key_file: no such file"),
        ("FORWARD_HEADERS", "x-a,Host", "forward_headers: these headers cannot be forwarded: Host"),
        ("FORWARD_HEADERS", "x-a,X-B", "forward_headers: must be names of headers in lower case; wrong: item 2"),
        (
            "FORWARD_HEADERS",
            "x-api-key",
            "forward_headers: must not be headers that name a sender or authenticate; wrong: item 1",
        ),
        (
            "RAW_PATHS",
            "files,/files,/x/..",
            "raw_paths: must be paths with a leading slash, plain segments and single asterisks; wrong: item 1, item 3",
        ),
        (
            "UPSTREAM_TOKEN_COMMAND",
            "no-such-program x",
            "upstream_token_command: must begin with a program on PATH, or with the absolute path of one",
        ),
    ],
)
def test_a_value_out_of_range(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, line: str) -> None:
    monkeypatch.setenv(f"AIBRIDGE_{variable}", value)
    assert problems() == [f"{line} (variable AIBRIDGE_{variable})"]


@pytest.mark.parametrize(
    "url", ["https://", "http:///v1", "http://[::1", "http://h:99999/v1", "http://h:x", "http://h:0"]
)
def test_a_url_that_leads_nowhere(url: str) -> None:
    assert problems(upstream_url=url) == [
        "upstream_url: must have a host, and optionally a port from 1 to 65535 (flag --upstream-url)"
    ]


@pytest.mark.parametrize(
    "url", ["http://h", "https://h:8443/v1", "http://[::1]:8080/v1", "https://münchen.example/v1/"]
)
def test_a_url_that_leads_somewhere(url: str) -> None:
    assert load(upstream_url=url).upstream_url == url.rstrip("/")


#: The ways in which a key gets into a value.
PASTED = (
    "KEY", "x-a,KEY", "KEY,KEY", "KEY x", "'KEY", "KEY+/==", "Bearer KEY", "KEY=x,KEY=y", "KEY/chat/completions",
    "http://KEY?x", "https://KEY:x@host", "5KEY", "KEY:x", "-KEY",
)  # fmt: skip


@pytest.mark.parametrize("value", PASTED)
@pytest.mark.parametrize("key", ["Zk9fQ2xwA7mN", "hunter", "12345678901234567890", "sk-a-key"])
def test_a_key_in_the_wrong_place_is_not_repeated(config: Path, key: str, value: str) -> None:
    """Whichever setting it is, and also if nothing about the key's form says that it is one."""
    pasted = json.dumps(value.replace("KEY", key))
    said = []
    for name in reference():
        for entry in (f"{name} = {pasted}", f"{name} = [{pasted}]", f"{name} = {{x = {pasted}}}"):
            config.write_text(entry)
            try:
                load(config)
            except SettingsError as error:
                said.append(str(error))
    assert said
    assert [line for line in said if key in line] == []


@pytest.mark.parametrize("key", ["12345678901234567890", "1234567890123.5", "-12345678901234567890"])
def test_a_key_of_digits_is_not_repeated(config: Path, key: str) -> None:
    config.write_text(f"max_calls = {key}\n")
    (line,) = problems(config)
    assert line.startswith("max_calls: must be ")
    assert "1234567890" not in line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("listen", "KEY:1,KEY:1"),
        ("upstream_url", "https://host/KEY/v1/chat/completions"),
    ],
)
def test_a_key_in_a_part_of_a_value_is_not_repeated(name: str, value: str) -> None:
    """The checks of our own name the part that is wrong, which is short."""
    (line,) = problems(**{name: value.replace("KEY", "sk-a-short-key")})
    assert line.startswith(f"{name}: ")
    assert "[secret]" in line
    assert "sk-a-short-key" not in line


@pytest.mark.parametrize("name", ["listen", "health_listen", "metrics_listen"])
@pytest.mark.parametrize("host", ["..", "a..b", "a" * 64, "", "a\0b"], ids=["dots", "inner", "long", "none", "NUL"])
def test_a_host_that_cannot_be_looked_up(name: str, host: str) -> None:
    """The look-up itself would fail with an error about an encoding."""
    (line,) = problems(**{name: f"{host}:50051"})
    assert line.startswith(f"{name}: must be HOST:PORT, [IPV6]:PORT or ")


@pytest.mark.parametrize("port", ["5\u0665051", "65536", "9" * 5000, "", "x"], ids=["Arabic", "much", "long", "", "x"])
def test_a_port_that_is_no_port(port: str) -> None:
    (line,) = problems(listen=f"127.0.0.1:{port}")
    assert line.startswith("listen: must be HOST:PORT, [IPV6]:PORT or unix:PATH")


def test_an_unknown_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown variable with the prefix is refused, with a similar name as a suggestion."""
    monkeypatch.setenv("AIBRIDGE_UPSTREAM_APIKEY", "sk-nobody-may-see-this")
    monkeypatch.setenv("AIBRIDGE_SOMETHING_ELSE", "1")
    assert problems() == [
        "AIBRIDGE_SOMETHING_ELSE: no such setting",
        "AIBRIDGE_UPSTREAM_APIKEY: no such setting; did you mean AIBRIDGE_UPSTREAM_API_KEY?",
    ]


@pytest.mark.parametrize("name", ["TARGET", "TOKEN", "CONFIG", "LOCAL_MODEL", "MAX_CALLS"])
def test_variables_of_other_commands_are_known(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"AIBRIDGE_{name}", "1")
    load()


@pytest.mark.parametrize(
    "name",
    [
        "SERVICE_HOST",
        "SERVICE_PORT",
        "SERVICE_PORT_GRPC",
        "PORT",
        "PORT_50051_TCP",
        "PORT_50051_TCP_ADDR",
        "PORT_50051_TCP_PORT",
        "PORT_50051_TCP_PROTO",
        "METRICS_SERVICE_HOST",
    ],
)
def test_service_links_of_kubernetes_are_no_settings(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Kubernetes sets variables for a Service called aibridge that look like settings. They are ignored."""
    monkeypatch.setenv(f"AIBRIDGE_{name}", "tcp://10.0.0.1:50051")
    load()


def test_an_unknown_entry(config: Path) -> None:
    """An unknown entry of the file is refused too."""
    config.write_text('stal_timeout = 5\nOPENAI_API_KEY = "sk-nobody-may-see-this"\n')
    assert problems(config) == [
        f"stal_timeout: no such setting, in {config}; did you mean stall_timeout?",
        f"OPENAI_API_KEY: no such setting, in {config}",
    ]


def test_every_problem_is_told_at_once(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("max_retries = 99\n")
    monkeypatch.setenv("AIBRIDGE_WORKER", "2")
    assert problems(config, log_level="loud") == [
        "AIBRIDGE_WORKER: no such setting; did you mean AIBRIDGE_WORKERS?",
        "log_level: must be 'debug', 'info', 'warning' or 'error' (flag --log-level)",
        f"max_retries: must be at most 10, not 99; allowed: at least 0, at most 10 (file {config})",
    ]


@pytest.mark.parametrize("content", [b"listen =\n", b"listen = '\xff'\n"])
def test_a_file_that_cannot_be_read(config: Path, content: bytes) -> None:
    config.write_bytes(content)
    (line,) = problems(config)
    assert line.startswith(f"{config}: ")


def test_a_file_that_does_not_exist(config: Path) -> None:
    assert problems(config) == [f"--config, AIBRIDGE_CONFIG: {config}: No such file or directory"]


def test_a_key_in_place_of_a_path_is_not_repeated() -> None:
    assert problems(Path("Zk9fQ2xwA7mN")) == ["--config, AIBRIDGE_CONFIG: No such file or directory"]
    shown = shown_by("models", AIBRIDGE_TARGET_CA_FILE="Zk9fQ2xwA7mN")
    assert shown.err == "invalid settings: --ca-file: No such file or directory\n"
    shown = shown_by("doctor", "--local", AIBRIDGE_LOCAL_MODEL="Zk9fQ2xwA7mN")
    assert "AIBRIDGE_LOCAL_MODEL: model file not found" in shown.out
    assert "Zk9f" not in shown.out


@pytest.mark.parametrize("variable", ["AIBRIDGE_TARGET", "AIBRIDGE_TARGET_TLS"])
def test_a_key_in_a_variable_of_the_commands_is_not_repeated(variable: str) -> None:
    shown = shown_by("models", **{variable: "Zk9fQ2xwA7mN"})
    assert shown.code == 2
    assert "Zk9f" not in shown.err


def test_config_masks_secrets(config: Path) -> None:
    """`config` masks a secret, also if there are other problems."""
    config.write_text('upstream_oidc_token = "secret-in-the-file"\n')
    secrets = {"AIBRIDGE_CONFIG": str(config), "OPENAI_API_KEY": "secret-in-a-variable"}
    shown = shown_by("config", **secrets)
    assert shown.code == 0
    lines = [line.split("\t") for line in shown.out.splitlines()]
    assert ["upstream_api_key", "**********", "variable OPENAI_API_KEY"] in lines
    assert ["upstream_oidc_token", "**********", f"file {config}"] in lines
    wrong = shown_by("config", "--listen", "0.0.0.0:1", **secrets)
    assert wrong.code == 2
    for result in (shown, wrong, shown_by("config", "--json", **secrets)):
        assert "secret-in" not in result.out + result.err


def test_flags_win_over_variables_and_those_over_the_file(config: Path) -> None:
    config.write_text("drain_grace = 1\ndrain_delay = 1\nmax_retries = 1\n")
    variables = {"AIBRIDGE_DRAIN_GRACE": "2", "AIBRIDGE_DRAIN_DELAY": "2"}
    result = shown_by("config", "--config", str(config), "--drain-grace", "3", **variables)
    lines = [tuple(line.split("\t")) for line in result.out.splitlines()]
    assert ("drain_grace", "3", "flag --drain-grace") in lines
    assert ("drain_delay", "2", "variable AIBRIDGE_DRAIN_DELAY") in lines
    assert ("max_retries", "1", f"file {config}") in lines
    assert ("log_level", "info", "default") in lines


@pytest.mark.parametrize(
    "text",
    ["listen = " + "[" * 5000, "x = " + "[" * 5000 + "]" * 5000, "x = " + "{a = " * 5000, "workers = " + "9" * 5000],
    ids=lambda text: text[:14],
)
def test_a_file_that_no_parser_can_read(config: Path, text: str) -> None:
    """A file that cannot be parsed gives one line with its name, and no traceback."""
    config.write_text(text)
    (line,) = problems(config)
    assert line.startswith(f"{config}: ")
    assert len(line) < 1000


@pytest.mark.parametrize(
    ("url", "base", "path"),
    [
        ("https://api.openai.com/v1/chat/completions", "https://api.openai.com/v1", "/chat/completions"),
        ("https://api.openai.com/v1/chat/completions/", "https://api.openai.com/v1", "/chat/completions"),
        ("https://api.deepseek.com/chat/completions", "https://api.deepseek.com", "/chat/completions"),
        ("https://gateway.test/api/v1/embeddings", "https://gateway.test/api/v1", "/embeddings"),
        ("https://gateway.test/v1/models//", "https://gateway.test/v1", "/models"),
        ("http://127.0.0.1:11434/v1/completions", "http://127.0.0.1:11434/v1", "/completions"),
        ("https://g.test/v1beta/openai/models", "https://g.test/v1beta/openai", "/models"),
        ("unix:/run/vllm.sock:/v1/chat/completions", "unix:/run/vllm.sock:/v1", "/chat/completions"),
    ],
)
def test_the_url_of_an_endpoint_is_not_the_base_url(url: str, base: str, path: str) -> None:
    assert problems(upstream_url=url) == [
        f"upstream_url: must be the base URL, without {path}: {base} (flag --upstream-url)"
    ]
    assert load(upstream_url=base).upstream_url == base, "what the message shows is accepted"


def test_the_url_of_an_endpoint_with_a_query() -> None:
    (problem,) = problems(upstream_url="https://azure.test/v1/chat/completions?api-version=1")
    assert "without /chat/completions: https://azure.test/v1; set upstream_query for the query" in problem
    assert "secret" not in str(problems(upstream_url="https://user:secret@host/v1/chat/completions"))


@pytest.mark.parametrize("url", ["https://x.services.ai.azure.com/models", "https://gateway.test/embeddings"])
def test_a_base_url_that_ends_like_an_endpoint(url: str) -> None:
    assert load(upstream_url=url).upstream_url == url


@pytest.mark.parametrize("url", ["api.openai.com/v1", "localhost:11434/v1", "10.0.0.1:8000"])
def test_a_url_without_its_scheme(url: str) -> None:
    (problem,) = problems(upstream_url=url)
    assert problem.startswith("upstream_url: must begin with http:// or https://, as in https://")


ODD = (
    "5",
    "-1",
    "'?'",
    "''",
    "true",
    "[1]",
    "[['x']]",
    "{x=1}",
    "1.5",
    "nan",
    "1979-05-27",
    f"'{'x' * 5000}'",
    f"0x{'f' * 5000}",
)


@pytest.mark.parametrize("value", ODD, ids=lambda value: value[:9])
def test_no_words_of_a_library(config: Path, value: str) -> None:
    """Any value of any setting is accepted, or refused in our own words."""
    said = []
    for name in reference():
        config.write_text(f"{name} = {value}\n")
        try:
            load(config)
        except SettingsError as error:
            said.append(str(error))
    assert said
    words = r"Input|should be|valid (?:string|number|integer|boolean|tuple|dict)|unable to|instance of|Errno"
    assert [line for line in said if re.search(words, line)] == []


def test_a_file_may_list_addresses(tmp_path: Path) -> None:
    """In a file `listen` may be a list or text with commas."""
    path = tmp_path / "aibridge.toml"
    path.write_text('listen = ["127.0.0.1:50051", "[::1]:50051"]\n', "utf-8")
    assert load(path).addresses == ["127.0.0.1:50051", "[::1]:50051"]
    path.write_text("listen = [50051]\n", "utf-8")
    with pytest.raises(SettingsError, match="listen"):
        load(path)
