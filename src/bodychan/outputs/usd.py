"""USD, Pixar's scene description, as text (.usda): a UsdSkel skeleton with its animation.

Metres, +Y up, in the axes of channel space. Joints have the axes that docs/conventions.md shows; the rest and
bind pose is the T-pose of docs/rest_pose.json with the body's own bone lengths. Matrices act on row vectors,
as USD's do.
"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from bodychan.model.arrays import F64
from bodychan.model.rotations import matrix_to_quaternion
from bodychan.model.skeleton import Joint
from bodychan.outputs.body_files import BodyFiles
from bodychan.outputs.joint_names import NAMES, joint_names
from bodychan.outputs.motion import REST, Motion, relative
from bodychan.outputs.targets import Options


def encode(motion: Motion, names: Mapping[Joint, str]) -> str:
    """Write one body's motion as text; `names` are the joints'."""
    count, rate = len(motion.seen), f"{motion.rate:.9g}"
    body = f"body{motion.body}"
    paths = "[" + ", ".join(f'"{_path(joint, names)}"' for joint in Joint) + "]"
    rest = _matrices(relative(REST), motion.offsets)
    bind = rest.copy()
    for joint in Joint:
        if joint.parent is not None:
            bind[joint] = rest[joint] @ bind[joint.parent]
    places = motion.local
    places[:, Joint.PELVIS] = motion.positions[:, Joint.PELVIS]
    turns = matrix_to_quaternion(relative(motion.rotations))
    ones = _tuples(np.ones((len(Joint), 3)))
    return f"""#usda 1.0
(
    defaultPrim = "{body}"
    endTimeCode = {count - 1}
    framesPerSecond = {rate}
    metersPerUnit = 1
    startTimeCode = 0
    timeCodesPerSecond = {rate}
    upAxis = "Y"
)

def SkelRoot "{body}"
{{
    def Skeleton "skeleton" (
        prepend apiSchemas = ["SkelBindingAPI"]
    )
    {{
        uniform token[] joints = {paths}
        uniform matrix4d[] bindTransforms = {_nested(bind)}
        uniform matrix4d[] restTransforms = {_nested(rest)}
        rel skel:animationSource = </{body}/animation>
    }}

    def SkelAnimation "animation"
    {{
        uniform token[] joints = {paths}
        float3[] translations.timeSamples = {{
{_samples(places)}
        }}
        quatf[] rotations.timeSamples = {{
{_samples(turns)}
        }}
        half3[] scales = {ones}
    }}
}}
"""


def _path(joint: Joint, names: Mapping[Joint, str]) -> str:
    """Give a joint's path from the pelvis on, as UsdSkel names joints."""
    above = "" if joint.parent is None else _path(joint.parent, names) + "/"
    return above + names[joint]


def _matrices(rotations: F64, places: F64) -> F64:
    """Put rotations (32, 3, 3) and places (32, 3) into matrices (32, 4, 4) that act on row vectors."""
    found = np.tile(np.eye(4), (len(Joint), 1, 1))
    found[:, :3, :3] = np.swapaxes(rotations, -1, -2)
    found[:, 3, :3] = places
    return found


def _tuples(rows: F64) -> str:
    return (
        "[" + ", ".join("(" + ", ".join(f"{value:.7g}" for value in row) + ")" for row in rows.tolist()) + "]"
    )


def _nested(matrices: F64) -> str:
    return "[" + ", ".join("( " + _tuples(matrix)[1:-1] + " )" for matrix in matrices) + "]"


def _samples(values: F64) -> str:
    return "\n".join(f"            {frame}: {_tuples(rows)}," for frame, rows in enumerate(values))


class UsdaFiles(BodyFiles):
    """.usda files, one per body."""

    OPTIONS: ClassVar[Options] = {"names": NAMES}

    def encode(self, motion: Motion, _name: str, /) -> bytes:
        """Give the file of one body."""
        return encode(motion, joint_names(self.options["names"])).encode("ascii")
