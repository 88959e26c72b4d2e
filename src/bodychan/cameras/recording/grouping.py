"""Which images of a recording make one capture: the rule of Microsoft's reader, without files or clocks.

A capture takes the next image of each track whose time for synchronising lies less than half a frame period
after the earliest of them (azure-kinect-sensor-sdk, src/record/internal/matroska_read.cpp, get_capture).
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar

Data = TypeVar("Data")

# Recorders sort what they write within clusters of 32 ms; three of them leave room for other muxers.
_DISORDER_NS = 100_000_000


@dataclass(frozen=True, slots=True)
class Block(Generic[Data]):
    """One image: its track ("depth", "ir" or "color"), device time, and its data as they came.

    `sync_ns` is the device time with the delay between the cameras taken out.
    """

    track: str
    usec: int
    sync_ns: int
    data: Data


@dataclass(frozen=True, slots=True)
class Group(Generic[Data]):
    """The images of one capture by track, and the inertial samples that came with it, oldest first.

    `index` counts frame periods from 1, as `Capture` says.
    """

    index: int
    blocks: dict[str, Block[Data]]
    imu: tuple[bytes, ...] = ()

    @property
    def usec(self) -> int:
        """Device time of the capture."""
        return primary(self.blocks).usec


def primary(blocks: dict[str, Block[Data]]) -> Block[Data]:
    """Give the image that a capture has its time from: depth, else IR, else colour."""
    return next(blocks[track] for track in ("depth", "ir", "color") if track in blocks)


class Grouper(Generic[Data]):
    """Forms captures from images and inertial samples in the order of the file.

    Add what the file holds, take what is complete, and `finish` at the end. What is held back is bounded:
    by the next image of each track, or by the disorder of the file where a track has no more images.
    """

    def __init__(self, tracks: Iterable[str], period_ns: int, *, imu: bool) -> None:
        self._period_ns = period_ns
        self._previous: tuple[int, int] | None = None
        self._queues: dict[str, deque[Block[Data]]] = {track: deque() for track in tracks}
        self._window_ns = period_ns // 2
        self._ready: deque[Group[Data]] = deque()
        # A heap, the oldest first: they come almost in order, and may be thousands ahead of the images. The
        # second number keeps the order of those of one time.
        self._samples: list[tuple[int, int, bytes]] = []
        self._sample_number = count()
        self._newest_sample_usec = -1
        self._imu = imu
        self._newest_ns = 0
        self._seen: set[str] = set()
        self._finished = False
        self._cut_off = False

    def add_image(self, block: Block[Data]) -> None:
        """Add the next image of a track."""
        self._queues[block.track].append(block)
        self._newest_ns = max(self._newest_ns, block.usec * 1000)

    def add_imu(self, usec: int, sample: bytes) -> None:
        """Add an inertial sample and its time on the images' clock."""
        heappush(self._samples, (usec, next(self._sample_number), sample))
        self._newest_sample_usec = max(self._newest_sample_usec, usec)

    def finish(self, *, cut_off: bool) -> None:
        """Say that no more will come; of a file that is `cut_off` the last capture may lack images."""
        self._finished = True
        self._cut_off = cut_off

    def take(self) -> Group[Data] | None:
        """Give the next capture, or None while it needs more data, or after the last one."""
        # One capture is kept back: samples after the last capture join it, so it must be known as the last.
        while len(self._ready) < 2 and (group := self._form()) is not None:
            self._ready.append(group)
        if not self._ready or (len(self._ready) < 2 and not self._finished):
            return None
        usec = self._ready[0].usec
        if not (self._finished or self._has_samples_until(usec)):
            return None
        last = self._finished and len(self._ready) == 1
        group = self._ready.popleft()
        return Group(group.index, group.blocks, self._take_samples(None if last else usec))

    def _form(self) -> Group[Data] | None:
        heads = [queue[0] for queue in self._queues.values() if queue]
        if not heads:
            return None
        start = min(block.sync_ns for block in heads)
        blocks = {block.track: block for block in heads if block.sync_ns - start < self._window_ns}
        if len(heads) < len(self._queues) and not self._is_decided(start + self._window_ns, set(blocks)):
            return None
        for track in blocks:
            self._queues[track].popleft()
        self._seen |= blocks.keys()
        sync_ns = primary(blocks).sync_ns
        self._previous = self._number(sync_ns), sync_ns
        return Group(self._previous[0], blocks)

    def _number(self, sync_ns: int) -> int:
        """Count from the capture before, so that a camera a little off its nominal rate does not drift."""
        if self._previous is not None:
            index, previous_ns = self._previous
            return index + max(1, round((sync_ns - previous_ns) / self._period_ns))
        return 1

    def _is_decided(self, window_end_ns: int, present: set[str]) -> bool:
        """Whether no image that is yet to come can belong to a capture whose window ends then.

        The time for synchronising is never before the time in the file, by which the file is sorted.
        """
        if not self._finished:
            return self._newest_ns >= window_end_ns + _DISORDER_NS
        whole = present >= self._seen and bool(self._seen)
        return not self._cut_off or self._newest_ns >= window_end_ns or whole

    def _has_samples_until(self, usec: int) -> bool:
        if not self._imu or self._newest_sample_usec > usec:
            return True
        return self._newest_ns >= usec * 1000 + _DISORDER_NS

    def _take_samples(self, until_usec: int | None) -> tuple[bytes, ...]:
        """Take the samples up to and including a time, or all, oldest first."""
        taken = []
        while self._samples and (until_usec is None or self._samples[0][0] <= until_usec):
            taken.append(heappop(self._samples)[2])
        return tuple(taken)
