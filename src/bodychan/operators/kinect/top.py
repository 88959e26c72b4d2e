"""The Kinect Azure TOP: holds the camera, follows the timeline, and tracks what it sees."""

import math
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from bodychan.cameras.base import Camera
from bodychan.cameras.registry import open_camera
from bodychan.errors import BodychanError, CameraError, OutputError
from bodychan.model.arrays import F64, Float
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture, ImuSample
from bodychan.operators.close_all import close_all
from bodychan.operators.kinect import tables
from bodychan.operators.kinect.image_top import ImageTOP
from bodychan.operators.kinect.intrinsics import (
    ImagePosition,
    Intrinsics,
    image_position,
    intrinsics,
    remap_transform,
)
from bodychan.operators.kinect.playback import Playback
from bodychan.operators.kinect.settings import ColorControls, device_settings, reset_controls, sensor_url
from bodychan.operators.kinect.sources import Source, open_source
from bodychan.operators.kinect.trackers import Tracking
from bodychan.operators.operator import Network
from bodychan.operators.trail import Trail

_RETRY_SECONDS = 1.0
"""How long a camera that has failed is left alone before it is opened again."""

_KEPT_CAPTURES = 30
"""How far the bodies may lag behind the images and still find their own."""


class CaptureSink(Protocol):
    """What captures can be written to."""

    def write(self, capture: Capture) -> None:
        """Take one capture."""


@dataclass(frozen=True)
class _Failure:
    """Why the camera is closed: as long as the settings are the same, until it is tried again."""

    error: BodychanError
    settings: tuple[object, ...]
    until: float

    def holds(self, settings: tuple[object, ...], seconds: float) -> bool:
        """Whether trying again is of no use yet."""
        return settings == self.settings and seconds < self.until


