"""BVH (Biovision hierarchy): a skeleton in a T-pose, then the pelvis's place and every joint's rotation.

Centimetres, in the axes of channel space: +X camera's left, +Y up, +Z away from the camera. In the rest pose
every joint's axes are those of the world, as the format has it. Each joint has the channels Zrotation,
Yrotation, Xrotation, that is R = Rz · Ry · Rx in its parent's axes, and before them its place in these axes,
which stands for its OFFSET: a tracker's bones are never quite of one length. With the option `positions=root`
only the pelvis has a place, and the others stand off it by bones of the body's median lengths.
"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from bodychan.model.arrays import F64
from bodychan.model.rotations import matrix_to_euler_xyz_degrees
from bodychan.model.skeleton import Joint
from bodychan.outputs.body_files import BodyFiles
from bodychan.outputs.joint_names import NAMES, joint_names
from bodychan.outputs.motion import PARENT_OR_SELF, REST, Motion, relative
from bodychan.outputs.targets import Options

_CM = 100.0


def encode(motion: Motion, names: Mapping[Joint, str], *, all_positions: bool = True) -> str:
    """Write one body's motion.

    Args:
        motion: it.
        names: the joints'.
        all_positions: whether every joint has its place in every frame, or only the pelvis.
    """
    offsets = rest_offsets(motion.offsets) * _CM
    lines = ["HIERARCHY", *_joint(Joint.PELVIS, offsets, names, all_positions, 0), "MOTION"]
    lines += [f"Frames: {len(motion.seen)}", f"Frame Time: {1 / motion.rate:.9g}"]
    # Turned from where it is in the rest pose, in the world and then in the parent's turned axes.
    turned = relative(motion.rotations @ np.swapaxes(REST, -1, -2))
    degrees = np.unwrap(matrix_to_euler_xyz_degrees(turned), period=360.0, axis=0)[..., ::-1]
    places = rest_offsets(motion.local) * _CM
    places[:, Joint.PELVIS] = motion.positions[:, Joint.PELVIS] * _CM
    order = list(_depth_first(Joint.PELVIS))
    if all_positions:
        rows = np.concatenate([places, degrees], axis=-1)[:, order].reshape(len(degrees), -1)
    else:
        turns = degrees[:, order].reshape(len(degrees), -1)
        rows = np.concatenate([places[:, Joint.PELVIS], turns], axis=1)
    lines += [" ".join(f"{value:.6f}" for value in row) for row in rows.tolist()]
    return "\n".join(lines) + "\n"


def rest_offsets(bones: F64) -> F64:
    """Turn bones (..., 32, 3) in their parents' axes into those of the T-pose, in the world's axes."""
    return np.asarray(np.einsum("jab,...jb->...ja", REST[PARENT_OR_SELF], bones))


def _children(joint: Joint) -> list[Joint]:
    return [child for child in Joint if child.parent is joint]


def _depth_first(joint: Joint) -> list[Joint]:
    return [joint, *(found for child in _children(joint) for found in _depth_first(child))]


def _joint(
    joint: Joint, offsets: F64, names: Mapping[Joint, str], all_positions: bool, depth: int
) -> list[str]:
    """Give the lines of a joint and of those that hang on it."""
    space = "  " * depth
    placed = joint.parent is None or all_positions
    channels = "6 Xposition Yposition Zposition" if placed else "3"
    lines = [
        f"{space}{'ROOT' if joint.parent is None else 'JOINT'} {names[joint]}",
        f"{space}{{",
        f"{space}  OFFSET {_numbers(offsets[joint])}",
        f"{space}  CHANNELS {channels} Zrotation Yrotation Xrotation",
    ]
    for child in _children(joint):
        lines += _joint(child, offsets, names, all_positions, depth + 1)
    if not _children(joint):
        # The format wants an end of the last bone: half as long as the bone before, and in its direction.
        lines += [f"{space}  End Site", f"{space}  {{"]
        lines += [f"{space}    OFFSET {_numbers(offsets[joint] / 2)}", f"{space}  }}"]
    return [*lines, f"{space}}}"]


def _numbers(values: F64) -> str:
    return " ".join(f"{value:.6f}" for value in values.tolist())


class BvhFiles(BodyFiles):
    """.bvh files, one per body."""

    OPTIONS: ClassVar[Options] = {"names": NAMES, "positions": ("all", "root")}

    def encode(self, motion: Motion, _name: str, /) -> bytes:
        """Give the file of one body."""
        names, all_positions = joint_names(self.options["names"]), self.options["positions"] == "all"
        return encode(motion, names, all_positions=all_positions).encode("ascii")
