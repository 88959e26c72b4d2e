"""BVH (Biovision hierarchy): a skeleton in a T-pose, then the pelvis's place and every joint's rotation.

Centimetres, in the axes of channel space: +X camera's left, +Y up, +Z away from the camera. In the rest pose
every joint's axes are those of the world, as the format has it. Each joint has the channels Zrotation,
Yrotation, Xrotation, that is R = Rz · Ry · Rx in its parent's axes.
"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from bodychan.model.arrays import F64
from bodychan.model.rotations import matrix_to_euler_xyz_degrees
from bodychan.model.skeleton import Joint
from bodychan.outputs.body_files import BodyFiles
from bodychan.outputs.joint_names import NAMES, joint_names
from bodychan.outputs.motion import REST, Motion, relative
from bodychan.outputs.targets import Options

_CM = 100.0


def encode(motion: Motion, names: Mapping[Joint, str]) -> str:
    """Write one body's motion; `names` are the joints'."""
    offsets = rest_offsets(motion) * _CM
    lines = ["HIERARCHY", *_joint(Joint.PELVIS, offsets, names, 0), "MOTION"]
    lines += [f"Frames: {len(motion.seen)}", f"Frame Time: {1 / motion.rate:.9g}"]
    # Turned from where it is in the rest pose, in the world and then in the parent's turned axes.
    turned = relative(motion.rotations @ np.swapaxes(REST, -1, -2))
    degrees = np.unwrap(matrix_to_euler_xyz_degrees(turned), period=360.0, axis=0)[..., ::-1]
    order = list(_depth_first(Joint.PELVIS))
    rows = np.concatenate([motion.positions[:, 0] * _CM, degrees[:, order].reshape(len(degrees), -1)], axis=1)
    lines += [" ".join(f"{value:.6f}" for value in row) for row in rows.tolist()]
    return "\n".join(lines) + "\n"


def rest_offsets(motion: Motion) -> F64:
    """Give the bones of the T-pose (32, 3), metres in the world's axes: as long as the body's."""
    found = np.zeros((len(Joint), 3))
    for joint, offset in zip(Joint, motion.offsets, strict=True):
        if joint.parent is not None:
            found[joint] = REST[joint.parent] @ offset
    return found


def _children(joint: Joint) -> list[Joint]:
    return [child for child in Joint if child.parent is joint]


def _depth_first(joint: Joint) -> list[Joint]:
    return [joint, *(found for child in _children(joint) for found in _depth_first(child))]


def _joint(joint: Joint, offsets: F64, names: Mapping[Joint, str], depth: int) -> list[str]:
    """Give the lines of a joint and of those that hang on it."""
    space = "  " * depth
    place = "Xposition Yposition Zposition " if joint.parent is None else ""
    count = 6 if joint.parent is None else 3
    lines = [
        f"{space}{'ROOT' if joint.parent is None else 'JOINT'} {names[joint]}",
        f"{space}{{",
        f"{space}  OFFSET {_numbers(offsets[joint])}",
        f"{space}  CHANNELS {count} {place}Zrotation Yrotation Xrotation",
    ]
    for child in _children(joint):
        lines += _joint(child, offsets, names, depth + 1)
    if not _children(joint):
        # The format wants an end of the last bone: half as long as the bone before, and in its direction.
        lines += [f"{space}  End Site", f"{space}  {{"]
        lines += [f"{space}    OFFSET {_numbers(offsets[joint] / 2)}", f"{space}  }}"]
    return [*lines, f"{space}}}"]


def _numbers(values: F64) -> str:
    return " ".join(f"{value:.6f}" for value in values.tolist())


class BvhFiles(BodyFiles):
    """.bvh files, one per body."""

    OPTIONS: ClassVar[Options] = {"names": NAMES}

    def encode(self, motion: Motion) -> bytes:
        """Give the file of one body."""
        return encode(motion, joint_names(self.options["names"])).encode("ascii")
