"""OSC for avatars: VRChat's trackers and the VMC protocol, in Unity's axes.

Unity's are left-handed, +X right, +Y up, +Z forward: the channels' with Z turned round, so that somebody who
faces the camera looks along +Z, as an avatar in its rest pose does. Rotations are conjugated with
diag(1, 1, -1). What both protocols want is the turn against the T-pose, in which every bone of a normalised
VRM avatar has no rotation; `REST` says how the joints of this skeleton lie in it.
"""

import numpy as np

from bodychan.channels.channels import Channels
from bodychan.errors import OutputError
from bodychan.model.arrays import F64, I64, frozen
from bodychan.model.rotations import (
    euler_xyz_degrees_to_quaternion,
    matrix_to_quaternion,
    quaternion_product,
    quaternion_to_matrix,
)
from bodychan.model.skeleton import Joint
from bodychan.outputs.motion import REST
from bodychan.outputs.osc_encoder import Message, Value
from bodychan.outputs.osc_layouts import Options, Plan, newest
from bodychan.outputs.people import Person, chosen, require

_TRACKERS = {
    "1": Joint.PELVIS,
    "2": Joint.SPINE_CHEST,
    "3": Joint.ANKLE_LEFT,
    "4": Joint.ANKLE_RIGHT,
    "5": Joint.KNEE_LEFT,
    "6": Joint.KNEE_RIGHT,
    "7": Joint.ELBOW_LEFT,
    "8": Joint.ELBOW_RIGHT,
    "head": Joint.HEAD,
}
"""VRChat's trackers, https://docs.vrchat.com/docs/osc-trackers; it finds out itself what each is on."""

_BONES: dict[str, tuple[Joint, str]] = {
    "Hips": (Joint.PELVIS, ""),
    "Spine": (Joint.SPINE_NAVEL, "Hips"),
    "Chest": (Joint.SPINE_CHEST, "Spine"),
    "Head": (Joint.HEAD, "Chest"),
    "LeftShoulder": (Joint.CLAVICLE_LEFT, "Chest"),
    "LeftUpperArm": (Joint.SHOULDER_LEFT, "LeftShoulder"),
    "LeftLowerArm": (Joint.ELBOW_LEFT, "LeftUpperArm"),
    "LeftHand": (Joint.WRIST_LEFT, "LeftLowerArm"),
    "RightShoulder": (Joint.CLAVICLE_RIGHT, "Chest"),
    "RightUpperArm": (Joint.SHOULDER_RIGHT, "RightShoulder"),
    "RightLowerArm": (Joint.ELBOW_RIGHT, "RightUpperArm"),
    "RightHand": (Joint.WRIST_RIGHT, "RightLowerArm"),
    "LeftUpperLeg": (Joint.HIP_LEFT, "Hips"),
    "LeftLowerLeg": (Joint.KNEE_LEFT, "LeftUpperLeg"),
    "LeftFoot": (Joint.ANKLE_LEFT, "LeftLowerLeg"),
    "RightUpperLeg": (Joint.HIP_RIGHT, "Hips"),
    "RightLowerLeg": (Joint.KNEE_RIGHT, "RightUpperLeg"),
    "RightFoot": (Joint.ANKLE_RIGHT, "RightLowerLeg"),
}
"""Unity's humanoid bones, their joints and parents. There is no Neck: this skeleton's does not turn by
itself, and a bone that is sent without a turn would hold a receiver's own one still."""

_TO_UNITY = frozen(np.array([1.0, 1.0, -1.0]))
_CONJUGATE = frozen(np.array([1.0, -1.0, -1.0, -1.0]))
_QUATERNION_TO_UNITY = frozen(np.array([1.0, -1.0, -1.0, 1.0]))


