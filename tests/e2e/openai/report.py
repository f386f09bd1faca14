"""What `docs/clients.md` has of OpenAI's libraries."""

from collections.abc import Iterator, Sequence
from typing import Final

from tests.e2e.openai.result import Result

_HEAD: Final = """\
## OpenAI's libraries

Code that is written against them speaks to a bridge by a change of one line ([openai.md](openai.md)). Each of
[these cases](../tests/e2e/openai/cases.toml) is run twice, directly and over the bridge, against the same gateway.
What the program sees and what the gateway is asked have to be the same, except where
[openai.md](openai.md#what-differs) says so.
openai-python runs each with its synchronous and its asyncio client.

openai-python's own tests of models, chat, responses, embeddings, completions and moderations are those of its sdist,
unchanged. Their clients call a bridge that allows these endpoints as raw paths where it has no RPC for them, and the
bridge calls the tests' mock.

The frameworks are given a client of openai-python, or its HTTP client. Each chats, streams and calls a tool as far as
it can, with the same outcome and the same requests.
"""


def section(results: Sequence[Result]) -> Iterator[str]:
    """The lines of the section."""
    yield _HEAD
    yield "| library | version | runs on | as it should be |"
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
