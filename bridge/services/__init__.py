"""The gRPC services: a few lines for each RPC. What they have in common is below them, in codec and upstream."""
