"""Whether tracked bodies hang together, keep their lengths, sides and directions, and say what they know."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bodychan.evaluation.measures import MAJOR, Run, Visibility
from bodychan.model.arrays import F64, Bool
from bodychan.model.rotations import quaternion_product, quaternion_to_matrix, quaternion_to_vector
from bodychan.model.skeleton import BIND_BONES, PARENTS, Confidence, Joint

_PARENTS = np.array(PARENTS[1:])
_DIRECTIONS = BIND_BONES[1:] / np.linalg.norm(BIND_BONES[1:], axis=1, keepdims=True)
_LEFT = [Joint[f"{part}_LEFT"] for part in ("SHOULDER", "ELBOW", "WRIST", "HIP", "KNEE", "ANKLE")]
_RIGHT = [joint.mirrored for joint in _LEFT]
_SETTLED_SECONDS = 2.0
"""After so long a body's lengths should not change any more."""
_WILD_DEGREES = 90.0
_NEXT_SECONDS = 0.05
"""Captures that are no farther apart follow each other at 30 fps."""
_SURE_MM = 100.0


@dataclass(frozen=True, slots=True)
class Whole:
    """What bodies are like beside their joints' places; shares from 0 to 1, NaN of nothing.

    `rebuilt_mm` is the greatest distance of a joint from where its parent's frame, the template's direction
    and the bone's length put it; `length_varies` by how much a settled bone's length varies at most;
    `wild_turns` of `turns` pairs of captures turn a joint by more than 90°. `turned_round` is the share of
    people whose trunk faces the wrong way, `crossed` of those whose left and right are exchanged.
    `sure_within_100` is how many of the joints called seen are within 100 mm, `hidden_called_seen` how many
    of the hidden ones are called so. `longest_ghost_s` is how long a body stays that nobody is.
    """

    rebuilt_mm: float
    length_varies: float
    turns: int
    wild_turns: int
    turned_round: float
    crossed: float
    sure_within_100: float
    hidden_called_seen: float
    longest_ghost_s: float


def wholeness(runs: Sequence[Run]) -> Whole:
    """Measure runs as one."""
    turned = np.concatenate([np.zeros(0), *(_turns(run) for run in runs)])
    away, crossed = _joined([_facing(run) for run in runs])
    sure, hidden = _joined([_called(run) for run in runs])
    return Whole(
        max((_rebuilt_mm(run) for run in runs), default=float("nan")),
        max((_length_varies(run) for run in runs), default=float("nan")),
        len(turned),
        int((turned > _WILD_DEGREES).sum()),
        _share(away),
        _share(crossed),
        _share(sure),
        _share(hidden),
        max((_longest_ghost(run) for run in runs), default=0.0),
    )


def _joined(parts: Sequence[tuple[Bool, Bool]]) -> tuple[Bool, Bool]:
    first, second = ([np.zeros(0, bool), *(pair[i] for pair in parts)] for i in (0, 1))
    return np.concatenate(first), np.concatenate(second)


def _share(which: Bool) -> float:
    return float(which.mean()) if len(which) else float("nan")


def _bones(run: Run) -> F64:
    """Give every joint in its parent's frame, (T, B, 31, 3) mm, NaN where a body is not there."""
    joints, frames = run.tracked.joints, quaternion_to_matrix(run.tracked.orientations)[:, :, _PARENTS]
    return np.asarray(np.einsum("tbjik,tbji->tbjk", frames, joints[:, :, 1:] - joints[:, :, _PARENTS]))


def _rebuilt_mm(run: Run) -> float:
    bones = _bones(run)[run.tracked.present]
    lengths = np.linalg.norm(bones, axis=-1, keepdims=True)
    off = np.linalg.norm(bones - lengths * _DIRECTIONS, axis=-1)
    return float(off.max()) if off.size else 0.0


def _length_varies(run: Run) -> float:
    lengths = np.linalg.norm(_bones(run), axis=-1)
    worst = 0.0
    for column, there in zip(lengths.swapaxes(0, 1), run.tracked.present.T, strict=True):
        times = run.truth.seconds[there]
        settled = column[there][times > times[0] + _SETTLED_SECONDS] if len(times) else column[:0]
        if len(settled):
            varies = (settled.max(axis=0) - settled.min(axis=0)) / settled.mean(axis=0)
            worst = max(worst, float(varies.max()))
    return worst


def _turns(run: Run) -> F64:
    """Give by how many degrees each turning joint of each body turns from capture to capture."""
    joints = [j for j in Joint if j.rotation is None]
    quaternions, present = run.tracked.orientations[:, :, joints], run.tracked.present
    both = present[1:] & present[:-1] & (np.diff(run.truth.seconds) < _NEXT_SECONDS)[:, None]
    now, before = quaternions[1:][both], quaternions[:-1][both]
    step = quaternion_to_vector(quaternion_product(now, before * (1.0, -1.0, -1.0, -1.0)))
    return np.degrees(np.linalg.norm(step, axis=-1)).max(axis=1) if len(step) else np.zeros(0)


def _facing(run: Run) -> tuple[Bool, Bool]:
    """Say of each person found whether the trunk faces the wrong way, and whether the sides are exchanged."""
    there = run.counted & (run.matches >= 0)
    true, found = run.truth.joints[there], run.joints[there]
    trunk = [Joint.SHOULDER_LEFT, Joint.HIP_LEFT], [Joint.SHOULDER_RIGHT, Joint.HIP_RIGHT]
    across = [(p[:, trunk[0]] - p[:, trunk[1]]).sum(axis=1)[:, [0, 2]] for p in (true, found)]
    away = (across[0] * across[1]).sum(axis=1) < 0
    straight = np.linalg.norm(found[:, _LEFT + _RIGHT] - true[:, _LEFT + _RIGHT], axis=-1).sum(axis=1)
    swapped = np.linalg.norm(found[:, _RIGHT + _LEFT] - true[:, _LEFT + _RIGHT], axis=-1).sum(axis=1)
    return away, swapped < straight


def _called(run: Run) -> tuple[Bool, Bool]:
    """Say of the joints called seen whether they are right, and of hidden ones whether they are called so."""
    there = run.counted & (run.matches >= 0)
    called = run.of_people(run.tracked.confidence)[there][:, MAJOR] >= Confidence.MEDIUM
    visibility = run.truth.visibility[there][:, MAJOR]
    hidden = (visibility == Visibility.SELF_HIDDEN) | (visibility == Visibility.HIDDEN)
    return run.errors[there][:, MAJOR][called] <= _SURE_MM, called[hidden]


def _longest_ghost(run: Run) -> float:
    """Return for how long, in seconds, the longest ghost stays: a body that matches nobody."""
    right = np.zeros_like(run.tracked.present)
    t, p = np.nonzero(run.matches >= 0)
    right[t, run.matches[t, p]] = True
    return max(
        (_longest(column, run.truth.seconds) for column in (run.tracked.present & ~right).T), default=0.0
    )


def _longest(there: Iterable[bool], seconds: F64) -> float:
    period = float(np.median(np.diff(seconds))) if len(seconds) > 1 else 0.0
    longest, began = 0.0, None
    for now, yes in zip(seconds, there, strict=True):
        began = (now if began is None else began) if yes else None
        if began is not None:
            longest = max(longest, float(now - began) + period)
    return longest
