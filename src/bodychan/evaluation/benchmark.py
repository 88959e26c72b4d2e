"""Measuring a tracker on sequences whose true joints are known."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np

from bodychan.apps.bench import peak_memory_mb
from bodychan.cameras.base import Camera
from bodychan.cameras.registry import open_camera
from bodychan.errors import needs_extra
from bodychan.evaluation import measures, motion
from bodychan.evaluation.measures import Run, Visibility
from bodychan.evaluation.result import Machine, Measures, Result, Timing
from bodychan.evaluation.truth import Known, People, lay_out, sequences, truth_reader
from bodychan.evaluation.wholeness import wholeness
from bodychan.model.arrays import F64
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.model.skeleton import Joint
from bodychan.operators.kinect.tables import MAX_PLAYERS
from bodychan.optics.calibration import Calibration
from bodychan.outputs.files import explained, require_free, write_whole
from bodychan.tracking.base import Tracker
from bodychan.tracking.registry import open_tracker

FILES = ("tracker.json", "overview.png", "timelines.png")
_HIDDEN = (Visibility.SELF_HIDDEN, Visibility.HIDDEN)


def as_convert_does(calibration: Calibration) -> Tracker:
    """Open the tracker that a Kinect Azure TOP opens."""
    return open_tracker(calibration, max_bodies=MAX_PLAYERS)


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
        every: track only every N-th capture, as if the camera were slower.
        without: "color", "ir" or both: images that are withheld from the tracker.
        open_one: makes the tracker.
        progress: called with the sequence's name, the captures done and the number expected.

    Returns:
        the measures, and the runs from which they were computed.

    Raises:
        CameraError: a dataset cannot be read, or a recording does not belong to its truth.
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
    """Track one sequence; give the run, matched to its truth, and the ms that each capture took (T,)."""
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
    """Gives a tracker the captures of a sequence and collects the truth."""

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
            _ = shown.color  # decode it here: that is not the tracker's work
            yield shown


def stripped(capture: Capture, without: Collection[str]) -> Capture:
    """Remove the colour image, the IR image or both from a capture."""
    if "color" in without:
        capture = replace(capture, color_image=None, color_usec=None)
    if "ir" in without:
        capture = replace(capture, ir=None, ir_usec=None)
    return capture


def measure(name: str, runs: Sequence[Run], ms: F64) -> Measures:
    """Measure one or several runs together; `ms` (captures,) is what each capture took."""
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
        wholeness(runs),
        Timing(float(np.median(ms)), float(ms.mean()), float(np.percentile(ms, 95))),
    )


def _kind(joint: Joint) -> str:
    return joint.channel if joint.side == "centre" else joint.channel[:-2]


def prepare(folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Make the folder for the results if needed and give the paths that `save` writes.

    Call it before `run`, which takes long: what would fail in `save` fails here.

    Raises:
        MissingExtraError: matplotlib, which draws the plots, is not installed.
        OutputError: the folder cannot be made, or a file in it exists and `overwrite` is off.
    """
    with needs_extra("plots", "saving plots"):
        from bodychan.evaluation import plots  # noqa: F401 - only whether it can be imported matters
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
    with needs_extra("plots", "saving plots"):
        from bodychan.apps import picture
        from bodychan.evaluation import plots

    paths = table, overview, timelines = prepare(folder, overwrite=overwrite)
    # NaN, a measure of nothing, becomes null.
    write_whole(table, msgspec.json.format(msgspec.json.encode(result), indent=1), overwrite=overwrite)
    picture.save(plots.overview(result, runs), overview, overwrite=overwrite)
    picture.save(plots.timelines(runs), timelines, overwrite=overwrite)
    return paths


def with_speeds(
    result: Result, datasets: Sequence[str], cores: Sequence[int], *, pattern: str = "*"
) -> Result:
    """Add the speed of `convert` on the same sequences for each number of cores, and the time of each stage.

    Raises:
        BodychanError: this system cannot restrict a process to some cores, or has fewer.
    """
    from bodychan.evaluation import speed

    people = {row.name: row.people for row in result.sequences}
    known = [(one, people[one.name]) for one in sequences(datasets, pattern)]
    stages = [speed.stage_times(one, count, as_convert_does) for one, count in known]
    return replace(result, speeds=speed.measure(known, cores), stages=stages)
