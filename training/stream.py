"""Samples as a stream of numbered chunks: made ahead by one process, read by another.

Chunk k is the same for everyone with the same seed, and step s of the training reads the same chunks
whenever they were made, so that a training can be stopped, resumed and repeated.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from training.bodies import Bank, load
from training.samples import Samples, generate

CHUNK = 1000
WINDOW = 24
"""So many chunks are drawn from at a time."""
FIRST, FRESH = 6, 0.6
"""Chunks to begin with, and new samples for each one that is looked at."""
_AHEAD = 3
_PROGRESS = "progress"


def newest_chunk(step: int, batch: int) -> int:
    """Give the number of the newest chunk that a step draws from."""
    return FIRST + int(step * batch * FRESH / CHUNK)


class Reader:
    """The window of chunks that training draws from."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[int, Samples] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def at(self, newest: int) -> list[Samples]:
        """Give the chunks of the window that ends with the newest; waits for those that are not made yet."""
        wanted = range(max(0, newest - WINDOW + 1), newest + 1)
        if newest not in self._held:
            (self._folder / _PROGRESS).write_text(str(newest))
        self._held = {k: self._held.get(k) or self._read(k) for k in wanted}
        return list(self._held.values())

    def _read(self, number: int) -> Samples:
        path = _path(self._folder, number)
        while not path.exists():
            time.sleep(0.2)
        with np.load(path) as file:
            return Samples(*(file[name] for name in Samples._fields))


def _path(folder: Path, number: int) -> Path:
    return folder / f"chunk_{number:06d}.npz"


def make(bank: Bank, folder: Path, seed: int, stop: Path, share: tuple[int, int] = (0, 1)) -> None:
    """Make the chunks that are missing, as training goes on, until the file `stop` is there.

    Args:
        bank: the bodies.
        folder: of the chunks; those that no window holds any more are deleted.
        seed: of them all.
        stop: see above.
        share: of several makers, which one this is, and how many there are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    while not stop.exists():
        progress = folder / _PROGRESS
        newest = int(progress.read_text() or FIRST) if progress.exists() else FIRST
        oldest = max(0, newest - WINDOW + 1)
        for path in folder.glob("chunk_*.npz"):
            if int(path.stem[-6:]) < oldest:
                path.unlink(missing_ok=True)
        numbers = range(oldest, newest + 1 + _AHEAD * share[1])
        missing = [k for k in numbers if k % share[1] == share[0] and not _path(folder, k).exists()]
        if not missing:
            time.sleep(0.5)
            continue
        partial = folder / f"partial_{share[0]}.npz"
        np.savez(partial, **generate(bank, CHUNK, seed * 1_000_003 + missing[0])._asdict())
        partial.rename(_path(folder, missing[0]))


def main() -> None:
    """Make chunks beside a training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bodies", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=int, nargs=2, default=(0, 1), metavar=("WHICH", "OF"))
    given = parser.parse_args()
    make(load(given.bodies), given.folder, given.seed, given.folder / "stop", tuple(given.share))


if __name__ == "__main__":
    main()
