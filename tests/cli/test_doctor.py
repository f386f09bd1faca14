"""`aibridge doctor` finds problems, says what to do about them, and shows no secret."""

import asyncio
import json
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from bridge.cli.doctor import _certificate
from bridge.cli.verdict import Finding
from tests.support.commands import Result, invoke
from tests.support.gateway import Gateway, Script, respond, respond_json
from tests.support.processes import free_port

MODELS = respond_json({"object": "list", "data": [{"id": "m", "object": "model"}]})
SECRET = "sk-that-nobody-may-see"  # noqa: S105 # made up


async def examine(gateway: Gateway | str, *arguments: str, **variables: str) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit code, and the findings by check."""
    url = gateway if isinstance(gateway, str) else gateway.url
    every = ("doctor", "--json", "--upstream-url", url, "--listen", "127.0.0.1:0", "--metrics-listen", "off")
    small = ("--upstream-connections", "16", "--max-calls", "16")
    result: Result = await invoke(*every, *small, *arguments, **variables)
    assert SECRET not in result.out + result.err
    return result.code, {finding["check"]: finding for finding in json.loads(result.out)}


async def test_all_is_well(gateway: Gateway) -> None:
    gateway.script(MODELS, respond("", 401))
    code, findings = await examine(gateway, OPENAI_API_KEY=SECRET)
    assert code == 0
    assert {finding["state"] for finding in findings.values()} == {"ok"}
    assert list(findings) == ["settings", "listen", "open files", "name", "connection", "GET /models", "clock"]
    assert findings["GET /models"]["finding"] == "HTTP 200 with the bridge's credential"
    assert [request.headers.get("authorization") for request in gateway.requests] == [f"Bearer {SECRET}", None]


async def test_a_public_list_proves_no_credential(gateway: Gateway) -> None:
    gateway.script(MODELS)
    _, findings = await examine(gateway, OPENAI_API_KEY=SECRET)
    assert "does not test the credential" in findings["GET /models"]["finding"]


@pytest.mark.parametrize(
    ("script", "variables", "state", "words"),
    [
        (respond("", 401), {"OPENAI_API_KEY": SECRET}, "problem", "Set a valid key in OPENAI_API_KEY, and"),
        (respond("", 401), {"VERCEL_OIDC_TOKEN": SECRET}, "problem", "Set a valid key in VERCEL_OIDC_TOKEN, and"),
        (respond("", 401), {}, "warning", "Set the bridge's key: AIBRIDGE_UPSTREAM_API_KEY"),
        (respond("", 401), {"AIBRIDGE_UPSTREAM_CREDENTIALS": "bridge"}, "problem", "Set the bridge's key"),
        (respond("", 401), {"AIBRIDGE_UPSTREAM_CREDENTIALS": "none"}, "problem", "Remove upstream_credentials = none"),
        (respond("", 401), {"AIBRIDGE_UPSTREAM_CREDENTIALS": "caller"}, "ok", ""),
        (respond("", 403), {}, "warning", "Set the bridge's key"),
        (respond("", 403), {"OPENAI_API_KEY": SECRET}, "warning", "check its permissions"),
        (respond("", 404), {"OPENAI_API_KEY": SECRET}, "warning", "version path"),
        (respond("", 429), {"OPENAI_API_KEY": SECRET}, "warning", "quota"),
        (respond("", 503), {"OPENAI_API_KEY": SECRET}, "problem", "has a problem"),
        (respond("", 308, location="https://there.test/v1/models"), {}, "problem", "the redirect's target"),
        (respond("", 410), {}, "problem", "version path"),
    ],
    ids=[
        "401",
        "401 to a token",
        "401 without a key",
        "401 without a bridge's key",
        "401 to nobody",
        "401 to no caller",
        "403 without a key",
        "403",
        "404",
        "429",
        "503",
        "308",
        "410",
    ],
)
async def test_what_the_gateway_responds(
    gateway: Gateway, script: Script, variables: dict[str, str], state: str, words: str
) -> None:
    gateway.script(script)
    code, findings = await examine(gateway, **variables)
    finding = findings["GET /models"]
    assert finding["state"] == state
    assert words in finding["advice"]
    assert code == (1 if state == "problem" else 0)


async def test_the_query_of_a_redirect_is_not_shown(gateway: Gateway) -> None:
    """It repeats that of the request, which may have a key."""
    gateway.script(respond("", 308, location=f"https://there.test/v1/models?key={SECRET}"))
    _, findings = await examine(gateway, AIBRIDGE_UPSTREAM_QUERY=f"key={SECRET}")
    assert findings["GET /models"]["finding"].endswith("a redirect to https://there.test/v1/models")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<!doctype html><title>Welcome</title>", "a web page"),
        ("", "empty"),
        ("It works!", "not JSON"),
        ('{"status": "ok"}', "JSON without a list of models"),
    ],
)
@pytest.mark.parametrize("key", ["", SECRET], ids=["without a key", "with a key"])
async def test_a_response_that_is_no_list_of_models(gateway: Gateway, body: str, words: str, key: str) -> None:
    """HTTP 200 is not enough: a wrong address often leads to a web page."""
    gateway.script(respond(body))
    code, findings = await examine(gateway, OPENAI_API_KEY=key)
    finding = findings["GET /models"]
    assert (code, finding["state"]) == (1, "problem")
    assert finding["finding"].endswith(f"but the response is {words}")
    assert "https://HOST/v1" in finding["advice"]


async def test_a_base_url_without_its_version_path(gateway: Gateway) -> None:
    """Such as that of Ollama, as its own documentation writes it."""
    url = gateway.url.removesuffix("/v1")
    for script in (respond("404 page not found", 404), respond("Ollama is running")):
        gateway.script(script)
        _, findings = await examine(url)
        assert findings["GET /models"]["advice"].endswith(f"Try {url}/v1.")
    _, findings = await examine(gateway)
    assert "Try" not in findings["GET /models"]["advice"]


@pytest.mark.parametrize(
    "body",
    [
        '[{"id": "m"}]',
        '{"models": []}',
        '{"object": "list", "data": null}',
        " " * 9 + '{"data": [' + '"m", ' * (1 << 20),
    ],
    ids=["list", "models", "Ollama", "long"],
)
async def test_a_response_that_is_a_list_of_models(gateway: Gateway, body: str) -> None:
    gateway.script(respond(body))
    _, findings = await examine(gateway)
    assert findings["GET /models"]["state"] == "ok"


async def test_a_name_that_does_not_exist() -> None:
    code, findings = await examine("https://gateway.invalid/v1")
    assert code == 1
    assert findings["name"]["state"] == "problem"
    assert "DNS" in findings["name"]["advice"]
    assert "connection" not in findings, "the first step that fails is the last one taken"


async def test_a_port_that_is_closed() -> None:
    code, findings = await examine("http://127.0.0.1:1/v1")
    assert code == 1
    assert findings["connection"]["finding"] == "127.0.0.1:1: Connection refused"
    assert "egress" in findings["connection"]["advice"]


async def test_a_certificate_that_is_not_trusted() -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=tls)
    async with server:
        port = server.sockets[0].getsockname()[1]
        code, findings = await examine(f"https://127.0.0.1:{port}/v1")
    assert code == 1
    assert findings["connection"]["state"] == "ok"
    assert findings["TLS"]["state"] == "problem"
    assert "the certificate of 127.0.0.1 is not valid" in findings["TLS"]["finding"]


async def test_tls_with_a_server_that_has_none(gateway: Gateway) -> None:
    code, findings = await examine(gateway.url.replace("http:", "https:"), "--upstream-check-timeout", "0.5")
    assert code == 1
    assert findings["TLS"]["state"] == "problem"
    assert "https" in findings["TLS"]["advice"]


@pytest.mark.parametrize(("days", "state"), [(90, "ok"), (13, "warning")])
def test_a_certificate_that_expires(days: int, state: str) -> None:
    ends = datetime.now(UTC) + timedelta(days=days)
    finding: Finding = _certificate("TLS", {"notAfter": f"{ends:%b %d %H:%M:%S %Y} GMT"})
    assert finding.state == state


@pytest.mark.parametrize(("minutes", "words"), [(10, "behind"), (-10, "ahead of")])
async def test_a_clock_that_is_wrong(gateway: Gateway, minutes: int, words: str) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)
    gateway.script(respond_json({"data": []}, date=date))
    code, findings = await examine(gateway)
    assert code == 0
    assert findings["clock"]["state"] == "warning"
    assert words in findings["clock"]["finding"]


@pytest.mark.parametrize(
    ("content", "mode", "state"),
    [(SECRET, 0o600, "ok"), (SECRET, 0o640, "ok"), (SECRET, 0o644, "warning"), (" \n", 0o600, "problem")],
)
async def test_the_file_of_a_key(gateway: Gateway, tmp_path: Path, content: str, mode: int, state: str) -> None:
    gateway.script(MODELS)
    file = tmp_path / "key"
    file.write_text(content)
    file.chmod(mode)
    code, findings = await examine(gateway, "--upstream-api-key-file", str(file))
    assert findings["upstream_api_key_file"]["state"] == state
    assert bool(findings["upstream_api_key_file"]["advice"]) == (state != "ok")
    assert code == (1 if state == "problem" else 0)


async def test_a_rejected_key_is_in_this_file(gateway: Gateway, tmp_path: Path) -> None:
    gateway.script(respond("", 401))
    (tmp_path / "key").write_text(SECRET)
    _, findings = await examine(gateway, "--upstream-api-key-file", str(tmp_path / "key"), OPENAI_API_KEY="other")
    assert f"into {tmp_path / 'key'} (upstream_api_key_file)" in findings["GET /models"]["advice"]


@pytest.mark.parametrize(("days", "state"), [(90, "ok"), (10, "warning"), (-1, "problem")])
async def test_certificates_of_our_own(gateway: Gateway, tmp_path: Path, days: int, state: str) -> None:
    """It checks the dates of the server's certificate, and that key and certificate match."""
    gateway.script(MODELS)
    now = datetime.now(UTC)
    leaf = trustme.CA().issue_cert(
        "bridge.internal", not_before=now - timedelta(days=30), not_after=now + timedelta(days=days, hours=1)
    )
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    leaf.cert_chain_pems[0].write_to_path(str(chain))
    leaf.private_key_pem.write_to_path(str(key))
    key.chmod(0o600)
    pair = ("--tls-certificate-file", str(chain), "--tls-key-file", str(key))
    code, findings = await examine(gateway, *pair)
    assert findings["tls_key_file"]["state"] == "ok"
    assert findings["tls_certificate_file"]["state"] == state
    assert code == (1 if state == "problem" else 0)
    trustme.CA().issue_cert("other.internal").private_key_pem.write_to_path(str(key))
    _, findings = await examine(gateway, *pair)
    assert findings["tls_certificate_file"]["state"] == "problem"


