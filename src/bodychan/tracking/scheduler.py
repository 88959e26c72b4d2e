"""Who runs the landmark model on which thread: an edge; the results do not depend on it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bodychan.tracking.landmarks import LandmarkModel, Landmarks
from bodychan.tracking.region import Region
from bodychan.types import U8

_PARALLEL_FROM = 3
"""People from which one thread each is faster than all threads for one after the other."""


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
