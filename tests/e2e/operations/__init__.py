"""A bridge with the tools that operators use: Prometheus, Grafana's schema (`make test-operations`)."""
