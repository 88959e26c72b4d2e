"""How much faster a batch is with more worker processes: copies of a recording, one job each.

    python benchmarks/batch.py take.mkv --jobs 8 --workers 1,2

The rate leaves out the time until the first job of each worker is done, in which it starts and loads models.
Quote ratios within one run: machines are noisy. Rows that are worked on at the same time by others show in
the processor time, which is that of the workers.
"""

import argparse
import os
import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bodychan.apps.batch.run import Batch, Engine, Plan


def measure(recording: Path, jobs: int, workers: int) -> tuple[float, float]:
    """Give captures per second of wall time, and of the workers' processor time, once all have started."""
    with TemporaryDirectory() as folder:
        takes = Path(folder) / "takes"
        takes.mkdir()
        for number in range(jobs):
            link(recording, takes / f"{number:03}.mkv")
        batch = Batch(Plan((str(takes),), str(Path(folder) / "out"), {"maxplayers": 6}))
        steps: list[tuple[float, int, int]] = []
        before = os.times()
        batch.run(Engine(workers), lambda done, captures: steps.append((time.perf_counter(), done, captures)))
        after = os.times()
    begun = next(step for step in steps if step[1] >= workers)
    wall = (steps[-1][2] - begun[2]) / (steps[-1][0] - begun[0])
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, steps[-1][2] / used


def link(source: Path, target: Path) -> None:
    """Let the same bytes have another name; copy them where the disk is another one."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recording", type=Path)
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--repeats", type=int, default=1)
    options = parser.parse_args()
    counts = [int(count) for count in options.workers.split(",")]
    for _ in range(options.repeats):
        first: float | None = None
        for workers in counts:
            wall, used = measure(options.recording.resolve(), options.jobs, workers)
            first = first or wall
            print(
                f"{workers} workers: {wall:.1f} captures/s, {wall / first:.2f} times as fast as {counts[0]}; "
                f"{used:.1f} captures per second of processor time",
                flush=True,
            )


if __name__ == "__main__":
    main()
