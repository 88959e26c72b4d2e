"""The Kinect Azure TOP: holds the camera, follows the timeline, and tracks what it sees."""

import math
from collections import deque
from collections.abc import Iterator

import numpy as np

from bodychan.cameras.base import Camera
from bodychan.cameras.k4a.camera import LiveCamera
from bodychan.cameras.registry import open_camera
from bodychan.errors import BodychanError, CameraError, DeviceUnavailable, TrackerError
from bodychan.model.arrays import F64, Float
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture, ImuSample
from bodychan.operators.kinect import tables
from bodychan.operators.kinect.image_top import ImageTOP
from bodychan.operators.kinect.intrinsics import (
    ImagePosition,
    Intrinsics,
    image_position,
    intrinsics,
    remap_transform,
)
from bodychan.operators.kinect.playback import CaptureSink, Failure, Playback
from bodychan.operators.kinect.settings import control_settings, device_settings, reset_controls, sensor_url
from bodychan.operators.kinect.trackers import HardwareTaken, open_tracker_for
from bodychan.operators.operator import Network
from bodychan.operators.trail import Trail
from bodychan.tracking.base import Tracker

_RETRY_SECONDS = 1.0
"""How long a camera that has failed is left alone before it is opened again."""

_KEPT_CAPTURES = 30
"""How far the bodies may lag behind the images and still find their own."""


