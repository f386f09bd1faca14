"""Writes the descriptors of `google.rpc.Status` and its details to standard output, from googleapis-common-protos."""

import sys

from google.protobuf.any_pb2 import DESCRIPTOR as ANY
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.duration_pb2 import DESCRIPTOR as DURATION
from google.rpc.code_pb2 import DESCRIPTOR as CODE
from google.rpc.error_details_pb2 import DESCRIPTOR as DETAILS
from google.rpc.status_pb2 import DESCRIPTOR as STATUS


def main() -> None:
    """Write each file after those that it imports, without comments."""
    files = FileDescriptorSet()
    for descriptor in (ANY, DURATION, CODE, DETAILS, STATUS):
        descriptor.CopyToProto(files.file.add())
    sys.stdout.buffer.write(files.SerializeToString())


if __name__ == "__main__":
    main()
