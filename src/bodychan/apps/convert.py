"""Offline conversion: every capture of a recording, one row of channels each, as fast as it goes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from os import PathLike
from typing import NamedTuple

from bodychan.apps.outlets import Outlets
from bodychan.apps.rigs import rig_rows, wire_rig
from bodychan.apps.supply import supply
from bodychan.apps.wiring import require_active, wire, working
from bodychan.channels.channels import Channels
from bodychan.errors import BodychanError
from bodychan.model.bodies import Bodies
from bodychan.model.closing import uninterrupted
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
    source: str | PathLike[str] | Sequence[str],
    targets: Sequence[str],
    parameters: Mapping[str, object],
    *,
    rig: str | None = None,
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
        source: what `open_camera` takes; with a rig one for each of its cameras, and the rows are the
            captures of its first one.
        targets: what `open_output` takes.
        parameters: see `track`; with a rig those of the Fusion CHOP, and of all TOPs.
        rig: the file that `calibrate` made.
        playback: which part, with a rig from the first moment that all recordings have; all of it if None.
        angles: add the angles of `bodychan.outputs.angles`.
        overwrite: replace files that exist.
        progress: called with the captures done and expected (None where that is not known).
        watch: called with the bodies of each capture.

    Raises:
        BodychanError: as `track` or `rigs.wire_rig`, and OutputError where a target cannot be opened. The
            message says where the rows before lie.
    """
    several = [str(source)] if isinstance(source, str | PathLike) else list(source)
    read = several if rig is None else [*several, rig]
    with Project() as project, Outlets(read, overwrite=overwrite) as outlets:
        wired = _wired(project, several, rig, parameters, playback)
        for target in targets:
            outlets.open(target)
        camera = wired.first.open()
        supply(dict.fromkeys(outlets, wired.chop), angles=angles)
        expected = expected_rows(camera.duration_usec, camera.fps, wired.first.playback)
        return write_rows(
            with_angles(wired.rows, angles=angles),
            outlets,
            newest=wired.newest,
            warnings=lambda: tuple(dict.fromkeys(w for top in wired.tops for w in top.open().warnings)),
            progress=lambda done: progress(done, expected),
            watch=watch,
        )


class _Wired(NamedTuple):
    """What a conversion goes through: cameras, the one that gives the beat, and what comes of them."""

    tops: Sequence[KinectAzureTOP]
    first: KinectAzureTOP
    chop: KinectAzureCHOP
    rows: Iterator[Channels]
    newest: Callable[[], Bodies | None]


def _wired(
    project: Project,
    sources: Sequence[str],
    rig: str | None,
    parameters: Mapping[str, object],
    playback: Playback | None,
) -> _Wired:
    if rig is None:
        (source,) = sources
        top, chop = wire(project, source, parameters, playback)
        return _Wired([top], top, chop, rows(project, top, chop), lambda: top.bodies)
    tops, fusion = wire_rig(project, sources, rig, parameters, playback)
    first = fusion.placed()[0][1]
    return _Wired(tops, first, fusion, rig_rows(project, tops, fusion), lambda: fusion.bodies)


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
        rows = iter(rows)
        first = list(islice(rows, 1))  # this may take long: kernels are compiled
        # A request to end comes between two rows: all outputs have as many as are reported, and no lock of a
        # library stays taken.
        with uninterrupted() as held:
            for row in chain(first, rows):
                for outlet in outlets:
                    outlet.write(row)
                count, channels = count + row.numSamples, row.numChans
                bodies = newest()
                if bodies is not None:
                    ids.update(int(body) for body in bodies.ids)
                    watch(bodies)
                progress(count)
                if outlets.all_failed or held:
                    break
    except KeyboardInterrupt:
        outlets.keep()
        partial = outlets.places
    except BodychanError as error:
        raise outlets.kept_after(error) from None
    outlets.close()
    places = tuple(outlet.target for outlet in outlets if outlet.failure is None)
    return Report(count, channels, frozenset(ids), warnings(), partial, outlets.failures, places)


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


def expected_rows(duration_usec: int | None, fps: int, playback: Playback) -> int | None:
    """Return how many rows a part will have; None where that is not known."""
    if duration_usec is None:
        return None
    seconds = max(duration_usec / 1e6 - playback.start, 0.0)
    return round(fps * min(seconds, playback.duration or seconds))