def vrchat(channels: Channels, options: Options) -> Plan:
    """Give `/tracking/trackers/N/position` and, where they are known, `…/rotation` (degrees, Z, X, Y)."""
    person = _present(channels, options)
    joints = list(_TRACKERS.values())
    places = _rows(options, person, joints, "worldspace")
    turned = all(person.rows(joint, "absbonerotations") for joint in joints)
    rotations = _rows(options, person, joints, "absbonerotations") if turned else None
    messages = []
    for number, name in enumerate(_TRACKERS):
        for what, first in (("position", 0), ("rotation", 3 * len(joints)))[: 1 + turned]:
            xyz = tuple(Value(1 + first + 3 * number + axis) for axis in range(3))
            messages.append(Message(f"{options.prefix}/tracking/trackers/{name}/{what}", xyz, 0))

    def values(samples: F64) -> F64:
        column = newest(samples)
        parts = [_presence(person, column), (column[places] * _TO_UNITY).ravel()]
        if rotations is not None:
            turns = _against_t_pose(joints, column[rotations])
            parts.append(zxy_degrees(quaternion_to_matrix(turns)).ravel())
        return np.concatenate(parts)

    return Plan(messages, values)


def vmc(channels: Channels, options: Options) -> Plan:
    """Give the VMC protocol's bones, each in its parent's axes: https://protocol.vmc.info/marionette-spec."""
    person = _present(channels, options)
    joints = [joint for joint, _ in _BONES.values()]
    places = _rows(options, person, joints, "worldspace")
    rotations = _rows(options, person, joints, "absbonerotations")
    names = list(_BONES)
    parents = np.array([names.index(parent) if parent else -1 for _, parent in _BONES.values()])
    prefix = f"{options.prefix}/VMC/Ext"
    messages = [
        Message(f"{prefix}/OK", (1,), 0),
        Message(f"{prefix}/T", (Value(1),), 0),
        Message(f"{prefix}/Root/Pos", ("root", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0), 0),
    ]
    for number, name in enumerate(names):
        seven = tuple(Value(2 + 7 * number + part) for part in range(7))
        messages.append(Message(f"{prefix}/Bone/Pos", (name, *seven), 0))
    stamp = channels.names.index("timestamp") if "timestamp" in channels.names else None

    def values(samples: F64) -> F64:
        column = newest(samples)
        seconds = np.array([0.0 if stamp is None else column[stamp] * 1e-6])
        local = in_parents(parents, column[places] * _TO_UNITY, _against_t_pose(joints, column[rotations]))
        return np.concatenate([_presence(person, column), seconds, local.ravel()])

    return Plan(messages, values)


def in_parents(parents: I64, places: F64, turns: F64) -> F64:
    """Bring positions (B, 3) and quaternions (B, 4) wxyz into their parents' axes: (B, 7), xyz and xyzw."""
    child = parents >= 0
    back = np.where(child[:, None], turns[parents] * _CONJUGATE, (1.0, 0.0, 0.0, 0.0))
    origin = np.where(child[:, None], places[parents], 0.0)
    offsets = np.einsum("bij,bj->bi", quaternion_to_matrix(back), places - origin)
    local = quaternion_product(back, turns)
    return np.concatenate([offsets, local[:, 1:], local[:, :1]], axis=1)


def zxy_degrees(matrix: F64) -> F64:
    """Turn rotation matrices (..., 3, 3) into Unity's degrees (..., 3) x, y, z with R = Ry · Rx · Rz."""
    x = np.arcsin(np.clip(-matrix[..., 1, 2], -1.0, 1.0))
    y = np.arctan2(matrix[..., 0, 2], matrix[..., 2, 2])
    z = np.arctan2(matrix[..., 1, 0], matrix[..., 1, 1])
    return np.asarray(np.degrees(np.stack([x, y, z], axis=-1)))


def _against_t_pose(joints: list[Joint], degrees: F64) -> F64:
    """Turn absolute channel rotations (J, 3) into quaternions (J, 4) against the T-pose, in Unity's axes."""
    rest = matrix_to_quaternion(REST[joints]) * _CONJUGATE
    turns: F64 = quaternion_product(euler_xyz_degrees_to_quaternion(degrees), rest)
    return np.asarray(turns * _QUATERNION_TO_UNITY)


def _present(channels: Channels, options: Options) -> Person:
    person = chosen(options.target, channels, options.player)
    if person.id is None:
        raise OutputError(
            f"{options.target}: leave the channel p{person.number}/id in 'scope': it says who is there"
        )
    return person


def _presence(person: Person, column: F64) -> F64:
    assert person.id is not None  # `_present` saw to it
    return np.asarray(column[[person.id]])


def _rows(options: Options, person: Person, joints: list[Joint], group: str) -> I64:
    return np.array([require(options.target, person, joint, group) for joint in joints], np.int64)
