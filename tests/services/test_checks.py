"""The checks of a request before anything goes upstream."""

import pytest

from bridge.errors import BridgeError
from bridge.services.checks import MAX_MODEL_CHARACTERS, check_model


def encoded(text: str, times: int) -> str:
    """A text whose percent signs are encoded this many times."""
    for _ in range(times):
        text = text.replace("%", "%25")
    return text


def test_the_length_of_a_model_id() -> None:
    """The maximum is allowed, and one character more is refused."""
    check_model("m" * MAX_MODEL_CHARACTERS)
    with pytest.raises(BridgeError, match="is not a model id"):
        check_model("m" * (MAX_MODEL_CHARACTERS + 1))


@pytest.mark.parametrize("times", [0, 1, 6, 7, 8, 20])
def test_a_dot_segment_that_is_encoded_several_times(times: int) -> None:
    """It is refused however often it is encoded: what is encoded too often to tell is refused too."""
    with pytest.raises(BridgeError, match="is not a model id"):
        check_model(encoded("a/%2e%2e/b", times))


@pytest.mark.parametrize("model", ["a/..;x=1/b", "..;", "a%2f.;/b", "a\\..;x"])
def test_a_dot_segment_with_parameters(model: str) -> None:
    """Some servers take off what follows a semicolon before they resolve a path."""
    with pytest.raises(BridgeError, match="is not a model id"):
        check_model(model)


@pytest.mark.parametrize(("times", "is_allowed"), [(0, True), (6, True), (7, False), (20, False)])
def test_an_id_that_is_encoded_several_times(times: int, is_allowed: bool) -> None:  # noqa: FBT001 # a row of the table
    """An id without dot segments is allowed as long as all of its encodings can be undone."""
    model = encoded("a%20b", times)
    if is_allowed:
        check_model(model)
    else:
        with pytest.raises(BridgeError, match="is not a model id"):
            check_model(model)
