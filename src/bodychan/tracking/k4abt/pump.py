"""Captures into k4abt's queue on one thread, results out of it on another: an edge.

k4abt works on about two captures at a time, so taking turns on one thread would make it wait for itself.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bodychan.cameras.k4a.handles import K4a
from bodychan.errors import TrackerError
from bodychan.model.arrays import U16
from bodychan.model.bodies import NOBODY, Bodies
from bodychan.model.capture import Capture
from bodychan.model.skeleton import Confidence
from bodychan.tracking.k4abt.api import INVALID_ID, BodyFrame, NativeTracker

IN_FLIGHT = 3
"""Captures inside the library at a time: it buffers at least three results, and works on about two."""
_WAIT_MS = 100
"""How long one call may wait, so that closing is noticed."""
_PATIENCE = 600
"""Waits of `_WAIT_MS` without a result after which the tracker counts as stuck; a GPU's first takes long."""


class Counts(NamedTuple):
    """What did not become bodies so far.

    `dropped` captures that gave way to newer ones (only with wait=False), `skipped` captures that k4abt gave
    no result for, `left_out` bodies with joints that were not numbers.
    """

    dropped: int = 0
    skipped: int = 0
    left_out: int = 0


def bodies_of(frame: BodyFrame, capture: Capture) -> tuple[Bodies, int]:
    """Make our bodies of k4abt's result for a capture, and say how many had to be left out.

    A body without a valid id is left out too, but not counted: k4abt says itself that it is none.
    """
    positions = frame.joints["position"].astype(np.float64)
    orientations = frame.joints["orientation"].astype(np.float64)
    lengths = np.linalg.norm(orientations, axis=-1, keepdims=True)
    # A quaternion of no length turns nothing; it is as bad as NaN.
    sound = np.isfinite(positions).all((1, 2)) & (np.isfinite(lengths) & (lengths > 1e-6)).all((1, 2))
    valid = frame.ids != INVALID_ID
    kept = sound & valid
    index_map = None
    if frame.index_map is not None:
        rows = np.full(256, NOBODY, np.uint8)
        rows[np.flatnonzero(kept)] = np.arange(kept.sum())
        index_map = rows[frame.index_map]
    confidence = np.clip(frame.joints["confidence"][kept], Confidence.NONE, Confidence.HIGH)
    bodies = Bodies(
        capture.index,
        capture.device_usec,
        frame.ids[kept].astype(np.int64),
        positions[kept],
        orientations[kept] / lengths[kept],
        confidence.astype(np.uint8),
        index_map,
    )
    return bodies, int((valid & ~sound).sum())


@dataclass(slots=True, eq=False)
class Entry:
    """A capture on its way: first waiting, then in flight, at last with bodies or dropped."""

    capture: Capture
    may_drop: bool
    bodies: Bodies | None = None
    dropped: bool = False


