"""Offline conversion: every capture of a recording, one row of channels each, as fast as it goes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike

from bodychan.apps.outlets import Outlets
from bodychan.apps.supply import supply
from bodychan.channels.channels import Channels
from bodychan.errors import BodychanError, CameraError, ParameterError, did_you_mean
from bodychan.model.bodies import Bodies
from bodychan.model.closing import uninterrupted
from bodychan.operators.chop import CHOP
from bodychan.operators.kinect.chop import KinectAzureCHOP
from bodychan.operators.kinect.playback import Playback
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.project import Project
from bodychan.outputs.angles import with_angles


@dataclass(frozen=True)
class Report:
    """What a conversion did.

    `rows` written, one per capture; `channels` in each; `bodies` ids seen; `warnings` of the camera.
    `partial` is None after a whole conversion; after Ctrl-C it names where the rows so far lie. `failures`
    says which outputs were closed before the end, and why; the others have all rows. `places` is where the
    channels went.
    """

    rows: int
    channels: int
    bodies: frozenset[int]
    warnings: tuple[str, ...]
    partial: tuple[str, ...] | None = None
    failures: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


def track(
    source: str | PathLike[str], playback: Playback | None = None, **parameters: object
) -> Iterator[Channels]:
    """Track a recording or scene from its start to its end and give one `Channels` per camera frame.

    Args:
        source: what `open_camera` takes.
        playback: which part; all of it if None.
        **parameters: of the Kinect Azure CHOP (or TOP): `maxplayers=2, confidence=True`.

    Raises:
        CameraError: the source cannot be opened or read.
        ParameterError: a parameter is unknown, out of range, or leaves nothing to give.
        OperatorError: an operator does not work, such as for a naming table that is not there.
        PatternError: `scope` does not parse.
    """
    with Project() as project:
        top, chop = wire(project, source, parameters, playback)
        yield from rows(project, top, chop)


def convert(
    source: str | PathLike[str],
    targets: Sequence[str],
    parameters: Mapping[str, object],
    *,
    playback: Playback | None = None,
    angles: bool = False,
    overwrite: bool = False,
    progress: Callable[[int, int | None], None] = lambda _done, _expected: None,
    watch: Callable[[Bodies], None] = lambda _bodies: None,
) -> Report:
    """Track a recording and write its channels to files and receivers, one row per capture.

    Ctrl-C stops it: no file gets its final name then, and the report says where the rows so far lie. An
    output that fails is closed, and the others go on; when none is left it ends.

    Args:
        source: what `open_camera` takes.
        targets: what `open_output` takes.
        parameters: see `track`.
        playback: which part; all of it if None.
        angles: add the angles of `bodychan.outputs.angles`.
        overwrite: replace files that exist.
        progress: called with the captures done and expected (None where that is not known).
        watch: called with the bodies of each capture.

    Raises:
        BodychanError: as `track`, and OutputError where a target cannot be opened. The message says where the
            rows before lie.
    """
    with Project() as project, Outlets([source], overwrite=overwrite) as outlets:
        top, chop = wire(project, source, parameters, playback)
        for target in targets:
            outlets.open(target)
        camera = top.open()
        supply(top, chop, outlets, angles=angles)
        expected = expected_rows(camera.duration_usec, camera.fps, top.playback)
        return write_rows(
            with_angles(rows(project, top, chop), angles=angles),
            outlets,
            newest=lambda: top.bodies,
            warnings=lambda: tuple(camera.warnings),
            progress=lambda done: progress(done, expected),
            watch=watch,
        )


def write_rows(
    rows: Iterable[Channels],
    outlets: Outlets,
    *,
    newest: Callable[[], Bodies | None],
    warnings: Callable[[], tuple[str, ...]],
    progress: Callable[[int], None],
    watch: Callable[[Bodies], None] = lambda _bodies: None,
) -> Report:
    """Write rows until there are no more, or all outputs have failed, or Ctrl-C; see `convert`.

    Args:
        rows: the channels of one capture after the other.
        outlets: are closed at the end.
        newest: gives the bodies that the newest row was made of.
        warnings: gives what was odd.
        progress: called with the rows written.
        watch: called with the bodies of each row.

    Raises:
        BodychanError: what `rows` raises; the message says where the rows before lie.
    """
    ids: set[int] = set()
    count, channels = 0, 0
    partial: tuple[str, ...] | None = None
    try:
        for row in rows:
            with uninterrupted():  # all outputs have the same rows, as many as are reported
                for outlet in outlets:
                    outlet.write(row)
                count, channels = count + row.numSamples, row.numChans
            bodies = newest()
            if bodies is not None:
                ids.update(int(body) for body in bodies.ids)
                watch(bodies)
            progress(count)
            if outlets.all_failed:
                break
    except KeyboardInterrupt:
        outlets.keep()
        partial = outlets.places
    except BodychanError as error:
        raise outlets.kept_after(error) from None
    outlets.close()
    places = tuple(outlet.target for outlet in outlets if outlet.failure is None)
    return Report(count, channels, frozenset(ids), warnings(), partial, outlets.failures, places)


def wire(
    project: Project,
    source: str | PathLike[str],
    parameters: Mapping[str, object],
    playback: Playback | None = None,
) -> tuple[KinectAzureTOP, KinectAzureCHOP]:
    """Make a TOP for a source and a CHOP that follows it, and give each parameter to the one that has it.

    A name may say which is meant: `top.active`, `chop.active`.

    Raises:
        ParameterError: neither has the parameter, both have it, or the value is outside its range.
    """
    top = project.create(KinectAzureTOP, "kinectazure1", playback=playback, sensor=source)
    chop = project.create(KinectAzureCHOP, "bodies", top=top)
    set_parameters(parameters, top, chop)
    return top, chop


def set_parameters(parameters: Mapping[str, object], top: KinectAzureTOP, chop: KinectAzureCHOP) -> None:
    """Give each parameter to the one of the two that has it.

    Raises:
        ParameterError: neither has it, both have it, or the value is outside its range.
    """
    for name, value in parameters.items():
        setattr(_owner(name, top, chop).par, name.rpartition(".")[2], value)


def _owner(name: str, top: KinectAzureTOP, chop: KinectAzureCHOP) -> KinectAzureTOP | KinectAzureCHOP:
    prefix, dot, bare = name.rpartition(".")
    if dot:
        if prefix not in ("top", "chop"):
            raise ParameterError(f"no operator '{prefix}': write top.{bare} or chop.{bare}")
        return top if prefix == "top" else chop
    owners = [op for op in (top, chop) if name in {p.name for p in op.parameters}]
    if len(owners) == 2:
        raise ParameterError(f"both operators have a parameter '{name}': write top.{name} or chop.{name}")
    if not owners:
        known = [p.name for p in (*chop.parameters, *top.parameters)]
        raise ParameterError(f"no parameter '{name}': {did_you_mean(name, known)}")
    return owners[0]


def rows(project: Project, top: KinectAzureTOP, chop: KinectAzureCHOP) -> Iterator[Channels]:
    """Go through the captures of a TOP and give the channels of each; a timeline frame is a capture then.

    Raises:
        BodychanError: as `track`.
    """
    require_active(top, chop)
    project.fps = top.open().fps
    project.frame = 1
    for _ in top.play_through():
        yield working(chop)
        project.frame += 1


def require_active(top: KinectAzureTOP, chop: KinectAzureCHOP) -> None:
    """Refuse a run whose channels could only be zeros.

    Raises:
        ParameterError: one of the two is not active.
        CameraError: there is no depth, without which nobody can be tracked.
    """
    for name, operator in (("top", top), ("chop", chop)):
        if not operator.par.active:
            raise ParameterError(f"{name}.active is off, all channels would be 0: leave it on")
    camera = top.open()
    if not camera.measures_depth:
        raise CameraError(
            f"{camera.name} has no depth images, which tracking needs: record again in another depth mode"
        )


def working(chop: CHOP) -> Channels:
    """Give the channels of an operator that works.

    Raises:
        BodychanError: what keeps it from working.
    """
    channels = chop.channels
    if chop.failure is not None:
        raise chop.failure
    return channels


def expected_rows(duration_usec: int | None, fps: int, playback: Playback) -> int | None:
    """Return how many rows a part will have; None where that is not known."""
    if duration_usec is None:
        return None
    seconds = max(duration_usec / 1e6 - playback.start, 0.0)
    return round(fps * min(seconds, playback.duration or seconds))
