"""The tracker for captures that were tracked elsewhere: it hands on what they bring."""

from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture, TrackedCapture
from bodychan.tracking.base import Tracker


class CarriedTracker(Tracker):
    """Gives the bodies that a `TrackedCapture` brings; nobody for any other capture."""

    waits = False

    def track(self, capture: Capture) -> Bodies:
        """Return the bodies of the capture; see `Tracker.track`."""
        if isinstance(capture, TrackedCapture) and capture.bodies is not None:
            return capture.bodies
        return Bodies.none(capture.index, capture.device_usec)
