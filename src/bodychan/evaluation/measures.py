"""How far tracked bodies are from true people: detection, position, direction, orientation.

Pure functions over whole runs. T captures, P true people, B body ids, 32 joints; positions in mm of the depth
camera's frame. A joint counts for a person in a capture only where that person is matched to a body. People
of whom too little is visible (see `Run.counted`) take part in the matching, but are not measured.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from bodychan.model.arrays import F64, I64, U8, Bool
from bodychan.model.bodies import Bodies
from bodychan.model.skeleton import JOINT_COUNT, Joint

MATCH_MM = 300.0
"""A body is a person when the mean error over the major joints is below this."""
LEAST_PIXELS, LEAST_JOINTS = 2500, 6
"""A person is measured in a capture where at least so many pixels and major joints are visible."""
PCK_MM = (50, 100, 150)
_NEAR_MM = 500.0
"""A body with its pelvis this close to a person's is a wrong pose or a duplicate, not a ghost."""

_SIDES = ("LEFT", "RIGHT")
_PARTS = ("SHOULDER", "ELBOW", "WRIST", "HIP", "KNEE", "ANKLE")
MAJOR = (Joint.HEAD, *(Joint[f"{part}_{side}"] for part in _PARTS for side in _SIDES))

BONES: dict[str, tuple[tuple[Joint, Joint], ...]] = {
    "upper arm": tuple((Joint[f"SHOULDER_{s}"], Joint[f"ELBOW_{s}"]) for s in _SIDES),
    "forearm": tuple((Joint[f"ELBOW_{s}"], Joint[f"WRIST_{s}"]) for s in _SIDES),
    "thigh": tuple((Joint[f"HIP_{s}"], Joint[f"KNEE_{s}"]) for s in _SIDES),
    "shank": tuple((Joint[f"KNEE_{s}"], Joint[f"ANKLE_{s}"]) for s in _SIDES),
    "spine": ((Joint.PELVIS, Joint.NECK),),
}
"""Bones whose direction is measured, from the joint that turns them to their other end."""


class Visibility(IntEnum):
    """Whether the depth camera sees the surface at a joint; the numbers are those of NAME.gt.json."""

    VISIBLE = 0
    SELF_HIDDEN = 1
    HIDDEN = 2
    """Occluded by another person or a thing."""
    OUTSIDE = 3
    """Not in the camera's view."""


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """True people: `seconds` (T,) device time; `present` (T, P); `pixels` (T, P) that show each person.

    `joints` (T, P, 32, 3), NaN where a person is not there; `visibility` (T, P, 32), see `Visibility`;
    `orientations` (T, P, 32, 4) wxyz as in `Bodies`: a figure's own, or what the skeleton's rules say of true
    joints.
    """

    seconds: F64
    present: Bool
    pixels: I64
    joints: F64
    visibility: U8
    orientations: F64


