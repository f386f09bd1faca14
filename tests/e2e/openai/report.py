"""The section of `docs/clients.md` about OpenAI's libraries."""

from collections.abc import Iterator, Sequence
from typing import Final

from tests.e2e.openai.result import Result

_HEAD: Final = """\
## OpenAI's libraries

Code that uses these libraries changes one line to call a bridge ([openai.md](openai.md)). Each of
[these cases](../tests/e2e/openai/cases.toml) runs twice, directly and over the bridge, against the same gateway. The
results and the requests to the gateway must be the same, except for the [differences](openai.md#differences).
openai-python runs each case with its synchronous and its asyncio client.

openai-python's own tests of models, chat, responses, embeddings, completions and moderations come from its sdist,
unchanged. Their clients call a bridge, which allows endpoints without an RPC as raw paths and calls the tests' mock.

The frameworks use a client of openai-python, or its HTTP client. Each chats, streams and calls a tool as far as it can,
with the same results and the same requests.
"""


def section(results: Sequence[Result]) -> Iterator[str]:
    """The lines of the section."""
    yield _HEAD
    yield "| library | version | runs on | passed |"
    yield "|---|---|---|---|"
    for result in results:
        library, versions = result.library, result.versions
        language = f"{library.language} {versions.get('language', '?')}"
        passed = f"{result.passed} of {len(result.verdicts)}"
        yield f"| {library.title} | {versions.get('library', '?')} | {language} | {passed} |"
    yield ""
    yield "Of openai-python's own tests these are left out:"
    yield ""
    yield "| tests of | left out | because |"
    yield "|---|---|---|"
    for result in results:
        for why, count in result.left_out.items():
            yield f"| {result.versions['library']} | {count} | {why} |"
    yield ""
