"""Sets of real depth images without a known truth: who is found.

A set is a file NAME.npz: `depth` (T, H, W) uint16 mm; `K` fx fy cx cy, without distortion; `usec` (T,) device
times; `mode` the depth mode whose range applies; `people` (T, N, 2) pixels on people's chests, marked by
hand, -1 = none; `single` says that the images do not follow each other. `orientation`, where it is given, is
how the sensor was mounted, and `apart` (T, N) how far the next person is from each, in metres.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bodychan.errors import CameraError
from bodychan.model.arrays import F64, I64, U16, Bool, frozen
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture
from bodychan.model.skeleton import Joint
from bodychan.optics.calibration import Calibration
from bodychan.optics.lens import Lens
from bodychan.tracking.base import Tracker

_REPEATS, _PERIOD_USEC = 8, 33_333
"""A single image is given to the tracker so many times, at 30 fps."""
_BEFORE_USEC = 1_000_000
_MARK_SIZE = 0.05
"""A body is a marked person's if its trunk passes so near to the mark, as a share of the image's height."""
_DISTANCES_M = (0.35, 0.5, 0.75, 1.0, np.inf)
_TRUNK = (Joint.PELVIS, Joint.SPINE_NAVEL, Joint.SPINE_CHEST, Joint.NECK)


@dataclass(frozen=True, slots=True, eq=False)
class DepthSet:
    """A set as it was read; see above."""

    name: str
    calibration: Calibration
    orientation: str
    depth: U16
    usec: I64
    people: F64
    apart: F64
    single: bool


@dataclass(frozen=True, slots=True)
class Count:
    """Over the images of a set: `people` marked, how many were `found`, `bodies` in all, and `ids` used.

    `by_distance` gives people and found by how far the next person is at most, in metres, where it is known.
    """

    name: str
    images: int
    people: int
    found: int
    bodies: int
    ids: int
    by_distance: dict[float, tuple[int, int]]


def read(path: Path, orientation: str | None = None) -> DepthSet:
    """Read a set.

    Args:
        path: of the file.
        orientation: how the sensor was mounted; None = as the file says, or else upright.

    Raises:
        CameraError: the file is not one.
    """
    try:
        with np.load(path) as file:
            depth, usec, mode = file["depth"], file["usec"], str(file["mode"])
            people = file["people"] if "people" in file else np.zeros((len(depth), 0, 2))
            told = str(file["orientation"]) if "orientation" in file else "default"
            apart = file["apart"] if "apart" in file else np.full(people.shape[:2], np.nan)
            single, k = bool(file["single"]), file["K"]
    except (OSError, KeyError, ValueError) as error:
        raise CameraError(f"{path} is no set of depth images: {error}") from error
    fx, fy, cx, cy = (float(value) for value in k)
    lens = Lens(depth.shape[2], depth.shape[1], cx, cy, fx, fy, (0.0,) * 6, (0.0, 0.0))
    poses = {"depth": frozen(np.eye(4)), "color": frozen(np.eye(4))}
    calibration = Calibration(mode, "720P", {"depth": lens, "color": lens}, poses, b"")
    return DepthSet(path.stem, calibration, orientation or told, depth, usec, people, apart, single)


def track(known: DepthSet, open_one: Callable[[Calibration, str], Tracker]) -> Iterator[tuple[int, Bodies]]:
    """Give the number of each image with the bodies in it; single images each have a tracker of their own."""
    if not known.single:
        with open_one(known.calibration, known.orientation) as tracker:
            for i, (depth, usec) in enumerate(zip(known.depth, known.usec, strict=True)):
                yield i, tracker.track(_capture(i + 1, depth, int(usec)))
        return
    for i, depth in enumerate(known.depth):
        with open_one(known.calibration, known.orientation) as tracker:
            for k in range(_REPEATS):
                bodies = tracker.track(_capture(k + 1, depth, _BEFORE_USEC + k * _PERIOD_USEC))
        yield i, bodies


def _capture(index: int, depth: U16, usec: int) -> Capture:
    return Capture(index, depth=depth, depth_usec=usec)


def count(known: DepthSet, tracked: list[Bodies]) -> Count:
    """Count who was found: each mark is one body's at most."""
    marked = known.people[..., 0] >= 0
    found = np.stack([_found(known, i, bodies) for i, bodies in enumerate(tracked)]) & marked
    ids = np.unique(np.concatenate([np.zeros(0, np.int64), *(b.ids for b in tracked)]))
    by_distance, nearer = {}, 0.0
    for limit in _DISTANCES_M:
        which = marked & (known.apart >= nearer) & (known.apart < limit)
        nearer = limit
        if which.any():
            by_distance[limit] = int(which.sum()), int(found[which].sum())
    return Count(
        known.name,
        len(tracked),
        int(marked.sum()),
        int(found.sum()),
        sum(map(len, tracked)),
        len(ids),
        by_distance,
    )


def _found(known: DepthSet, image: int, bodies: Bodies) -> Bool:
    """Say of each mark (N,) of an image whether a body is that person's."""
    marks = known.people[image]
    free = list(range(len(bodies)))
    lines = [known.calibration.lenses["depth"].project(p[list(_TRUNK)])[0] for p in bodies.positions]
    found = np.zeros(len(marks), bool)
    for row in np.flatnonzero(marks[:, 0] >= 0):
        gaps = [_gap(marks[row], lines[b]) for b in free]
        if gaps and min(gaps) < _MARK_SIZE * known.depth.shape[1]:
            free.pop(int(np.argmin(gaps)))
            found[row] = True
    return found


def _gap(mark: F64, line: F64) -> float:
    """Give how far a mark is from a line of pixels (N, 2)."""
    starts, ways = line[:-1], np.diff(line, axis=0)
    along = ((mark - starts) * ways).sum(axis=1) / np.maximum((ways * ways).sum(axis=1), 1e-9)
    near = starts + np.clip(along, 0, 1)[:, None] * ways
    return float(np.linalg.norm(near - mark, axis=1).min())
