"""Measures the cost of the bridge, relative to a bare grpc.aio server in the same run: `python -m benchmarks`."""
