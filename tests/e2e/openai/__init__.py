"""Compares OpenAI's libraries with and without a bridge (`make test-openai`).

Each library runs the same program twice for each case, against the same gateway: directly, and over a bridge with
aibridge's transport. `cases.toml` has the cases, `gateway` is the scripted gateway, `libraries` is the table of
libraries, and `compare` compares the results.
"""
