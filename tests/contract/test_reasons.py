"""The reasons of failures are one list in three places: the bridge's table, the contract, the Python client."""

from aibridge.client.reasons import RETRYABLE
from aibridge.v1 import errors_pb2
from bridge.errors import Reason


def test_the_contract_has_each_reason() -> None:
    """`aibridge.v1.Reason` is the list that callers compare with: `ErrorInfo.reason` is the name of its constant."""
    declared = set(errors_pb2.Reason.keys())
    assert declared == {reason.name for reason in Reason} | {"REASON_UNSPECIFIED"}, "protos/aibridge/v1/errors.proto"
    assert set(RETRYABLE) == declared - {"REASON_UNSPECIFIED"}
