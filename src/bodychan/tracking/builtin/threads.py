"""What runs on which thread: an edge; the results do not depend on it."""

import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
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
    """Does the same with several things at a time.

    Args:
        count: threads at most; None = as many as there are processors, up to four.
    """

    def __init__(self, count: int | None = None) -> None:
        count = min(processors(), _MOST) if count is None else count
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="bodychan-look") if count > 1 else None

    def map(self, work: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
        """Give what the work makes of each item, in their order."""
        todo = list(items)
        if self._pool is None or len(todo) < 2:
            return [work(item) for item in todo]
        return list(self._pool.map(work, todo))

    def close(self) -> None:
        """End the threads; a second call does nothing."""
        if self._pool is not None:
            self._pool.shutdown()
