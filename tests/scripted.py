"""A camera and a tracker that do what a test tells them to, for tests of what comes after them."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from bodychan import Bodies, Calibration, Capture, ImuSample
from bodychan.cameras.base import Camera
from bodychan.model.rotations import matrix_to_quaternion
from bodychan.model.skeleton import BIND_BONES, JOINT_COUNT, PARENTS
from bodychan.tracking.base import Tracker

PERIOD_USEC = 33_333


def scripted_captures(count: int, first_usec: int = 1_000_000) -> list[Capture]:
    """Captures at 30 fps with an IMU sample each, and no images."""
    return [
        Capture(
            index=i + 1,
            depth_usec=first_usec + i * PERIOD_USEC,
            imu=(
                ImuSample(
                    np.array([-2.5, 0.25, -9.5], np.float32),
                    first_usec + i * PERIOD_USEC,
                    np.array([0.01, 0.02, i], np.float32),
                    first_usec + i * PERIOD_USEC,
                ),
            ),
        )
        for i in range(count)
    ]


class ScriptedCamera(Camera):
    """Plays a list of captures; an exception in the list is raised when its turn comes."""

    def __init__(self, calibration: Calibration, captures: Sequence[Capture | Exception]) -> None:
        self.name = "scripted"
        self.calibration = calibration
        self.fps = 30
        self.start_usec = 1_000_000
        self.duration_usec = len(captures) * PERIOD_USEC
        self.tags: dict[str, str] = {}
        self.warnings: list[str] = []
        self._captures = captures
        self._at = 0

    def _read(self) -> Capture | None:
        if self._at >= len(self._captures):
            return None
        capture = self._captures[self._at]
        self._at += 1
        if isinstance(capture, Exception):
            raise capture
        return capture

    def _seek(self, device_usec: int) -> None:
        self._at = 0
        while self._at < len(self._captures):
            capture = self._captures[self._at]
            if isinstance(capture, Capture) and capture.device_usec >= device_usec:
                return
            self._at += 1

    def _count(self) -> int:
        return len(self._captures)


class LiveScripted(Camera):
    """A live camera of somebody else's: gives captures up to the one that a test has `pushed`."""

    live = True
    seekable = False

    def __init__(self, calibration: Calibration, captures: Sequence[Capture]) -> None:
        self.name = "live:0"
        self.calibration = calibration
        self.fps = 30
        self.start_usec = 0
        self.duration_usec = None
        self.tags: dict[str, str] = {}
        self.warnings: list[str] = []
        self.pushed = 0
        self._captures = captures
        self._given = self._dropped = 0

    def _latest(self) -> Capture | None:
        if self._given >= self.pushed:
            return None
        self._dropped += self.pushed - self._given - 1
        self._given = self.pushed
        return self._captures[self.pushed - 1]

    def _read(self) -> Capture | None:
        self.pushed = self._given + 1
        return self._latest()

    @property
    def dropped(self) -> int:
        return self._dropped


class ScriptedTracker(Tracker):
    """Gives the bodies whose ids a function names for a capture, all in the bind pose."""

    def __init__(self, who: Callable[[Capture], Sequence[int]]) -> None:
        self._who = who
        self.seen: list[int] = []
        self.closed = False

    def track(self, capture: Capture) -> Bodies:
        self.seen.append(capture.index)
        return standing(self._who(capture), capture.index, capture.device_usec)

    def close(self) -> None:
        self.closed = True


def standing(ids: Sequence[int], frame: int = 1, device_usec: int = 0) -> Bodies:
    """Bodies that stand upright and face the camera, id i at x = 0.5 i m, 2.5 m away, in the bind pose."""
    # Facing the camera: the body's up is -y, its forward -z, its left +x of the camera.
    upright = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
    rotations, positions = np.empty((JOINT_COUNT, 3, 3)), np.zeros((JOINT_COUNT, 3))
    for joint, parent in enumerate(PARENTS):
        rotations[joint] = upright
        if parent >= 0:
            positions[joint] = positions[parent] + rotations[parent] @ BIND_BONES[joint]
    count = len(ids)
    offsets = np.array([[500.0 * i, 0.0, 2500.0] for i in ids]).reshape(count, 1, 3)
    return Bodies(
        frame,
        device_usec,
        np.array(ids, dtype=np.int64),
        positions + offsets,
        np.tile(matrix_to_quaternion(rotations), (count, 1, 1)),
        np.full((count, JOINT_COUNT), 2, np.uint8),
    )


def install(
    monkeypatch: pytest.MonkeyPatch, camera: Callable[[], Camera], tracker: Callable[[], Tracker]
) -> None:
    """Let every TOP open this camera and this tracker."""
    monkeypatch.setattr("bodychan.operators.kinect.top.open_camera", lambda _url, _settings=None: camera())
    monkeypatch.setattr(
        "bodychan.operators.kinect.trackers.open_tracker", lambda _calibration, **_options: tracker()
    )
