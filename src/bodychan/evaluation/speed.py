"""How fast `convert` is on a number of cores, and how much memory it takes, in a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from cProfile import Profile
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType

import msgspec
import numpy as np

from bodychan.apps.bench import peak_memory_mb
from bodychan.apps.convert import rows
from bodychan.apps.wiring import wire
from bodychan.articulated import articulate
from bodychan.cameras.registry import open_camera
from bodychan.errors import BodychanError, CameraError
from bodychan.evaluation.truth import Known
from bodychan.operators.project import Project
from bodychan.optics.calibration import Calibration
from bodychan.outputs.registry import open_output
from bodychan.tracking import registry as tracking
from bodychan.tracking.base import Tracker
from bodychan.tracking.builtin.threads import processors

_STAGES = {Path(articulate.__file__).parent, Path(tracking.__file__).parent}
"""Folders of the modules whose share of the time is told."""
_CALLERS = ("tracker", "threads")

_CHILD = """
import os
if {cores}:
    os.sched_setaffinity(0, {cores})
from bodychan.evaluation.speed import convert_here
print(convert_here({recording!r}).decode())
"""


@dataclass(frozen=True, slots=True)
class Speed:
    """One conversion to Parquet on `cores`, reading and writing included, with at most `people` in view.

    `captures_per_s` and the times per capture leave out `start_s`, the time until the first row, in which
    modules and models are loaded.
    """

    name: str
    people: int
    cores: int
    captures: int
    start_s: float
    captures_per_s: float
    median_ms: float
    p95_ms: float
    peak_memory_mb: float


@dataclass(frozen=True, slots=True)
class StageTimes:
    """Mean ms per capture in each module of the tracker, cumulative: with the modules that it calls.

    `whole_ms` is the whole tracker. Measured with a profiler, which takes time itself; the work of other
    threads shows as waiting for it.
    """

    name: str
    people: int
    whole_ms: float
    stages_ms: dict[str, float]


class _Raw(msgspec.Struct):
    start_s: float
    steps_ms: list[float]
    peak_memory_mb: float | None


def measure(known: Sequence[tuple[Known, int]], cores: Sequence[int]) -> list[Speed]:
    """Convert each sequence once on each number of cores; scenes are recorded first.

    Args:
        known: sequences, and how many people are in view at most.
        cores: how many the process may use.

    Raises:
        BodychanError: this system cannot restrict a process to some cores, has fewer, or a conversion fails.
    """
    chosen = {number: _choose(number) for number in cores}
    with TemporaryDirectory() as folder:
        recordings = [one.source if one.truth else _recorded(one, Path(folder)) for one, _ in known]
        return [
            _speed(one.name, people, recording, number, chosen[number])
            for (one, people), recording in zip(known, recordings, strict=True)
            for number in cores
        ]


def stage_times(
    known: Known, people: int, open_one: Callable[[Calibration], Tracker], captures: int = 60
) -> StageTimes:
    """Profile a tracker over the first captures of a sequence; reading and decoding are left out."""
    profile = Profile()
    whole, done = 0.0, 0
    with open_camera(known.source) as camera, open_one(camera.calibration) as tracker:
        for capture in islice(camera, captures):
            _ = capture.color
            began = time.perf_counter()
            profile.enable()
            tracker.track(capture)
            profile.disable()
            whole += time.perf_counter() - began
            done += 1
    spent: dict[str, float] = {}
    for entry in profile.getstats():
        for call in entry.calls or ():
            stage = _stage(call.code)
            if stage and stage != _stage(entry.code):
                spent[stage] = spent.get(stage, 0.0) + 1000 * call.totaltime / done
    ordered = dict(sorted(spent.items(), key=lambda item: -item[1]))
    return StageTimes(known.name, people, 1000 * whole / max(done, 1), ordered)


def _stage(code: CodeType | str) -> str:
    """Give the stage of the tracker that a function is of; empty for others, and for what calls stages."""
    path = Path(code if isinstance(code, str) else code.co_filename)
    return path.stem if not _STAGES.isdisjoint(path.parents) and path.stem not in _CALLERS else ""


def convert_here(recording: str) -> bytes:
    """Convert a recording in this process and give what that took as JSON."""
    began = time.perf_counter()
    stamps: list[float] = []
    with TemporaryDirectory() as folder, Project() as project, open_output(Path(folder) / "b.parquet") as out:
        for row in rows(project, *wire(project, recording, {"maxplayers": 6})):
            out.write(row)
            stamps.append(time.perf_counter())
    steps = (np.diff(stamps) * 1000).tolist()
    return msgspec.json.encode(_Raw(stamps[0] - began, steps, peak_memory_mb()))


def _choose(number: int) -> list[int]:
    """Choose the processors for a process on so many cores; an empty list means all."""
    if sys.platform != "linux":
        if number == processors():
            return []
        raise BodychanError(
            f"a process can be restricted to {number} cores only on Linux: leave --cores out, or use "
            f"--cores {processors()}, which are all there are"
        )
    there = sorted(os.sched_getaffinity(0))
    if not 1 <= number <= len(there):
        raise BodychanError(f"cannot run on {number} cores: this process may use 1 to {len(there)}")
    return there[:number]


def _recorded(known: Known, folder: Path) -> str:
    from bodychan.apps.record import record

    path = folder / f"{known.name.partition('?')[0]}-{len(list(folder.iterdir()))}.mkv"
    record(known.source, path)
    return str(path)


def _speed(name: str, people: int, recording: str, cores: int, processors: list[int]) -> Speed:
    code = _CHILD.format(cores=processors, recording=recording)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["it printed no error"])[-1]
        raise CameraError(f"converting {recording} on {cores} cores failed: {reason}")
    raw = msgspec.json.decode(done.stdout, type=_Raw)
    if not raw.steps_ms:
        raise CameraError(f"{recording} has too few captures to measure: give a longer one")
    steps = np.array(raw.steps_ms)
    return Speed(
        name,
        people,
        cores,
        len(steps) + 1,
        raw.start_s,
        1000 / float(steps.mean()),
        float(np.median(steps)),
        float(np.percentile(steps, 95)),
        float("nan") if raw.peak_memory_mb is None else raw.peak_memory_mb,
    )