class Pump:
    """Feeds captures to k4abt on one thread and collects the results on another, in order."""

    def __init__(self, k4a: K4a, native: NativeTracker, size: tuple[int, int]) -> None:
        self.counts = Counts()
        self._k4a, self._native, self._size = k4a, native, size
        self._changed = threading.Condition()
        self._waiting: deque[Entry] = deque()
        self._flying: deque[Entry] = deque()
        self._failure: Exception | None = None
        self._closed = False
        # Daemons: a program that forgets to close its tracker can still end.
        self._threads = [
            threading.Thread(target=self._run, args=(work,), name=f"bodychan-k4abt-{name}", daemon=True)
            for name, work in (("feed", self._feed), ("collect", self._collect))
        ]
        for thread in self._threads:
            thread.start()

    def put(self, capture: Capture, *, may_drop: bool = False) -> Entry:
        """Take a capture; with `may_drop` it replaces those that wait and may be dropped."""
        with self._changed:
            self._require_running()
            if capture.depth is None or capture.ir is None:
                return Entry(capture, may_drop, Bodies.none(capture.index, capture.device_usec))
            self._require_size(capture, capture.depth, "depth")
            self._require_size(capture, capture.ir, "infrared")
            entry = Entry(capture, may_drop)
            while may_drop and self._waiting and self._waiting[0].may_drop:
                self._drop(self._waiting.popleft())
            self._waiting.append(entry)
            self._changed.notify_all()
        return entry

    def result(self, entry: Entry) -> Bodies:
        """Wait for the bodies of a capture."""
        # All in flight before it may be slow; then again the library itself may not come back.
        longest = (IN_FLIGHT + 2) * _PATIENCE * _WAIT_MS / 1000
        with self._changed:
            self._changed.wait_for(lambda: entry.bodies is not None or self._stopped, longest)
            if entry.bodies is None:
                self._require_running()
                raise TrackerError(_stuck(entry.capture))
            return entry.bodies

    def close(self) -> None:
        """End the threads, whatever they wait for, and give the tracker back."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
        self._native.shutdown()
        for thread in self._threads:
            thread.join(_PATIENCE * _WAIT_MS / 1000)
        if any(thread.is_alive() for thread in self._threads):
            raise TrackerError("k4abt does not return from a call: start the program again")
        self._native.destroy()

    @property
    def _stopped(self) -> bool:
        return self._closed or self._failure is not None

    def _require_running(self) -> None:
        if self._closed:
            raise TrackerError("the tracker is closed: open it again")
        if self._failure is not None:
            raise TrackerError(str(self._failure)) from self._failure

    def _require_size(self, capture: Capture, image: U16, kind: str) -> None:
        if image.shape != self._size:
            (height, width), (rows, columns) = self._size, image.shape
            raise TrackerError(
                f"the {kind} image of capture {capture.index} is {columns}x{rows}, the calibration's mode "
                f"has {width}x{height}: give the tracker the calibration of the camera's own modes"
            )

    def _drop(self, entry: Entry) -> None:
        entry.dropped = True
        self.counts = self.counts._replace(dropped=self.counts.dropped + 1)

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            with self._changed:
                self._failure = self._failure or error
                self._changed.notify_all()

    def _feed(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._stopped or (self._waiting and len(self._flying) < IN_FLIGHT)
                )
                if self._stopped:
                    return
                entry = self._waiting.popleft()
                # Before it is handed in: its result may be there before the call returns.
                self._flying.append(entry)
                self._changed.notify_all()
            self._hand_in(entry)

    def _hand_in(self, entry: Entry) -> None:
        capture = entry.capture
        assert capture.depth is not None  # put() lets no other in
        assert capture.ir is not None
        with self._k4a.make_capture(capture.depth, capture.ir, capture.device_usec) as native:
            for _ in range(_PATIENCE):
                if self._native.enqueue(native, _WAIT_MS):
                    return
                with self._changed:
                    if self._stopped:
                        return
                    if entry.may_drop and self._waiting:
                        self._flying.remove(entry)
                        self._drop(entry)
                        return
        raise TrackerError(_stuck(capture))

    def _collect(self) -> None:
        silent = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or self._flying)
                if self._stopped:
                    return
                oldest = self._flying[0].capture
            frame = self._native.pop(_WAIT_MS)
            silent = 0 if frame else silent + 1
            if frame is not None:
                self._take(frame)
            elif silent >= _PATIENCE:
                raise TrackerError(_stuck(oldest))

    def _take(self, frame: BodyFrame) -> None:
        """Give a result to its capture: they come in order, the device time tells of any that is missing."""
        with self._changed:
            if not self._flying:
                return  # nobody waits for it
            times = [entry.capture.device_usec for entry in self._flying]
            at = times.index(frame.device_usec) if frame.device_usec in times else 0
            entry = self._flying[at]
            bodies, left_out = bodies_of(frame, entry.capture)
            for _ in range(at):
                skipped = self._flying.popleft()
                skipped.bodies = Bodies.none(skipped.capture.index, skipped.capture.device_usec)
            self._flying.popleft()
            entry.bodies = bodies
            self.counts = self.counts._replace(
                skipped=self.counts.skipped + at, left_out=self.counts.left_out + left_out
            )
            self._changed.notify_all()


def _stuck(capture: Capture) -> str:
    return (
        f"k4abt has given nothing for capture {capture.index} for {_PATIENCE * _WAIT_MS // 1000} s: "
        "close the tracker and open it again, in processing mode cpu if it happens again"
    )