class KinectAzureTOP(ImageTOP):
    """Connects to a camera, recording or synthetic scene.

    After a cook `capture` is the newest capture, `bodies` the newest bodies and `imu` the newest sample of
    the inertial sensor; each is None while there is none. `numpyArray()` gives the image that the parameters
    choose. `capture_sinks` are written every capture that it shows.
    """

    parameters = tables.TOP

    capture: Capture | None = None
    bodies: Bodies | None = None
    imu: ImuSample | None = None
    ended = False
    """No capture is left to play."""

    def __init__(
        self, project: Network, name: str, playback: Playback | None = None, **values: object
    ) -> None:
        super().__init__(project, name, **values)
        self.playback = playback or Playback()
        self.capture_sinks: list[CaptureSink] = []
        self.tracker_warnings: list[str] = []
        self._camera: Camera | None = None
        self._tracker: Tracker | None = None
        self._opened: tuple[object, ...] = ()
        self._controls: dict[str, int | None] = {}
        self._control_warnings: dict[str, str] = {}
        self._next: Capture | None = None
        self._first_usec = 0
        self._looped_usec = 0
        self.bodies_trail: Trail[Bodies] = Trail()
        self.imu_trail: Trail[ImuSample] = Trail()
        self._foreseen: Capture | None = None
        self._jumps = project.jumps
        self._recent: deque[Capture] = deque(maxlen=_KEPT_CAPTURES)
        self._failure: Failure | None = None
        self._image_errors = self._tracking_errors = 0

    @property
    def camera(self) -> Camera | None:
        """The camera that is open; None while there is none."""
        return self._camera

    def open(self) -> Camera:
        """Connect to the camera now, if that has not been done; a cook does it by itself.

        Raises:
            CameraError: the sensor cannot be opened, or has no capture to play.
            TrackerError: k4abt cannot be used.
        """
        wanted = self._settings()
        if self._camera is not None and self._opened == wanted:
            return self._camera
        self.close()
        try:
            self._camera = camera = open_camera(sensor_url(self.par), device_settings(self.par))
            self._open_tracker(camera)
            self._warm_up(camera.calibration)
            if not isinstance(camera, LiveCamera):
                self._next = self._rewound(camera)
                if self._next is None:
                    start = self.playback.start
                    raise CameraError(f"{camera.name} has no capture at {start:g} s: start earlier")
                self._first_usec = self._next.device_usec
        except BodychanError:
            self.close()
            raise
        self._opened = wanted
        return camera

    def _open_tracker(self, camera: Camera) -> None:
        """Open the tracker; where k4abt is taken there is none, which is a warning, and it is tried again."""
        self.tracker_warnings = []
        try:
            self._tracker = open_tracker_for(
                self.path,
                self.par,
                camera.calibration,
                self.project.claims,
                wait=not self.project.realtime,
            )
        except HardwareTaken as taken:
            self.tracker_warnings = [str(taken)]

    def close(self) -> None:
        """Let go of the camera and the tracker."""
        for held in (self._camera, self._tracker):
            if held is not None:
                held.close()
        self.project.claims.release(self.path)
        self._camera = self._tracker = None
        self._next = self.capture = self.bodies = self.imu = self._foreseen = None
        self._recent.clear()
        self.bodies_trail.restart()
        self.imu_trail.restart()
        self._controls.clear()
        self._control_warnings.clear()
        self._looped_usec = 0
        self.ended = False

    def play_through(self) -> Iterator[None]:
        """Go through the captures one by one, whatever the timeline says; each stop is a cook of its frame.

        Raises:
            CameraError: the camera cannot be opened or read.
            TrackerError: the tracker has stopped.
        """
        camera = self.open()
        captures = iter(camera) if isinstance(camera, LiveCamera) else self._captures(camera)
        run = self._tracker.track_each(captures) if self._tracker else ((c, None) for c in captures)
        for capture, bodies in run:
            self._show(capture)
            self.bodies = bodies
            # Each capture is a frame of its own here: what it brings is all that there is.
            self.bodies_trail.restart(-math.inf, bodies)
            self.imu_trail.restart(-math.inf, self.imu)
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
        if self._failure is not None and self._failure.holds(self._settings(), self.project.seconds):
            raise self._failure.error
        self._failure = None
        try:
            camera = self.open()
            self._follow(camera)
        except CameraError as error:
            self._image_errors += 1
            self._fail(error)
            raise
        except TrackerError as error:
            self._tracking_errors += 1
            self._fail(error)
            raise
        self._warnings += [*camera.warnings, *self.tracker_warnings]

    def _fail(self, error: BodychanError) -> None:
        """Close the camera, and remember why for a while: opening takes long, and frames come fast."""
        settings = self._settings()
        # A recording that is damaged in its middle stays so, and would play from its start again.
        damaged = self._camera is not None and not isinstance(self._camera, LiveCamera)
        self.close()
        until = math.inf if damaged else self.project.seconds + _RETRY_SECONDS
        self._failure = Failure(error, settings, until)

    def _follow(self, camera: Camera) -> None:
        """Bring images and bodies up to the timeline: newest wins in real time, else every capture counts."""
        self._send_controls(camera)
        if self._tracker is None:
            self._open_tracker(camera)
        if self._jumps != self.project.jumps:
            self._jump(camera)
        newest: Capture | None = None
        for capture, seconds in self._due(camera):
            newest = capture
            self._show(capture)
            if not self.project.realtime:
                self._track(capture, seconds)
        if self.project.realtime:
            self._track_live(newest)
        for trail in (self.bodies_trail, self.imu_trail):
            trail.forget(self.project.seconds)
        tracking = self._tracker is not None and self._tracker.busy
        self.ended = self._next is None and not isinstance(camera, LiveCamera) and not tracking

    def _due(self, camera: Camera) -> Iterator[tuple[Capture, float]]:
        """Give the captures that have become due, each with the second of the timeline at which it did."""
        if isinstance(camera, LiveCamera):
            capture = camera.latest()
            if capture is not None:
                self._note_imu(capture, self.project.seconds)
                yield capture, self.project.seconds
            return
        due_usec = self._first_usec + round(self.project.seconds * self.playback.speed * 1e6)
        self._foresee()
        while self._next is not None and self._next.device_usec + self._looped_usec <= due_usec:
            seconds = self._seconds_of(self._next)
            yield self._take(camera, self._next), seconds
            self._foresee()

    def _seconds_of(self, capture: Capture) -> float:
        played = capture.device_usec + self._looped_usec - self._first_usec
        return played / 1e6 / self.playback.speed

    def _foresee(self) -> None:
        """Note the inertial samples of the capture that comes next: they were measured before it."""
        if self._next is not None and self._next is not self._foreseen:
            self._foreseen = self._next
            self._note_imu(self._next, self._seconds_of(self._next))

    def _note_imu(self, capture: Capture, seconds: float) -> None:
        """Put the inertial samples of a capture that is due at `seconds` on the timeline."""
        for sample in capture.imu:
            self.imu_trail.add(
                seconds + (sample.accel_usec - capture.device_usec) / 1e6 / self.playback.speed, sample
            )

    def _jump(self, camera: Camera) -> None:
        """Go where the timeline has jumped to; a looped recording begins again where it would have ended."""
        self._jumps = self.project.jumps
        self.bodies_trail.restart()
        self.imu_trail.restart()
        if isinstance(camera, LiveCamera):
            return
        played_usec = round(self.project.seconds * self.playback.speed * 1e6)
        self._looped_usec = 0
        # A period earlier, so that the capture that is current there comes, and not only the next one.
        camera.seek(self._first_usec + played_usec - 1_000_000 // camera.fps)
        self._next = self._within(camera, camera.read())
        if self._next is None and self.playback.loop:
            self._looped_usec = played_usec
            self._next = self._rewound(camera)

    def _take(self, camera: Camera, capture: Capture) -> Capture:
        """Read the capture after this one, so that it is known when it is due."""
        self._next = self._within(camera, camera.read())
        if self._next is None and self.playback.loop:
            self._looped_usec += capture.device_usec - self._first_usec + 1_000_000 // camera.fps
            self._next = self._rewound(camera)
        return capture

    def _show(self, capture: Capture) -> None:
        self.capture = capture
        self._recent.append(capture)
        if capture.imu:
            self.imu = capture.imu[-1]
        for sink in self.capture_sinks:
            sink.write(capture)

    def _track(self, capture: Capture, seconds: float) -> None:
        if self._tracker is not None:
            self._take_bodies(self._tracker.track(capture), seconds)

    def _track_live(self, capture: Capture | None) -> None:
        """Hand a capture to the tracker, if there is a new one, and take what it has finished."""
        if self._tracker is None:
            return
        bodies = self._tracker.finished() if capture is None else self._tracker.track(capture)
        if bodies is not None and bodies is not self.bodies:
            self._take_bodies(bodies, self.project.seconds)

    def _take_bodies(self, bodies: Bodies, seconds: float) -> None:
        self.bodies = bodies
        self.bodies_trail.add(seconds, bodies)

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

    def _settings(self) -> tuple[object, ...]:
        """Give what the camera and the tracker were opened with: another value opens them anew."""
        return tuple(value for parameter, value in self.par if parameter.name in tables.REOPENING)

    def _send_controls(self, camera: Camera) -> None:
        """Send a live camera the colour controls that have changed; one that it refuses is a warning."""
        if not isinstance(camera, LiveCamera):
            return
        for name, value in control_settings(self.par).items():
            # What was never touched stays as the device has it: ranges differ from maker to maker.
            known = self._controls.get(name, tables.CONTROL_DEFAULTS[name])
            if value == known:
                continue
            self._controls[name] = value
            try:
                camera.set_color_controls({name: value})
            except DeviceUnavailable:
                raise
            except CameraError as error:
                self._control_warnings[name] = str(error)
            else:
                self._control_warnings.pop(name, None)
        self._warnings += self._control_warnings.values()

    def _pulse(self, name: str) -> None:
        if name == "resetcolors":
            reset_controls(self.par)
            if isinstance(self._camera, LiveCamera):
                self._camera.reset_color_controls()

    def _capture_of_bodies(self) -> Capture | None:
        """Give the capture that the newest bodies came from, while it is kept."""
        frame = self.bodies.frame if self.bodies is not None else None
        return next((capture for capture in self._recent if capture.index == frame), None)

    def shown(self, *, with_bodies: bool) -> Capture | None:
        """Give the newest capture, or the one that the newest bodies came from."""
        return self._capture_of_bodies() if with_bodies else self.capture

    @property
    def _source(self) -> "KinectAzureTOP":
        return self

    @property
    def colorCameraIntrinsics(self) -> Intrinsics:
        """The colour camera's lens, as OpenCV's Brown-Conrady model takes it."""
        return intrinsics(self.open().calibration, "color")

    @property
    def depthCameraIntrinsics(self) -> Intrinsics:
        """The depth camera's lens, as OpenCV's Brown-Conrady model takes it."""
        return intrinsics(self.open().calibration, "depth")

    def getRemapTransform(self, source: int, target: int) -> F64:
        """Give the (4, 4) matrix between two sensors: 0 depth, 1 colour, 2 accelerometer, 3 gyroscope.

        It takes and gives metres; cameras in the axes of channel space, inertial sensors in their own.
        """
        return remap_transform(self.open().calibration, source, target)

    def transformWorldToColorImage(self, worldPos: Float) -> ImagePosition:
        """Give where a point (x, y, z) in metres of channel space appears in the colour image."""
        return image_position(self.open().calibration, np.asarray(worldPos), "color")

    def transformWorldToDepthImage(self, worldPos: Float) -> ImagePosition:
        """Give where a point (x, y, z) in metres of channel space appears in the depth image."""
        return image_position(self.open().calibration, np.asarray(worldPos), "depth")

    def info(self) -> dict[str, float]:
        """Give the Info channels of this operator; see `Operator.info`."""
        capture, bodies = self.capture, self.bodies
        own = {
            "image_frame": capture.index if capture else 0,
            "bodytracking_frame": bodies.frame if bodies else 0,
            "color_timestamp": (capture.color_usec or 0) if capture else 0,
            "depth_timestamp": (capture.depth_usec or 0) if capture else 0,
            "bodytracking_timestamp": bodies.device_usec if bodies else 0,
            "image_errors": self._image_errors,
            "bodytracking_errors": self._tracking_errors + (self._tracker.faults if self._tracker else 0),
        }
        return own | super().info()


def _slack_usec(camera: Camera) -> int:
    """Half a frame period: a time in seconds means the capture that is nearest to it."""
    return 500_000 // camera.fps
