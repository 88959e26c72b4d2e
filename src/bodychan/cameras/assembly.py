"""Captures made of single frames, as many devices deliver them: each sensor's on its own."""

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from bodychan.cameras.color import decode_or_note
from bodychan.cameras.faults import Faults
from bodychan.model.arrays import F32, U16
from bodychan.model.capture import Capture, ColorImage, ImuSample

IMAGES = ("depth", "ir", "color")
"""The kinds of frames that are images; a capture has its time from the first of them that it has."""
# What a device or recording delivers comes on several threads, this much out of order at most.
DISORDER_USEC = 100_000
_CLOCK_JUMP_USEC = 1_000_000


@dataclass(frozen=True)
class Frame:
    """An image or one half of an inertial sample: its kind, device time, and data of its own.

    `pixels` (H, W) uint16 are mm or brightness, `coded` a colour image's bytes, `vector` (3,) float32 m/s² or
    rad/s. `number` is the device's count of an image, `format` that of a colour image.
    """

    kind: str
    usec: int
    pixels: U16 | None = None
    coded: bytes = b""
    vector: F32 | None = None
    number: int = 0
    format: str = ""
    size: tuple[int, int] = (0, 0)
    temperature: float = float("nan")


class Assembler:
    """Makes captures and inertial samples of frames that come on several threads, one kind at a time.

    The images of a capture lie within half a frame period of its earliest. A device's capture is given as
    soon as it has an image of each kind, or when another image shows that one is missing; with `ordered`, as
    for a recording, not before everything that belongs to it must have come. What has no image of the kind
    `needed` is left out, and not counted.
    """

    def __init__(
        self,
        kinds: Collection[str],
        fps: int,
        number: Callable[[Frame], int],
        faults: Faults,
        *,
        ordered: bool,
        needed: str | None = None,
    ) -> None:
        self._period_usec = 10**6 // fps
        self._patience_usec = DISORDER_USEC if ordered else self._period_usec * 3 // 2
        self._ordered, self._needed = ordered, needed
        self._queues: dict[str, deque[Frame]] = {kind: deque() for kind in IMAGES if kind in kinds}
        self._accel: deque[Frame] = deque()
        self._gyro: deque[Frame] = deque()
        self._newest_usec = 0
        self._given_usec = -1
        self._finished = False
        self._number, self._faults = number, faults

    def add(self, frame: Frame) -> None:
        """Add a frame; one of a kind that was not asked for, or that comes too late, is left out."""
        if frame.kind in self._queues:
            self._add_image(frame)
        elif frame.kind in ("accel", "gyro"):
            for queue in (self._accel, self._gyro):
                # What is from before the clock was set back would wait for its other half for ever.
                while queue and frame.usec < queue[-1].usec - _CLOCK_JUMP_USEC:
                    queue.pop()
            (self._accel if frame.kind == "accel" else self._gyro).append(frame)

    def _add_image(self, frame: Frame) -> None:
        if frame.usec < self._newest_usec - _CLOCK_JUMP_USEC:
            # The clock was set back: images from before it can no longer be matched with those after.
            for queue in self._queues.values():
                queue.clear()
            self._newest_usec, self._given_usec = frame.usec, -1
        # Images that captures do not need may come more often than captures.
        counts = not self._ordered and self._needed in (None, frame.kind)
        if counts and frame.usec <= self._given_usec:
            self._faults.note(
                "late",
                f"the {frame.kind} image of {frame.usec} µs came when a capture of {self._given_usec} µs "
                "had been given; it is left out",
            )
            return
        self._queues[frame.kind].append(frame)
        self._newest_usec = max(self._newest_usec, frame.usec)

    def finish(self) -> None:
        """Say that nothing more will come."""
        self._finished = True

    def take(self) -> Capture | None:
        """Give the next capture, without inertial samples; None while it needs more frames."""
        start = self._next_usec()
        if start is None:
            return None
        heads = [queue[0] for queue in self._queues.values() if queue]
        settled = self._finished or self._newest_usec >= start + self._patience_usec
        if not settled and (self._ordered or len(heads) < len(self._queues)):
            return None
        chosen = {frame.kind: frame for frame in heads if abs(frame.usec - start) < self._period_usec // 2}
        for kind in chosen:
            self._queues[kind].popleft()
        return self._capture(chosen)

    def turn(self, listen: Callable[[], None]) -> tuple[Capture | None, tuple[ImuSample, ...]]:
        """Give the next capture, having listened for frames if there was none yet, and the samples so far."""
        capture = self.take()
        if capture is None:
            listen()
            capture = self.take()
        return capture, self.samples()

    def _next_usec(self) -> int | None:
        """Give the time of the next capture: that of its earliest image, or of the one that it needs.

        What lies too far before that one, or farther from it than the next of its kind, is left out.
        """
        if self._needed is None:
            return min((queue[0].usec for queue in self._queues.values() if queue), default=None)
        needed = self._queues[self._needed]
        start = needed[0].usec if needed else self._newest_usec - self._patience_usec
        for kind, queue in self._queues.items():
            if kind != self._needed:
                while len(queue) > 1 and abs(queue[1].usec - start) <= abs(queue[0].usec - start):
                    queue.popleft()
                if queue and queue[0].usec <= start - self._period_usec // 2:
                    queue.popleft()
        return start if needed else None

    @property
    def images(self) -> int:
        """How many images wait for their capture; of one kind, where captures need that."""
        waiting = self._queues.values() if self._needed is None else [self._queues[self._needed]]
        return sum(map(len, waiting))

    def samples(self, until_usec: int | None = None) -> tuple[ImuSample, ...]:
        """Take the inertial samples up to and including a time, or all that are whole, oldest first.

        An acceleration is joined with the turning rate that lies nearest in time, for which it waits.
        """
        taken = []
        while self._accel and (until_usec is None or self._accel[0].usec <= until_usec):
            usec = self._accel[0].usec
            while len(self._gyro) > 1 and self._gyro[1].usec <= usec:
                self._gyro.popleft()
            whole = self._gyro and self._gyro[-1].usec >= usec
            if not (whole or self._finished or self._accel[-1].usec >= usec + DISORDER_USEC):
                break
            accel = self._accel.popleft()
            if self._gyro:
                gyro = min(list(self._gyro)[:2], key=lambda frame: abs(frame.usec - usec))
                assert accel.vector is not None
                assert gyro.vector is not None
                taken.append(ImuSample(accel.vector, usec, gyro.vector, gyro.usec, accel.temperature))
        return tuple(taken)

    def _capture(self, frames: dict[str, Frame]) -> Capture:
        depth, ir, color = (frames.get(kind) for kind in IMAGES)
        first = depth or ir or color
        assert first is not None
        self._given_usec = first.usec
        return Capture(
            self._number(first),
            None if depth is None else depth.pixels,
            None if ir is None else ir.pixels,
            None if color is None else self._color(color),
            None if depth is None else depth.usec,
            None if ir is None else ir.usec,
            None if color is None else color.usec,
        )

    def _color(self, frame: Frame) -> ColorImage:
        where = f"colour image at device time {frame.usec} µs"
        decode = partial(decode_or_note, where=where, faults=self._faults)
        return ColorImage(frame.format, *frame.size, frame.coded, decode)
