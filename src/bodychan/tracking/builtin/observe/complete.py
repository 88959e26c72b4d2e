"""Between lifting and fitting: the landmarks that were not seen get a place in the room as well.

What is known of an unseen landmark is the ray on which the network thinks it lies, a guess of its depth
relative to the rest of the body, and how long the bone to its seen neighbour is. A limb joint is put where
its bone, of known length, meets that ray; of the two such places the one nearer to the guess is taken.
"""

import math
from dataclasses import dataclass

import numpy as np

from bodychan.model.arrays import F64, Bool
from bodychan.model.skeleton import BIND_BONES, Joint
from bodychan.tracking.blazepose.landmarks import TRUNK, Landmark
from bodychan.tracking.builtin.observe.lift import Lifted

ADULT_SCALE = 1.18
"""Scale of the template for a person of 1.75 m, for whom the network's own guess of the pose is made."""
SCALE_LIMITS = (0.6, 1.6)
"""From a child of 0.9 m to an adult of 2.3 m."""
_SCALE_SECONDS = 1.0
_LEAST_BONES = 3
_OUTLIER_MM = 400.0
"""A depth that lies farther than this from the network's guess is another surface."""
_PAIR_MM = 100.0
"""So much may the depth difference of two shoulders or hips differ from the guess before it is doubted."""
_BONE_RANGE = (0.55, 1.35)
"""Lengths of a bone, relative to the template's, that a measurement may have."""


@dataclass(frozen=True, slots=True, eq=False)
class Completed:
    """One person's landmarks, all with a place: `points` (33, 3) mm, depth camera; `seen` (33,) was measured.

    `world` (33, 3) mm is the network's guess of the pose in the same axes, for directions that the depth
    image cannot give. `scale` is the size of the person relative to the template.
    """

    points: F64
    seen: Bool
    world: F64
    scale: float


@dataclass(frozen=True, slots=True)
class _Bone:
    parent: Landmark
    child: Landmark
    length: float


def _limbs() -> list[_Bone]:
    chains = (("SHOULDER", "ELBOW"), ("ELBOW", "WRIST"), ("HIP", "KNEE"), ("KNEE", "ANKLE"))
    return [
        _Bone(Landmark[f"{a}_{side}"], Landmark[f"{b}_{side}"], _length(f"{b}_{side}"))
        for a, b in chains
        for side in ("LEFT", "RIGHT")
    ]


def _length(joint: str) -> float:
    return float(np.linalg.norm(BIND_BONES[Joint[joint]]))


LIMBS = _limbs()
"""The limbs' bones from the trunk outwards, lengths of the template in mm."""

TRUNK_MM = 400.0
"""From the middle of the hips to the middle of the shoulders, as long as the template's trunk."""

_PAIRS = (
    (Landmark.SHOULDER_LEFT, Landmark.SHOULDER_RIGHT),
    (Landmark.HIP_LEFT, Landmark.HIP_RIGHT),
)
_ENDS = {
    Landmark.WRIST_LEFT: (Landmark.PINKY_LEFT, Landmark.INDEX_LEFT, Landmark.THUMB_LEFT),
    Landmark.WRIST_RIGHT: (Landmark.PINKY_RIGHT, Landmark.INDEX_RIGHT, Landmark.THUMB_RIGHT),
    Landmark.ANKLE_LEFT: (Landmark.HEEL_LEFT, Landmark.TOE_LEFT),
    Landmark.ANKLE_RIGHT: (Landmark.HEEL_RIGHT, Landmark.TOE_RIGHT),
}
_END_MM = {Landmark.WRIST_LEFT: 120.0, Landmark.WRIST_RIGHT: 120.0}
_FOOT_MM = 200.0
"""No point of a hand or foot is nearer or farther than wrist or ankle by more than this."""


