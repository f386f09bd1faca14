"""The bridge before servers that other people wrote: what four OpenAI dialects say, and what a gRPC caller sees of it.

`make test-peers` runs this; plain `pytest` does not. `tests/e2e/peers/README.md` says how it is made.
"""