@dataclass(frozen=True, slots=True, eq=False)
class Tracked:
    """What a tracker delivered: `ids` (B,) of all its bodies, `present` (T, B).

    `joints` (T, B, 32, 3) and `orientations` (T, B, 32, 4), NaN where a body is not there; `confidence`
    (T, B, 32), 0 there.
    """

    ids: I64
    present: Bool
    joints: F64
    orientations: F64
    confidence: U8

    @classmethod
    def of(cls, captures: Sequence[Bodies]) -> "Tracked":
        """Lay out the bodies of successive captures by id."""
        ids = np.unique(np.concatenate([np.zeros(0, np.int64), *(bodies.ids for bodies in captures)]))
        shape = (len(captures), len(ids))
        present = np.zeros(shape, bool)
        joints = np.full((*shape, JOINT_COUNT, 3), np.nan)
        orientations = np.full((*shape, JOINT_COUNT, 4), np.nan)
        confidence = np.zeros((*shape, JOINT_COUNT), np.uint8)
        for t, bodies in enumerate(captures):
            columns = np.searchsorted(ids, bodies.ids)
            present[t, columns] = True
            joints[t, columns] = bodies.positions
            orientations[t, columns] = bodies.orientations
            confidence[t, columns] = bodies.confidence
        return cls(ids, present, joints, orientations, confidence)


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A tracker's run over one sequence; `matches` (T, P) is the column of each person's body, -1 = none."""

    name: str
    truth: Truth
    tracked: Tracked
    matches: I64

    def of_people(self, values: F64 | U8) -> F64:
        """Give each person (T, P, ...) the values (T, B, ...) of their body, NaN where they have none."""
        if not values.shape[1]:
            return np.full((*self.matches.shape, *values.shape[2:]), np.nan)
        rows = np.arange(len(values))[:, None]
        taken = values[rows, np.maximum(self.matches, 0)].astype(np.float64)
        taken[self.matches < 0] = np.nan
        return taken

    @property
    def joints(self) -> F64:
        """Tracked joints of each person, (T, P, 32, 3), NaN where they have no body."""
        return self.of_people(self.tracked.joints)

    @property
    def counted(self) -> Bool:
        """Which people should be found in which captures, (T, P)."""
        seen = (self.truth.visibility[:, :, MAJOR] == Visibility.VISIBLE).sum(axis=2)
        return np.asarray(self.truth.present & (self.truth.pixels >= LEAST_PIXELS) & (seen >= LEAST_JOINTS))

    @property
    def errors(self) -> F64:
        """Distance of each joint from the truth, (T, P, 32) mm, NaN where a person has no body."""
        return np.asarray(np.linalg.norm(self.joints - self.truth.joints, axis=-1))


def match(name: str, truth: Truth, tracked: Tracked) -> Run:
    """Match bodies to people in every capture so that the sum of their mean errors is minimal."""
    from scipy.optimize import linear_sum_assignment

    matches = np.full(truth.present.shape, -1, np.int64)
    for t in range(len(matches)):
        people, bodies = np.flatnonzero(truth.present[t]), np.flatnonzero(tracked.present[t])
        gaps = truth.joints[t, people][:, None, MAJOR] - tracked.joints[t, bodies][None, :, MAJOR]
        mean = np.linalg.norm(gaps, axis=-1).mean(axis=-1)
        # Pairs beyond the limit all cost the same, so that none is preferred to a pair within it.
        for p, b in zip(*linear_sum_assignment(np.minimum(mean, MATCH_MM)), strict=True):
            if mean[p, b] < MATCH_MM:
                matches[t, people[p]] = bodies[b]
    return Run(name, truth, tracked, matches)


@dataclass(frozen=True, slots=True)
class Detection:
    """How many of the counted `people` were `found`, and how many `bodies` were `right`; sums over captures.

    `ghosts` are bodies where nobody is; the other wrong ones have a wrong pose or are duplicates. `recall`
    and `precision` are shares, NaN where there is nothing to share.
    """

    people: int
    found: int
    bodies: int
    right: int
    ghosts: int
    recall: float
    precision: float


def detection(runs: Iterable[Run]) -> Detection:
    """Count the people who were found and the bodies that are people."""
    counts = np.reshape([_detected(run) for run in runs], (-1, 5)).astype(np.int64)
    people, found, bodies, right, ghosts = (int(n) for n in counts.sum(axis=0).tolist())
    return Detection(people, found, bodies, right, ghosts, _share(found, people), _share(right, bodies))


def _detected(run: Run) -> tuple[int, int, int, int, int]:
    found = run.counted & (run.matches >= 0)
    right = np.zeros_like(run.tracked.present)
    t, p = np.nonzero(run.matches >= 0)
    right[t, run.matches[t, p]] = True
    t, b = np.nonzero(run.tracked.present & ~right)
    there = run.tracked.joints[t, b, Joint.PELVIS]
    gaps = np.linalg.norm(run.truth.joints[t, :, Joint.PELVIS] - there[:, None], axis=-1)
    ghosts = ~(gaps < _NEAR_MM).any(axis=1)
    counts = run.counted, found, run.tracked.present, right, ghosts
    people, hits, bodies, good, nobody = (int(np.count_nonzero(c)) for c in counts)
    return people, hits, bodies, good, nobody


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


@dataclass(frozen=True, slots=True)
class Errors:
    """Distances from the truth: of `joints`, `missed` had no body; `median_mm`, `mean_mm` are of the others.

    `pck` is the percentage of correct keypoints, the share of the others within each distance of `PCK_MM`,
    from 0 to 1; `pck_all` counts the missed ones as wrong.
    """

    joints: int
    missed: int
    median_mm: float
    mean_mm: float
    pck: dict[int, float]
    pck_all: dict[int, float]


def distances(
    runs: Iterable[Run], joints: Sequence[Joint] = MAJOR, visible: Sequence[int] = (Visibility.VISIBLE,)
) -> F64:
    """Give the errors (N,) mm of counted people's joints of some visibility; NaN where there is no body."""
    parts = [np.zeros(0)]
    for run in runs:
        chosen = run.counted[:, :, None] & np.isin(run.truth.visibility, visible)
        parts.append(run.errors[:, :, joints][chosen[:, :, joints]])
    return np.concatenate(parts)


