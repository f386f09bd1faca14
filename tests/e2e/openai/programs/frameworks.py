"""Frameworks on openai-python: each chats, streams and calls a tool, directly and over the bridge.

It runs in its own environment. The input is JSON: `framework`, and `url` and `target` of gateway and bridge. The output
is the outcome by route, and the framework's version. The key tells the gateway which route a request took.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import openai

from aibridge.client.openai import async_http_client, http_client

MODEL = "example/model"
QUESTION = "When is high tide in Brest?"


class Way:
    """OpenAI's clients for one route."""

    def __init__(self, url: str, target: str) -> None:
        self.url = url
        self.key = "sk-bridge" if target else "sk-direct"
        self.sync_http = http_client(target) if target else openai.DefaultHttpxClient()
        self.async_http = async_http_client(target) if target else openai.DefaultAsyncHttpxClient()
        options: Any = {"base_url": url, "api_key": self.key, "max_retries": 0}
        self.sync = openai.OpenAI(http_client=self.sync_http, **options)
        self.asynchronous = openai.AsyncOpenAI(http_client=self.async_http, **options)


def tide(harbour: str) -> str:
    """The tides of today."""
    return f"{harbour}: 14:02"


def langchain(way: Way) -> Any:
    from langchain_openai import ChatOpenAI

    model = ChatOpenAI(model=MODEL, api_key=way.key, base_url=way.url, http_client=way.sync_http, max_retries=0)
    called = model.bind_tools([tide]).invoke(QUESTION)
    streamed = "".join(str(piece.content) for piece in model.stream(QUESTION))
    return [model.invoke(QUESTION).content, streamed, called.tool_calls]


async def pydantic_ai(way: Way) -> Any:
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    model = OpenAIChatModel(MODEL, provider=OpenAIProvider(openai_client=way.asynchronous))
    plain = Agent(model)
    async with plain.run_stream(QUESTION) as streamed:
        text = await streamed.get_output()
    return [(await plain.run(QUESTION)).output, text, (await Agent(model, tools=[tide]).run(QUESTION)).output]


def instructor(way: Way) -> Any:
    import instructor as library
    from pydantic import BaseModel

    class Tide(BaseModel):
        harbour: str

    client = library.from_openai(way.sync, mode=library.Mode.TOOLS)
    messages: Any = [{"role": "user", "content": QUESTION}]
    found = client.chat.completions.create(model=MODEL, messages=messages, response_model=Tide, max_retries=0)
    return found.model_dump()


async def openai_agents(way: Way) -> Any:
    from agents import Agent, OpenAIChatCompletionsModel, Runner, function_tool, set_tracing_disabled

    set_tracing_disabled(disabled=True)
    model = OpenAIChatCompletionsModel(model=MODEL, openai_client=way.asynchronous)
    agent = Agent(name="harbour", model=model, tools=[function_tool(tide)])
    streamed = Runner.run_streamed(agent, QUESTION)
    events = [event.type async for event in streamed.stream_events()]
    return [(await Runner.run(agent, QUESTION)).final_output, streamed.final_output, len(events)]


def litellm(way: Way) -> Any:
    import litellm as library

    options: Any = {"model": f"openai/{MODEL}", "messages": [{"role": "user", "content": QUESTION}], "client": way.sync}
    pieces = [piece.choices[0].delta.content or "" for piece in library.completion(stream=True, **options)]
    return [library.completion(**options).choices[0].message.content, "".join(pieces)]


def haystack(way: Way) -> Any:
    from haystack.components.generators.chat import OpenAIChatGenerator
    from haystack.dataclasses import ChatMessage
    from haystack.utils import Secret

    generator = OpenAIChatGenerator(api_key=Secret.from_token(way.key), model=MODEL, api_base_url=way.url)
    generator.warm_up()
    generator.client = way.sync
    return generator.run([ChatMessage.from_user(QUESTION)])["replies"][0].text


#: By the name of the distribution.
FRAMEWORKS: dict[str, Callable[[Way], Any]] = {
    "langchain-openai": langchain,
    "pydantic-ai-slim": pydantic_ai,
    "instructor": instructor,
    "openai-agents": openai_agents,
    "litellm": litellm,
    "haystack-ai": haystack,
}


def outcome(run: Callable[[Way], Any], way: Way) -> Any:
    """The outcome of a framework, or its exception."""
    try:
        made = run(way)
        return asyncio.run(made) if asyncio.iscoroutine(made) else made
    except Exception as error:
        return {"raised": f"{type(error).__name__}: {error}"}


def main() -> None:
    """Run one."""
    os.environ |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "HAYSTACK_TELEMETRY_ENABLED": "False"}
    setup = json.load(sys.stdin)
    run = FRAMEWORKS[setup["framework"]]
    ways = {"direct": Way(setup["url"], ""), "bridge": Way(setup["url"], setup["target"])}
    outcomes = {name: outcome(run, way) for name, way in ways.items()}
    json.dump({"outcomes": outcomes, "version": version(setup["framework"])}, sys.stdout)


if __name__ == "__main__":
    main()
