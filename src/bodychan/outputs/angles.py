"""Joint angles as clinicians read them, from the rotations of joints; docs/angles.md defines each.

The International Society of Biomechanics describes a joint by turns about an axis of the proximal segment, a
floating one and an axis of the distal segment: for knee, hip, ankle and spine Z, X, Y (Grood and Suntay 1983,
Wu et al. 2002), for the shoulder Y, X, Y (Wu et al. 2005). The forearm has one frame here, its elbow's, so
that its pronation is the first of the turns Y, X, Z which bring it to the hand; the others are the wrist's.
The axes of a segment are X forward, Y up and Z to the person's right while the person stands upright, arms
hanging, thumbs forward. A left limb counts as its mirror image, so that both sides have the same signs. This
skeleton has no bony landmarks: its segments turn with the joints' frames, whose rest pose is upright.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from bodychan.channels.channels import Channels
from bodychan.channels.kinds import Kind, Kinds, Quantity
from bodychan.errors import OutputError
from bodychan.model.arrays import F64
from bodychan.model.skeleton import Joint
from bodychan.outputs.motion import REST
from bodychan.outputs.skeletons import ROTATIONS, SkeletonRows

GROUPS = frozenset({"worldspace", ROTATIONS})
"""The groups of channels that the angles are made of."""

# X forward, Y up, Z right of somebody who faces the camera, as columns in channel space.
_UPRIGHT = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
_QUARTER_Z = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
_MIRROR = np.outer([1.0, 1.0, -1.0], [1.0, 1.0, -1.0])


class _Angles(NamedTuple):
    """The angles of one joint: between the frames of which joints, and what its turns are called.

    A name with a minus in front counts the other way; an empty one is not given. `turns` are the axes that it
    turns about, in their order.
    """

    of: str
    proximal: str
    distal: str
    names: tuple[str, str, str]
    turns: str = "ZXY"


def _of_side(side: str) -> Iterator[_Angles]:
    """Give the angles of the limbs of one side; joints that both sides have are called with their side."""
    sided = {joint.channel[:-2]: joint.channel for joint in Joint if joint.channel.endswith(f"_{side}")}
    for of, proximal, distal, *rest in (
        ("shoulder", "spine_chest", "shoulder", ("plane", "-elevation", "rotation"), "YXY"),
        ("elbow", "shoulder", "elbow", ("flexion", "", "")),
        ("forearm", "elbow", "wrist", ("pronation", "", ""), "YXZ"),
        ("wrist", "elbow", "wrist", ("", "flexion", "-deviation"), "YXZ"),
        ("hip", "pelvis", "hip", ("flexion", "adduction", "rotation")),
        ("knee", "hip", "knee", ("-flexion", "adduction", "rotation")),
        ("ankle", "knee", "ankle", ("dorsiflexion", "inversion", "rotation")),
    ):
        yield _Angles(f"{of}_{side}", sided.get(proximal, proximal), sided[distal], *rest)


TABLE = (
    _Angles("trunk", "pelvis", "spine_chest", ("-flexion", "bending", "-rotation")),
    *_of_side("l"),
    *_of_side("r"),
)


def joint_angles(rotations: F64) -> dict[str, F64]:
    """Give the angles (...) in degrees by name, such as `knee_l:flexion`, of rotations (..., 32, 3, 3)."""
    found: dict[str, F64] = {}
    for row in TABLE:
        turn = np.swapaxes(_segment(rotations, row.proximal), -1, -2) @ _segment(rotations, row.distal)
        if row.of.endswith("_l"):
            turn = turn * _MIRROR
        for name, angle in zip(row.names, _SPLIT[row.turns](turn), strict=True):
            if name:
                degrees = np.degrees(-angle if name.startswith("-") else angle)
                found[f"{row.of}:{name.removeprefix('-')}"] = degrees + 0.0  # -0.0 becomes 0.0
    return found


def _segment(rotations: F64, joint: str) -> F64:
    """Give a segment's anatomical axes as columns, (..., 3, 3)."""
    index = next(found for found in Joint if found.channel == joint)
    upright = _UPRIGHT
    if joint.startswith(("shoulder", "elbow", "wrist")):
        # The rest pose has the arms out: an arm that hangs has to be raised aside for that.
        upright = (_QUARTER_Z.T if joint.endswith("_l") else _QUARTER_Z) @ upright
    return np.asarray(rotations[..., index, :, :] @ (REST[index].T @ upright))


