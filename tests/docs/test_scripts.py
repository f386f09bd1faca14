"""The scripts of the pages run as they stand, against a bridge before a scripted gateway."""

import asyncio
import json
import subprocess
import sys
from typing import Any, Final

from tests.docs.blocks import of
from tests.support.bridge import Start
from tests.support.gateway import Exchange, Gateway, json_reply

_ADDRESS: Final = "127.0.0.1:50051"
_ANSWER: Final = "The sky is blue."
_USAGE: Final = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
_MODELS: Final = {"object": "list", "data": [{"id": "example/model", "object": "model"}]}
#: Runs scripts one after the other in one process, and prints what each printed, or how it failed, as JSON.
_RUNNER: Final = """
import contextlib, io, json, sys, traceback
outputs = []
for name, code in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()) as output:
        try:
            exec(compile(code, name, "exec"), {"__name__": "__main__"})
        except BaseException:
            output.write(traceback.format_exc())
    outputs.append(output.getvalue())
json.dump(outputs, sys.stdout)
"""


async def answer(exchange: Exchange) -> None:
    """A gateway that calls the first function of a request once, and says the same to all else."""
    request = exchange.request
    if request.path.endswith("/models"):
        await json_reply(_MODELS)(exchange)
    elif request.path.endswith("/embeddings"):
        vectors = [{"index": at, "embedding": [0.5, 0.25]} for at in range(len(request.json["input"]))]
        await json_reply({"data": vectors})(exchange)
    elif request.path.endswith("/responses"):
        await responses(exchange)
    elif request.json.get("stream"):
        await exchange.head(content_type="text/event-stream")
        for word in ("The sky ", "is blue."):
            await exchange.event({"choices": [{"index": 0, "delta": {"content": word}}]})
        await exchange.event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        if request.json.get("stream_options", {}).get("include_usage"):
            await exchange.event({"choices": [], "usage": _USAGE})
        await exchange.event("[DONE]")
        exchange.writer.close()
    else:
        choice = {"index": 0, "message": message(request.json), "finish_reason": "stop"}
        await json_reply({"choices": [choice], "usage": _USAGE})(exchange)


def message(body: dict[str, Any]) -> dict[str, Any]:
    if body.get("tools") and body["messages"][-1]["role"] == "user":
        function = {"name": body["tools"][0]["function"]["name"], "arguments": '{"harbour": "Brest"}'}
        return {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": function}]}
    return {"role": "assistant", "content": _ANSWER}


async def responses(exchange: Exchange) -> None:
    text = {"type": "output_text", "text": _ANSWER, "annotations": []}
    item = {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [text]}
    whole = {
        "id": "r", "object": "response", "created_at": 1, "model": "m", "status": "completed", "output": [item],
        "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
    }  # fmt: skip
    if not exchange.request.json.get("stream"):
        await json_reply(whole)(exchange)
        return
    await exchange.head(content_type="text/event-stream")
    delta = {"type": "response.output_text.delta", "delta": _ANSWER, "item_id": "m", "output_index": 0,
             "content_index": 0, "sequence_number": 1, "logprobs": []}  # fmt: skip
    for event in (delta, {"type": "response.completed", "response": whole, "sequence_number": 2}):
        await exchange.send(f"event: {event['type']}\n")
        await exchange.event(event)
    exchange.writer.close()


async def test_scripts_run_as_they_stand(start: Start, gateway: Gateway) -> None:
    """Each prints what its mark says, and raises nothing. Only the address is another."""
    scripts = [block for block in of("python") if block.mark == "run"]
    assert len(scripts) > 10
    gateway.script(answer)
    async with start(raw_paths="/responses") as bridge:
        codes = [(block.name, block.code.replace(_ADDRESS, bridge.address)) for block in scripts]
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", _RUNNER],
            input=json.dumps(codes),
            capture_output=True,
            text=True,
            check=True,
        )
    outputs = json.loads(done.stdout)
    wrong = {block.name: output for block, output in zip(scripts, outputs, strict=True) if block.text not in output}
    assert wrong == {}
