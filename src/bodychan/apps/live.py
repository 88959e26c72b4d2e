"""Real time: a project plays into its outputs and recordings, until Ctrl-C or until its cameras end."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from typing import NamedTuple

from bodychan.apps.meter import Meter, Report, Sent, Status
from bodychan.apps.outlets import Outlet, Outlets
from bodychan.apps.recording_file import RecordingFile, is_recording, recording_of
from bodychan.apps.rigs import wire_rig
from bodychan.apps.supply import supply
from bodychan.apps.wiring import require_active, wire, working
from bodychan.cameras.base import Camera
from bodychan.channels.channels import Channels
from bodychan.errors import OutputError
from bodychan.model.bodies import Bodies
from bodychan.network.messages import CameraMessage
from bodychan.operators.chop import CHOP
from bodychan.operators.kinect.chop import KinectAzureCHOP
from bodychan.operators.kinect.fusion import FusionCHOP
from bodychan.operators.kinect.playback import Playback
from bodychan.operators.kinect.settings import sensor_url
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.network import NetworkCHOP
from bodychan.operators.project import Project
from bodychan.outputs.zenoh import ZenohOutput


class Line(NamedTuple):
    """Where the channels of an operator go; NAME.mkv[?queue=SECONDS] takes the captures of its camera."""

    source: CHOP
    target: str


def run(
    source: str | PathLike[str] | tuple[str, ...],
    targets: Sequence[str],
    parameters: Mapping[str, object],
    *,
    rig: str | None = None,
    playback: Playback | None = None,
    fps: float = 60.0,
    overwrite: bool = False,
    on_change: bool = False,
    status: Callable[[Status], None] = lambda _status: None,
) -> Report:
    """Track one source, or the cameras of a rig, in real time and put the channels out.

    Args:
        source: what `open_camera` takes; one for each camera of the rig.
        targets: what `open_output` takes, and NAME.mkv; the terminal if there are none.
        parameters: see `bodychan.track`.
        rig: the file that `calibrate` made.
        playback: which part, how fast, and whether again and again. A loop, and a live camera, end after its
            `duration`.
        fps: frames of the timeline a second.
        overwrite: replace files that exist.
        on_change: put channels out only where they differ from those before.
        status: called at every frame.

    Raises:
        BodychanError: as `play`.
    """
    playback = playback or Playback()
    with Project(fps, realtime=True) as project:
        part = replace(playback, duration=None) if playback.loop else playback
        chop: CHOP
        tops: list[KinectAzureTOP] = []
        if rig is None and isinstance(source, str) and source.startswith("zenoh:") and "*" in source:
            chop = project.create(NetworkCHOP, "channels", address=source)
            for name, value in parameters.items():
                setattr(chop.par, name, value)
        elif rig is None:
            assert isinstance(source, str | PathLike)
            top, chop = wire(project, source, parameters, part)
            tops = [top]
        else:
            assert not isinstance(source, str | PathLike)
            tops, chop = wire_rig(project, source, rig, parameters, part)
        for top in tops:
            assert isinstance(chop, KinectAzureCHOP)
            require_active(top, chop)
        lines = [Line(chop, target) for target in targets or ("terminal",)]
        endless = playback.loop or all(top.open().duration_usec is None for top in tops)
        return play(
            project,
            lines,
            seconds=playback.duration if endless else None,
            overwrite=overwrite,
            on_change=on_change,
            status=status,
        )


def play(
    project: Project,
    lines: Sequence[Line],
    *,
    seconds: float | None = None,
    overwrite: bool = False,
    on_change: bool = False,
    status: Callable[[Status], None] = lambda _status: None,
) -> Report:
    """Play a project into outputs, for so many seconds or to its end; see `run`.

    Ctrl-C ends it, and files get their final names then, too.

    Each output is written on a thread of its own: one that is slow holds up nobody. One that fails is closed,
    keeps what it has, and stands in the report; the others go on.

    Raises:
        OutputError: an output cannot be opened.
        BodychanError: no operator that is put out works, at the start or any more; the message says where
            what came before lies.
    """
    tops = [operator for operator in project.ops("*") if isinstance(operator, KinectAzureTOP)]
    sources = list(dict.fromkeys(line.source for line in lines))
    cameras = [sensor_url(top.par) for top in tops]
    with Outlets(cameras, overwrite=overwrite, on_change=on_change, background=True) as outlets:
        supplied: dict[Outlet, CHOP] = {}
        for source, target in lines:
            if not is_recording(target):
                outlet = outlets.open(target)
                project.attach(source, outlet)
                supplied[outlet] = source
                if isinstance(source, KinectAzureCHOP) and isinstance(outlet.output, ZenohOutput):
                    project.attach(source, BodiesSink(source, outlet, outlet.output))
        for source, target in lines:
            if is_recording(target):
                _record(project, source, target, outlets, overwrite=overwrite)
        _start(tops, sources)
        supply(supplied)
        meter = Meter(project, tops, [line.target for line in lines], status)
        project.attach(sources[0], meter)

        def over() -> bool:
            ended = bool(tops) and all(top.ended or top.failure for top in tops)
            late = seconds is not None and project.seconds >= seconds
            return ended or late or outlets.all_failed or all(source.failure for source in sources)

        with contextlib.suppress(KeyboardInterrupt):
            project.play(over)
        failures = [source.failure for source in sources if source.failure is not None]
        if len(failures) == len(sources):
            cause = next((top.failure for top in tops if top.failure is not None), failures[0])
            raise outlets.kept_after(cause)
        outlets.close()
        sent = tuple(Sent(outlet.target, outlet.writes, outlet.lost) for outlet in outlets)
        return meter.report(sent, _warnings(project, outlets), outlets.failures)


class BodiesSink:
    """Sends the bodies that an operator's channels are made of, each once."""

    def __init__(self, source: KinectAzureCHOP, outlet: Outlet, output: ZenohOutput) -> None:
        self._source, self._outlet, self._output = source, outlet, output
        self._sent: Bodies | None = None

    def write(self, _channels: Channels) -> None:
        """Take one frame."""
        source = self._source.source
        bodies = source.bodies_trail.newest() if source is not None else None
        if (
            source is not None
            and source.camera is not None
            and bodies is not None
            and bodies is not self._sent
            and self._outlet.failure is None
        ):
            self._sent = bodies
            self._output.write_bodies(bodies, _sender(source.camera))


