"""What runs on which thread: an edge; the results do not depend on it."""

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Semaphore
from typing import TypeVar

from bodychan.model.arrays import U8
from bodychan.tracking.blazepose.crop import Region
from bodychan.tracking.blazepose.landmarks import LandmarkModel, Landmarks, part_of
from bodychan.tracking.blazepose.view import View

_AHEAD = 1
"""Items that are prepared while one is worked on."""

_MOST_THREADS = 2
"""Threads for one run of the network at most: a third and fourth only take a processor from other work."""

Coming = Future[View | None]
"""The image of the next capture while it is being prepared."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def processors() -> int:
    """Give how many processors this process may use: a container or `taskset` may allow it only some."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def ahead(
    items: Iterable[_Item], prepare: Callable[[_Item], _Result]
) -> Iterator[tuple[_Item, _Result, Future[_Result] | None]]:
    """Give each item with what `prepare` makes of it, the next one being prepared on a thread meanwhile.

    The third value is what is being prepared of the next item; None after the last. Items are taken on the
    caller's thread. Where taking one fails, those before are given first; where preparing one fails, the
    error comes in its place.
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
                yield item, result.result(), waiting[0][1] if waiting else None
    if failure is not None:
        raise failure


@dataclass(frozen=True, slots=True, eq=False)
class _Begun:
    """What was begun in one region of an image that was still being prepared."""

    coming: Coming
    region: Region
    result: Future[Landmarks]

    def is_for(self, image: U8, region: Region) -> bool:
        if self.region != region or not self.coming.done() or self.coming.exception() is not None:
            return False
        seen = self.coming.result()
        return seen is not None and seen.image is image


class Scheduler:
    """Runs the landmark model for several people of one image beside each other, and ahead for the next.

    Args:
        model: the file.
        threads: to run on; they are shared out evenly among the people.
    """

    def __init__(self, model: Path, threads: int) -> None:
        self._model = model
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="bodychan-landmarks")
        self._idle: dict[int, SimpleQueue[LandmarkModel]] = {}
        self._begun: list[_Begun] = []
        self._started = Semaphore(0)
        self._models(1)

    def find(self, images: Sequence[U8], regions: Sequence[Region]) -> Iterator[Landmarks]:
        """Give the landmarks in each region of its image, in their order, each as soon as it is there."""
        people = len(regions)
        results = [self._result(image, r, people) for image, r in zip(images, regions, strict=True)]
        return (result.result() for result in results)

    def begin(self, coming: Coming, regions: list[Region], people: int) -> None:
        """Begin with regions of the image for which `find` will be called next, as soon as it is prepared.

        What was begun already is not begun again. Should `find` be called for another image or for other
        regions, this was for nothing. `people` is how many regions of it there will be in all.
        """
        if any(begun.coming is not coming for begun in self._begun):
            self._begun, self._started = [], Semaphore(0)
        known = [begun.region for begun in self._begun]
        for region in regions:
            if region not in known:
                result = self._submit(lambda: _image(coming), region, people, self._started)
                self._begun.append(_Begun(coming, region, result))

    def wait_for_begun(self) -> None:
        """Wait until what was begun runs, as far as there are threads and the image is prepared.

        Python runs one thread at a time: did the caller not wait, they would start when it next has to.
        """
        if self._begun and self._begun[0].coming.done():
            for _ in range(min(len(self._begun), self._threads)):
                self._started.acquire()

    def close(self) -> None:
        """End the threads; a second call does nothing."""
        self._pool.shutdown()

    def _result(self, image: U8, region: Region, people: int) -> Future[Landmarks]:
        for begun in self._begun:
            if begun.is_for(image, region):
                return begun.result
        return self._submit(lambda: image, region, people, Semaphore(0))

    def _submit(
        self, image: Callable[[], U8], region: Region, people: int, started: Semaphore
    ) -> Future[Landmarks]:
        models = self._models(people)

        def look() -> Landmarks:
            try:
                part = part_of(image(), region)
                model = models.get()
            finally:
                started.release()
            try:
                return model.look(part, region)
            finally:
                models.put(model)

        return self._pool.submit(look)

    def _models(self, people: int) -> SimpleQueue[LandmarkModel]:
        """Give as many models as can run at once for so many people, each on its share of the threads."""
        share = min(max(self._threads // people, 1), _MOST_THREADS)
        if share not in self._idle:
            self._idle[share] = SimpleQueue()
            for _ in range(self._threads // share):
                self._idle[share].put(LandmarkModel(self._model, share))
        return self._idle[share]


def _image(coming: Coming) -> U8:
    seen = coming.result()
    assert seen is not None  # else nobody asks for what was begun
    return seen.image
