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
        weigh: says how many bytes an item takes.
        most_bytes: how many of them may wait; any number if None.
        rank: where an item belongs; one that comes late is put before those that wait and belong after it.
    """

    def __init__(
        self,
        deliver: Callable[[_Item], None],
        most: int,
        *,
        newest_wins: bool,
        weigh: Callable[[_Item], int] = lambda _item: 0,
        most_bytes: int | None = None,
        rank: Callable[[_Item], int] = lambda _item: 0,
    ) -> None:
        self.lost = 0
        """Items that had to go."""
        self._deliver, self._most, self._newest_wins = deliver, most, newest_wins
        self._weigh, self._most_bytes, self._rank = weigh, most_bytes, rank
        self._waiting: deque[_Item] = deque()
        self._bytes = 0
        self._delivered = 0
        self._changed = threading.Condition()
        self._ending = False
        self._thread: threading.Thread | None = None

    def put(self, item: _Item) -> bool:
        """Take an item without waiting; say whether nothing was lost by it."""
        with self._changed:
            fits = self._has_room_for(item)
            if not fits:
                self.lost += 1
                if self._newest_wins:
                    self._next()
            if fits or self._newest_wins:
                self._insert(item)
            if self._thread is None:
                # A program that ends does not wait for one that never comes back.
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
            self._changed.notify()
        return fits

    def finish(self, seconds: float) -> bool:
        """Hand on what waits and end the thread; say whether that was done.

        It is given up when for so many seconds not one item could be handed on.
        """
        with self._changed:
            self._ending = True
            self._changed.notify()
        delivered = -1
        while self._thread is not None and self._thread.is_alive() and self._delivered > delivered:
            delivered = self._delivered
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

    def _has_room_for(self, item: _Item) -> bool:
        # One item always fits: it would else never be delivered, however long it waited.
        room = self._most_bytes is None or self._bytes + self._weigh(item) <= self._most_bytes
        return len(self._waiting) < self._most and (room or not self._waiting)

    def _insert(self, item: _Item) -> None:
        place = len(self._waiting)
        while place and self._rank(self._waiting[place - 1]) > self._rank(item):
            place -= 1
        self._waiting.insert(place, item)
        self._bytes += self._weigh(item)

    def _next(self) -> _Item:
        item = self._waiting.popleft()
        self._bytes -= self._weigh(item)
        return item

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ending)
                if not self._waiting:
                    return
                item = self._next()
            self._deliver(item)
            self._delivered += 1
