"""The tracker of a Kinect Azure TOP: whatever a tracker raises, the run goes on."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

from bodychan.errors import TrackerError
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.model.closing import Closing
from bodychan.operators.kinect.tables import MAX_PLAYERS, TopTable
from bodychan.optics.calibration import Calibration
from bodychan.tracking.background import BackgroundTracker
from bodychan.tracking.base import Tracker
from bodychan.tracking.carried import CarriedTracker
from bodychan.tracking.k4abt.claims import HardwareClaims
from bodychan.tracking.registry import open_tracker

_LOG = logging.getLogger(__name__)


class Tracking(Closing):
    """Tracks the captures of one TOP, and counts the captures that this fails at.

    Args:
        path: the TOP's, under which it claims k4abt.
        claims: who uses k4abt in the project.
    """

    def __init__(self, path: str, claims: HardwareClaims) -> None:
        self._path, self._claims = path, claims
        self._tracker: Tracker | None = None
        self._taken = ""
        self._fault = ""
        self._lost = 0

    @property
    def is_open(self) -> bool:
        """Whether there is a tracker."""
        return self._tracker is not None

    @property
    def warnings(self) -> list[str]:
        """What keeps bodies from coming: k4abt is taken, or captures could not be tracked."""
        return [text for text in (self._taken, self._fault) if text]

    @property
    def errors(self) -> int:
        """How many captures and bodies were lost to errors."""
        return self._lost + (self._tracker.faults if self._tracker else 0)

    @property
    def dropped(self) -> int:
        """How many captures were not tracked because a newer one came."""
        return self._tracker.dropped if self._tracker else 0

    @property
    def busy(self) -> bool:
        """Whether bodies are still to come."""
        return self._tracker is not None and self._tracker.busy

    def open(
        self,
        par: TopTable,
        calibration: Calibration,
        *,
        wait: bool,
        tracked: bool = False,
        own_process: bool = False,
    ) -> None:
        """Open the tracker that the parameters ask for; where k4abt is taken there is none, with a warning.

        Args:
            par: the TOP's parameters.
            calibration: the camera's.
            wait: True: `track` is to give the bodies of its very capture. False: `hand_over` returns at once.
            tracked: the captures bring their bodies, whatever the parameters say.
            own_process: see `open_tracker`.

        Raises:
            TrackerError: the tracker cannot be used.
        """
        self._taken = ""
        if tracked:
            self._tracker = CarriedTracker()
            return
        if par.tracker == "k4abt" and not self._claims.claim(self._path, par.library):
            self._taken = (
                f"{self._path} gets no bodies: k4abt serves the {self._claims.hardware} camera of "
                f"{self._claims.holder}, one type of hardware at a time; set its 'tracker' to builtin"
            )
            return
        tracker = open_tracker(
            calibration,
            kind=par.tracker,
            max_bodies=MAX_PLAYERS,
            models=Path(par.modelpath) if par.modelpath else None,
            orientation=par.orientation,
            processing_mode="cpu" if par.cpu else par.proccessingmode,
            gpu=par.gpu,
            hardware=par.library,
            wait=wait,
            own_process=own_process,
        )
        self._tracker = tracker if wait or not tracker.waits else BackgroundTracker(tracker)

    def track(self, capture: Capture) -> Bodies | None:
        """Return the bodies of a capture, nobody where tracking it fails; None without a tracker."""
        tracker = self._tracker
        if tracker is None:
            return None
        found = self._tried(lambda: tracker.track(capture), f"capture {capture.index}")
        return Bodies.none(capture.index, capture.device_usec) if found is None else found

    def hand_over(self, capture: Capture | None) -> Bodies | None:
        """Hand a capture to the tracker, if there is a new one; return the newest bodies, or None."""
        tracker = self._tracker
        if tracker is None:
            return None
        return self._tried(
            lambda: tracker.finished() if capture is None else tracker.track(capture), "a capture"
        )

    def track_each(self, captures: Iterator[Capture]) -> Iterator[tuple[Capture, Bodies | None]]:
        """Track a run of captures; a capture at which tracking fails has nobody in it.

        Raises:
            TrackerError: the tracker has stopped.
        """
        if self._tracker is None:
            yield from ((capture, None) for capture in captures)
            return
        run = _Run(captures)
        while True:
            try:
                for capture, bodies in self._tracker.track_each(run.captures()):
                    checked = _checked(bodies)
                    run.waiting.popleft()
                    yield capture, checked
                break
            except Exception as error:
                if isinstance(error, TrackerError) or error is run.failure or not run.waiting:
                    raise
                lost = run.waiting.popleft()
                self._note(error, f"capture {lost.index}")
                yield lost, Bodies.none(lost.index, lost.device_usec)
        if run.failure is not None:
            raise run.failure

    def close(self) -> None:
        """Close the tracker and release k4abt."""
        tracker, self._tracker = self._tracker, None
        self._taken = self._fault = ""
        self._claims.release(self._path)
        if tracker is not None:
            self._lost += tracker.faults
            tracker.close()

    def _tried(self, track: Callable[[], Bodies | None], what: str) -> Bodies | None:
        try:
            bodies = track()
            return None if bodies is None else _checked(bodies)
        except TrackerError:
            raise  # it has stopped; any other error costs only this capture
        except Exception as error:
            self._note(error, what)
            return None

    def _note(self, error: Exception, what: str) -> None:
        _LOG.debug("%s: the tracker failed at %s", self._path, what, exc_info=error)
        self._lost += 1
        self._fault = (
            f"{self._path}: the tracker failed at {what} ({type(error).__name__}: {error}), so nobody is "
            f"tracked in it; {self._lost} captures so far"
        )


class _Run:
    """A run of captures for a tracker, which may take several before it returns the first."""

    def __init__(self, captures: Iterable[Capture]) -> None:
        self._source = iter(captures)
        self.waiting: deque[Capture] = deque()
        """Taken by the tracker, and not returned yet."""
        self.failure: Exception | None = None
        """What reading the captures raised."""

    def captures(self) -> Iterator[Capture]:
        """Yield those that wait, then new ones; called again after the tracker has failed."""
        waiting, self.waiting = self.waiting, deque()
        try:
            for capture in chain(waiting, self._source):
                self.waiting.append(capture)
                yield capture
        except Exception as error:
            self.failure = error
            raise


def _checked(bodies: object) -> Bodies:
    if not isinstance(bodies, Bodies):
        raise TypeError(f"it gave {type(bodies).__name__}, not Bodies")
    return bodies
