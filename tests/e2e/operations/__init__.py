"""A bridge in the hands of what operators run: Prometheus (`make test-operations`)."""
