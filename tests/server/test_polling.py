"""gRPC's polling thread does not interrupt the event loop's thread."""

import os
import sys
import threading
from pathlib import Path

import grpc
import pytest

from bridge.server.polling import poll_in_batches
from tests.support.gateway import Gateway
from tests.support.processes import children, serving
from tests.support.wait import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux schedules threads this way")


def policies(pid: int) -> list[int]:
    """The policies of a process's threads."""
    return [os.sched_getscheduler(int(task.name)) for task in Path(f"/proc/{pid}/task").iterdir()]


@pytest.mark.parametrize("workers", [1, 2])
async def test_one_thread_of_each_process(gateway: Gateway, workers: int) -> None:
    """The polling thread is a batch thread, found by the name that grpcio gives it. No other thread is."""
    async with serving(gateway, "--workers", str(workers)) as server:
        processes = [server.pid] if workers == 1 else children(server.pid)
        assert len(processes) == workers
        await until(lambda: all(os.SCHED_BATCH in policies(pid) for pid in processes))
        for pid in processes:
            assert policies(pid).count(os.SCHED_BATCH) == 1
            assert os.sched_getscheduler(pid) == os.SCHED_OTHER  # of the main thread


@pytest.mark.parametrize(("policy", "times"), [("SCHED_OTHER", 1), ("SCHED_FIFO", 0), ("SCHED_IDLE", 0)])
async def test_the_thread_stays_as_it_is(policy: str, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a sandbox that forbids the change, and with a policy that was chosen for the process."""
    asked = []

    def forbidden(thread: int, *_: object) -> None:
        asked.append(thread)
        raise PermissionError(1, "Operation not permitted")

    server = grpc.aio.server()
    monkeypatch.setattr(os, "sched_setscheduler", forbidden)
    monkeypatch.setattr(os, "sched_getscheduler", lambda _: getattr(os, policy))
    poll_in_batches()
    assert len(asked) == times
    assert set(asked) <= {thread.native_id for thread in threading.enumerate()} - {threading.get_native_id()}
    await server.stop(None)
