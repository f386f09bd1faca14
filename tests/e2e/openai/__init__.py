"""Whether code that is written against OpenAI's libraries notices a bridge (`make test-openai`).

Each library runs the same program twice for each case, against the same gateway: directly, and over a bridge with the
transport that aibridge has for it. `cases.toml` has the cases, `gateway` plays the other side, `libraries` is the
table of what is run, `compare` judges.
"""
