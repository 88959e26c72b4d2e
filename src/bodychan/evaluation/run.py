"""Measuring a tracker against sequences of which the truth is known."""

import platform
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np

from bodychan import __version__
from bodychan.bench import peak_memory_mb
from bodychan.bodies import Bodies
from bodychan.calibration import Calibration
from bodychan.cameras import open_camera
from bodychan.cameras.base import Camera
from bodychan.capture import Capture
from bodychan.evaluation import measures, motion
from bodychan.evaluation.measures import Errors, Run, Visibility
from bodychan.evaluation.speed import Speed, StageTimes
from bodychan.evaluation.truth import Known, People, lay_out, sequences, truth_reader
from bodychan.operators.tables import MAX_PLAYERS
from bodychan.outputs.files import explained, partial_path, require_free
from bodychan.skeleton import Joint
from bodychan.tracking import Tracker, open_tracker
from bodychan.tracking.scheduler import processors
from bodychan.types import F64

FILES = ("tracker.json", "overview.png", "timelines.png")
_HIDDEN = (Visibility.SELF_HIDDEN, Visibility.HIDDEN)


def as_convert_does(calibration: Calibration) -> Tracker:
    """Open the tracker that a Kinect Azure TOP opens."""
    return open_tracker(calibration, max_bodies=MAX_PLAYERS)


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds from a capture to its bodies, reading and decoding left out: what live tracking takes.

    `convert` works on several captures at a time; how fast that is stands in `speed.Speed`.
    """

    median_ms: float
    mean_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class Measures:
    """Everything about one sequence, or all of them; `people` is the most at a time.

    `visible`, `hidden` and `outside` are the errors of major joints by visibility; `joints` of visible ones,
    by channel name without its side.
    """

    name: str
    captures: int
    people: int
    detection: measures.Detection
    visible: Errors
    hidden: Errors
    outside: Errors
    joints: dict[str, Errors]
    bones: dict[str, measures.Angles]
    orientations: dict[str, measures.Angles]
    lengths: dict[str, motion.Lengths]
    jitter: motion.Jitter
    lag_ms: float
    identity: motion.Identity
    confidence: dict[int, measures.Level]
    timing: Timing


@dataclass(frozen=True, slots=True)
class Machine:
    """What the measuring was done with."""

    bodychan: str = __version__
    python: str = field(default_factory=platform.python_version)
    system: str = field(default_factory=platform.platform)
    processors: int = field(default_factory=processors)


@dataclass(frozen=True, slots=True)
class Result:
    """What `run` found; what `tracker.json` holds.

    `every` so-many-th capture was tracked, `without` the images named; `trade` is lag against jitter behind
    filters of growing strength; `peak_memory_mb` is that of this process, truth and all.
    """

    machine: Machine
    every: int
    without: tuple[str, ...]
    sequences: list[Measures]
    total: Measures
    trade: list[motion.Trade]
    peak_memory_mb: float
    speeds: list[Speed] = field(default_factory=list)
    stages: list[StageTimes] = field(default_factory=list)


def run(
    datasets: Sequence[str],
    *,
    pattern: str = "*",
    every: int = 1,
    without: Collection[str] = (),
    open_one: Callable[[Calibration], Tracker] = as_convert_does,
    progress: Callable[[str, int, int | None], None] = lambda _name, _done, _expected: None,
) -> tuple[Result, list[Run]]:
    """Track every sequence of the datasets and measure what comes out.

    Args:
        datasets: folders of recordings NAME.mkv with NAME.gt.json, and synthetic scenes by URL.
        pattern: of the names of the sequences to run, such as `d0*`.
        every: track only every so-many-th capture, as if the camera were slower.
        without: "color", "ir" or both: images that the tracker does not get.
        open_one: makes the tracker.
        progress: called with the sequence, the captures done and how many are expected.

    Returns:
        The measures, and the runs they were taken from.

    Raises:
        CameraError: a dataset cannot be read, or a recording does not belong to its truth.
        ModelError: the tracker's model files are missing and cannot be fetched.
    """
    runs: list[Run] = []
    times: list[F64] = []
    for known in sequences(datasets, pattern):
        found, ms = track(known, every, without, open_one, progress)
        runs.append(found)
        times.append(ms)
    result = Result(
        Machine(),
        every,
        tuple(sorted(without)),
        [measure(r.name, [r], ms) for r, ms in zip(runs, times, strict=True)],
        measure("all", runs, np.concatenate(times)),
        motion.trade(runs),
        peak_memory_mb(),
    )
    return result, runs


def track(
    known: Known,
    every: int = 1,
    without: Collection[str] = (),
    open_one: Callable[[Calibration], Tracker] = as_convert_does,
    progress: Callable[[str, int, int | None], None] = lambda _name, _done, _expected: None,
) -> tuple[Run, F64]:
    """Track one sequence, capture by capture; give it with its truth, and the ms of each capture (T,)."""
    tracked: list[Bodies] = []
    ms: list[float] = []
    with open_camera(known.source) as camera, open_one(camera.calibration) as tracker:
        feed = _Feed(known, camera, every, without)
        expected = None if camera.duration_usec is None else round(camera.duration_usec * camera.fps / 1e6)
        for capture in feed.captures():
            began = time.perf_counter()
            tracked.append(tracker.track(capture))
            ms.append((time.perf_counter() - began) * 1000)
            progress(known.name, len(tracked), expected // every if expected else None)
    truth = lay_out(feed.usec, feed.people)
    return measures.match(known.name, truth, measures.Tracked.of(tracked)), np.array(ms)


class _Feed:
    """Hands a tracker the captures of a sequence and notes the truth."""

    def __init__(self, known: Known, camera: Camera, every: int, without: Collection[str]) -> None:
        self.usec: list[int] = []
        self.people: list[People] = []
        self._source = islice(camera, None, None, every)
        self._truth = truth_reader(known, camera)
        self._without = without

    def captures(self) -> Iterator[Capture]:
        for capture in self._source:
            self.usec.append(capture.device_usec)
            self.people.append(self._truth(capture))
            shown = stripped(capture, self._without)
            _ = shown.color  # decodes it, which is not the tracker's work
            yield shown


def stripped(capture: Capture, without: Collection[str]) -> Capture:
    """Take the colour or IR image out of a capture, or both."""
    if "color" in without:
        capture = replace(capture, color_image=None, color_usec=None)
    if "ir" in without:
        capture = replace(capture, ir=None, ir_usec=None)
    return capture


def measure(name: str, runs: Sequence[Run], ms: F64) -> Measures:
    """Measure one or several runs as one; `ms` (captures,) that each capture took."""
    kinds = dict.fromkeys(_kind(joint) for joint in measures.MAJOR)
    alike = {kind: [j for j in measures.MAJOR if _kind(j) == kind] for kind in kinds}
    return Measures(
        name,
        sum(len(r.truth.seconds) for r in runs),
        max((int(r.truth.present.sum(axis=1).max(initial=0)) for r in runs), default=0),
        measures.detection(runs),
        measures.errors(measures.distances(runs)),
        measures.errors(measures.distances(runs, visible=_HIDDEN)),
        measures.errors(measures.distances(runs, visible=(Visibility.OUTSIDE,))),
        {kind: measures.errors(measures.distances(runs, joints)) for kind, joints in alike.items()},
        measures.bone_directions(runs),
        measures.orientations(runs),
        motion.bone_lengths(runs),
        motion.jitter(runs),
        motion.lag_ms(runs),
        motion.identity(runs),
        measures.confidence(runs),
        Timing(float(np.median(ms)), float(ms.mean()), float(np.percentile(ms, 95))),
    )


def _kind(joint: Joint) -> str:
    return joint.channel if joint.side == "centre" else joint.channel[:-2]


def prepare(folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Make the folder for the results if need be and give the paths that `save` writes.

    To be called before `run`, which takes long.

    Raises:
        OutputError: the folder cannot be made, or a file in it exists and `overwrite` is off.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explained(folder, error) from error
    paths = [folder / name for name in FILES]
    for path in paths:
        require_free(path, overwrite=overwrite)
    return paths


def save(result: Result, runs: Sequence[Run], folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Write the measures as JSON and the plots as PNG into a folder; see `prepare`.

    Raises:
        OutputError: a file exists and `overwrite` is off, or cannot be written.
    """
    from bodychan import picture
    from bodychan.evaluation import plots

    paths = table, overview, timelines = prepare(folder, overwrite=overwrite)
    partial = partial_path(table)
    try:
        # NaN, a measure of nothing, becomes null.
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1))
        partial.replace(table)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise explained(table, error) from error
    picture.save(plots.overview(result, runs), overview, overwrite=overwrite)
    picture.save(plots.timelines(runs), timelines, overwrite=overwrite)
    return paths


def with_speeds(
    result: Result, datasets: Sequence[str], cores: Sequence[int], *, pattern: str = "*"
) -> Result:
    """Add how fast `convert` is with the same sequences on numbers of cores, and the tracker's stages.

    Raises:
        BodychanError: this system cannot keep a process to some cores, or has not so many.
    """
    from bodychan.evaluation import speed

    people = {row.name: row.people for row in result.sequences}
    known = [(one, people[one.name]) for one in sequences(datasets, pattern)]
    stages = [speed.stage_times(one, count, as_convert_does) for one, count in known]
    return replace(result, speeds=speed.measure(known, cores), stages=stages)
