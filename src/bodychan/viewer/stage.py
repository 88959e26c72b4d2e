"""A project as the viewer shows it: its camera, the operator whose channels are listed, and its playback."""

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike

import numpy as np

from bodychan.apps.wiring import wire
from bodychan.cameras.base import Camera
from bodychan.errors import OperatorError
from bodychan.operators.chop import CHOP
from bodychan.operators.kinect.chop import KinectAzureCHOP
from bodychan.operators.kinect.playback import Playback
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.project import Project
from bodychan.viewer import events
from bodychan.viewer.snapshot import Preview

_LONGEST_FACT = 80
"""Tags longer than this are no facts for people to read."""


class Stage:
    """A project with one Kinect Azure TOP that is shown, and a CHOP whose channels are listed.

    Raises:
        OperatorError: the project has no such operators.
    """

    def __init__(self, project: Project, path: str = "") -> None:
        self.project = project
        self.path = path
        project.realtime = True
        tops = [op for op in project.ops("*") if isinstance(op, KinectAzureTOP)]
        self.chops = [op for op in project.ops("*") if isinstance(op, CHOP)]
        bodies = [op for op in self.chops if isinstance(op, KinectAzureCHOP)]
        if not tops or not bodies:
            raise OperatorError(
                f"{path or 'the project'} needs a KinectAzureTOP and a KinectAzureCHOP to be shown"
            )
        self.top = tops[0]
        self.bodies = bodies[0]
        self.shown: CHOP = self.chops[-1]
        self.preview = Preview()

    @classmethod
    def of_source(
        cls, source: str, parameters: Mapping[str, object], playback: Playback, fps: float = 60.0
    ) -> "Stage":
        """Make a project that shows a source; an empty one shows nothing yet.

        Raises:
            ParameterError: a parameter is unknown or out of range.
        """
        project = Project(fps, realtime=True)
        top, _chop = wire(project, source or "synthetic:walk", parameters, playback)
        if not source:
            top.par.active = False
        return cls(project)

    @classmethod
    def of_file(cls, path: str | PathLike[str]) -> "Stage":
        """Make the project of a TOML file.

        Raises:
            OperatorError: the file cannot be read, or has nothing to show.
        """
        project = Project.load(path)
        try:
            return cls(project, str(path))
        except OperatorError:
            project.close()
            raise

    @property
    def source(self) -> str:
        """What is shown, as the TOP's parameters name it; empty for nothing."""
        return str(self.top.par.sensor) if self.top.par.active else ""

    @property
    def camera(self) -> Camera | None:
        """The camera that is open."""
        return self.top.camera

    @property
    def live(self) -> bool:
        """Whether it cannot be wound."""
        return self.camera is not None and self.camera.live

    @property
    def seekable(self) -> bool:
        """Whether it has a timeline."""
        return self.camera is not None and self.camera.seekable and self.camera.duration_usec is not None

    @property
    def seconds(self) -> float:
        """The place of the capture in the recording, s; -1 where there is none."""
        capture, camera = self.top.capture, self.camera
        if capture is None or camera is None or not self.seekable:
            return -1.0
        return (capture.device_usec - camera.start_usec) / 1e6

    @property
    def place(self) -> float:
        """Where the timeline is in the recording, s; the capture of this place may still be on its way."""
        playback = self.top.playback
        played = self.project.seconds * playback.speed
        if playback.loop and self.camera is not None and self.camera.duration_usec is not None:
            played %= playback.duration or self.camera.duration_usec / 1e6 - playback.start
        return playback.start + played

    @property
    def settled(self) -> bool:
        """Whether the bodies are those of the capture that is shown."""
        capture, bodies = self.top.capture, self.top.bodies
        return capture is None or (bodies is not None and bodies.frame == capture.index)

    def operator(self, name: str) -> CHOP:
        """Find an operator with channels by its name.

        Raises:
            OperatorError: there is none.
        """
        found = self.project.op(name)
        if not isinstance(found, CHOP):
            raise OperatorError(f"{found.path} has no channels: choose a CHOP")
        return found

    def open(self, source: str) -> None:
        """Show another source from its start; an empty one closes the camera."""
        self.top.par.active = bool(source)
        if source:
            self.top.par.sensor = source
            self.top.playback = replace(self.top.playback, start=0.0, duration=None)
            self.project.jump(1)

    def seek(self, seconds: float) -> None:
        """Go to a second of the recording.

        Raises:
            OperatorError: it has no timeline.
        """
        camera = self.camera
        if camera is None or camera.duration_usec is None or not self.seekable:
            raise OperatorError("only a recording has a timeline to go along")
        last = camera.duration_usec / 1e6 - 1.0 / camera.fps
        played = max(0.0, min(seconds, last) - self.top.playback.start)
        self.project.jump(1 + int(np.ceil(played / self.top.playback.speed * self.project.fps - 1e-6)))

    def step(self, captures: int) -> None:
        """Go some captures forward or back; what has no timeline goes forward only.

        Raises:
            OperatorError: there is no capture, or it cannot go back.
        """
        camera = self.camera
        if camera is None or self.top.capture is None:
            raise OperatorError("no camera is open")
        if self.seekable:
            self.seek(max(0.0, self.place + captures / camera.fps))
        elif captures < 0:
            raise OperatorError(f"{camera.name} cannot go back: it has no timeline")
        else:
            frames = captures * self.project.fps / camera.fps / self.top.playback.speed
            self.project.step(max(1, round(frames)))

    def speed(self, factor: float) -> None:
        """Play so many times as fast, from where it is.

        Raises:
            ParameterError: the factor is out of range.
        """
        self._play_as(replace(self.top.playback, speed=factor))

    def loop(self, on: bool) -> None:
        """Play again and again, or once."""
        self._play_as(replace(self.top.playback, loop=on))

    def _play_as(self, playback: Playback) -> None:
        place = self.place
        self.top.playback = playback
        if self.seekable:
            self.seek(place)

    def described(self) -> events.Source:
        """Say what is shown and how it does."""
        camera, top = self.camera, self.top
        if not self.source:
            return events.Source()
        if camera is None:
            phase: events.Phase = "failed" if top.errors() else "connecting"
            return events.Source(self.source, phase, problem=top.errors())
        calibration = camera.calibration
        facts = {
            "depth mode": calibration.depth_mode,
            "colour resolution": calibration.color_resolution,
            "frame rate": f"{camera.fps} fps",
        } | {name: value for name, value in sorted(camera.tags.items()) if len(value) < _LONGEST_FACT}
        return events.Source(
            self.source,
            "failed" if top.errors() else "ended" if top.ended else "running",
            self.live,
            self.seekable,
            float(camera.fps),
            (camera.duration_usec or 0) / 1e6,
            top.errors(),
            tuple(camera.warnings),
            tuple(facts.items()),
            _frustum(camera),
        )

    def close(self) -> None:
        """Close the camera."""
        self.project.close()


def _frustum(camera: Camera) -> tuple[tuple[float, float, float], ...]:
    """Return the rays of the depth image's four corners at 1 m, in the camera's channel axes.

    Of a lens whose image is round, the corners are taken in until they have rays.
    """
    lens = camera.calibration.lenses["depth"]
    center = np.array([(lens.width - 1) / 2, (lens.height - 1) / 2])
    signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    for share in (1.0, 0.9, 0.8, 0.7, 0.6):
        pixels = center + signs * center * share
        points, valid = camera.calibration.unproject(
            pixels, np.full(4, 1000.0), camera="depth", target="depth"
        )
        if valid.all():
            return tuple((float(-x) / 1e3, float(-y) / 1e3, float(z) / 1e3) for x, y, z in points)
    return ()
