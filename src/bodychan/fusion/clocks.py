"""How far the clocks of a rig's cameras are apart in one take, by the motion of people whom several see.

A rig keeps the offsets of the recordings that it was calibrated by. A camera that is not wired counts anew
whenever it is started: of other takes only the poses hold, and by them the time is found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from bodychan.fusion.pairing import USED, Together, later
from bodychan.fusion.rig import Rig
from bodychan.fusion.rigid import Pairs, inverse, moved_points
from bodychan.fusion.timing import likely_matches
from bodychan.fusion.tracks import Track
from bodychan.model.arrays import F64

_TRIED = 24
"""Offsets that are tried, the likeliest first."""
_ROUNDS, _SETTLED_SECONDS = 20, 1e-3
_LEAST_MOMENTS, _FEW_MOMENTS = 20, 60
"""How many moments with somebody in view of both an offset needs, and are enough to rank them."""
_WORST_MM = 120.0
"""Joints that are farther apart, by their median, are not at one time, or not where the rig says."""
_SCALE_MM = 60.0
_LEAST_MM_PER_SECOND = 150.0
"""So fast joints must move about the middle of their body: of one who stands still all times are alike."""
_STRIDE_SECONDS, _AT_TIMES = 0.2, 95.0
"""Over how long that is measured before anything is looked for, and the percentile that must reach it."""
_SYNC, _WIRED = "K4A_WIRED_SYNC_MODE", ("MASTER", "SUBORDINATE")


def wired(tags: Sequence[Mapping[str, str]]) -> bool:
    """Say whether cameras tell by their tags that they are, or were, wired, and have one clock."""
    return all(each.get(_SYNC) in _WIRED for each in tags)


def retimed(
    rig: Rig, tracks: Sequence[Sequence[Track]], near: Sequence[bool] | None = None
) -> tuple[Rig, list[bool]]:
    """Give the rig with the offsets of this take, and of which cameras (the first needs none) they are told.

    Those of the others stay as they are. A camera may be told by another one than the first.

    Args:
        rig: whose poses hold.
        tracks: of the people that each camera sees.
        near: of which cameras the rig's offset is known but for some ms, so that it is not looked for all
            over; of none if None.
    """
    cameras = list(rig.cameras)
    told = [number == 0 for number in range(len(cameras))]
    for _ in cameras[1:]:  # one that nobody shares with the first may share somebody with those found before
        for number in (n for n, known in enumerate(told) if not known):
            for other in (n for n, known in enumerate(told) if known):
                one, two = cameras[other], cameras[number]
                guess = (two.offset_usec - one.offset_usec) / 1e6
                pose = inverse(one.pose) @ two.pose
                search = near is None or not (near[number] and near[other])
                found = find_offset(tracks[other], tracks[number], pose, guess, search=search)
                if found is not None and not told[number]:
                    usec = one.offset_usec + round(found * 1e6)
                    cameras[number], told[number] = replace(two, offset_usec=usec), True
    return Rig(tuple(cameras)), told


def find_offset(
    ones: Sequence[Track], others: Sequence[Track], pose: F64, guess: float = 0.0, *, search: bool = True
) -> float | None:
    """Give by how many seconds the second clock shows less than the first; None where nothing tells.

    Args:
        ones: the people that the first camera sees.
        others: those that the second one sees.
        pose: (4, 4), from the second camera to the first.
        guess: what it may be.
        search: look for it all over, and not near the guess alone.
    """
    if not any(map(_moves, ones)) or not any(map(_moves, others)):
        return None
    offsets = [guess]
    if search:
        offsets += [match.offset for match in likely_matches(ones, others)[:_TRIED]]
    ranked = [
        (_agreement(_joints(ones, others, offset, pose, _FEW_MOMENTS), pose), offset) for offset in offsets
    ]
    worth, offset = max(ranked)
    if worth <= 0:
        return None
    for _ in range(_ROUNDS):
        joints = _joints(ones, others, offset, pose)
        if len(joints) < _LEAST_MOMENTS * len(USED):
            return None
        step = later(joints, pose)
        offset -= step
        if abs(step) < _SETTLED_SECONDS:
            break
    else:
        return None
    if joints.median_mm(pose) > _WORST_MM:
        return None
    about = joints.about_centres(len(USED)).velocity
    moves = float(np.sqrt((about**2).sum(axis=1).mean()))
    return offset if moves >= _LEAST_MM_PER_SECOND else None


def _moves(track: Track) -> bool:
    """Say whether somebody moves their limbs, at least now and then."""
    about = track.positions[:, USED] - track.positions[:, USED].mean(axis=1, keepdims=True)
    later = np.searchsorted(track.seconds, track.seconds + _STRIDE_SECONDS)
    there = later < len(track.seconds)
    rows, later = np.flatnonzero(there), later[there]
    if not len(rows):
        return False
    moved = np.linalg.norm(about[later] - about[rows], axis=2)
    speeds = np.sqrt((moved**2).mean(axis=1)) / (track.seconds[later] - track.seconds[rows])
    return bool(np.percentile(speeds, _AT_TIMES) >= _LEAST_MM_PER_SECOND)


def _joints(
    ones: Sequence[Track], others: Sequence[Track], offset: float, pose: F64, most: int = 400
) -> Pairs:
    return Pairs.joined(
        [Together.of(one, other, offset, pose, most).joints() for one in ones for other in others]
    )


def _agreement(joints: Pairs, pose: F64) -> float:
    """Give for how much joints are at one place, as the rig has the cameras; 0 where there are too few."""
    if len(joints) < _LEAST_MOMENTS * len(USED):
        return 0.0
    apart = np.linalg.norm(moved_points(pose, joints.source) - joints.target, axis=1)
    return float((joints.weights / (1.0 + (apart / _SCALE_MM) ** 2)).sum())
