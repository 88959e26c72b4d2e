"""The contract of a tracker: captures in, bodies out."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator

from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.model.closing import Closing


class Tracker(Closing):
    """Finds the bodies in the captures of one camera. Open one with `bodychan.open_tracker`.

    A tracker is causal and deterministic: what it gives for a capture depends on that capture and those
    before it, and on nothing else. It is made for one camera's calibration and belongs to one thread.
    """

    @abstractmethod
    def track(self, capture: Capture) -> Bodies:
        """Give the bodies of the next capture, in the order in which they were first seen.

        A capture may lack any image; where nothing can be seen there are no bodies.
        """

    def track_each(self, captures: Iterable[Capture]) -> Iterator[tuple[Capture, Bodies]]:
        """Track a run of captures and give each with its bodies, in order.

        A tracker that can work on several captures at a time does so here; the results are those of `track`.
        """
        for capture in captures:
            yield capture, self.track(capture)

    def finished(self) -> Bodies | None:
        """Give bodies that were finished since the last call; None where there are none.

        Of use where `track` does not wait for the bodies of its capture, which a tracker does only if its
        documentation says so.
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

    def close(self) -> None:
        """Let go of models and threads; a second call does nothing."""
        return
