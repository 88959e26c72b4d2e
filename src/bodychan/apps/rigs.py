"""Several cameras as one source: wired to a Fusion CHOP, started at one moment, gone through together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bodychan.apps.clocks import timed_by_motion
from bodychan.apps.wiring import require_active, set_parameters, working
from bodychan.cameras.registry import open_camera
from bodychan.channels.channels import Channels
from bodychan.errors import FusionError
from bodychan.fusion.clocks import wired
from bodychan.fusion.rig import Rig
from bodychan.operators.kinect.fusion import SERIAL, FusionCHOP
from bodychan.operators.kinect.playback import Playback
from bodychan.operators.kinect.settings import device_settings, sensor_url
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.project import Project
from bodychan.tracking.builtin.threads import processors


def wire_rig(
    project: Project,
    sources: Sequence[str],
    rig_file: str,
    parameters: Mapping[str, object],
    playback: Playback | None = None,
) -> tuple[list[KinectAzureTOP], FusionCHOP]:
    """Make a TOP for each source and a Fusion CHOP for all; see `wiring.wire`.

    A parameter of the TOP goes to all TOPs. Recordings are played from the first moment that all of them
    have on; `playback` counts from there. How far their clocks are apart is found by how people move in
    them, if their cameras were not wired.

    Raises:
        FusionError: there is no such rig, it has another number of cameras, or there is no moment that all
            recordings have.
        CameraError: a source cannot be opened.
        ParameterError: see `wiring.wire`.
    """
    rig = Rig.load(rig_file)
    if len(sources) != len(rig.cameras):
        raise FusionError(
            f"{rig_file} has {len(rig.cameras)} cameras, and the sources named are {len(sources)}: "
            f"{', '.join(sources)}"
        )
    tops = [
        project.create(KinectAzureTOP, f"kinectazure{number}", sensor=source)
        for number, source in enumerate(sources, 1)
    ]
    chop = project.create(FusionCHOP, "bodies", tops=" ".join(top.name for top in tops), rig=rig_file)
    for top in tops:
        set_parameters(parameters, top, chop)
    for top in tops:
        # In real time threads were measured to do as well: they wait for captures, and not for each other.
        top.own_process = processors() > 1 and not project.realtime
    takes = _takes(tops)
    if takes is None:
        for top in tops:
            top.playback = playback
        return tops, chop
    order = rig.places([take.serial for take in takes])
    if not wired([take.tags for take in takes]):
        rig = timed_by_motion(rig, [tops[number] for number in order], (playback or Playback()).start)
        chop.offsets_usec = tuple(camera.offset_usec for camera in rig.cameras)
    parts = _parts([takes[number] for number in order], rig, playback or Playback())
    for number, part in zip(order, parts, strict=True):
        tops[number].playback = part
    return tops, chop


@dataclass(frozen=True, slots=True)
class _Take:
    """A recording: from when to when it goes by its own clock, µs, and what its tags say."""

    source: str
    begin: int
    end: int
    tags: Mapping[str, str]

    @property
    def serial(self) -> str:
        return self.tags.get(SERIAL, "")


def _takes(tops: Sequence[KinectAzureTOP]) -> list[_Take] | None:
    """Look at the recordings; None where one is a live camera."""
    takes = []
    for top in tops:
        source = sensor_url(top.par)
        with open_camera(source, device_settings(top.par)) as camera:
            if camera.duration_usec is None:
                return None
            end = camera.start_usec + camera.duration_usec
            takes.append(_Take(source, camera.start_usec, end, camera.tags))
    return takes


def _parts(takes: Sequence[_Take], rig: Rig, playback: Playback) -> list[Playback]:
    """Give the part of each recording, in the rig's order, that begins where all have begun."""
    begins, ends = (
        [getattr(take, name) + camera.offset_usec for take, camera in zip(takes, rig.cameras, strict=True)]
        for name in ("begin", "end")
    )
    if max(begins) >= min(ends):
        early, late = takes[ends.index(min(ends))].source, takes[begins.index(max(begins))].source
        raise FusionError(
            f"{late} begins {(max(begins) - min(ends)) / 1e6:.1f} s after {early} has ended, by the clocks "
            "as the rig knows them: calibrate with these recordings, or take those of one moment"
        )
    return [replace(playback, start=playback.start + (max(begins) - begin) / 1e6) for begin in begins]


def rig_rows(project: Project, tops: Sequence[KinectAzureTOP], chop: FusionCHOP) -> Iterator[Channels]:
    """Go through the captures of the rig's first camera, the others beside it; give the channels of each.

    Raises:
        BodychanError: as `convert.track`.
    """
    for top in tops:
        require_active(top, chop)
        top.open()
    chop.leads = False
    (first_camera, first), *others = chop.placed()
    project.fps = first.open().fps
    project.frame = 1
    runs = {top.name: top.play_through() for top in tops}
    for _ in runs[first.name]:
        assert first.capture is not None
        moment = first.capture.device_usec + first_camera.offset_usec
        for camera, top in others:
            slack = 500_000 // top.open().fps
            while top.capture is None or top.capture.device_usec + camera.offset_usec < moment - slack:
                if next(runs[top.name], runs) is runs:
                    break
        yield working(chop)
        project.frame += 1