def _sender(camera: Camera) -> CameraMessage:
    """Say whose bodies they are."""
    calibration = camera.calibration
    return CameraMessage(
        camera.name,
        camera.fps,
        camera.tags,
        calibration.raw,
        calibration.depth_mode,
        calibration.color_resolution,
    )


def _start(tops: Sequence[KinectAzureTOP], sources: Sequence[CHOP]) -> None:
    """Cook once before the show: cameras take seconds to open, which must not be a hole at its start.

    Raises:
        BodychanError: no camera opens, or an operator does not work for a reason of its own.
    """
    for top in tops:
        top.cook()
    failures = [top.failure for top in tops if top.failure is not None]
    if failures and len(failures) == len(tops):
        raise failures[0]
    for source in sources:
        if failures:
            source.cook()
        else:
            working(source)


def _record(project: Project, source: CHOP, target: str, outlets: Outlets, *, overwrite: bool) -> None:
    """Record the camera that an operator follows."""
    if not isinstance(source, KinectAzureCHOP) or isinstance(source, FusionCHOP):
        raise OutputError(f"{target}: {source.path} has no one camera to record: name a KinectAzureCHOP")
    top = project.reference(source, "top", KinectAzureTOP)
    if top.playback.loop:
        raise OutputError(f"{target}: a loop cannot be recorded, its times go back: leave out one of the two")
    top.capture_sinks.append(outlets.record(recording_of(target, top.open(), overwrite=overwrite)))


def _warnings(project: Project, outlets: Outlets) -> tuple[str, ...]:
    told = [line for op in project.ops("*") for line in (op.warnings() + "\n" + op.errors()).splitlines()]
    for outlet in outlets:
        told += outlet.output.warnings if isinstance(outlet.output, RecordingFile) else ()
    return tuple(dict.fromkeys(filter(None, told)))
