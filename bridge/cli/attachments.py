"""Attachments of a chat: images, documents and tools, from files or URLs."""

import mimetypes
from collections.abc import Sequence
from pathlib import Path

import typer

from aibridge.v1.chat_pb2 import ChatCompletionMessage, ContentPart, ContentParts, FileContent, ImageUrl, Tool
from aibridge.v1.common_pb2 import InlineData
from bridge.codec import build
from bridge.errors import BridgeError
from bridge.jsontext import MalformedJSONError, loads


def parts_of(images: Sequence[str], files: Sequence[Path]) -> list[ContentPart]:
    """Images, by file or URL, and documents as parts of a message.

    Raises:
        typer.BadParameter: a file cannot be read, or is not an image by its name.
    """
    pictures = [ContentPart(type="image_url", image_url=_image(image)) for image in images]
    return pictures + [ContentPart(type="file", file=_file(file)) for file in files]


def user_message(text: str, attached: Sequence[ContentPart]) -> ChatCompletionMessage:
    """A user message: plain text, or content parts if something is attached."""
    if not attached:
        return ChatCompletionMessage(role="user", content=text)
    parts = [ContentPart(type="text", text=text)] if text else []
    return ChatCompletionMessage(role="user", content_parts=ContentParts(items=[*parts, *attached]))


def tools_of(path: Path | None) -> list[Tool]:
    """The tools in a JSON file: one definition or a list of them, as OpenAI's `tools` or as bare functions.

    Raises:
        typer.BadParameter: the file cannot be read or holds something else.
    """
    if path is None:
        return []
    try:
        value = loads(_bytes(path, "--tool"))
        found = value if isinstance(value, list) else [value]
        wrapped = [item if "type" in item else {"type": "function", "function": item} for item in found]
        tools = [build(Tool, item) for item in wrapped]
    except (MalformedJSONError, BridgeError, TypeError, AttributeError) as error:
        raise typer.BadParameter(f"{path} is not a JSON object or list of tools", param_hint="--tool") from error
    for tool in tools:
        if tool.type == "function" and not tool.function.name:
            raise typer.BadParameter(f"{path} has a function without a name", param_hint="--tool")
    return tools


def _image(source: str) -> ImageUrl:
    if source.startswith(("http://", "https://", "data:")):
        return ImageUrl(url=source)
    path = Path(source)
    kind = mimetypes.guess_type(path.name)[0] or ""
    if not kind.startswith("image/"):
        raise typer.BadParameter(f"{source} is neither a URL nor a file with an image extension", param_hint="--image")
    return ImageUrl(url_inline=InlineData(mime_type=kind, data=_bytes(path, "--image")))


def _file(path: Path) -> FileContent:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return FileContent(file_data_inline=InlineData(mime_type=kind, data=_bytes(path, "--file")), filename=path.name)


def _bytes(path: Path, flag: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}", param_hint=flag) from None
