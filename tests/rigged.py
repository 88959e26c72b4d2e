"""Cameras of a rig that play what `rigs` makes up, for tests of what goes through operators."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bodychan import Bodies, Calibration, Capture
from bodychan.cameras.base import Camera
from bodychan.errors import CameraError
from bodychan.fusion.rig import Rig
from bodychan.model.arrays import F64
from bodychan.tracking.base import Tracker
from recordings import calibration_json
from rigs import POSES, elsewhere, moments, oval, seen


class RiggedCamera(Camera):
    """Plays captures without images at the times of a run of bodies; None in the run is a read error."""

    def __init__(self, url: str, run: Sequence[Bodies | None], calibration: Calibration) -> None:
        self.name = url
        self.calibration = calibration
        self.fps = 30
        self.run = run
        first, last = (next(b for b in r if b is not None) for r in (run, run[::-1]))
        self.start_usec = first.device_usec
        self.duration_usec = last.device_usec - first.device_usec + 33_333
        self.tags = {"K4A_DEVICE_SERIAL_NUMBER": url}
        self.warnings = []
        self._at = 0

    def _read(self) -> Capture | None:
        if self._at >= len(self.run):
            return None
        bodies = self.run[self._at]
        self._at += 1
        if bodies is None:
            raise CameraError(f"{self.name} is damaged")
        return Capture(bodies.frame, depth_usec=bodies.device_usec)

    def _seek(self, device_usec: int) -> None:
        self._at = 0
        while self._at < len(self.run) and _before(self.run[self._at], device_usec):
            self._at += 1

    def _count(self) -> int:
        return len(self.run)


class LiveRiggedCamera(RiggedCamera):
    """A live camera: one more capture has come at every other question, the first so many of them later."""

    live = True
    seekable = False

    def __init__(self, url: str, run: Sequence[Bodies | None], calibration: Calibration, late: int) -> None:
        super().__init__(url, run, calibration)
        self.duration_usec = None
        self._asked = -2 * late

    def _latest(self) -> Capture | None:
        come = self._asked >= 0 and self._asked % 2 == 0
        self._asked += 1 if come or self._asked >= 0 else 2
        return self._read() if come else None


def _before(bodies: Bodies | None, usec: int) -> bool:
    return bodies is not None and bodies.device_usec < usec


class RiggedTracker(Tracker):
    """Gives the bodies of a run."""

    def __init__(self, run: Sequence[Bodies | None]) -> None:
        self._run = run

    def track(self, capture: Capture) -> Bodies:
        bodies = self._run[capture.index - 1]
        assert bodies is not None
        return bodies


def runs(poses: Sequence[F64] = POSES[:2], count: int = 45) -> dict[str, list[Bodies | None]]:
    """What a.mkv, b.mkv, … show of two people."""
    times = moments(count)
    return {
        f"{chr(ord('a') + n)}.mkv": list(seen(pose, [oval, elsewhere], times, seed=n, noise_mm=8.0))
        for n, pose in enumerate(poses)
    }


def install(
    monkeypatch: pytest.MonkeyPatch,
    played: dict[str, list[Bodies | None]],
    *,
    wired: bool = False,
    late: dict[str, int] | None = None,
) -> None:
    """Let TOPs and everything else open these cameras by name, and their trackers; live ones if `late`."""
    calibrations = {url: Calibration.from_json(calibration_json()) for url in played}

    def open_camera(url: object, _settings: object = None) -> Camera:
        if str(url) not in played:
            raise CameraError(f"no camera {url}")
        made = str(url), played[str(url)], calibrations[str(url)]
        camera = RiggedCamera(*made) if late is None else LiveRiggedCamera(*made, late[str(url)])
        camera.tags |= {"K4A_WIRED_SYNC_MODE": "MASTER"} if wired else {}
        return camera

    def open_tracker(calibration: Calibration, **_options: object) -> Tracker:
        return RiggedTracker(next(played[url] for url, own in calibrations.items() if own is calibration))

    for module in ("operators.kinect.top", "apps.rigs", "apps.calibrate"):
        monkeypatch.setattr(f"bodychan.{module}.open_camera", open_camera)
    for module in ("operators.kinect.trackers", "apps.calibrate"):
        monkeypatch.setattr(f"bodychan.{module}.open_tracker", open_tracker)


def write_rig(folder: Path, names: Sequence[str] = ("a.mkv", "b.mkv"), poses: Sequence[F64] = POSES) -> str:
    """Write the rig of the true poses; give its path."""
    path = folder / "rig.toml"
    path.write_text(Rig.from_poses(poses[: len(names)], names).dump(), encoding="utf-8")
    return str(path)