def errors(found: F64) -> Errors:
    """Summarise `distances`."""
    there = found[np.isfinite(found)]
    within = {mm: int((there <= mm).sum()) for mm in PCK_MM}
    return Errors(
        len(found),
        len(found) - len(there),
        _or_nan(np.median, there),
        _or_nan(np.mean, there),
        {mm: _share(n, len(there)) for mm, n in within.items()},
        {mm: _share(n, len(found)) for mm, n in within.items()},
    )


def _or_nan(measure: Callable[[F64], np.floating], values: F64) -> float:
    return float(measure(values)) if len(values) else float("nan")


@dataclass(frozen=True, slots=True)
class Angles:
    """Angles to the truth in degrees, over `count` samples."""

    count: int
    median: float
    mean: float


def _angles(parts: Iterable[F64]) -> Angles:
    values = np.concatenate([np.zeros(0), *parts])
    values = values[np.isfinite(values)]
    return Angles(len(values), _or_nan(np.median, values), _or_nan(np.mean, values))


def bone_directions(runs: Sequence[Run]) -> dict[str, Angles]:
    """Give the angle between tracked and true bones, by kind and "all", where both ends are visible."""
    kinds = {**BONES, "all": tuple(ends for pairs in BONES.values() for ends in pairs)}
    return {
        name: _angles(_turned(run, *ends) for run in runs for ends in pairs) for name, pairs in kinds.items()
    }


def _turned(run: Run, start: Joint, end: Joint) -> F64:
    seen = (run.truth.visibility[:, :, (start, end)] == Visibility.VISIBLE).all(axis=-1) & run.counted
    true, found = (points[:, :, end] - points[:, :, start] for points in (run.truth.joints, run.joints))
    across = np.linalg.norm(np.cross(true[seen], found[seen]), axis=-1)
    return np.asarray(np.degrees(np.arctan2(across, np.einsum("ni,ni->n", true[seen], found[seen]))))


def orientations(runs: Sequence[Run]) -> dict[str, Angles]:
    """Give the angle between tracked and true frames of visible joints, by channel name and "all".

    Joints that do not turn on their own are left out.
    """
    by_joint = {j.channel: [rotated(run, j) for run in runs] for j in Joint if j.rotation is None}
    by_joint["all"] = [part for parts in by_joint.values() for part in parts]
    return {name: _angles(parts) for name, parts in by_joint.items()}


def rotated(run: Run, joint: Joint) -> F64:
    """Give the angles (N,) in degrees between a joint's tracked and true frame, where it is visible."""
    true, found = run.truth.orientations, run.of_people(run.tracked.orientations)
    seen = (run.truth.visibility[:, :, joint] == Visibility.VISIBLE) & run.counted
    # q and -q are the same rotation. arctan2 is accurate for small angles, where arccos is not.
    a, b = true[:, :, joint][seen], found[:, :, joint][seen]
    apart, together = np.linalg.norm(a - b, axis=-1), np.linalg.norm(a + b, axis=-1)
    quarter = np.arctan2(np.minimum(apart, together), np.maximum(apart, together))
    return np.asarray(np.degrees(4 * quarter))


@dataclass(frozen=True, slots=True)
class Level:
    """Joints of one confidence: how many, their errors, and the share that is really visible."""

    joints: int
    median_mm: float
    mean_mm: float
    visible: float


def confidence(runs: Sequence[Run]) -> dict[int, Level]:
    """Give the errors of counted people's major joints at confidence 0, 1 and 2."""
    found, level, seen = [np.zeros(0)], [np.zeros(0)], [np.zeros(0, bool)]
    for run in runs:
        there = run.counted & (run.matches >= 0)
        found.append(run.errors[there][:, MAJOR].ravel())
        level.append(run.of_people(run.tracked.confidence)[there][:, MAJOR].ravel())
        seen.append((run.truth.visibility[there][:, MAJOR] == Visibility.VISIBLE).ravel())
    mm, levels, visible = (np.concatenate(parts) for parts in (found, level, seen))
    return {
        c: Level(
            int((levels == c).sum()),
            _or_nan(np.median, mm[levels == c]),
            _or_nan(np.mean, mm[levels == c]),
            _or_nan(np.mean, visible[levels == c].astype(np.float64)),
        )
        for c in range(3)
    }
