"""glTF 2.0 in one binary file (.glb): a node for every joint, and an animation of all.

Metres, in the axes of channel space, which are as glTF wants them: right-handed, +Y up. A joint's node has
the axes that docs/conventions.md shows; in the rest pose the nodes stand in the T-pose of docs/rest_pose.json
with the body's own bone lengths. Chunks and accessors: sections 4.4 and 3.6.2 of the specification.
"""

import json
import struct
from collections.abc import Mapping
from importlib.metadata import version
from typing import ClassVar

import numpy as np

from bodychan.model.arrays import F64
from bodychan.model.rotations import matrix_to_quaternion
from bodychan.model.skeleton import Joint
from bodychan.outputs.body_files import BodyFiles
from bodychan.outputs.joint_names import NAMES, joint_names
from bodychan.outputs.motion import REST, Motion, relative, steady_quaternions
from bodychan.outputs.targets import Options

_FLOAT = 5126
_JSON, _BIN = 0x4E4F534A, 0x004E4942
_XYZW = [1, 2, 3, 0]


class _Buffer:
    """The binary chunk and the accessors that say what is in it."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[dict[str, object]] = []
        self.accessors: list[dict[str, object]] = []

    def add(self, values: F64, kind: str) -> int:
        """Put in an array (F,) or (F, components), and give its accessor's index."""
        rows = np.asarray(values, np.float32).reshape(len(values), -1)
        raw = rows.astype("<f4").tobytes()
        self.views.append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(raw)})
        self.data += raw
        self.accessors.append(
            {
                "bufferView": len(self.views) - 1,
                "componentType": _FLOAT,
                "count": len(rows),
                "type": kind,
                "min": rows.min(axis=0).tolist(),
                "max": rows.max(axis=0).tolist(),
            }
        )
        return len(self.accessors) - 1


def encode(motion: Motion, names: Mapping[Joint, str], generator: str) -> bytes:
    """Write one body's motion; `names` are the joints'."""
    buffer = _Buffer()
    # All joints are written: those that never turn, too, so that every reader poses all of them.
    turns = steady_quaternions(relative(motion.rotations))[..., _XYZW]
    # And all places: a tracker's bones are never quite of one length.
    places = motion.local
    places[:, Joint.PELVIS] = motion.positions[:, Joint.PELVIS]
    times = buffer.add(np.arange(len(motion.seen)) / motion.rate, "SCALAR")
    samplers: list[dict[str, object]] = []
    channels: list[dict[str, object]] = []
    for joint in Joint:
        for path, values, kind in (("translation", places, "VEC3"), ("rotation", turns, "VEC4")):
            samplers.append({"input": times, "output": buffer.add(values[:, joint], kind)})
            channels.append({"sampler": len(samplers) - 1, "target": {"node": int(joint), "path": path}})
    document = {
        "asset": {"version": "2.0", "generator": generator},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": _nodes(motion, names),
        "animations": [{"name": f"body{motion.body}", "samplers": samplers, "channels": channels}],
        "accessors": buffer.accessors,
        "bufferViews": buffer.views,
        "buffers": [{"byteLength": len(buffer.data)}],
    }
    return _chunks(json.dumps(document, separators=(",", ":")).encode(), bytes(buffer.data))


def _nodes(motion: Motion, names: Mapping[Joint, str]) -> list[dict[str, object]]:
    rest = matrix_to_quaternion(relative(REST))[:, _XYZW]
    nodes: list[dict[str, object]] = []
    for joint in Joint:
        node: dict[str, object] = {
            "name": names[joint],
            "translation": motion.offsets[joint].tolist(),
            "rotation": rest[joint].tolist(),
        }
        children = [int(child) for child in Joint if child.parent is joint]
        nodes.append({**node, "children": children} if children else node)
    return nodes


def _chunks(document: bytes, binary: bytes) -> bytes:
    """Put the header and the two chunks together, each padded to four bytes."""
    document += b" " * (-len(document) % 4)
    binary += b"\0" * (-len(binary) % 4)
    body = (
        struct.pack("<II", len(document), _JSON) + document + struct.pack("<II", len(binary), _BIN) + binary
    )
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


class GlbFiles(BodyFiles):
    """.glb files, one per body."""

    OPTIONS: ClassVar[Options] = {"names": NAMES}

    def encode(self, motion: Motion, _name: str, /) -> bytes:
        """Give the file of one body."""
        generator = f"bodychan {version('bodychan')}"
        return encode(motion, joint_names(self.options["names"]), generator)
