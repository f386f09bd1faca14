"""The scripts of the pages run unchanged, against a bridge with a scripted gateway."""

import asyncio
import json
import subprocess
import sys
from typing import Final

from tests.docs.blocks import of
from tests.support.assistant import respond
from tests.support.bridge import Start
from tests.support.gateway import Gateway

_ADDRESS: Final = "127.0.0.1:50051"
#: Runs scripts one after the other in one process, and prints the output or the failure of each as JSON.
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


async def test_scripts_run_as_they_stand(start: Start, gateway: Gateway) -> None:
    """Each script prints the text of its mark and raises nothing. Only the address is replaced."""
    scripts = [block for block in of("python") if block.mark == "run"]
    assert len(scripts) > 10
    gateway.script(respond)
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
