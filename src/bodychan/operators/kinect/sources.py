"""Where a Kinect Azure TOP's captures come from, a live camera or one that is played: an edge.

A camera that is played capture by capture is read when its captures are due. In real time a thread reads it
ahead, so that the timeline never waits for a disk or a renderer, and captures that are late are skipped.
"""

import math
import threading
from abc import abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator

from bodychan.cameras.base import BACKLOG, Camera, captures
from bodychan.model.capture import Capture
from bodychan.model.closing import Closing
from bodychan.operators.kinect.playback import Due, Part, Playback

_AHEAD = 4
"""Captures that are read before they are due, so that a short delay of the disk goes unnoticed."""


class Source(Closing):
    """Gives captures as the timeline goes on."""

    upcoming: Due | None = None
    """The next capture that is not due yet, where it is known."""
    ended: bool = False
    """No capture is left."""
    dropped: int = 0
    """Captures that were skipped or lost because nobody was ready for them."""
    keep_all: bool = False
    """Skip nothing: somebody records the captures."""

    @abstractmethod
    def due(self, seconds: float) -> Iterable[Due]:
        """Return the captures that have become due at a second of the timeline, oldest first.

        Raises:
            CameraError: the camera cannot be read; captures before that have been given.
        """

    def go_to(self, seconds: float) -> None:
        """Follow a jump of the timeline."""

    @abstractmethod
    def each(self) -> Iterator[Capture]:
        """Yield every capture, whatever the timeline says."""

    def close(self) -> None:
        """End what works in the background; the camera stays open."""


def open_source(camera: Camera, playback: Playback, *, realtime: bool) -> Source:
    """Follow a camera that is open.

    Raises:
        CameraError: the part that is played has no capture.
    """
    if camera.live:
        return LiveSource(camera)
    part = Part(camera, playback)
    return ReadAhead(part) if realtime else Played(part)


class LiveSource(Source):
    """The newest capture of a live camera, whenever it is asked for; all of them if they are kept."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera

    def due(self, seconds: float) -> Iterable[Due]:
        """Return the newest capture if it is a new one, or all that have come since."""
        self._camera.backlog = BACKLOG if self.keep_all else 1
        come = list(iter(self._camera.latest, None))
        self.dropped = self._camera.dropped
        return [Due(capture, 0, seconds) for capture in come]

    def each(self) -> Iterator[Capture]:
        """Yield every capture, as it comes; one that is away is waited for."""
        return (capture for capture in captures(self._camera) if capture is not None)


class Played(Source):
    """Every capture of a part, read when it is due."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._failure: Exception | None = None
        self._look_ahead()

    def due(self, seconds: float) -> Iterator[Due]:
        """Yield all that has become due."""
        return self._until(self._part.played_usec(seconds))

    def each(self) -> Iterator[Capture]:
        """Yield every capture of the part."""
        return (due.capture for due in self._until(math.inf))

    def _until(self, played_usec: float) -> Iterator[Due]:
        while self.upcoming is not None and self.upcoming.played_usec <= played_usec:
            due = self.upcoming
            self._look_ahead()
            yield due
        if self.upcoming is None and self._failure is not None:
            raise self._failure

    def _look_ahead(self) -> None:
        """Read the next capture, so that it is known when it is due; an error comes after the last one."""
        self.upcoming = None
        try:
            self.upcoming = self._part.read()
            self.ended = self.upcoming is None
        except Exception as error:
            self._failure = error

    def go_to(self, seconds: float) -> None:
        """Read from there."""
        self._part.go_to(seconds)
        self._look_ahead()


class ReadAhead(Source):
    """A part that is read by a thread of its own, some captures ahead of the timeline.

    Where reading is too slow for the timeline, captures whose time has gone by are skipped; with `keep_all`
    they come late instead.
    """

    def __init__(self, part: Part) -> None:
        self._part = part
        self._news = threading.Condition()
        # Between the threads, under the condition: captures that were read, what went wrong, where the
        # timeline is and where it has jumped to.
        self._read: deque[Due] = deque([first] if (first := part.read()) else [])
        self._failure: Exception | None = None
        self._now_usec = 0
        self._jump: float | None = None
        self._at_end = self._closing = False
        self._thread = threading.Thread(target=self._run, name="bodychan-reading", daemon=True)
        self._thread.start()

    def due(self, seconds: float) -> list[Due]:
        """Return what has been read and become due; never waits."""
        with self._news:
            self._now_usec = self._part.played_usec(seconds)
            due = []
            while self._read and self._read[0].played_usec <= self._now_usec:
                due.append(self._read.popleft())
            self.upcoming = self._read[0] if self._read else None
            self.ended = self._at_end and not self._read
            failure = self._failure
            if failure is not None and not self._read and not due:
                self._failure = None
                raise failure
            self._news.notify_all()
        return due

    def each(self) -> Iterator[Capture]:
        """Yield every capture that is read; the timeline stands at the last one."""
        while not self.ended:
            with self._news:
                self._news.wait_for(lambda: self._read or self._at_end or self._failure)
                seconds = self._read[0].seconds if self._read else 0.0
            for due in self.due(seconds):
                yield due.capture

    def go_to(self, seconds: float) -> None:
        """Let the thread read from there."""
        with self._news:
            self._jump, self._now_usec = seconds, self._part.played_usec(seconds)
            self._read.clear()
            self.upcoming, self.ended, self._at_end = None, False, False
            self._news.notify_all()

    def close(self) -> None:
        """End the thread, when it is done with its capture."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        self._thread.join()

    def _run(self) -> None:
        took_usec = 0
        try:
            while self._wait_for_room():
                took_usec = self._read_next(took_usec)
        except Exception as error:
            with self._news:
                self._failure = error
                self._news.notify_all()

    def _wait_for_room(self) -> bool:
        """Wait until a capture is wanted; False = none will be."""
        with self._news:
            self._news.wait_for(
                lambda: (
                    self._closing or self._jump is not None or (not self._at_end and len(self._read) < _AHEAD)
                )
            )
            return not self._closing

    def _read_next(self, took_usec: int) -> int:
        """Read the next capture that can be in time if reading takes as long again; return its time, µs."""
        with self._news:
            jump, self._jump = self._jump, None
            began = self._now_usec
        skipped = 0
        if jump is not None:
            self._part.go_to(jump)
        elif not self.keep_all:
            skipped = self._part.skip_to(began + took_usec)
        due = self._part.read()
        with self._news:
            self.dropped += skipped
            if self._jump is None:
                self._at_end = due is None
                self._read.extend([] if due is None else [due])
                self._news.notify_all()
            return max(0, self._now_usec - began)
