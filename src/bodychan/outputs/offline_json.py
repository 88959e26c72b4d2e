"""The JSON of Microsoft's offline body tracking sample, `offline_processor`, with every joint's confidence.

SDK space: millimetres of the depth camera, x right, y down, z forward; quaternions wxyz. Beyond the sample's
own keys each body has `joint_confidence_levels`.
"""

import json
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import numpy as np

from bodychan.channels.channels import Channels
from bodychan.channels.kinds import Quantity
from bodychan.model.arrays import F64
from bodychan.model.rotations import matrix_to_quaternion
from bodychan.model.skeleton import Joint
from bodychan.outputs.collected import Collected
from bodychan.outputs.skeletons import CONFIDENCE, POSITIONS, ROTATIONS, SkeletonRows, Skeletons

_TO_SDK = np.array([-1.0, -1.0, 1.0])
_D = np.outer(_TO_SDK, _TO_SDK)


def encode(parts: Sequence[Skeletons], times_usec: F64, source: str, version: str) -> str:
    """Write S samples with device times (S,); samples of the same capture are one frame.

    The frames are counted from 0, as the sample does.
    """
    frames: list[str] = []
    at, last = 0, -1
    for part in parts:
        for sample in range(part.ids.shape[1]):
            usec = round(float(times_usec[at]))
            at += 1
            if usec != last:
                frames.append(json.dumps(_frame(part, sample, len(frames), usec), separators=(",", ":")))
            last = usec
    head = {
        "k4abt_sdk_version": f"bodychan {version}",
        "source_file": source,
        "joint_names": [joint.name for joint in Joint],
        "bone_list": [[joint.parent.name, joint.name] for joint in Joint if joint.parent is not None],
    }
    rows = ",\n".join(frames)
    return f'{json.dumps(head, indent=1)[:-2]},\n "frames": [\n{rows}\n ]\n}}\n'


def _frame(part: Skeletons, sample: int, number: int, usec: int) -> dict[str, object]:
    players = np.flatnonzero(part.ids[:, sample])
    bodies = []
    for player in players:
        rotations = part.rotations[player, sample] * _D
        bodies.append(
            {
                "body_id": int(part.ids[player, sample]),
                "joint_positions": _rounded(part.positions[player, sample] * 1000 * _TO_SDK, 4),
                "joint_orientations": _rounded(matrix_to_quaternion(rotations), 7),
                "joint_confidence_levels": part.confidence[player, sample].astype(int).tolist(),
            }
        )
    return {"timestamp_usec": usec, "frame_id": number, "num_bodies": len(bodies), "bodies": bodies}


def _rounded(values: F64, digits: int) -> list[list[float]]:
    return (np.round(values, digits) + 0.0).tolist()  # type: ignore[no-any-return]


class OfflineJson(Collected):
    """A .json file with all bodies."""

    groups = frozenset({POSITIONS, ROTATIONS, CONFIDENCE})
    _rows: SkeletonRows

    def __init__(self, target: str | PathLike[str], *, overwrite: bool = False) -> None:
        super().__init__(target, overwrite=overwrite)
        self._parts: list[Skeletons] = []
        self._usec: list[F64] = []

    def begin(self, channels: Channels) -> None:
        """Find the channels of the skeletons."""
        self._rows = SkeletonRows.find(channels.kinds, self.groups)
        self._time = [i for i, k in enumerate(channels.kinds) if k.quantity is Quantity.DEVICE_TIME][:1]

    def take(self, channels: Channels) -> None:
        """Keep the skeletons and their times; without device times those of the rate."""
        self._parts.append(self._rows.skeletons(channels.samples))
        count = sum(len(part) for part in self._usec)
        steady = np.arange(count, count + channels.numSamples, dtype=np.float64)
        self._usec.append(channels.samples[self._time[0]] if self._time else steady * (1e6 / channels.rate))

    def files(self) -> list[tuple[Path, bytes]]:
        """Give the file."""
        version = self.about.facts().get("version", "")
        text = encode(self._parts, np.concatenate(self._usec), self.about.source, version)
        return [(self.path, text.encode())]
