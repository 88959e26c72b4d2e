"""Trackers for processes of their own, which only find functions of modules."""

import os
import signal

from bodychan import Bodies, Calibration, Capture
from bodychan.errors import TrackerError
from bodychan.tracking.base import Tracker, TrackerSettings
from scripted import standing


class Moody(Tracker):
    """Sees body N in capture N; fails at capture 3, stops at 13, dies at 23."""

    def track(self, capture: Capture) -> Bodies:
        if capture.index == 3:
            raise ValueError("a three")
        if capture.index == 13:
            raise TrackerError("it has stopped")
        if capture.index == 23:
            os.kill(os.getpid(), signal.SIGKILL)
        return standing([capture.index], capture.index, capture.device_usec)


def moody(_calibration: Calibration, _settings: TrackerSettings) -> Tracker:
    return Moody()


def closed(_calibration: Calibration, _settings: TrackerSettings) -> Tracker:
    raise TrackerError("no such model")