async def test_the_way_to_an_upstream_with_a_private_authority(gateway: Gateway, tmp_path: Path) -> None:
    """It uses the same TLS settings as calls do."""
    authority, file = trustme.CA(), tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    gateway.script(MODELS)
    async with await asyncio.start_server(gateway.serve, "127.0.0.1", 0, ssl=tls) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        code, findings = await examine(url, "--upstream-ca-file", str(file))
    assert code == 0
    assert findings["TLS"]["finding"].startswith("the certificate is valid until ")
    assert findings["GET /models"]["state"] == "ok"
    file.write_text("no certificate")
    code, findings = await examine(url, "--upstream-ca-file", str(file))
    assert code == 1
    assert findings["upstream_ca_file"]["state"] == "problem"


async def test_callers(gateway: Gateway, tmp_path: Path) -> None:
    """A valid tokens file is ok, an invalid one a problem, and anonymous callers a warning."""
    gateway.script(MODELS)
    file = tmp_path / "tokens"
    file.write_text(f"search sha256:{'0' * 64}\n")
    _, findings = await examine(gateway, "--caller-tokens-file", str(file))
    assert findings["callers"]["state"] == "ok"
    file.write_text(f"search {SECRET}\n")
    code, findings = await examine(gateway, "--caller-tokens-file", str(file))
    assert (code, findings["callers"]["state"]) == (1, "problem")
    _, findings = await examine(gateway, "--allow-anonymous-callers")
    assert findings["callers"]["state"] == "warning"


