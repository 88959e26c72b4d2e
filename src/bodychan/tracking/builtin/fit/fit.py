"""Fourth stage: the 32 joints of one person, with positions, frames and confidence, from the landmarks.

The limbs' joints are those that agree best with what was seen while every bone has the person's own length;
trunk, head, hands and feet follow from them by the template of `skeleton` in the person's scale. So every
joint lies in the direction that its parent's frame and the template say, but the limbs' lengths are the
person's: the template's proportions are one adult's.
"""

from dataclasses import dataclass

import numpy as np

from bodychan.model.arrays import F64, U8, Bool
from bodychan.model.rotations import continuous_quaternion, matrix_to_quaternion, quaternion_to_matrix
from bodychan.model.skeleton import BIND_BONES, JOINT_COUNT, Confidence, Joint
from bodychan.tracking.blazepose.landmarks import Landmark
from bodychan.tracking.builtin.fit.frames import bone_frame, cross, unit
from bodychan.tracking.builtin.fit.frames_kernels import orient
from bodychan.tracking.builtin.fit.proportions import CORE
from bodychan.tracking.builtin.observe.complete import Completed

_LANDMARKS = [Landmark[joint.name] for joint in CORE]
"""The landmark of each joint of `CORE`."""

# Where the network puts landmarks relative to the joints, mm up the trunk for the template's size; medians
# over rendered people of six statures, whose joints are the rotation centres of their rig.
_SHOULDER_ABOVE = 18.0
_HIP_BELOW = 18.0
_ANKLE_BELOW = 15.0
"""And down the shank."""

# The trunk of the same people: up, forward from the middle of the hips or shoulders, or from the pelvis.
_PELVIS_FROM_HIPS = (6.0, 7.0)
_NECK_FROM_SHOULDERS = (84.0, -14.0)
_NAVEL_FROM_PELVIS = (0.332, -15.0)
_CHEST_FROM_PELVIS = (0.597, -20.0)

_FACE = {
    Landmark.NOSE: Joint.NOSE,
    Landmark.EYE_LEFT: Joint.EYE_LEFT,
    Landmark.EYE_RIGHT: Joint.EYE_RIGHT,
    Landmark.EAR_LEFT: Joint.EAR_LEFT,
    Landmark.EAR_RIGHT: Joint.EAR_RIGHT,
}
_FACE_SIZE = 0.85
"""Size of the head relative to the template's: heads grow less than limbs, and the template is small."""
_FACE_ABOVE = 14.0
_NOSE_PITCH = np.radians(4.0)
"""How far above the joints the network puts the face's landmarks, and how far down its nose looks."""
_FACING_MM = 15.0
"""A point of the face that is so much nearer to the camera than the head's middle shows its skin."""
_BACK_OF_HEAD_MM = 70.0
"""From the head's surface to its joint, seen from behind, for the template's size."""


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """One person: `positions` (32, 3) mm, `orientations` (32, 4) wxyz, `confidence` (32,), depth camera."""

    positions: F64
    orientations: F64
    confidence: U8


def core_joints(body: Completed) -> tuple[F64, Bool]:
    """Give where the landmarks put the joints of `CORE`, (12, 3) mm, and which of them (12,) were seen."""
    joints = body.points[_LANDMARKS]
    shoulders, hips = (joints[_PAIR[part]].mean(0) for part in ("SHOULDER", "HIP"))
    up = unit(shoulders - hips) * body.scale
    joints[_PAIR["SHOULDER"]] -= _SHOULDER_ABOVE * up
    joints[_PAIR["HIP"]] += _HIP_BELOW * up
    for knee, ankle in _SHANKS:
        joints[ankle] += _ANKLE_BELOW * body.scale * unit(joints[ankle] - joints[knee])
    return joints, body.seen[_LANDMARKS]


_SHANKS = [(CORE.index(Joint[f"KNEE_{s}"]), CORE.index(Joint[f"ANKLE_{s}"])) for s in ("LEFT", "RIGHT")]
_PAIR = {part: [i for i, joint in enumerate(CORE) if part in joint.name] for part in ("SHOULDER", "HIP")}


