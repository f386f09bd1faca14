"""Builds and runs the example of each language against a real bridge, and checks its output and its calls.

`stacks` is the table of languages, `toolchains` provides what they need, `upstream` is the scripted gateway, `programs`
runs the bridge and the examples, `checks` checks the results, `proxies` runs proxies in between, `limits` checks what
these might cut off, `tools` runs other clients, `blocks` compiles the code in the pages, and `report` writes
`docs/clients.md`.
"""
