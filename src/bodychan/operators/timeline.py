"""The timeline that operators follow: frames counted from 1, and the loop that keeps it to the wall clock."""

import time
from abc import abstractmethod
from collections.abc import Callable
from numbers import Real
from typing import cast

from bodychan.errors import OperatorError
from bodychan.model.closing import Closing

_FASTEST = 1000


def checked_rate(fps: object) -> float:
    """Check a frame rate and return it.

    Raises:
        OperatorError: it is not a number above 0, up to 1000.
    """
    # NaN is not above 0; True is not a rate.
    if isinstance(fps, bool) or not isinstance(fps, Real) or not 0 < float(fps) <= _FASTEST:
        raise OperatorError(f"fps is {fps!r}: give a number above 0, up to {_FASTEST}")
    return cast(float, fps)


class Timeline(Closing):
    """Frames counted from 1, `fps` of them a second.

    With `realtime` a camera delivers the newest capture and drops older ones, as a live show wants it;
    without, every capture is tracked, and the result does not depend on how fast the machine is. `frame` is
    the present frame, `absFrame` counts the steps; `jumps` and `changes` count what makes another time, or
    other parameters, of the same frame.
    """

    def __init__(self, fps: float = 60.0, *, realtime: bool = False) -> None:
        self._fps = checked_rate(fps)
        self.realtime = realtime
        self.frame = 0
        self.absFrame = 0
        self.jumps = 0
        self.changes = 0
        self.frame_began = time.perf_counter()
        self.playing = False

    @property
    def fps(self) -> float:
        """Frames per second; a new value makes another time of the same frame, as a jump does.

        Raises:
            OperatorError: it is not above 0 and up to 1000.
        """
        return self._fps

    @fps.setter
    def fps(self, fps: float) -> None:
        if checked_rate(fps) != self._fps:
            self._fps = fps
            self.jumps += 1
            self.changes += 1

    @property
    def seconds(self) -> float:
        """Time since frame 1 began."""
        return max(self.frame - 1, 0) / self.fps

    def note_change(self, _parameter: str) -> None:
        """Note that a parameter has a new value, so that what is read next cooks again in this frame."""
        self.changes += 1

    def step(self, frames: int = 1) -> None:
        """Go forward on the timeline and cook what is asked for: here, what is attached to a sink."""
        self.absFrame += frames
        self._go_to(self.frame + frames)

    def jump(self, frame: int) -> None:
        """Go to a frame of the timeline, forward or back, and cook what is asked for.

        Recordings and scenes go there too. Time slices begin again: what lies between is not covered.

        Raises:
            OperatorError: there is no such frame; they count from 1.
        """
        if frame < 1:
            raise OperatorError(f"no frame {frame}: the timeline counts from 1")
        self.jumps += 1
        self.absFrame += 1
        self._go_to(frame)

    def _go_to(self, frame: int) -> None:
        self.frame = frame
        self.frame_began = time.perf_counter()
        self._cook_frame()

    @abstractmethod
    def _cook_frame(self) -> None:
        """Cook what is asked for in the present frame."""

    def play(
        self,
        until: Callable[[], bool] = lambda: False,
        *,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Step in real time until `until` says so, or until `pause` is called by what a step calls.

        It returns then; the timeline stands, and a further `play` goes on from there. A frame that comes too
        late is not made up for: the timeline skips to where it should be, and the cameras go on with their
        newest capture. After a jump or at a new frame rate the clock counts from there.
        """
        self.playing = True
        jumps = None
        began = 0.0
        try:
            while self.playing and not until():
                if jumps != self.jumps:
                    jumps, began = self.jumps, clock() - self.frame / self.fps
                wait = (self.frame + 1) / self.fps - (clock() - began)
                if wait > 0:
                    sleep(wait)
                due = int((clock() - began) * self.fps)
                self.step(max(1, due - self.frame))
        finally:
            self.playing = False

    def pause(self) -> None:
        """Let `play` end after the present frame."""
        self.playing = False
