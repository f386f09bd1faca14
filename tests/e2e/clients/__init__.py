"""Builds and runs the example of each language against a real bridge, and checks what it prints and what it does.

`stacks` is the table of languages, `toolchains` sees to what they need, `upstream` is the scripted gateway, `programs`
runs the bridge and the examples, `checks` judges, `proxies` are what stands between, `limits` what these might cut off,
`tools` are other people's clients, `blocks` the code in the pages, `report` writes `docs/clients.md`.
"""
