"""Player slots: which body is p1, which p2."""

from dataclasses import dataclass

import numpy as np

from bodychan.bodies import Bodies
from bodychan.skeleton import JOINT_COUNT
from bodychan.types import F64, I64, U8, frozen


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """The players of one capture, P of them: `Bodies` laid out in a fixed number of places.

    `ids` (P,) int64, 0 = empty place; `positions` (P, 32, 3) mm and `orientations` (P, 32, 4) wxyz in the
    depth camera's SDK frame; `confidence` (P, 32). In an empty place positions and confidence are 0 and the
    orientations are the identity.
    """

    frame: int
    device_usec: int
    ids: I64
    positions: F64
    orientations: F64
    confidence: U8


def compact(bodies: Bodies, count: int) -> Slots:
    """Fill `count` places from the first on, in the order of the bodies; when one leaves, the others move up.

    This is what TouchDesigner does: the place is not an identity, the id is.
    """
    taken = min(count, len(bodies))
    ids = np.zeros(count, np.int64)
    positions = np.zeros((count, JOINT_COUNT, 3))
    orientations = np.zeros((count, JOINT_COUNT, 4))
    orientations[..., 0] = 1.0
    confidence = np.zeros((count, JOINT_COUNT), np.uint8)
    ids[:taken] = bodies.ids[:taken]
    positions[:taken] = bodies.positions[:taken]
    orientations[:taken] = bodies.orientations[:taken]
    confidence[:taken] = bodies.confidence[:taken]
    return Slots(
        bodies.frame,
        bodies.device_usec,
        frozen(ids),
        frozen(positions),
        frozen(orientations),
        frozen(confidence),
    )
