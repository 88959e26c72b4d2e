"""The Kinect Azure TOP: holds the camera, follows the timeline, and tracks what it sees."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bodychan.bodies import Bodies
from bodychan.cameras import open_camera
from bodychan.cameras.base import Camera
from bodychan.capture import Capture, ImuSample
from bodychan.errors import CameraError
from bodychan.operators.base import Operator
from bodychan.operators.parameters import Kind, Parameter
from bodychan.tracking import Tracker, open_tracker

if TYPE_CHECKING:
    from bodychan.operators.project import Project

MAX_BODIES = 16
"""As many as the Kinect Azure CHOP has places for."""


@dataclass(frozen=True)
class Playback:
    """Which part of a recording or scene is played, in seconds, how fast, and whether again and again."""

    start: float = 0.0
    duration: float | None = None
    speed: float = 1.0
    loop: bool = False


class KinectAzureTOP(Operator):
    """Connects to a camera, recording or synthetic scene.

    After a cook `capture` is the newest capture, `bodies` what was tracked in it and `imu` the newest sample
    of the inertial sensor; each is None while there is none.
    """

    parameters = (
        Parameter(
            "active",
            "Active",
            "Kinect Azure",
            Kind.TOGGLE,
            True,
            "Connects to the camera. When off, the operators that rely on it get nothing either.",
        ),
        Parameter(
            "sensor",
            "Sensor",
            "Kinect Azure",
            Kind.STRING,
            "synthetic:walk",
            "The camera: the path of a recording, or synthetic:SCENE.",
        ),
    )

    capture: Capture | None = None
    bodies: Bodies | None = None
    imu: ImuSample | None = None
    ended = False
    """No capture is left to play."""

    def __init__(
        self, project: "Project", name: str, playback: Playback | None = None, **values: object
    ) -> None:
        super().__init__(project, name, **values)
        self.playback = playback or Playback()
        self._camera: Camera | None = None
        self._tracker: Tracker | None = None
        self._sensor = ""
        self._next: Capture | None = None
        self._first_usec = 0
        self._looped_usec = 0

    @property
    def camera(self) -> Camera | None:
        """The camera that is open; None while there is none."""
        return self._camera

    def open(self) -> Camera:
        """Connect to the camera now, if that has not been done; a cook does it by itself.

        Raises:
            CameraError: the sensor cannot be opened, or has no capture to play.
            ModelError: the tracker's models are not there.
        """
        if self._camera is not None and self._sensor == self.par.sensor:
            return self._camera
        self.close()
        self._sensor = self.par.sensor
        self._camera = open_camera(self._sensor)
        self._tracker = open_tracker(self._camera.calibration, max_bodies=MAX_BODIES)
        self._next = self._rewound(self._camera)
        if self._next is None:
            raise CameraError(
                f"{self._camera.name} has no capture at {self.playback.start:g} s: start earlier"
            )
        self._first_usec = self._next.device_usec
        return self._camera

    def close(self) -> None:
        """Let go of the camera and the tracker."""
        for held in (self._camera, self._tracker):
            if held is not None:
                held.close()
        self._camera = self._tracker = None
        self._next = self.capture = self.bodies = self.imu = None
        self._looped_usec = 0
        self.ended = False

    def play_through(self) -> Iterator[None]:
        """Go through the captures one by one, whatever the timeline says; each stop is a cook of its frame.

        Raises:
            CameraError: the camera cannot be opened or read.
            ModelError: the tracker's models are not there.
        """
        camera = self.open()
        assert self._tracker is not None  # open() made it together with the camera
        for capture, bodies in self._tracker.track_each(self._captures(camera)):
            self.capture, self.bodies = capture, bodies
            self._note_imu(capture)
            self._cooked = self._state()
            yield
        self.ended = True

    def _captures(self, camera: Camera) -> Iterator[Capture]:
        while self._next is not None:
            yield self._take(camera, self._next)

    def _cook(self) -> None:
        if not self.par.active:
            self.close()
            return
        camera = self.open()
        assert self._tracker is not None
        newest: Capture | None = None
        due_usec = self._first_usec + round(self.project.seconds * self.playback.speed * 1e6)
        while self._next is not None and self._next.device_usec + self._looped_usec <= due_usec:
            newest = self.capture = self._take(camera, self._next)
            self._note_imu(newest)
            if not self.project.realtime:
                self.bodies = self._tracker.track(newest)
        if newest is not None and self.project.realtime:
            self.bodies = self._tracker.track(newest)
        self.ended = self._next is None
        self._warnings += camera.warnings

    def _take(self, camera: Camera, capture: Capture) -> Capture:
        """Read the capture after this one, so that it is known when it is due."""
        self._next = self._within(camera, camera.read())
        if self._next is None and self.playback.loop:
            self._looped_usec += capture.device_usec - self._first_usec + 1_000_000 // camera.fps
            self._next = self._rewound(camera)
        return capture

    def _note_imu(self, capture: Capture) -> None:
        if capture.imu:
            self.imu = capture.imu[-1]

    def _rewound(self, camera: Camera) -> Capture | None:
        """Go to where the playback starts and give the first capture there."""
        if self.playback.start > 0 or self._looped_usec > 0:
            camera.seek(camera.start_usec + round(self.playback.start * 1e6) - _slack_usec(camera))
        return camera.read()

    def _within(self, camera: Camera, capture: Capture | None) -> Capture | None:
        """Give the capture if it still belongs to the part that is played."""
        duration = self.playback.duration
        if capture is None or duration is None:
            return capture
        played = capture.device_usec - self._first_usec + _slack_usec(camera)
        return capture if played < round(duration * 1e6) else None


def _slack_usec(camera: Camera) -> int:
    """Half a frame period: a time in seconds means the capture that is nearest to it."""
    return 500_000 // camera.fps
