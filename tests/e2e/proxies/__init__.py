"""The bridge behind common forward proxies. `make test-proxies` runs this; plain `pytest` does not."""
