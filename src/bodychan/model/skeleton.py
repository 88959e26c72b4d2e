"""The joint table: the 32 joints of the Azure Kinect skeleton. Nothing else defines a joint.

Axes of a joint's frame, as k4abt gives them (measured on its real output): the trunk and the head have +X
up to the next joint, +Y forward, +Z to the person's own left. A left arm has +X towards the hand, a left
leg -X towards the foot; a right limb is its left twin in the mirrored pose with all three axes negated, so
that +X of a right arm points away from the hand and +X of a right leg towards the foot.

The directions and lengths are k4abt's own template, measured on its output: one fixed skeleton times one
scale per person. Left and right, which differ by a few per cent there, are averaged here.
"""

from enum import IntEnum
from typing import Self

import numpy as np

from bodychan.model.arrays import F64, frozen

SPINE_NAVEL_MM = 159.0
"""Length from pelvis to spine_navel of the measured adult; every `length` below is a ratio to it."""

STATURE_MM = 1508.0
"""Crown to sole of the synthetic camera's standing figure, whose bones are `BIND_BONES` as they are."""


class Confidence(IntEnum):
    """How far to trust a joint; the levels of the Kinect Azure CHOP page."""

    NONE = 0
    """Out of range: too far from the camera, or outside its view."""
    LOW = 1
    """Not seen; predicted from the neighbouring joints."""
    MEDIUM = 2
    """Seen. The highest level that is given at present."""
    HIGH = 3
    """Reserved."""


_Vector = tuple[float, float, float]
_Quaternion = tuple[float, float, float, float]

_QUARTER_Z: _Quaternion = (0.7071068, 0.0, 0.0, 0.7071068)
_HANDTIP: _Quaternion = (0.9641, 0.0, 0.0, -0.2657)
_THUMB: _Quaternion = (0.7157, 0.6607, -0.1496, -0.1672)


