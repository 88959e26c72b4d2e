"""Tracking in the background, for real time: an edge. Who asks never waits, and the newest capture wins."""

import threading

from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.tracking.base import Tracker


class BackgroundTracker(Tracker):
    """Runs a tracker on a thread of its own.

    `track` hands a capture over and gives at once the newest bodies that are finished; `Bodies.frame` says of
    which capture they are. Of captures that come while one is tracked only the newest is kept. An error of
    the tracker comes once, at the next call; tracking goes on with the next capture.

    Args:
        tracker: what does the work, from now on on the thread only; closed with this one.
    """

    waits = False

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._news = threading.Condition()
        self._waiting: Capture | None = None
        self._finished: Bodies | None = None
        self._newest = Bodies.none(0, 0)
        self._failure: Exception | None = None
        self._working = self._closing = False
        self._dropped = 0
        self._thread = threading.Thread(target=self._run, name="bodychan-tracking", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether there is or will be something that `finished` has not given yet: bodies, or an error."""
        with self._news:
            done = (self._finished, self._failure, self._waiting) == (None, None, None)
            return self._working or not done

    @property
    def faults(self) -> int:
        """How many captures and bodies were lost to errors so far."""
        return self._tracker.faults

    @property
    def dropped(self) -> int:
        """How many captures were not tracked because a newer one came."""
        return self._dropped

    def track(self, capture: Capture) -> Bodies:
        """Hand over a capture and give the newest bodies that are finished.

        Before there are any, nobody, in frame 0: of no capture it is known yet who is in it.
        """
        with self._news:
            self._dropped += self._waiting is not None
            self._waiting = capture
            self._news.notify_all()
        self.finished()
        return self._newest

    def finished(self) -> Bodies | None:
        """Return the bodies that were finished since the last call; None where there are none."""
        with self._news:
            # Raised once: an exception that is raised again and again grows by its traceback each time.
            failure, self._failure = self._failure, None
            if failure is not None:
                raise failure
            bodies, self._finished = self._finished, None
        if bodies is not None:
            self._newest = bodies
        return bodies

    def close(self) -> None:
        """End the thread, when it is done with its capture, and the tracker; a second call does nothing."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        self._thread.join()
        self._tracker.close()

    def _run(self) -> None:
        while (capture := self._next()) is not None:
            bodies: Bodies | None = None
            failure: Exception | None = None
            try:
                bodies = self._tracker.track(capture)
            except Exception as error:
                failure = error
            with self._news:
                if failure is None:
                    self._finished = bodies
                else:
                    self._failure = failure
                self._working = False

    def _next(self) -> Capture | None:
        """Wait for a capture; None = there will be none."""
        with self._news:
            self._news.wait_for(lambda: self._waiting is not None or self._closing)
            capture, self._waiting = self._waiting, None
            self._working = not self._closing
            return None if self._closing else capture
