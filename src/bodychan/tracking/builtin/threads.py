"""What runs on which thread: an edge; the results do not depend on it."""

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

_MOST = 4
"""Threads at most; more people than that wait for each other."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def processors() -> int:
    """Give how many processors this process may use: a container or `taskset` may allow it only some.

    OMP_NUM_THREADS, which schedulers of clusters set for each of their jobs, limits them too.
    """
    there = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return min(there, int(limit)) if limit.isdigit() and int(limit) else there


class Threads:
    """Does the same with several things at a time; the thread that asks for it takes part.

    Args:
        count: threads at most; None = as many as there are processors, up to four.
    """

    def __init__(self, count: int | None = None) -> None:
        self._others = (min(processors(), _MOST) if count is None else count) - 1
        self._pool = ThreadPoolExecutor(self._others, "bodychan-look") if self._others > 0 else None

    def map(self, work: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
        """Give what the work makes of each item, in their order; the work itself must not call this."""
        todo = list(items)
        if self._pool is None or len(todo) < 2:
            return [work(item) for item in todo]
        done: dict[int, _Result] = {}
        left = deque(enumerate(todo))

        def take_part() -> None:
            while left:
                try:
                    row, item = left.popleft()
                except IndexError:  # another thread has taken the last one
                    return
                done[row] = work(item)

        others = [self._pool.submit(take_part) for _ in range(min(self._others, len(todo) - 1))]
        try:
            take_part()
        finally:
            wait(others)
        for other in others:
            other.result()
        return [done[row] for row in range(len(todo))]

    def close(self) -> None:
        """End the threads; a second call does nothing."""
        if self._pool is not None:
            self._pool.shutdown()
