"""Offline conversion: every capture of a recording, one row of channels each, as fast as it goes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from os import PathLike

from bodychan.channels.channels import Channels
from bodychan.errors import ParameterError, did_you_mean
from bodychan.operators.kinect.chop import KinectAzureCHOP
from bodychan.operators.kinect.playback import Playback
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.project import Project
from bodychan.outputs.base import Output
from bodychan.outputs.registry import open_output


@dataclass(frozen=True)
class Report:
    """What a conversion did.

    `rows` written, one per capture; `channels` in each; `bodies` ids seen; `warnings` of the camera.
    `partial` is None after a whole conversion; after Ctrl-C it names where the rows so far lie.
    """

    rows: int
    channels: int
    bodies: frozenset[int]
    warnings: tuple[str, ...]
    partial: tuple[str, ...] | None = None


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
        ParameterError: a parameter is unknown or out of range.
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
    overwrite: bool = False,
    progress: Callable[[int, int | None], None] = lambda _done, _expected: None,
) -> Report:
    """Track a recording and write its channels to files and receivers, one row per capture.

    Ctrl-C stops it: no file gets its final name then, and the report says where the rows so far lie.

    Args:
        source: what `open_camera` takes.
        targets: what `open_output` takes.
        parameters: see `track`.
        playback: which part; all of it if None.
        overwrite: replace files that exist.
        progress: called with the captures done and expected (None where that is not known).

    Raises:
        BodychanError: as `track`, and OutputError where a target cannot be written. No half-written file
            is left then.
    """
    bodies: set[int] = set()
    count, channels = 0, 0
    partial: tuple[str, ...] | None = None
    with Project() as project, ExitStack() as stack:
        top, chop = wire(project, source, parameters, playback)
        outputs = [stack.enter_context(open_output(target, overwrite=overwrite)) for target in targets]
        camera = top.open()
        expected = _expected(camera.duration_usec, camera.fps, top.playback)
        try:
            for row in rows(project, top, chop):
                for output in outputs:
                    output.write(row)
                if top.bodies is not None:
                    bodies.update(int(body) for body in top.bodies.ids)
                count, channels = count + 1, row.numChans
                progress(count, expected)
        except KeyboardInterrupt:
            partial = _stop_early(outputs)
        return Report(count, channels, frozenset(bodies), tuple(camera.warnings), partial)


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
    for name, value in parameters.items():
        setattr(_owner(name, top, chop).par, name.rpartition(".")[2], value)
    return top, chop


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
    """Go through the captures of a TOP and give the channels of each; a timeline frame is a capture then."""
    project.fps = top.open().fps
    project.frame = 1
    for _ in top.play_through():
        yield chop.channels
        project.frame += 1


def _expected(duration_usec: int | None, fps: int, playback: Playback) -> int | None:
    if duration_usec is None:
        return None
    seconds = max(duration_usec / 1e6 - playback.start, 0.0)
    return round(fps * min(seconds, playback.duration or seconds))


def _stop_early(outputs: Sequence[Output]) -> tuple[str, ...]:
    places = [output.stop_early() for output in outputs]
    return tuple(place for place in places if place is not None)
