"""What runs on which thread: an edge; the results do not depend on it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from bodychan.tracking.landmarks import LandmarkModel, Landmarks
from bodychan.tracking.region import Region
from bodychan.types import U8

_PARALLEL_FROM = 3
"""People from which one thread each is faster than all threads for one after the other."""


_AHEAD = 1
"""Items that are prepared while one is worked on."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def ahead(items: Iterable[_Item], prepare: Callable[[_Item], _Result]) -> Iterator[tuple[_Item, _Result]]:
    """Give each item with what `prepare` makes of it, the next one being prepared on a thread meanwhile.

    Items are taken on the caller's thread. Where taking one fails, those before are given first; where
    preparing one fails, the error comes in its place.
    """
    source, failure, more = iter(items), None, True
    waiting: deque[tuple[_Item, Future[_Result]]] = deque()
    with ThreadPoolExecutor(1, thread_name_prefix="bodychan-ahead") as pool:
        while more or waiting:
            while more and len(waiting) <= _AHEAD:
                try:
                    item = next(source)
                except StopIteration:
                    more = False
                except Exception as error:
                    failure, more = error, False
                else:
                    waiting.append((item, pool.submit(prepare, item)))
            if waiting:
                item, result = waiting.popleft()
                yield item, result.result()
    if failure is not None:
        raise failure


class Scheduler:
    """Runs the landmark model for several people of one image."""

    def __init__(self, model: Path, threads: int) -> None:
        self._model = model
        self._threads = threads
        self._whole = LandmarkModel(model, threads)
        self._single: list[LandmarkModel] = []
        self._pool: ThreadPoolExecutor | None = None

    def find(self, image: U8, regions: list[Region]) -> list[Landmarks]:
        """Give the landmarks in each region, in the order of the regions."""
        if len(regions) < _PARALLEL_FROM or self._threads == 1:
            return [self._whole.find(image, region) for region in regions]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="bodychan-landmarks")
            self._single = [LandmarkModel(self._model, 1) for _ in range(self._threads)]
        shares = [regions[start :: self._threads] for start in range(self._threads)]
        results = self._pool.map(
            lambda pair: [pair[0].find(image, region) for region in pair[1]],
            zip(self._single, shares, strict=True),
        )
        by_share = [iter(result) for result in results]
        return [next(by_share[index % self._threads]) for index in range(len(regions))]

    def close(self) -> None:
        """End the threads; a second call does nothing."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
