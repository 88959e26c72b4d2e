"""Several cameras as one source: wired to a Fusion CHOP, started at one moment, gone through together."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from bodychan.apps.convert import (
    Report,
    expected_rows,
    require_active,
    set_parameters,
    working,
    write_rows,
)
from bodychan.apps.outlets import Outlets
from bodychan.apps.supply import supply
from bodychan.cameras.registry import open_camera
from bodychan.channels.channels import Channels
from bodychan.errors import FusionError
from bodychan.fusion.rig import Rig
from bodychan.operators.kinect.fusion import SERIAL, FusionCHOP
from bodychan.operators.kinect.playback import Playback
from bodychan.operators.kinect.settings import device_settings, sensor_url
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.project import Project
from bodychan.outputs.angles import with_angles


def convert_rig(
    sources: Sequence[str],
    rig: str,
    targets: Sequence[str],
    parameters: Mapping[str, object],
    *,
    playback: Playback | None = None,
    angles: bool = False,
    overwrite: bool = False,
    progress: Callable[[int, int | None], None] = lambda _done, _expected: None,
) -> Report:
    """Track the recordings of several cameras and write their channels, one row per capture of the first.

    Args:
        sources: one for each camera of the rig.
        rig: the file that `calibrate` made.
        targets: as all further arguments, see `convert.convert`.
        parameters: of the Fusion CHOP, and of all TOPs.
        playback: which part, from the first moment that all recordings have.
        angles: add the angles of `bodychan.outputs.angles`.
        overwrite: replace files that exist.
        progress: called with the captures done and expected.

    Raises:
        BodychanError: as `wire_rig` and `convert.convert`.
    """
    with Project() as project, Outlets([*sources, rig], overwrite=overwrite) as outlets:
        tops, chop = wire_rig(project, sources, rig, parameters, playback)
        for target in targets:
            outlets.open(target)
        first = chop.placed()[0][1]
        supply(first, chop, outlets, angles=angles)
        rows = with_angles(rig_rows(project, tops, chop), angles=angles)
        expected = expected_rows(first.open().duration_usec, first.open().fps, first.playback)
        return write_rows(
            rows,
            outlets,
            newest=lambda: chop.bodies,
            warnings=lambda: tuple(dict.fromkeys(w for top in tops for w in top.open().warnings)),
            progress=lambda done: progress(done, expected),
        )


def wire_rig(
    project: Project,
    sources: Sequence[str],
    rig_file: str,
    parameters: Mapping[str, object],
    playback: Playback | None = None,
) -> tuple[list[KinectAzureTOP], FusionCHOP]:
    """Make a TOP for each source and a Fusion CHOP for all; see `convert.wire`.

    A parameter of the TOP goes to all TOPs. Recordings are played from the first moment that all of them
    have on; `playback` counts from there.

    Raises:
        FusionError: there is no such rig, it has another number of cameras, or there is no moment that all
            recordings have.
        CameraError: a source cannot be opened.
        ParameterError: see `convert.wire`.
    """
    rig = Rig.load(rig_file)
    if len(sources) != len(rig.cameras):
        raise FusionError(f"{rig_file} has {len(rig.cameras)} cameras, and there are {len(sources)} sources")
    tops = [
        project.create(KinectAzureTOP, f"kinectazure{number}", sensor=source)
        for number, source in enumerate(sources, 1)
    ]
    chop = project.create(FusionCHOP, "bodies", tops=" ".join(top.name for top in tops), rig=rig_file)
    for top in tops:
        set_parameters(parameters, top, chop)
    for top, part in zip(tops, _parts(rig, tops, playback or Playback()), strict=True):
        top.playback = part
    return tops, chop


def _parts(rig: Rig, tops: Sequence[KinectAzureTOP], playback: Playback) -> list[Playback]:
    """Give the part of each source that begins where all have begun; live cameras play as they are."""
    begins: list[int] = []
    ends: list[int] = []
    serials: list[str] = []
    sources = [sensor_url(top.par) for top in tops]
    for source, top in zip(sources, tops, strict=True):
        with open_camera(source, device_settings(top.par)) as camera:
            if camera.duration_usec is None:
                return [playback] * len(sources)
            begins.append(camera.start_usec)
            ends.append(camera.start_usec + camera.duration_usec)
            serials.append(camera.tags.get(SERIAL, ""))
    for camera_of_rig, number in zip(rig.cameras, rig.places(serials), strict=True):
        begins[number] += camera_of_rig.offset_usec
        ends[number] += camera_of_rig.offset_usec
    if max(begins) >= min(ends):
        early, late = sources[ends.index(min(ends))], sources[begins.index(max(begins))]
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