async def test_addresses(gateway: Gateway) -> None:
    """A free address is ok, a taken one is a warning, and one of another machine is a problem."""
    gateway.script(MODELS)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, findings = await examine(
            gateway, "--listen", address, "--health-listen", "192.0.2.1:50052", "--metrics-listen", "127.0.0.1:0"
        )
    assert code == 1
    assert findings["metrics_listen"]["state"] == "ok"
    assert findings["listen"]["state"] == "warning"
    assert findings["health_listen"]["state"] == "problem"
    assert "192.0.2.1:50052" in findings["health_listen"]["finding"]


async def test_addresses_that_overlap(gateway: Gateway) -> None:
    gateway.script(MODELS)
    port = free_port()
    given = ("--listen", f"127.0.0.1:{port}", "--health-listen", f"localhost:{port}", "--metrics-listen", "off")
    code, findings = await examine(gateway, *given)
    assert (code, findings["listen"]["state"], findings["health_listen"]["state"]) == (1, "ok", "problem")
    assert findings["health_listen"]["finding"] == f"localhost:{port} overlaps with 127.0.0.1:{port} of listen"
    assert findings["health_listen"]["advice"] == "Choose another with --health-listen."


async def test_too_few_files(gateway: Gateway) -> None:
    gateway.script(MODELS)
    _, findings = await examine(gateway, "--upstream-connections", "65536", "--max-connections", "1000000")
    assert findings["open files"]["state"] == "warning"
    assert "ulimit -Hn 1065664" in findings["open files"]["advice"]


