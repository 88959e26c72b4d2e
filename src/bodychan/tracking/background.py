"""Tracking in the background, for real time: an edge. Who asks never waits, and the newest capture wins."""

import threading

from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.tracking.base import Tracker


class BackgroundTracker(Tracker):
    """Runs a tracker on a thread of its own.

    `track` hands a capture over and gives at once the newest bodies that are finished; `Bodies.frame` says of
    which capture they are. Of captures that come while one is tracked only the newest is kept. An error of
    the tracker comes at the next call.

    Args:
        tracker: what does the work, from now on on the thread only; closed with this one.
    """

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._news = threading.Condition()
        self._waiting: Capture | None = None
        self._finished: Bodies | None = None
        self._newest = Bodies.none(0, 0)
        self._failure: Exception | None = None
        self._working = self._closing = False
        self.dropped = 0
        """Captures that were not tracked because a newer one came."""
        self._thread = threading.Thread(target=self._run, name="bodychan-tracking", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether there are or will be bodies that `finished` has not given yet."""
        with self._news:
            done = self._failure is not None or (self._waiting is None and not self._working)
            return self._finished is not None or not done

    @property
    def faults(self) -> int:
        """How many captures and bodies were lost to errors so far."""
        return self._tracker.faults

    def track(self, capture: Capture) -> Bodies:
        """Hand over a capture and give the newest bodies that are finished.

        Before there are any, nobody, in frame 0: of no capture it is known yet who is in it.
        """
        with self._news:
            self._raise_failure()
            self.dropped += self._waiting is not None
            self._waiting = capture
            self._news.notify_all()
        self.finished()
        return self._newest

    def finished(self) -> Bodies | None:
        """Give the bodies that were finished since the last call; None where there are none."""
        with self._news:
            self._raise_failure()
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

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        while (capture := self._next()) is not None:
            try:
                bodies = self._tracker.track(capture)
            except Exception as error:
                with self._news:
                    self._failure = error
                return
            with self._news:
                self._finished, self._working = bodies, False

    def _next(self) -> Capture | None:
        """Wait for a capture; None = there will be none."""
        with self._news:
            self._news.wait_for(lambda: self._waiting is not None or self._closing)
            capture, self._waiting = self._waiting, None
            self._working = not self._closing
            return None if self._closing else capture
