"""The bridge behind the forward proxies that companies have. `make test-proxies` runs this; plain `pytest` does not."""
