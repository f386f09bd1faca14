"""What the bridge costs, as ratios to a bare grpc.aio server measured in the same run. `python -m benchmarks`."""
