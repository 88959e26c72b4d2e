"""Which tracker a Kinect Azure TOP asks for."""

from pathlib import Path

from bodychan.errors import OperatorError
from bodychan.operators.kinect.tables import MAX_PLAYERS
from bodychan.operators.parameters import Parameters
from bodychan.optics.calibration import Calibration
from bodychan.tracking.background import BackgroundTracker
from bodychan.tracking.base import Tracker
from bodychan.tracking.k4abt.claims import HardwareClaims
from bodychan.tracking.registry import open_tracker


class HardwareTaken(OperatorError):  # noqa: N818 - the name says what is the matter
    """k4abt serves another type of hardware: one at a time, and the operator that asks first decides."""


def open_tracker_for(
    path: str, par: Parameters, calibration: Calibration, claims: HardwareClaims, *, wait: bool
) -> Tracker:
    """Open the tracker that the parameters of the TOP at `path` ask for.

    Args:
        path: the TOP's, under which it claims k4abt.
        par: the TOP's parameters.
        calibration: the camera's.
        claims: who uses k4abt in the project.
        wait: True: `track` gives the bodies of its very capture. False: it returns at once, with the newest
            bodies that are finished.

    Raises:
        HardwareTaken: k4abt is asked for, and serves a camera of another maker.
        TrackerError: k4abt cannot be used.
    """
    if par.tracker == "builtin":
        tracker = open_tracker(calibration, max_bodies=MAX_PLAYERS, orientation=par.orientation)
        return tracker if wait else BackgroundTracker(tracker)
    if not claims.claim(path, par.library):
        raise HardwareTaken(
            f"{path} gets no bodies: k4abt serves the {claims.hardware} camera of {claims.holder}, "
            "one type of hardware at a time; set its parameter 'tracker' to builtin"
        )
    from bodychan.tracking.k4abt.tracker import K4abtTracker

    return K4abtTracker(
        calibration,
        processing_mode="cpu" if par.cpu else par.proccessingmode,
        gpu=par.gpu,
        model=Path(par.modelpath) if par.modelpath else None,
        orientation=par.orientation,
        wait=wait,
        hardware=par.library,
    )