class KinectAzureTOP(ImageTOP):
    """Connects to a camera, recording or synthetic scene.

    After a cook `capture` is the newest capture, `bodies` the newest bodies and `imu` the newest sample of
    the inertial sensor; each is None while there is none. `numpyArray()` gives the image that the parameters
    choose. `capture_sinks` are written every capture that it shows.
    """

    table = tables.TopTable
    attributes: ClassVar[tuple[str, ...]] = ("playback",)
    par: tables.TopTable

    capture: Capture | None = None
    bodies: Bodies | None = None
    imu: ImuSample | None = None
    ended = False
    """No capture is left to play."""
    own_process = False
    """Whether the tracker works in a process of its own, from when it is opened; see `open_tracker`."""

    def __init__(self, project: Network, name: str) -> None:
        super().__init__(project, name)
        self._playback = Playback()
        self.capture_sinks: list[CaptureSink] = []
        self.bodies_trail: Trail[Bodies] = Trail()
        self.imu_trail: Trail[ImuSample] = Trail()
        self._camera: Camera | None = None
        self._source: Source | None = None
        self._tracking = Tracking(self.path, project.claims)
        self._controls = ColorControls()
        self._opened: tuple[object, ...] = ()
        self._noted: Capture | None = None
        self._jumps = project.jumps
        self._recent: deque[Capture] = deque(maxlen=_KEPT_CAPTURES)
        self._failed: _Failure | None = None
        self._image_errors = self._stops = 0

    @property
    def playback(self) -> Playback:
        """What is played, and how; None plays all of it.

        A recording that is open goes on as the new playback has it at this second of the timeline.
        """
        return self._playback

    @playback.setter
    def playback(self, playback: Playback | None) -> None:
        self._playback = playback or Playback()
        if self._camera is not None and self._source is not None and self._camera.seekable:
            self._source.close()
            self._camera.seek(self._camera.start_usec)
            self._source = open_source(self._camera, self._playback, realtime=self.project.realtime)
            self._jumps = -1  # the next cook goes to where the timeline is

    @property
    def camera(self) -> Camera | None:
        """The camera that is open; None while there is none."""
        return self._camera

    @property
    def tracker_warnings(self) -> list[str]:
        """What keeps bodies from coming."""
        return self._tracking.warnings

    def open(self) -> Camera:
        """Connect to the camera now, if that has not been done; a cook does it by itself.

        Raises:
            CameraError: the sensor cannot be opened, or has no capture to play.
            TrackerError: the tracker cannot be used.
        """
        return self._connected()[0]

    def _connected(self) -> tuple[Camera, Source]:
        wanted = self._settings()
        if self._camera is not None and self._source is not None and self._opened == wanted:
            return self._camera, self._source
        self.close()
        try:
            self._camera = camera = open_camera(sensor_url(self.par), device_settings(self.par))
            self._track_with(camera)
            self._warm_up(camera.calibration)
            self._source = open_source(camera, self.playback, realtime=self.project.realtime)
        except BaseException:
            self.close()
            raise
        self._opened = wanted
        return camera, self._source

    def _track_with(self, camera: Camera) -> None:
        self._tracking.open(
            self.par,
            camera.calibration,
            wait=not self.project.realtime,
            tracked=camera.tracked,
            own_process=self.own_process,
        )

    def _settings(self) -> tuple[object, ...]:
        """Return what the camera and the tracker were opened with: another value opens them anew."""
        return tuple(value for row, value in self.par if row.name in tables.REOPENING)

    def close(self) -> None:
        """Release the camera and the tracker, also where closing one of them fails."""
        held = (self._source, self._camera, self._tracking)
        self._source = self._camera = None
        self.capture = self.bodies = self.imu = self._noted = None
        self._recent.clear()
        self.bodies_trail.restart()
        self.imu_trail.restart()
        self._controls = ColorControls()
        self.ended = False
        close_all(*held)

    def play_through(self) -> Iterator[None]:
        """Go through the captures one by one, whatever the timeline says; each stop is a cook of its frame.

        Raises:
            CameraError: the camera cannot be opened or read.
            TrackerError: the tracker has stopped.
        """
        camera, source = self._connected()
        for capture, bodies in self._tracking.track_each(source.each()):
            self._show(capture)
            self.bodies = bodies
            # Each capture is a frame of its own here: what it brings is all that there is.
            self.bodies_trail.restart(-math.inf, bodies)
            self.imu_trail.restart(-math.inf, self.imu)
            self._cooked = self._state()
            self._warnings = [*camera.warnings, *self._tracking.warnings]
            yield
        self.ended = True

    def _cook(self) -> None:
        if not self.par.active:
            self.close()
            return
        failure = self._failed
        if failure is not None and failure.holds(self._settings(), self.project.seconds):
            self.failure = failure.error
            return
        self._failed = None
        try:
            camera, source = self._connected()
            self._follow(camera, source)
        except OutputError:
            raise  # of a sink of captures: the camera works
        except Exception as error:
            self.failure = self._fail(error)
            return
        self._warnings += [*camera.warnings, *self._tracking.warnings]

    def _fail(self, error: Exception) -> BodychanError:
        """Close the camera, and remember why for a while: opening takes long, and frames come fast."""
        if isinstance(error, BodychanError) and not isinstance(error, CameraError):
            self._stops += 1
        else:
            self._image_errors += 1
        # A recording that is damaged in its middle stays so, and would play from its start again.
        damaged = self._camera is not None and not self._camera.live
        until = math.inf if damaged else self.project.seconds + _RETRY_SECONDS
        self._failed = _Failure(self._reportable(error), self._settings(), until)
        with suppress(Exception):  # the first error is the one to tell
            self.close()
        return self._failed.error

    def _follow(self, camera: Camera, source: Source) -> None:
        """Bring images and bodies up to the timeline: newest wins in real time, else every capture counts."""
        now = self.project.seconds
        if camera.live:
            self._warnings += self._controls.send(camera, self.par)
        if not self._tracking.is_open:
            self._track_with(camera)
        if self._jumps != self.project.jumps:
            self._jumps = self.project.jumps
            self.bodies_trail.restart()
            self.imu_trail.restart()
            source.go_to(now)
        if camera.away:
            self._warnings.append(f"{camera.name} is away: {camera.away}")
        source.keep_all = bool(self.capture_sinks)
        newest: Capture | None = None
        for capture, _, seconds in source.due(now):
            self._note_imu(capture, seconds)
            newest = capture
            self._show(capture)
            if not self.project.realtime:
                self._take_bodies(self._tracking.track(capture), seconds)
        if self.project.realtime:
            self._take_bodies(self._tracking.hand_over(newest), now)
        if camera.away:
            # Also what is still found in the captures from before it went is not there any more.
            self._take_bodies(self._nobody(camera), now)
        # The samples of the capture that comes next were measured before it.
        if source.upcoming is not None:
            self._note_imu(source.upcoming.capture, source.upcoming.seconds)
        self.bodies_trail.forget(now)
        self.imu_trail.forget(now)
        self.ended = source.ended and not self._tracking.busy

    def _note_imu(self, capture: Capture, seconds: float) -> None:
        """Put the inertial samples of a capture that is due at `seconds` on the timeline, once."""
        if capture is self._noted:
            return
        self._noted = capture
        for sample in capture.imu:
            self.imu_trail.add(
                seconds + (sample.accel_usec - capture.device_usec) / 1e6 / self.playback.speed, sample
            )

    def _show(self, capture: Capture) -> None:
        self.capture = capture
        self._recent.append(capture)
        if capture.imu:
            self.imu = capture.imu[-1]
        for sink in self.capture_sinks:
            sink.write(capture)

    def _nobody(self, camera: Camera) -> Bodies | None:
        """Give nobody, at the time that it is now, while a camera is away: who is held is held no longer."""
        if self.capture is None:
            return None
        now_usec = self.capture.device_usec + round(1e6 * camera.away_seconds)
        before_usec = self.bodies.device_usec if self.bodies is not None else 0
        return Bodies.none(self.capture.index, max(now_usec, before_usec))

    def _take_bodies(self, bodies: Bodies | None, seconds: float) -> None:
        if bodies is not None and bodies is not self.bodies:
            self.bodies = bodies
            self.bodies_trail.add(seconds, bodies)

    def _pulse(self, name: str) -> None:
        if name == "resetcolors":
            reset_controls(self.par)
            if self._camera is not None and self._camera.live:
                self._camera.reset_color_controls()

    def shown(self, *, with_bodies: bool) -> Capture | None:
        """Return the newest capture, or the one that the newest bodies came from, while it is kept."""
        if not with_bodies:
            return self.capture
        frame = self.bodies.frame if self.bodies is not None else None
        return next((capture for capture in self._recent if capture.index == frame), None)

    @property
    def _holder(self) -> "KinectAzureTOP":
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
        """Return the (4, 4) matrix between two sensors: 0 depth, 1 colour, 2 accelerometer, 3 gyroscope.

        It takes and gives metres; cameras in the axes of channel space, inertial sensors in their own.
        """
        return remap_transform(self.open().calibration, source, target)

    def transformWorldToColorImage(self, worldPos: Float) -> ImagePosition:
        """Return where a point (x, y, z) in metres of channel space appears in the colour image."""
        return image_position(self.open().calibration, np.asarray(worldPos), "color")

    def transformWorldToDepthImage(self, worldPos: Float) -> ImagePosition:
        """Return where a point (x, y, z) in metres of channel space appears in the depth image."""
        return image_position(self.open().calibration, np.asarray(worldPos), "depth")

    def info(self) -> dict[str, float]:
        """Return the Info channels of this operator; see `Operator.info`.

        `dropped` counts the captures that were neither shown nor tracked because the machine was busy,
        `outages` how often a live camera was away; `away_seconds` is for how long it is, 0 while it works.
        """
        capture, bodies, camera = self.capture, self.bodies, self._camera
        own = {
            "image_frame": capture.index if capture else 0,
            "bodytracking_frame": bodies.frame if bodies else 0,
            "color_timestamp": (capture.color_usec or 0) if capture else 0,
            "depth_timestamp": (capture.depth_usec or 0) if capture else 0,
            "bodytracking_timestamp": bodies.device_usec if bodies else 0,
            "image_errors": self._image_errors,
            "bodytracking_errors": self._stops + self._tracking.errors,
            "dropped": (self._source.dropped if self._source else 0) + self._tracking.dropped,
            "outages": camera.outages if camera else 0,
            "away_seconds": camera.away_seconds if camera else 0.0,
        }
        return own | super().info()
