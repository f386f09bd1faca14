"""The bridge's table, the contract and the Python client have the same reasons."""

from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from aibridge.client.reasons import RETRYABLE
from aibridge.v1 import errors_pb2
from bridge.errors import Reason

DESCRIPTORS = Path(__file__).parents[2] / "generated" / "aibridge.binpb"
_ENUM, _VALUE = 5, 2  # numbers of fields in descriptor.proto, from which the paths of source locations are built


def test_the_contract_has_each_reason() -> None:
    """`aibridge.v1.Reason` has a constant for each reason."""
    declared = set(errors_pb2.Reason.keys())
    assert declared == {reason.name for reason in Reason} | {"REASON_UNSPECIFIED"}, "protos/aibridge/v1/errors.proto"
    assert set(RETRYABLE) == declared - {"REASON_UNSPECIFIED"}


def test_the_contract_says_the_same_of_each() -> None:
    """The comment of each constant in errors.proto is the meaning in docs/errors.md."""
    files = FileDescriptorSet.FromString(DESCRIPTORS.read_bytes()).file
    file = next(file for file in files if file.name.endswith("/errors.proto"))
    comments = {tuple(place.path): " ".join(place.leading_comments.split()) for place in file.source_code_info.location}
    said = {value.name: comments[_ENUM, 0, _VALUE, at] for at, value in enumerate(file.enum_type[0].value)}
    assert {name: said[name] for name in Reason.__members__} == {reason.name: reason.meaning for reason in Reason}