def fit(body: Completed, core: F64, previous: Pose | None = None, seconds: float = 0.0) -> Pose:
    """Hang the skeleton on one person's joints.

    Confidence is MEDIUM where a joint, or what it is derived from, was seen and LOW elsewhere.

    Args:
        body: the landmarks.
        core: (12, 3) mm, where the joints of `CORE` are.
        previous: the person's pose in the capture before: limbs twist no faster than limbs can.
        seconds: since then.
    """
    positions = np.zeros((JOINT_COUNT, 3))
    positions[list(CORE)] = core
    trunk, chest = _place_trunk(positions, body.scale)
    head = head_frame(body.world)
    _place_head(positions, head, body)
    for side in ("LEFT", "RIGHT"):
        _place_ends(positions, body, side)
    before = None if previous is None else quaternion_to_matrix(previous.orientations)
    frames = orient(positions, trunk, chest, head, _palms(body), _toes(body), before, seconds)
    _hang_on(positions, frames, body.scale)
    quaternions = matrix_to_quaternion(frames)
    if previous is not None:
        quaternions = continuous_quaternion(quaternions, previous.orientations)
    return Pose(positions, quaternions, _confidence(body.seen))


def _place_trunk(positions: F64, scale: float) -> tuple[F64, F64]:
    """Place pelvis, spine, neck and clavicles; give the frames of pelvis and chest."""
    hips = positions[[Joint.HIP_LEFT, Joint.HIP_RIGHT]]
    shoulders = positions[[Joint.SHOULDER_LEFT, Joint.SHOULDER_RIGHT]]
    up = unit(shoulders.mean(0) - hips.mean(0))
    across = unit(shoulders[0] - shoulders[1])
    # The hips' own line is short, and deep below the skin: the shoulders steady it.
    left = unit(hips[0] - hips[1]) + 0.5 * across
    forward = unit(cross(left, up))
    ahead = unit(cross(across, up))
    pelvis = hips.mean(0) + scale * (_PELVIS_FROM_HIPS[0] * up + _PELVIS_FROM_HIPS[1] * forward)
    neck = shoulders.mean(0) + scale * (_NECK_FROM_SHOULDERS[0] * up + _NECK_FROM_SHOULDERS[1] * ahead)
    for joint, (share, back) in (
        (Joint.SPINE_NAVEL, _NAVEL_FROM_PELVIS),
        (Joint.SPINE_CHEST, _CHEST_FROM_PELVIS),
    ):
        positions[joint] = pelvis + share * (neck - pelvis) + back * scale * unit(forward + ahead)
    positions[Joint.PELVIS], positions[Joint.NECK] = pelvis, neck
    trunk = bone_frame(Joint.SPINE_NAVEL, positions[Joint.SPINE_NAVEL] - pelvis, left)
    chest = bone_frame(Joint.NECK, neck - positions[Joint.SPINE_CHEST], across)
    for joint in (Joint.CLAVICLE_LEFT, Joint.CLAVICLE_RIGHT):
        positions[joint] = positions[Joint.SPINE_CHEST] + chest @ BIND_BONES[joint] * scale
    return trunk, chest


def head_frame(world: F64) -> F64:
    """Give the head's frame (3, 3) from the network's guess of the pose: ears and nose define it."""
    ears = world[[Landmark.EAR_LEFT, Landmark.EAR_RIGHT]]
    left = unit(ears[0] - ears[1])
    up = unit(cross(world[Landmark.NOSE] - ears.mean(0), left))
    if not left.any() or not up.any():
        return np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
    forward = cross(left, up)
    c, s = np.cos(_NOSE_PITCH), np.sin(_NOSE_PITCH)
    return np.stack([c * up - s * forward, s * up + c * forward, left], axis=1)


def _place_head(positions: F64, head: F64, body: Completed) -> None:
    """Place the head: its depth by the skin that faces the camera, the rest by all points of the face."""
    marks = list(_FACE)
    bones = BIND_BONES[list(_FACE.values())] * _FACE_SIZE + (_FACE_ABOVE, 0.0, 0.0)
    offsets = bones @ head.T * body.scale
    points, seen = body.points[marks], body.seen[marks]
    facing = seen & (offsets[:, 2] < -_FACING_MM)
    if facing.any():
        depth = float(np.median(points[facing, 2] - offsets[facing, 2]))
    elif seen.any():
        depth = float(points[seen, 2].min()) + _BACK_OF_HEAD_MM * body.scale
    else:
        depth = float(np.median(points[:, 2] - offsets[:, 2]))
    rays = points[:, :2] / points[:, 2:]
    middle = (rays * (depth + offsets[:, 2:]) - offsets[:, :2]).mean(0)
    positions[Joint.HEAD] = (*middle, depth)


