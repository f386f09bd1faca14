"""A number of slots that tasks take and leave. The first that waits gets the next free slot."""

import asyncio


class Slots:
    """`number` slots, all of them free.

    asyncio.Semaphore does the same. Taking a free slot from it takes a microsecond, because it looks at all that wait.
    """

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: dict[asyncio.Future[None], None] = {}  # in order of arrival

    def take(self) -> bool:
        """Take a slot if one is free. Each that is taken must be left."""
        if not self._free:
            return False
        self._free -= 1
        return True

    async def wait(self) -> None:
        """Wait until there is a slot, and take it."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[turn] = None
        try:
            await turn
        except asyncio.CancelledError:
            self._waiting.pop(turn, None)
            if not turn.cancelled():
                self.leave()  # it got a slot at the moment of its cancellation
            raise

    def leave(self) -> None:
        """Leave a slot: it goes to the first that waits."""
        while self._waiting:
            turn = next(iter(self._waiting))
            del self._waiting[turn]
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
