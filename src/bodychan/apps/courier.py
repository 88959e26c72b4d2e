"""A thread that hands on what it is given, so that whoever gives it never waits."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

_Item = TypeVar("_Item")


class Courier(Generic[_Item]):
    """Hands items on in order, on a thread of its own that begins with the first.

    Args:
        deliver: takes one item; must not raise.
        most: how many may wait. When there are more, the oldest go if `newest_wins`, else the new ones.
        newest_wins: what is current counts, as in a stream, and not that all arrives.
    """

    def __init__(self, deliver: Callable[[_Item], None], most: int, *, newest_wins: bool) -> None:
        self.lost = 0
        """Items that had to go."""
        self._deliver, self._most, self._newest_wins = deliver, most, newest_wins
        self._waiting: deque[_Item] = deque()
        self._changed = threading.Condition()
        self._ending = False
        self._thread: threading.Thread | None = None

    def put(self, item: _Item) -> bool:
        """Take an item without waiting; say whether nothing was lost by it."""
        with self._changed:
            fits = len(self._waiting) < self._most
            if not fits:
                self.lost += 1
                if self._newest_wins:
                    self._waiting.popleft()
            if fits or self._newest_wins:
                self._waiting.append(item)
            if self._thread is None:
                # A program that ends does not wait for one that never comes back.
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
            self._changed.notify()
        return fits

    def finish(self, seconds: float) -> bool:
        """Hand on what waits and end the thread; say whether that was done within so many seconds."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ending)
                if not self._waiting:
                    return
                item = self._waiting.popleft()
            self._deliver(item)