class Joint(IntEnum):
    """One joint: its index in SDK order, and its row of the table as attributes.

    `direction` is the unit vector from the parent to the joint in the parent's frame, `length` its length as
    a ratio to pelvis-spine_navel. `rotation` (wxyz, the joint's frame in its parent's) is there only for
    joints that have no rotation of their own; None means that the joint turns.

    >>> Joint.KNEE_LEFT.channel, Joint.KNEE_LEFT.parent, Joint.KNEE_LEFT.mirrored
    ('knee_l', <Joint.HIP_LEFT: 18>, <Joint.KNEE_RIGHT: 23>)
    """

    channel: str
    direction: _Vector
    length: float
    rotation: _Quaternion | None
    _parent: str

    def __new__(
        cls,
        index: int,
        channel: str,
        parent: str,
        direction: _Vector,
        length: float,
        rotation: _Quaternion | None = None,
    ) -> Self:
        """Make one row of the table."""
        self = int.__new__(cls, index)
        self._value_ = index
        self.channel = channel
        self.direction = direction
        self.length = length
        self.rotation = rotation
        self._parent = parent
        return self

    # index, channel name, parent, direction and length from the parent, fixed rotation in its frame
    PELVIS = (0, "pelvis", "", (0.0, 0.0, 0.0), 0.0)
    SPINE_NAVEL = (1, "spine_navel", "PELVIS", (0.9988, -0.0486, 0.0), 1.0)
    SPINE_CHEST = (2, "spine_chest", "SPINE_NAVEL", (1.0, 0.0, 0.0), 0.799)
    NECK = (3, "neck", "SPINE_CHEST", (0.9997, 0.0224, 0.0), 1.217, (0.9789, 0.0, 0.0, 0.2045))
    CLAVICLE_LEFT = (4, "clavicle_l", "SPINE_CHEST", (0.990, -0.039, 0.139), 1.033)
    SHOULDER_LEFT = (5, "shoulder_l", "CLAVICLE_LEFT", (1.0, 0.0, 0.0), 0.769)
    ELBOW_LEFT = (6, "elbow_l", "SHOULDER_LEFT", (1.0, 0.0, 0.0), 1.564)
    WRIST_LEFT = (7, "wrist_l", "ELBOW_LEFT", (1.0, 0.0, 0.0), 1.308)
    HAND_LEFT = (8, "hand_l", "WRIST_LEFT", (0.990, 0.019, 0.139), 0.560)
    HANDTIP_LEFT = (9, "handtip_l", "HAND_LEFT", (0.970, -0.244, 0.0), 0.601, _HANDTIP)
    THUMB_LEFT = (10, "thumb_l", "WRIST_LEFT", (0.844, -0.413, 0.341), 0.821, _THUMB)
    CLAVICLE_RIGHT = (11, "clavicle_r", "SPINE_CHEST", (0.990, -0.039, -0.139), 1.033)
    SHOULDER_RIGHT = (12, "shoulder_r", "CLAVICLE_RIGHT", (-1.0, 0.0, 0.0), 0.769)
    ELBOW_RIGHT = (13, "elbow_r", "SHOULDER_RIGHT", (-1.0, 0.0, 0.0), 1.564)
    WRIST_RIGHT = (14, "wrist_r", "ELBOW_RIGHT", (-1.0, 0.0, 0.0), 1.308)
    HAND_RIGHT = (15, "hand_r", "WRIST_RIGHT", (-0.990, -0.019, -0.139), 0.560)
    HANDTIP_RIGHT = (16, "handtip_r", "HAND_RIGHT", (-0.970, 0.244, 0.0), 0.601, _HANDTIP)
    THUMB_RIGHT = (17, "thumb_r", "WRIST_RIGHT", (-0.844, 0.413, -0.341), 0.821, _THUMB)
    HIP_LEFT = (18, "hip_l", "PELVIS", (0.0, 0.0, 1.0), 0.486)
    KNEE_LEFT = (19, "knee_l", "HIP_LEFT", (-1.0, 0.0, 0.0), 2.243)
    ANKLE_LEFT = (20, "ankle_l", "KNEE_LEFT", (-1.0, 0.0, 0.0), 2.156)
    FOOT_LEFT = (21, "foot_l", "ANKLE_LEFT", (-0.670, 0.742, 0.026), 1.008, _QUARTER_Z)
    HIP_RIGHT = (22, "hip_r", "PELVIS", (0.0, 0.0, -1.0), 0.486)
    KNEE_RIGHT = (23, "knee_r", "HIP_RIGHT", (1.0, 0.0, 0.0), 2.243)
    ANKLE_RIGHT = (24, "ankle_r", "KNEE_RIGHT", (1.0, 0.0, 0.0), 2.156)
    FOOT_RIGHT = (25, "foot_r", "ANKLE_RIGHT", (0.670, -0.742, -0.026), 1.008, _QUARTER_Z)
    HEAD = (26, "head", "NECK", (1.0, 0.0, 0.0), 0.458)
    NOSE = (27, "nose", "HEAD", (0.457, 0.890, 0.0), 0.901, (1.0, 0.0, 0.0, 0.0))
    EYE_LEFT = (28, "eye_l", "HEAD", (0.648, 0.727, 0.229), 0.852, _QUARTER_Z)
    EAR_LEFT = (29, "ear_l", "HEAD", (0.601, -0.002, 0.799), 0.665, (0.0, 0.0, 0.0, 1.0))
    EYE_RIGHT = (30, "eye_r", "HEAD", (0.648, 0.727, -0.229), 0.852, _QUARTER_Z)
    EAR_RIGHT = (31, "ear_r", "HEAD", (0.601, -0.002, -0.799), 0.665, (1.0, 0.0, 0.0, 0.0))

    @property
    def parent(self) -> "Joint | None":
        """The parent joint; None for the pelvis."""
        return Joint[self._parent] if self._parent else None

    @property
    def side(self) -> str:
        """`left`, `right` or `centre`; the person's own."""
        return {"_l": "left", "_r": "right"}.get(self.channel[-2:], "centre")

    @property
    def part(self) -> str:
        """The part of the body: the name without side and place, `SPINE` of both joints of the spine."""
        return self.name.partition("_")[0]

    @property
    def mirrored(self) -> "Joint":
        """The same joint on the other side of the body; itself on the centre line."""
        swap = {"left": ("LEFT", "RIGHT"), "right": ("RIGHT", "LEFT"), "centre": ("", "")}
        return Joint[self.name.replace(*swap[self.side])]


JOINT_COUNT = len(Joint)

PARENTS: tuple[int, ...] = tuple(-1 if j.parent is None else int(j.parent) for j in Joint)
"""Index of each joint's parent, -1 for the pelvis; a parent always comes before its children."""


def _bind_bones() -> F64:
    directions = np.array([j.direction for j in Joint], dtype=np.float64)
    norms = np.linalg.norm(directions, axis=1)
    norms[Joint.PELVIS] = 1.0
    lengths = np.array([j.length for j in Joint])
    return frozen(directions * (SPINE_NAVEL_MM * lengths / norms)[:, None])


BIND_BONES: F64 = _bind_bones()
"""Vector from each joint's parent to the joint in the parent's frame, (32, 3), mm, for the measured adult."""
