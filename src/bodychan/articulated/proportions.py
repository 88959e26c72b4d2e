"""How long a person's bones are likely to be: by what was measured of them, and by how people are made.

Where a limb is straight nothing in a depth image shows its elbow or knee, and a coat hides the hips. What is
known then is how the lengths of people's bones go together: the logarithms of lengths are taken as normally
distributed, over all people with the mean and covariance of those that the network was trained with
(`training.proportions`), and about the true ones when they are measured. The likeliest lengths follow from
both, those of bones that were never seen, too.
"""

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from bodychan.model.arrays import F64, I64, frozen
from bodychan.model.skeleton import JOINT_COUNT, PARENTS, Joint

PROPORTIONS = Path(__file__).resolve().with_name("proportions.npz")
BONES: list[Joint] = [joint for joint in Joint if joint is not Joint.PELVIS and joint.side != "right"]
"""The joints that bones end in; those of the right side are as long as those of the left."""
_BONE: I64 = frozen(np.array([0, *(BONES.index(j if j in BONES else j.mirrored) for j in list(Joint)[1:])]))
_CHAINS = (
    (Joint.NECK, Joint.SPINE_CHEST, Joint.SPINE_NAVEL, Joint.HIP_LEFT, Joint.KNEE_LEFT, Joint.ANKLE_LEFT),
    (Joint.SHOULDER_LEFT, Joint.ELBOW_LEFT, Joint.WRIST_LEFT, Joint.HAND_LEFT, Joint.HANDTIP_LEFT),
)
"""Joints that mostly lie on a line: one that is taken too far along it makes one bone too long and the next
too short. The pelvis lies between the hips, so that theirs is its error."""
_LARGEST_MM = 1e4


def _along() -> tuple[F64, F64]:
    """Give what joints (32,) do to bones (18,): on chains, 1 for the end, -1 for the start; else, squared."""
    along, apart = np.zeros((len(BONES), JOINT_COUNT)), np.zeros((len(BONES), JOINT_COUNT))
    for chain in _CHAINS:
        for first, second in pairwise(chain):
            bone = BONES.index(second if PARENTS[second] == first else first)
            along[bone, first], along[bone, second] = -1.0, 1.0
    for row, bone in enumerate(BONES):
        if bone is Joint.HIP_LEFT:
            apart[row, bone] = 0.5  # half the distance between both
        elif not along[row].any():
            apart[row, [bone, PARENTS[bone]]] = 1.0
    return frozen(along), frozen(apart)


_ALONG, _APART = _along()


@cache
def _people() -> tuple[F64, F64]:
    """Give the mean (18,) of the logarithms of lengths over all people, and their covariance (18, 18)."""
    with np.load(PROPORTIONS) as file:
        mean, covariance = file["mean"].astype(float), file["covariance"].astype(float)
    return frozen(mean), frozen(covariance)


def likely(mm: F64, errors: F64) -> F64:
    """Give the likeliest lengths (32,) mm of a person's bones, 0 for the pelvis.

    Args:
        mm: (32,) as they were measured, alike on both sides.
        errors: (32,) mm to expect of each joint in one capture.
    """
    usual, covariance = _people()
    known = np.maximum(mm[BONES], 1.0)
    measured = np.log(known)
    # Of the logarithms of the measured lengths about the true ones. Looking for longer does not make an error
    # less: nobody's elbow shows while the arm hangs. Half of the errors was tried, too: 0.3 mm worse.
    squares = np.minimum(errors, _LARGEST_MM) ** 2
    noise = ((_ALONG * squares) @ _ALONG.T + np.diag(_APART @ squares)) / (known[:, None] * known)
    out = np.exp(usual + covariance @ np.linalg.solve(covariance + noise, measured - usual))[_BONE]
    out[Joint.PELVIS] = 0.0
    return np.asarray(out)
