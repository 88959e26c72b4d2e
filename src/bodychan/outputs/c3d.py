"""C3D, the marker trajectories of motion capture: every joint a point, millimetres, floats, Intel byte order.

The file is, in blocks of 512 bytes, a header, the parameters and the points, as the C3D User Guide
(https://www.c3d.org) has them. Where a joint was not seen its residual is -1. The axes are those of channel
space, of which POINT:Y_SCREEN says that +Y is up.
"""

import struct

import numpy as np

from bodychan.model.skeleton import JOINT_COUNT, Confidence, Joint
from bodychan.outputs.body_files import BodyFiles
from bodychan.outputs.motion import Motion
from bodychan.outputs.skeletons import POSITIONS

_BLOCK = 512
_PARAMETERS_AT = 2
_INTEL, _KEY = 84, 0x50
_MOST_COUNTED = 65_535
# Where there are more frames, TRIAL:ACTUAL_END_FIELD has their number in two words.
_INVALID = -1.0

_Value = int | float | tuple[int, ...] | list[str]


def encode(motion: Motion) -> bytes:
    """Write one body's joints."""
    count = len(motion.seen)
    points = np.zeros((count, JOINT_COUNT, 4), "<f4")
    there = motion.seen[:, None] & (motion.confidence > Confidence.NONE)
    points[..., :3] = np.where(there[..., None], motion.positions * 1000, 0.0)
    points[..., 3] = np.where(there, 0.0, _INVALID)
    first = _PARAMETERS_AT + len(_parameters(count, motion.rate, 0)) // _BLOCK
    return _header(count, motion.rate, first) + _parameters(count, motion.rate, first) + points.tobytes()


def _header(count: int, rate: float, first_block: int) -> bytes:
    """Give the first block: where the parameters are, how many points, no analogue data, frames, rate."""
    last = min(count, _MOST_COUNTED)
    head = struct.pack(
        "<BBHHHHHfHHf", _PARAMETERS_AT, _KEY, JOINT_COUNT, 0, 1, last, 10, -1.0, first_block, 0, rate
    )
    return head.ljust(_BLOCK, b"\0")


def _parameters(count: int, rate: float, first_block: int) -> bytes:
    """Give the parameters' blocks."""
    labels = [joint.name for joint in Joint]
    records = _group(1, "POINT") + _group(2, "ANALOG") + _group(3, "FORCE_PLATFORM") + _group(4, "TRIAL")
    point: dict[str, _Value] = {
        "USED": JOINT_COUNT,
        "SCALE": -1.0,
        "RATE": rate,
        "DATA_START": first_block,
        "FRAMES": _word(min(count, _MOST_COUNTED)),
        "UNITS": ["mm"],
        "X_SCREEN": ["+X"],
        "Y_SCREEN": ["+Y"],
        "LABELS": labels,
        "DESCRIPTIONS": labels,
    }
    for name, value in point.items():
        records += _parameter(1, name, value)
    records += _parameter(2, "USED", 0) + _parameter(2, "RATE", rate) + _parameter(3, "USED", 0)
    records += _parameter(4, "ACTUAL_START_FIELD", (1, 0))
    records += _parameter(4, "ACTUAL_END_FIELD", (_word(count & 0xFFFF), count >> 16))
    size = 4 + len(records) + 2
    blocks = -(-size // _BLOCK)
    return (struct.pack("<BBBB", 1, _KEY, blocks, _INTEL) + records).ljust(blocks * _BLOCK, b"\0")


def _word(value: int) -> int:
    """Give the signed number of the same sixteen bits."""
    return value - (1 << 16) if value >= 1 << 15 else value


def _group(number: int, name: str) -> bytes:
    # After the name: the distance to the next record, from here, and an empty description.
    return struct.pack("<bb", len(name), -number) + name.encode() + struct.pack("<hB", 3, 0)


def _parameter(group: int, name: str, value: _Value) -> bytes:
    if isinstance(value, int):
        data = struct.pack("<bBh", 2, 0, value)
    elif isinstance(value, float):
        data = struct.pack("<bBf", 4, 0, value)
    elif isinstance(value, tuple):
        data = struct.pack(f"<bBB{len(value)}h", 2, 1, len(value), *value)
    else:
        width = max(map(len, value))
        shape = (width,) if len(value) == 1 else (width, len(value))
        text = "".join(item.ljust(width) for item in value).encode()
        data = struct.pack(f"<bB{len(shape)}B", -1, len(shape), *shape) + text
    data += b"\0"  # no description
    return struct.pack("<bb", len(name), group) + name.encode() + struct.pack("<h", 2 + len(data)) + data


class C3dFiles(BodyFiles):
    """.c3d files, one per body."""

    groups = frozenset({POSITIONS})

    def encode(self, motion: Motion, _name: str, /) -> bytes:
        """Give the file of one body."""
        return encode(motion)