def _place_ends(positions: F64, body: Completed, side: str) -> None:
    """Place hand and foot: the direction is measured, the length the template's."""
    index, pinky, toe = (Landmark[f"{name}_{side}"] for name in ("INDEX", "PINKY", "TOE"))
    wrist, hand = Joint[f"WRIST_{side}"], Joint[f"HAND_{side}"]
    knuckles = (body.points[index] + body.points[pinky]) / 2 - body.points[Landmark[wrist.name]]
    forearm = positions[wrist] - positions[Joint[f"ELBOW_{side}"]]
    if not (body.seen[index] and body.seen[pinky]):
        knuckles = unit(knuckles) + unit(forearm)
    positions[hand] = positions[wrist] + _as_long(knuckles, hand, body.scale)
    ankle, foot = Joint[f"ANKLE_{side}"], Joint[f"FOOT_{side}"]
    ahead = body.points[toe] - positions[ankle]
    positions[foot] = positions[ankle] + _as_long(ahead, foot, body.scale)


def _as_long(direction: F64, joint: Joint, scale: float) -> F64:
    """Give the template's bone to `joint`, turned into a direction."""
    return unit(direction) * (float(np.linalg.norm(BIND_BONES[joint])) * scale)


def _palms(body: Completed) -> F64:
    return np.stack(
        [body.world[Landmark[f"INDEX_{s}"]] - body.world[Landmark[f"PINKY_{s}"]] for s in ("LEFT", "RIGHT")]
    )


def _toes(body: Completed) -> F64:
    return np.stack(
        [
            unit(body.world[Landmark[f"TOE_{s}"]] - body.world[Landmark[f"HEEL_{s}"]])
            for s in ("LEFT", "RIGHT")
        ]
    )


def _hang_on(positions: F64, frames: F64, scale: float) -> None:
    """Place the joints that have no rotation of their own where their parents' frames put them."""
    for joint in Joint:
        parent = joint.parent
        if joint.rotation is None or parent is None or joint in (Joint.NECK, *_FOOT):
            continue
        size = _FACE_SIZE if parent is Joint.HEAD else 1.0
        positions[joint] = positions[parent] + frames[parent] @ BIND_BONES[joint] * (scale * size)


_FOOT = (Joint.FOOT_LEFT, Joint.FOOT_RIGHT)


def _confidence(seen: Bool) -> U8:
    shoulders = seen[[Landmark.SHOULDER_LEFT, Landmark.SHOULDER_RIGHT]].any()
    hips = seen[[Landmark.HIP_LEFT, Landmark.HIP_RIGHT]].any()
    found = np.zeros(JOINT_COUNT, dtype=bool)
    found[list(CORE)] = seen[_LANDMARKS]
    for landmark, joint in _FACE.items():
        found[joint] = seen[landmark]
    found[Joint.HEAD] = seen[list(_FACE)].any()
    found[Joint.PELVIS] = hips
    found[[Joint.SPINE_NAVEL, Joint.SPINE_CHEST]] = hips and shoulders
    found[Joint.NECK] = shoulders
    for side in ("LEFT", "RIGHT"):
        found[Joint[f"CLAVICLE_{side}"]] = seen[Landmark[f"SHOULDER_{side}"]]
        hand = seen[Landmark[f"INDEX_{side}"]] or seen[Landmark[f"PINKY_{side}"]]
        found[[Joint[f"HAND_{side}"], Joint[f"HANDTIP_{side}"]]] = hand
        found[Joint[f"THUMB_{side}"]] = seen[Landmark[f"THUMB_{side}"]]
        found[Joint[f"FOOT_{side}"]] = seen[Landmark[f"TOE_{side}"]]
    return np.where(found, Confidence.MEDIUM, Confidence.LOW).astype(np.uint8)
