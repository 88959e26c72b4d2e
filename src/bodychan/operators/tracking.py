"""Which tracker a Kinect Azure TOP asks for."""

from pathlib import Path
from typing import TYPE_CHECKING

from bodychan.cameras.base import Camera
from bodychan.operators.tables import MAX_PLAYERS
from bodychan.tracking import Tracker, open_tracker

if TYPE_CHECKING:
    from bodychan.operators.kinect_top import KinectAzureTOP


def open_tracker_for(top: "KinectAzureTOP", camera: Camera) -> Tracker | None:
    """Open the tracker that the TOP's parameters ask for; None where it may not have it, with a warning.

    k4abt serves one type of hardware at a time: the TOP that asks first decides which.

    Raises:
        ModelError: the built-in tracker's models are not there.
        TrackerError: k4abt cannot be used.
    """
    par = top.par
    top.tracker_warnings = []
    model = Path(par.modelpath) if par.modelpath else None
    if par.tracker == "builtin":
        return open_tracker(camera.calibration, max_bodies=MAX_PLAYERS, models=model)
    claims = top.project.claims
    if not claims.claim(top.path, par.library):
        top.tracker_warnings.append(
            f"{top.path} gets no bodies: k4abt serves the {claims.hardware} camera of {claims.holder}, "
            "one type of hardware at a time; use tracker=builtin"
        )
        return None
    from bodychan.tracking.k4abt import K4abtTracker

    return K4abtTracker(
        camera.calibration,
        processing_mode="cpu" if par.cpu else par.proccessingmode,
        gpu=par.gpu,
        model=model,
        orientation=par.orientation,
        wait=not top.project.realtime,
        hardware=par.library,
    )
