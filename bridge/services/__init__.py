"""The gRPC services: a few lines for each RPC. `bridge.codec` and `bridge.upstream` do the common work."""
