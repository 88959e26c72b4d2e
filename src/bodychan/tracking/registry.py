"""Opening a tracker by its name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bodychan.errors import TrackerError
from bodychan.optics.calibration import Calibration
from bodychan.plugins import Kinds
from bodychan.tracking.base import Tracker, TrackerSettings

__all__ = ["TRACKERS", "Tracker", "open_tracker"]


def _builtin(calibration: Calibration, settings: TrackerSettings) -> Tracker:
    from bodychan.tracking.builtin.tracker import BuiltinTracker

    memory: dict[str, Any] = {} if settings.memory is None else {"memory": settings.memory}
    return BuiltinTracker(
        calibration,
        max_bodies=settings.max_bodies,
        orientation=settings.orientation,
        **memory,
    )


def _k4abt(calibration: Calibration, settings: TrackerSettings) -> Tracker:
    from bodychan.tracking.k4abt.tracker import K4abtTracker

    return K4abtTracker(
        calibration,
        processing_mode=settings.processing_mode,
        gpu=settings.gpu,
        model=settings.models,
        orientation=settings.orientation,
        wait=settings.wait,
        hardware=settings.hardware,
    )


TRACKERS: Kinds[Callable[[Calibration, TrackerSettings], Tracker]] = Kinds(
    "bodychan.trackers", {"builtin": _builtin, "k4abt": _k4abt}, TrackerError
)
"""The kinds of trackers by name; each is called with the camera's calibration and the settings."""


def open_tracker(
    calibration: Calibration,
    kind: str = "builtin",
    *,
    max_bodies: int = 6,
    models: Path | None = None,
    orientation: str = "default",
    memory: float | None = None,
    processing_mode: str = "gpudefault",
    gpu: int = 0,
    hardware: str = "microsoft",
    wait: bool = True,
    own_process: bool = False,
) -> Tracker:
    """Open a tracker for one camera.

    Args:
        calibration: the camera's, in the modes of its captures.
        kind: builtin, k4abt, or a name that another package has registered.
        max_bodies: see `TrackerSettings`, as for what follows.
        models: k4abt's ONNX file; None takes the usual one.
        orientation: default, cw90, ccw90 or flipped.
        memory: in seconds; the built-in tracker then goes by size and looks.
        processing_mode: gpudefault, cpu or directml.
        gpu: number of the graphics card.
        hardware: microsoft or orbbec.
        wait: False allows a tracker to return from `track` at once; see `Tracker.waits`.
        own_process: let the built-in tracker work in a process of its own; others have their own ways. A
            script that asks for it must keep what it does under `if __name__ == "__main__":`.

    Raises:
        ParameterError: there is no such orientation, or `memory` is negative.
        TrackerError: there is no such kind, or it cannot be used here.
    """
    settings = TrackerSettings(max_bodies, models, orientation, memory, processing_mode, gpu, hardware, wait)
    make = TRACKERS.maker(kind)
    if own_process and make is _builtin:
        from bodychan.tracking.apart import ApartTracker

        return ApartTracker(make, calibration, settings)
    return make(calibration, settings)
