"""Each configuration in docs/upstreams.md starts a bridge that sends the request which the gateway documents."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from aibridge.v1 import chat_pb2
from bridge.settings.reference import reference
from tests.support.bridge import Start
from tests.support.gateway import Gateway, respond_json
from tests.support.payloads import COMPLETION

_PAGE: Final = (Path(__file__).parents[2] / "docs" / "upstreams.md").read_text("utf-8")
_SECTIONS: Final = {
    title: tomllib.loads(block)
    for title, block in re.findall(r"^## ([^\n]+)\n(?:(?!^## ).)*?```toml\n(.*?)```", _PAGE, re.MULTILINE | re.DOTALL)
}
_KEY: Final = {"authorization": "Bearer sk-key"}
#: The path of a chat completion, and its relevant headers.
_EXPECTED: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "Vercel AI Gateway": ("/v1/chat/completions", _KEY),
    "OpenAI": ("/v1/chat/completions", _KEY),
    "Azure OpenAI, v1 API": ("/openai/v1/chat/completions", {"api-key": "sk-key"}),
    "Azure OpenAI, classic API": (
        "/openai/deployments/m/chat/completions?api-version=2024-10-21",
        {"api-key": "sk-key"},
    ),
    "OpenRouter": ("/api/v1/chat/completions", {**_KEY, "http-referer": "https://example.org", "x-title": "Example"}),
    "Cloudflare AI Gateway": (
        "/v1/ACCOUNT/GATEWAY/compat/chat/completions",
        {**_KEY, "cf-aig-authorization": "Bearer cf"},
    ),
    "Portkey": ("/v1/chat/completions", {**_KEY, "x-portkey-api-key": "pk", "x-portkey-provider": "openai"}),
    "LiteLLM proxy": ("/v1/chat/completions", _KEY),
    "vLLM": ("/v1/chat/completions", _KEY),
    "Ollama": ("/v1/chat/completions", {}),
    "Gemini": ("/v1beta/openai/chat/completions", _KEY),
    "Amazon Bedrock": ("/openai/v1/chat/completions", _KEY),
}


#: Tested in tests/upstream/test_proxy.py, test_command.py and test_socket.py.
_ELSEWHERE: Final = ("Through a forward proxy", "A token that expires", "A server on a unix socket")


def test_every_section_is_checked() -> None:
    assert set(_SECTIONS) == {*_EXPECTED, *_ELSEWHERE}
    assert all(set(_SECTIONS[title]) <= set(reference()) for title in _ELSEWHERE)


@pytest.mark.parametrize("title", _EXPECTED)
async def test_the_request_is_what_the_gateway_wants(
    title: str, start: Start, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CF_AIG_AUTHORIZATION", "Bearer cf")
    monkeypatch.setenv("PORTKEY_API_KEY", "pk")
    chosen: dict[str, Any] = dict(_SECTIONS[title])
    base = urlsplit(gateway.url)
    chosen["upstream_url"] = f"{base.scheme}://{base.netloc}{urlsplit(chosen['upstream_url']).path}"
    path, headers = _EXPECTED[title]
    gateway.script(respond_json(COMPLETION))
    async with start(upstream_api_key="sk-key", **chosen) as bridge:
        await bridge.chat.CreateChatCompletion(
            chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
        )
    seen = gateway.last
    assert seen.path == path
    assert {name: value for name, value in seen.headers.items() if name in headers} == headers
    names = {"authorization", "api-key"}
    assert names & set(seen.headers) == names & set(headers)
