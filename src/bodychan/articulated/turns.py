"""How fast joints turn at most: a body that is hardly seen does not whirl round between two captures.

Where a look is unsure, of somebody half out of the image, say, front and back or a hand's turn may flip from
one capture to the next. People's joints do not: what turns faster is turned as far as it can be.
"""

import numpy as np

from bodychan.articulated.articulate import TREE, hang
from bodychan.model.arrays import F64
from bodychan.model.rotations import matrix_to_quaternion, quaternion_to_matrix, slerp
from bodychan.model.skeleton import PARENTS, Joint

_FASTEST = np.radians(2550.0)
"""rad/s, 85° between two captures at 30 fps: hands are shaken and heads thrown round at half of that; what is
faster, a pitcher's throw, such captures cannot follow."""
_CAPTURE_SECONDS = 1.0 / 30.0


def calmed(joints: F64, frames: F64, lengths: F64, before: F64, seconds: float) -> tuple[F64, F64]:
    """Give positions (32, 3) mm and frames (32, 3, 3) of a body none of whose joints turns too fast.

    Args:
        joints: (32, 3) mm as they were fitted.
        frames: (32, 3, 3) likewise.
        lengths: (32,) mm of the bones that end in each joint.
        before: (32, 3, 3) frames that were shown last.
        seconds: since then.
    """
    most = _FASTEST * max(seconds, _CAPTURE_SECONDS)
    cosines = ((frames * before).sum(axis=(1, 2)) - 1.0) / 2.0
    fast = TREE.turning & (cosines < np.cos(min(most, np.pi)))
    if not fast.any():
        return joints, frames
    start, end = matrix_to_quaternion(before[fast]), matrix_to_quaternion(frames[fast])
    out = frames.copy()
    out[fast] = quaternion_to_matrix(slerp(start, end, most / np.arccos(cosines[fast].clip(-1.0))))
    for joint in Joint:
        if not TREE.turning[joint]:
            out[joint] = out[PARENTS[joint]] @ TREE.fixed[joint]
    return hang(joints[Joint.PELVIS], out, lengths), out
