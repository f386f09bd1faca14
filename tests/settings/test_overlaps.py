"""Two addresses that lead to one socket are refused, however they are spelled and however many workers there are."""

import pytest

from bridge.server.listening import check_all_free
from bridge.settings import SettingsError, load
from bridge.settings.overlaps import overlaps
from tests.support.processes import free_port

ANY = "0.0.0.0"  # noqa: S104 # not bound
SAME = [
    ("127.0.0.1", "localhost"),
    ("[::1]", "localhost"),
    ("127.0.0.1", "127.1"),
    ("127.0.0.1", "[::ffff:127.0.0.1]"),
    ("[::1]", "[0:0:0:0:0:0:0:1]"),
    ("localhost", "LOCALHOST"),
    (ANY, "127.0.0.1"),
    (ANY, "localhost"),
    ("[::]", "[::1]"),
    ("[::]", "127.0.0.1"),
    ("[::]", ANY),
    ("[::]", "192.0.2.1"),
]
DISTINCT = [("127.0.0.1", "[::1]"), ("127.0.0.1", "127.0.0.2"), (ANY, "[::1]"), ("no-such.invalid", "127.0.0.1")]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("delay", [0, 5])
@pytest.mark.parametrize(("one", "two"), [*SAME, *((two, one) for one, two in SAME)])
def test_two_addresses_of_one_socket(one: str, two: str, workers: int, delay: float) -> None:
    """The message has both, as they were given."""
    port = free_port()
    first, second = f"{one}:{port}", f"{two}:{port}"
    settings = load(
        listen=f"{first},{second}",
        workers=workers,
        drain_delay=delay,
        allow_anonymous_callers=True,
        metrics_listen="off",
    )
    with pytest.raises(SettingsError) as caught:
        check_all_free(settings)
    assert str(caught.value) == f"listen: {first} and {second} overlap; remove one of them"


@pytest.mark.parametrize(("one", "two"), [*DISTINCT, *((two, one) for one, two in DISTINCT)])
def test_two_sockets(one: str, two: str) -> None:
    listen = f"{one}:50051,{two}:50051"
    assert not list(overlaps(load(listen=listen, allow_anonymous_callers=True)))


@pytest.mark.parametrize("listen", ["127.0.0.1:0,localhost:0", "127.0.0.1:1,localhost:2", "unix:a,unix:b"])
def test_two_ports(listen: str) -> None:
    """Two free ports are two, and so are two paths."""
    assert not list(overlaps(load(listen=listen)))


def test_a_socket_by_two_paths() -> None:
    (overlap,) = overlaps(load(listen="unix:/run/s,unix:/run/../run/s"))
    assert overlap.problem == "unix:/run/s and unix:/run/../run/s overlap"


@pytest.mark.parametrize("name", ["health_listen", "metrics_listen"])
def test_addresses_of_two_settings(name: str) -> None:
    """With a drain delay the kernel would give connections to either server."""
    (overlap,) = overlaps(load(**{"listen": "127.0.0.1:50051", name: "localhost:50051"}))
    flag = f"--{name.replace('_', '-')}"
    assert overlap == (
        name, "localhost:50051 overlaps with 127.0.0.1:50051 of listen", f"choose another with {flag}"
    )  # fmt: skip


def test_the_default_port_of_metrics() -> None:
    (overlap,) = overlaps(load(listen="127.0.0.1:9464"))
    assert overlap.name == "metrics_listen"
    assert not list(overlaps(load(listen="127.0.0.1:9464", metrics_listen="off")))