@pytest.mark.parametrize("variables", [{"AIBRIDGE_WORKERS": "0"}, {"OPENAI_API_KEY": f"{SECRET}\nand more"}])
async def test_wrong_settings_are_findings(gateway: Gateway, variables: dict[str, str]) -> None:
    code, findings = await examine(gateway, **variables)
    assert code == 1
    assert findings["settings"]["state"] == "problem"


async def test_people_get_a_table(gateway: Gateway) -> None:
    gateway.script(MODELS)
    result: Any = await invoke("doctor", "--listen", "127.0.0.1:0", "--upstream-url", gateway.url)
    assert result.code == 0
    assert result.out.startswith("settings\tok\tvalid\t\n")


async def test_an_upstream_on_a_unix_socket(gateway: Gateway, tmp_path: Path) -> None:
    gateway.script(MODELS)
    path = tmp_path / "vllm.sock"
    async with await asyncio.start_unix_server(gateway.serve, path):
        code, findings = await examine(f"unix:{path}")
        assert code == 0
        assert findings["connection"]["finding"] == f"{path} accepts connections"
        assert findings["GET /models"]["state"] == "ok"
        assert not {"name", "TLS"} & findings.keys()
    code, findings = await examine("unix:/no/such.sock")
    assert code == 1
    assert findings["connection"]["finding"] == "/no/such.sock: No such file or directory"
    assert "path in upstream_url" in findings["connection"]["advice"]


async def test_the_embedded_model(tmp_path: Path) -> None:
    """With `--local` it checks the model in place of a gateway."""
    every = ("doctor", "--local", "--json", "--listen", "127.0.0.1:0", "--metrics-listen", "off")
    found: Result = await invoke(*every)
    findings = {finding["check"]: finding for finding in json.loads(found.out)}
    assert found.code == 0
    assert findings["model"]["state"] == "ok"
    assert findings["model"]["finding"].startswith("smollm2-135m-instruct, from ")
    assert not {"name", "connection", "GET /models"} & findings.keys()
    for path in (tmp_path / "no.gguf", "~nobody-has-this-name/m.gguf", f"/{'x' * 5000}.gguf"):
        found = await invoke(*every, AIBRIDGE_LOCAL_MODEL=str(path))
        findings = {finding["check"]: finding for finding in json.loads(found.out)}
        assert (found.code, findings["model"]["state"]) == (1, "problem")
        shown = "" if str(path).startswith("~") else f" {path}"  # text that is not a path may be a key
        assert f"model file{shown} not found" in findings["model"]["finding"]
