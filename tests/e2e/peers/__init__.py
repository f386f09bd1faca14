"""The bridge in front of other projects' servers: four OpenAI dialects, and what a gRPC caller sees of each.

`make test-peers` runs this; plain `pytest` does not. `tests/e2e/peers/README.md` describes the structure.
"""
