"""Whether an address is loopback is decided by the address, not by its spelling."""

import socket

import pytest
from structlog.testing import capture_logs

from bridge.settings import SettingsError, load
from bridge.settings.loopback import is_loopback, leads_to_loopback, listens_to_loopback
from tests.support.bridge import Start

OWN = [
    "127.0.0.1",
    "127.255.255.254",
    "127.1",
    "127.0.1",
    "0x7f.1",
    "0x7f000001",
    "0177.0.0.1",
    "2130706433",
    "localhost",
    "LocalHost",
    "localhost.",
    "::1",
    "[::1]",
    "0:0:0:0:0:0:0:1",
    "::ffff:127.0.0.1",
    "[::ffff:7f00:1]",
]
OTHERS = [
    "127.evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil",
    "localhost.evil.example",
    "evil-localhost",
    "0.0.0.0",  # noqa: S104 # not bound
    "0",
    "::",
    "[::]",
    "::ffff:0.0.0.0",
    "::ffff:10.0.0.1",
    "128.0.0.1",
    "12.7.0.1",
    "127.0.0.256",
    "127.0.0.1 evil",
    "127.0.0.1\tevil",
    "10.127.0.1",
    "[::1].evil.example",
    "::2",
    "",
    "*",
]


@pytest.mark.parametrize("host", OWN)
def test_this_machine(host: str) -> None:
    """Every spelling of a loopback address counts as loopback."""
    assert is_loopback(host)
    assert listens_to_loopback(f"{host}:50051")


@pytest.mark.parametrize("host", OTHERS)
def test_others(host: str) -> None:
    """Any other host, however it is spelled, does not."""
    assert not is_loopback(host)
    assert not listens_to_loopback(f"{host}:50051")


@pytest.mark.parametrize("host", [host for host in OWN if ":" not in host and host != "localhost."])
def test_resolvers_agree(host: str) -> None:
    """A host that counts as loopback resolves to loopback."""
    for *_, address in socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM):
        assert is_loopback(str(address[0]))


def test_a_unix_socket() -> None:
    """A unix socket counts as loopback."""
    assert listens_to_loopback("unix:/run/aibridge.sock")


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://127.0.0.1:8080/v1", True),
        ("http://[::1]/v1", True),
        ("http://localhost/v1", True),
        ("http://127.0.0.1.evil.example/v1", False),
        ("http://localhost.evil/v1", False),
        ("http://127.0.0.1\\.evil.example/", False),
    ],
)
def test_a_url(url: str, own: bool) -> None:  # noqa: FBT001 # a column of the table
    """The host of a URL decides, not text that looks like one."""
    assert leads_to_loopback(url) is own


@pytest.mark.parametrize("host", ["127.evil.example", "localhost.evil"])
def test_names_that_begin_like_loopback(host: str) -> None:
    """Names that only begin like loopback are exposed: an open bridge does not start there, and http is not enough."""
    with pytest.raises(SettingsError, match="is not loopback"):
        load(listen=f"{host}:50051", upstream_api_key="sk-bridge-test-key")
    jwt = {"jwt_issuer": "i", "jwt_audiences": "a"}
    with pytest.raises(SettingsError, match="jwt_jwks_url: must be https"):
        load(jwt_jwks_url=f"http://{host}/keys", **jwt)
    assert load(jwt_jwks_url="http://[::ffff:127.0.0.1]/keys", **jwt)


@pytest.mark.parametrize(
    "own",
    [
        {"upstream_api_key": "sk-bridge-test-key"},
        {"upstream_headers": "x-key=env:HOME"},
        {"upstream_query": "key=env:HOME"},
    ],
    ids=str,
)
def test_an_open_bridge_with_a_secret(own: dict[str, str]) -> None:
    """An open bridge with any secret of its own does not start on an address that other machines reach."""
    with pytest.raises(SettingsError, match="is not loopback"):
        load(listen="0.0.0.0:0", **own)
    assert load(listen="0.0.0.0:0", allow_anonymous_callers=True, **own)


@pytest.mark.parametrize(
    ("options", "warns"),
    [
        ({"upstream_api_key": "sk-1", "upstream_url": "http://gateway.test/v1"}, True),
        ({"upstream_api_key": "sk-1", "upstream_url": "http://127.evil.example/v1"}, True),
        ({"upstream_credentials": "caller", "upstream_url": "http://gateway.test/v1"}, True),
        ({"upstream_headers": "x-key=env:HOME", "upstream_url": "http://gateway.test/v1"}, True),
        ({"upstream_api_key": "sk-1", "upstream_url": "https://gateway.test/v1"}, False),
        ({"upstream_api_key": "sk-1", "upstream_url": "http://127.0.0.1:1/v1"}, False),
        ({"upstream_api_key": "sk-1", "upstream_credentials": "none", "upstream_url": "http://gateway.test/v1"}, False),
        ({"upstream_url": "http://gateway.test/v1"}, False),
    ],
    ids=str,
)
async def test_a_key_over_plain_http(start: Start, options: dict[str, str], warns: bool) -> None:  # noqa: FBT001 # a column of the table
    """A key that would go to another machine without TLS gives a warning, which does not contain the key."""
    with capture_logs() as logs:
        async with start(**options):
            pass
    lines = [line for line in logs if line["event"].startswith("keys and prompts are sent")]
    assert bool(lines) is warns
    assert all(line["log_level"] == "warning" for line in lines)
    assert "sk-1" not in str(logs)
