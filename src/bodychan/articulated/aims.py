"""What a body is fitted to: the skeleton's joints and first frames, from those that the network gives.

The skeleton is k4abt's: its pelvis lies between the hips. The network's joints are the rotation centres of
an anatomical rig.
"""

from dataclasses import dataclass

import numpy as np

from bodychan.articulated.frames import bone_frame, cross, unit
from bodychan.articulated.frames_kernels import orient
from bodychan.model.arrays import F64
from bodychan.model.skeleton import Joint

_SIDES = ("LEFT", "RIGHT")
_HIPS = [Joint.HIP_LEFT, Joint.HIP_RIGHT]
_SHOULDERS = [Joint.SHOULDER_LEFT, Joint.SHOULDER_RIGHT]
_EARS = [Joint.EAR_LEFT, Joint.EAR_RIGHT]
_SHOULDERS_SHARE = 0.5
"""The hips' own line is short, and deep below the skin: the shoulders steady it."""
_ENDS = 2.5
"""Face, fingers, thumbs and toes count for less: the template's differ from people's."""
_LOOSE = [j for j in Joint if j.part in ("NOSE", "EYE", "EAR", "HANDTIP", "THUMB", "FOOT")]


@dataclass(frozen=True, slots=True, eq=False)
class Aims:
    """`joints` (32, 3) mm: where a body's joints should be, with the errors `sigma` (32,) mm to expect.

    `slack` (32,) mm is how far the body may stay from each: the same, and more where the template differs.
    """

    joints: F64
    sigma: F64
    slack: F64


def aims(joints: F64, sigma: F64) -> Aims:
    """Give the aims for the network's joints (32, 3) mm with their errors (32,)."""
    joints, sigma = joints.copy(), np.maximum(sigma, 3.0)
    joints[Joint.PELVIS] = joints[_HIPS].mean(axis=0)
    sigma[Joint.PELVIS] = sigma[_HIPS].mean()
    slack = sigma.copy()
    slack[_LOOSE] *= _ENDS
    return Aims(joints, sigma, slack)


def first_frames(joints: F64, before: F64 | None, seconds: float) -> F64:
    """Give frames (32, 3, 3) of all joints by the rules of `frames`, for joints (32, 3) mm.

    Args:
        joints: see `aims`.
        before: frames of the capture before, in the same camera's frame; None = there was none.
        seconds: since then.
    """
    across = unit(joints[_SHOULDERS[0]] - joints[_SHOULDERS[1]])
    left = unit(joints[_HIPS[0]] - joints[_HIPS[1]]) + _SHOULDERS_SHARE * across
    spine = joints[Joint.SPINE_NAVEL] - joints[Joint.PELVIS]
    trunk = bone_frame(Joint.SPINE_NAVEL, spine, left)
    chest = bone_frame(Joint.NECK, joints[Joint.NECK] - joints[Joint.SPINE_CHEST], across)
    frames = orient(
        joints, trunk, chest, _head(joints, chest), _palms(joints), _toes(joints), before, seconds
    )
    neck = joints[Joint.HEAD] - joints[Joint.NECK]
    frames[Joint.NECK] = bone_frame(Joint.HEAD, neck, chest[:, 2])
    return frames


def _head(joints: F64, chest: F64) -> F64:
    """Give the head's frame: ears and nose define it; X is up, Y forward, Z left."""
    left = unit(joints[_EARS[0]] - joints[_EARS[1]])
    up = unit(cross(joints[Joint.NOSE] - joints[_EARS].mean(axis=0), left))
    if not left.any() or not up.any():
        return chest
    return np.stack([up, cross(left, up), left], axis=1)


def _palms(joints: F64) -> F64:
    """Give the directions (2, 3) from the little finger's side of each hand to the thumb's."""
    out = np.zeros((2, 3))
    for row, side in enumerate(_SIDES):
        wrist, tip, thumb = (joints[Joint[f"{name}_{side}"]] for name in ("WRIST", "HANDTIP", "THUMB"))
        along = unit(tip - wrist)
        aside = thumb - wrist
        out[row] = aside - along * (aside @ along)
    return out


def _toes(joints: F64) -> F64:
    """Give the directions (2, 3) from each ankle to the toes."""
    return np.stack([joints[Joint[f"FOOT_{s}"]] - joints[Joint[f"ANKLE_{s}"]] for s in _SIDES])
