"""How long a person's bones are likely to be: by what was measured of them, and by how people are made.

Where a limb is straight nothing in a depth image shows its elbow or knee, and a coat hides the hips. What is
known then is how the lengths of people's bones go together: the logarithms of lengths are taken as normally
distributed, over all people with the mean and covariance of those that the network was trained with
(`training.proportions`), and about the true ones when they are measured. The likeliest lengths follow from
both, as in any estimate with a Gaussian prior: bones that were never seen from those that were.
"""

from functools import cache
from pathlib import Path

import numpy as np

from bodychan.model.arrays import F64, I64, frozen
from bodychan.model.skeleton import Joint

PROPORTIONS = Path(__file__).resolve().parents[1] / "weights" / "proportions.npz"
BONES: list[Joint] = [joint for joint in Joint if joint is not Joint.PELVIS and joint.side != "right"]
"""The joints that bones end in; those of the right side are as long as those of the left."""
_BONE: I64 = frozen(np.array([0, *(BONES.index(j if j in BONES else j.mirrored) for j in list(Joint)[1:])]))
_OWN = 0.03
"""How much a person's bones depart from what such people have, beyond the training's: relative."""
_ASTRAY = 0.5
"""Share of the error of a length to expect in one capture that looking for longer does not take away:
nobody's elbow shows while the arm hangs. The development takes are much the same from 0.3 to 0.6."""
_UNSETTLED_SECONDS = 0.3
"""After so long a time the error of single captures adds no more than that."""
_LEAST_SECONDS = 1e-6


@cache
def _people() -> tuple[F64, F64]:
    """Give the mean (18,) of the logarithms of lengths over all people, and their covariance (18, 18)."""
    with np.load(PROPORTIONS) as file:
        mean, covariance = file["mean"].astype(float), file["covariance"].astype(float)
    return frozen(mean), frozen(covariance + _OWN**2 * np.eye(len(BONES)))


def likely(mm: F64, errors: F64, seconds: F64) -> F64:
    """Give the likeliest lengths (32,) mm of a person's bones, 0 for the pelvis.

    Args:
        mm: (32,) as they were measured, alike on both sides.
        errors: (32,) mm to expect of each in one capture.
        seconds: (32,) for how long each was seen.
    """
    usual, covariance = _people()
    known = np.maximum(mm[BONES], 1.0)
    measured = np.log(known)
    unsettled = 1.0 + _UNSETTLED_SECONDS / np.maximum(seconds[BONES], _LEAST_SECONDS)
    noise = (_ASTRAY * errors[BONES] / known) ** 2 * unsettled
    total = covariance + np.diag(noise)
    out = np.exp(usual + covariance @ np.linalg.solve(total, measured - usual))[_BONE]
    out[Joint.PELVIS] = 0.0
    return np.asarray(out)
