"""An accepted path means the same to every server: no decoding and no normalising changes it."""

import posixpath
from contextlib import suppress
from unicodedata import normalize
from urllib.parse import unquote, urljoin, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import BridgeError, Reason
from bridge.services.paths import RawPaths

EVERYTHING = RawPaths(["/" + "/".join("*" * depth) for depth in range(1, 12)])
BASE = "https://gateway.example/api/v1"
PIECES = ["/", ".", "..", "a", "b-1", "%2e", "%2f", "%", "\\", "?", "#", ":", "@", ";", "//", " ", "\n", "\0", "é",
          "\u2024", "~", "=", "&", "+", "*", ",", "http:", "x.y", "..;", "\uff0e"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=8).map(lambda pieces: "/" + "".join(pieces)))
def test_what_is_accepted_is_what_it_looks_like(path: str) -> None:
    with suppress(BridgeError):
        EVERYTHING.pattern_of(path)
        assert path.isascii()
        assert path.isprintable()
        assert unquote(path) == normalize("NFKC", path) == path
        assert posixpath.normpath(path) == path
        url = urlsplit(BASE + path)
        assert (url.netloc, url.path, url.query, url.fragment) == ("gateway.example", f"/api/v1{path}", "", "")
        assert httpx.URL(BASE + path).raw_path.decode() == f"/api/v1{path}"
        assert urljoin(f"{BASE}/", f".{path}") == BASE + path


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/responses", "/responses", True),
        ("/responses", "/responses/x", False),
        ("/images/*", "/images/generations", True),
        ("/images/*", "/images", False),
        ("/images/*", "/images/a/b", False),
        ("/*/cancel", "/x/cancel", True),
        ("/v*", "/v1beta", True),
        ("/v*", "/v", False),
        ("/a.b", "/axb", False),
        ("/a+b", "/aab", False),
        ("/(a)", "/a", False),
    ],
)
def test_patterns(pattern: str, path: str, *, fits: bool) -> None:
    """An asterisk is one or more characters of one segment; everything else is itself."""
    paths = RawPaths(["/other", pattern])
    if fits:
        assert paths.pattern_of(path) == pattern
    else:
        with pytest.raises(BridgeError) as failure:
            paths.pattern_of(path)
        assert failure.value.reason is Reason.RAW_PATH_NOT_ALLOWED
