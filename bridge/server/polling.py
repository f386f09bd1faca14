"""How Linux schedules gRPC's polling thread.

grpcio has a thread that waits for completed operations and passes them to the event loop. By default it interrupts the
loop's thread for each of them, if both run on the same processor: two switches between threads, and a write to a socket
that wakes the loop. As a batch thread it runs when the loop's thread waits, and passes on all that are complete by
then. Its share of the processor is the same, and no privileges are needed. The price: if other programs keep the
processors busy while a flood keeps the loop busy, other calls wait longer, as measured 0.3 to 0.8 s in place of 0.2 to
0.3 s.
"""

import os
import sys
import threading
from contextlib import suppress
from typing import Final

#: Part of the thread's name: grpcio's function that it runs.
_POLLER: Final = "_poll_wrapper"


def poll_in_batches() -> None:
    """Schedule gRPC's polling thread, which has started with the first server, as a batch thread.

    Where this is not possible, or another policy than the default was chosen for the process, nothing changes.
    """
    if sys.platform != "linux":
        return
    for thread in threading.enumerate():
        if _POLLER in thread.name and thread.native_id is not None:
            with suppress(OSError):  # sandboxes may forbid it
                if os.sched_getscheduler(thread.native_id) == os.SCHED_OTHER:
                    os.sched_setscheduler(thread.native_id, os.SCHED_BATCH, os.sched_param(0))
