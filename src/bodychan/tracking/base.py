"""The contract of a tracker: captures in, bodies out."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.model.closing import Closing


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """What a tracker is asked for when it is opened; each kind takes what concerns it.

    `max_bodies` to follow at most; `models`, a file or folder, None = the usual one; `orientation` of the
    sensor: default, cw90, ccw90 or flipped; `memory`, for how many seconds somebody who is not seen keeps
    their id, None = the usual. For k4abt `processing_mode` (gpudefault, cpu, directml), the number of the
    `gpu`, and whose `hardware` the camera is (microsoft, orbbec). Without `wait` a tracker may return from
    `track` at once; its `waits` then says so.
    """

    max_bodies: int = 6
    models: Path | None = None
    orientation: str = "default"
    memory: float | None = None
    processing_mode: str = "gpudefault"
    gpu: int = 0
    hardware: str = "microsoft"
    wait: bool = True


class Tracker(Closing):
    """Finds the bodies in the captures of one camera. Open one with `bodychan.open_tracker`.

    A tracker is causal and deterministic: what it gives for a capture depends on that capture and those
    before it, and on nothing else. It is made for one camera's calibration and belongs to one thread.
    An error of `track` costs its capture; only a TrackerError says that the tracker has stopped.
    """

    waits: bool = True
    """`track` gives the bodies of its very capture; otherwise the newest that are finished, at once."""

    @abstractmethod
    def track(self, capture: Capture) -> Bodies:
        """Return the bodies of the next capture, in the order in which they were first seen.

        A capture may lack any image; where nothing can be seen there are no bodies.
        """

    def track_each(self, captures: Iterable[Capture]) -> Iterator[tuple[Capture, Bodies]]:
        """Track a run of captures and yield each with its bodies, in order.

        A tracker that can work on several captures at a time does so here; the results are those of `track`.
        """
        for capture in captures:
            yield capture, self.track(capture)

    def finished(self) -> Bodies | None:
        """Return bodies that were finished since the last call; None where there are none.

        Of use with a tracker that does not wait.
        """
        return None

    @property
    def busy(self) -> bool:
        """Whether there are or will be bodies that `finished` has not given yet."""
        return False

    @property
    def faults(self) -> int:
        """How many captures and bodies were lost to errors so far."""
        return 0

    @property
    def dropped(self) -> int:
        """How many captures a tracker that does not wait left out, because a newer one came."""
        return 0

    def close(self) -> None:
        """Release models and threads; a second call does nothing."""
        return
