"""The program for openai-python: each case with the synchronous and the asyncio client, directly and over the bridge.

It runs in the library's own environment and gets its input as JSON on standard input: `url` and `target` of gateway and
bridge, and `tasks`. It prints one JSON object with the outcome of each case, client and route, as a program sees it.
"""

import asyncio
import json
import sys
from typing import Any

import openai
import pydantic
from openai import AsyncOpenAI, OpenAI

from aibridge.client.openai import async_http_client, http_client

HEADERS = ("x-request-id", "retry-after", "retry-after-ms", "x-should-retry", "x-ratelimit-remaining-requests")
HEADERS += ("openai-processing-ms", "x-ratelimit-limit-tokens")


class Tide(pydantic.BaseModel):
    harbour: str
    metres: float


def describe(value: Any) -> Any:
    """A value as JSON, with the class of each object."""
    if isinstance(value, pydantic.BaseModel):
        members = {**value.__dict__, **(value.__pydantic_extra__ or {})}
        return {"class": type(value).__name__, **{name: describe(member) for name, member in members.items()}}
    if isinstance(value, dict):
        return {name: describe(member) for name, member in value.items()}
    return [describe(item) for item in value] if isinstance(value, list) else value


def raised(error: Exception) -> Any:
    """An exception with everything that programs use."""
    names = ("status_code", "code", "param", "type", "body", "request_id")
    fields = {name: describe(getattr(error, name)) for name in names if hasattr(error, name)}
    if isinstance(error, openai.APIStatusError):
        fields["headers"] = {name: error.response.headers.get(name) for name in HEADERS}
    if isinstance(error, openai.APIError) and not isinstance(error, openai.APIConnectionError):
        fields["message"] = error.message
    return {"raised": type(error).__name__, **fields}


def arguments(task: Any) -> dict[str, Any]:
    """The request's arguments. Members without a parameter go into `extra_body`."""
    request = dict(task["request"])
    if task["call"] == "embed":
        return {name: request[name] for name in ("model", "input", "encoding_format", "dimensions") if name in request}
    known = {"model": request.pop("model"), "messages": request.pop("messages")}
    if task["call"] in {"parse", "final"}:
        known["response_format"] = Tide
    return {**known, "extra_body": request, "extra_headers": {"x-title": "parity"}}


def with_headers(raw: Any) -> Any:
    """A raw response: the object, and the headers that programs use."""
    headers = {name: raw.headers.get(name) for name in HEADERS}
    return {"value": describe(raw.parse()), "headers": headers, "status": raw.status_code}


def run(client: OpenAI, task: Any) -> Any:
    """The outcome of a case with the synchronous client."""
    client = client.with_options(max_retries=task["retries"])
    seen: list[Any] = []
    try:
        match task["call"]:
            case "models":
                page = client.models.list()
                return {"page": describe(page), "items": [describe(model) for model in page]}
            case "model":
                return describe(client.models.retrieve(task["request"]["model"]))
            case "embed":
                return describe(client.embeddings.create(**arguments(task)))
            case "parse":
                return describe(client.chat.completions.parse(**arguments(task)))
            case "final":
                with client.chat.completions.stream(**arguments(task)) as stream:
                    return describe(stream.get_final_completion())
            case "chat":
                return with_headers(client.chat.completions.with_raw_response.create(**arguments(task)))
            case "stream":
                with client.chat.completions.create(**arguments(task), stream=True) as stream:
                    seen.extend(describe(chunk) for chunk in stream)
                return seen
            case "respond" | "respond-stream":
                return respond(client, task, seen)
    except Exception as error:
        return {"seen": seen, **raised(error)}


async def run_async(client: AsyncOpenAI, task: Any) -> Any:
    """The outcome of a case with the asyncio client."""
    client = client.with_options(max_retries=task["retries"])
    seen: list[Any] = []
    try:
        match task["call"]:
            case "models":
                page = await client.models.list()
                return {"page": describe(page), "items": [describe(model) async for model in page]}
            case "model":
                return describe(await client.models.retrieve(task["request"]["model"]))
            case "embed":
                return describe(await client.embeddings.create(**arguments(task)))
            case "parse":
                return describe(await client.chat.completions.parse(**arguments(task)))
            case "final":
                async with client.chat.completions.stream(**arguments(task)) as stream:
                    return describe(await stream.get_final_completion())
            case "chat":
                return with_headers(await client.chat.completions.with_raw_response.create(**arguments(task)))
            case "stream":
                async with await client.chat.completions.create(**arguments(task), stream=True) as stream:
                    seen.extend([describe(chunk) async for chunk in stream])
                return seen
            case "respond" | "respond-stream":
                return await respond_async(client, task, seen)
    except Exception as error:
        return {"seen": seen, **raised(error)}


def respond(client: OpenAI, task: Any, seen: list[Any]) -> Any:
    """The outcome of a case of the Responses API."""
    if task["call"] == "respond":
        return with_headers(client.responses.with_raw_response.create(**task["request"]))
    with client.responses.create(**task["request"], stream=True) as events:
        seen.extend(describe(event) for event in events)
    return seen


async def respond_async(client: AsyncOpenAI, task: Any, seen: list[Any]) -> Any:
    """As `respond`, under asyncio."""
    if task["call"] == "respond":
        return with_headers(await client.responses.with_raw_response.create(**task["request"]))
    async with await client.responses.create(**task["request"], stream=True) as events:
        seen.extend([describe(event) async for event in events])
    return seen


async def main() -> None:
    setup = json.load(sys.stdin)
    common = {"api_key": "parity-key", "organization": "org", "base_url": setup["url"]}
    outcomes: dict[str, Any] = {}
    direct, over = OpenAI(**common), OpenAI(**common, http_client=http_client(setup["target"]))
    for task in setup["tasks"]:
        for way, client in (("direct", direct), ("bridge", over)):
            outcomes[f"{task['name']} sync {way}"] = run(client, task)
    over_async = AsyncOpenAI(**common, http_client=async_http_client(setup["target"]))
    async with AsyncOpenAI(**common) as direct_async, over_async:
        for task in setup["tasks"]:
            for way, client_async in (("direct", direct_async), ("bridge", over_async)):
                outcomes[f"{task['name']} async {way}"] = await run_async(client_async, task)
    versions = {"language": ".".join(map(str, sys.version_info[:3])), "library": openai.__version__}
    print(json.dumps({"outcomes": outcomes, "versions": versions}))


asyncio.run(main())