def complete(lifted: Lifted, world: F64, scale: float | None, seconds: float) -> Completed:
    """Give every landmark a place.

    Args:
        lifted: the landmarks as far as the depth image shows them.
        world: (33, 3) mm, the network's guess of the pose, camera axes.
        scale: of this person until now; None for a new one.
        seconds: since the person's last capture.
    """
    guess = world * ((scale or ADULT_SCALE) / ADULT_SCALE)
    points, seen = lifted.points.copy(), lifted.seen.copy()
    rays = points / np.maximum(points[:, 2:], 1.0)
    anchor = _anchor(lifted, guess)
    prior = anchor + guess[:, 2]
    seen &= np.abs(points[:, 2] - prior) < _OUTLIER_MM
    for left, right in _PAIRS:
        _settle_pair(left, right, points, seen, prior)
    new_scale = _updated(scale, measured_scale(points, seen), seconds)
    points[~seen] = rays[~seen] * np.maximum(prior[~seen, None], 100.0)
    for bone in LIMBS:
        _settle_limb(bone, new_scale, points, seen, rays, prior, lifted)
    for base, ends in _ENDS.items():
        reach = _END_MM.get(base, _FOOT_MM) * new_scale
        for end in ends:
            guessed = points[base, 2] + guess[end, 2] - guess[base, 2]
            if not seen[end] or abs(points[end, 2] - points[base, 2]) > reach:
                seen[end] = False
                points[end] = rays[end] * guessed
    return Completed(points, seen, guess, new_scale)


def _anchor(lifted: Lifted, guess: F64) -> float:
    """Depth at which the guess, measured from the hips, fits what was seen best."""
    core = np.zeros(len(guess), dtype=bool)
    core[TRUNK] = True
    for chosen in (lifted.seen & core, lifted.seen):
        if chosen.sum() >= 2:
            return float(np.median(lifted.points[chosen, 2] - guess[chosen, 2]))
    return lifted.depth_mm


def _settle_pair(left: Landmark, right: Landmark, points: F64, seen: Bool, prior: F64) -> None:
    """Drop the worse of two shoulders or hips whose depths do not go together.

    Seen from the side the farther one is hidden, and a hand or thigh before a joint hides it too: what is
    measured then is nearer than the joint. So the one that is too near, by the guess, is the worse.
    """
    if seen[left] and seen[right]:
        expected = prior[left] - prior[right]
        if abs(points[left, 2] - points[right, 2] - expected) <= _PAIR_MM:
            return
        left_is_worse = points[left, 2] - prior[left] < points[right, 2] - prior[right]
        seen[left if left_is_worse else right] = False
    good, bad = (left, right) if seen[left] else (right, left)
    if seen[good]:
        prior[bad] = points[good, 2] + prior[bad] - prior[good]


def measured_scale(points: F64, seen: Bool) -> float | None:
    """Give a person's size relative to the template; None where too few bones are seen at both ends."""
    ratios = [
        float(np.linalg.norm(points[b.child] - points[b.parent])) / b.length
        for b in LIMBS
        if seen[b.parent] and seen[b.child]
    ]
    if seen[TRUNK].all():
        length = float(np.linalg.norm(points[TRUNK[:2]].mean(0) - points[TRUNK[2:]].mean(0)))
        ratios.append(length / TRUNK_MM)
    return float(np.median(ratios)) if len(ratios) >= _LEAST_BONES else None


def _updated(scale: float | None, measured: float | None, seconds: float) -> float:
    if measured is None:
        return scale or ADULT_SCALE
    measured = min(max(measured, SCALE_LIMITS[0]), SCALE_LIMITS[1])
    if scale is None:
        return measured
    return scale + (1.0 - math.exp(-seconds / _SCALE_SECONDS)) * (measured - scale)


def _settle_limb(
    bone: _Bone, scale: float, points: F64, seen: Bool, rays: F64, prior: F64, lifted: Lifted
) -> None:
    """Keep a seen joint if its bone has a possible length; else put it where the bone meets its ray."""
    start, child = points[bone.parent], bone.child
    length = bone.length * scale
    if seen[child]:
        ratio = float(np.linalg.norm(points[child] - start)) / length
        if _BONE_RANGE[0] < ratio < _BONE_RANGE[1]:
            return
        seen[child] = False
    ray = rays[child] / np.linalg.norm(rays[child])
    along = float(ray @ start)
    gap2 = length**2 - (float(start @ start) - along**2)
    if gap2 <= 0:  # the ray passes the parent farther off than the bone is long
        aside = ray * along - start
        points[child] = start + aside * (length / max(float(np.linalg.norm(aside)), 1.0))
        return
    guessed = start[2] + prior[child] - prior[bone.parent]
    if lifted.measured[child] and not lifted.seen[child]:  # hidden by the surface that was measured there
        guessed = max(guessed, lifted.points[child, 2])
    reach = math.sqrt(gap2)
    points[child] = ray * min(max(guessed / float(ray[2]), along - reach), along + reach)