def _hinge(m: F64) -> tuple[F64, F64, F64]:
    """Split rotations (..., 3, 3) as Rz(a) · Rx(b) · Ry(c), radians."""
    return (
        np.arctan2(-m[..., 0, 1], m[..., 1, 1]),
        np.arcsin(m[..., 2, 1].clip(-1.0, 1.0)),
        np.arctan2(-m[..., 2, 0], m[..., 2, 2]),
    )


def _ball(m: F64) -> tuple[F64, F64, F64]:
    """Split rotations (..., 3, 3) as Ry(a) · Rx(b) · Ry(c), radians, b <= 0; where b is 0 so is a."""
    still = np.hypot(m[..., 1, 0], m[..., 1, 2]) < 1e-6
    return (
        np.where(still, 0.0, np.arctan2(-m[..., 0, 1], -m[..., 2, 1])),
        -np.arccos(m[..., 1, 1].clip(-1.0, 1.0)),
        np.where(still, np.arctan2(m[..., 0, 2], m[..., 0, 0]), np.arctan2(-m[..., 1, 0], m[..., 1, 2])),
    )


def _forearm(m: F64) -> tuple[F64, F64, F64]:
    """Split rotations (..., 3, 3) as Ry(a) · Rx(b) · Rz(c), radians."""
    return (
        np.arctan2(m[..., 0, 2], m[..., 2, 2]),
        np.arcsin(-m[..., 1, 2].clip(-1.0, 1.0)),
        np.arctan2(m[..., 1, 0], m[..., 1, 1]),
    )


_SPLIT = {"ZXY": _hinge, "YXY": _ball, "YXZ": _forearm}
"""By the axes, in their order."""


def with_angles(channels: Iterable[Channels], *, angles: bool = True) -> Iterable[Channels]:
    """Add the angles to channels that all have the same names; leave them as they are without `angles`."""
    return map(AngleChannels().added, channels) if angles else channels


class AngleChannels:
    """Adds the angles of every player to channels, all of which have the same names.

    Raises:
        OutputError: channels of `GROUPS` are missing, when the first are given.
    """

    def __init__(self) -> None:
        self._rows: SkeletonRows | None = None
        self._names: tuple[str, ...] = ()
        self._kinds = Kinds()

    def added(self, channels: Channels) -> Channels:
        """Return the channels with the angles after them, 0 where nobody is."""
        if self._rows is None:
            try:
                self._rows = SkeletonRows.find(channels.kinds, GROUPS)
            except OutputError as error:
                raise OutputError(f"joint angles: {error}") from None
        skeletons = self._rows.skeletons(channels.samples)
        angles = joint_angles(skeletons.rotations)  # (P, S) each
        values = np.stack(list(angles.values()), axis=1) * (skeletons.ids != 0)[:, None]
        if not self._names:
            players = [channels.kinds[row] for row in self._rows.ids]
            self._names = (*channels.names, *(f"p{p.player}/{name}" for p in players for name in angles))
            added = [Kind(Quantity.JOINT_ANGLE, p.player, None, "angles", 0, p.source) for p in players]
            self._kinds = Kinds([*channels.kinds, *(kind for kind in added for _ in angles)])
        return Channels(
            self._names,
            np.concatenate([channels.samples, values.reshape(-1, channels.numSamples)]),
            channels.rate,
            channels.start,
            fps=channels.fps,
            isTimeSlice=channels.isTimeSlice,
            kinds=self._kinds,
        )
