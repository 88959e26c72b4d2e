"""The JSON of Microsoft's offline body tracking sample, `offline_processor`, with every joint's confidence.

SDK space: millimetres of the depth camera, x right, y down, z forward; quaternions wxyz. Beyond the sample's
own keys each body has `joint_confidence_levels`.
"""

import json
from pathlib import Path

import numpy as np

from bodychan.channels.channels import Channels
from bodychan.channels.kinds import Kind
from bodychan.model.arrays import F64
from bodychan.model.rotations import matrix_to_quaternion
from bodychan.model.skeleton import Joint
from bodychan.outputs.collected import Collected
from bodychan.outputs.skeletons import CONFIDENCE, POSITIONS, ROTATIONS, SkeletonRows, Skeletons, of_skeletons
from bodychan.outputs.spool import Take

_TO_SDK = np.array([-1.0, -1.0, 1.0])
_D = np.outer(_TO_SDK, _TO_SDK)


def encode(people: Skeletons, times_usec: F64, source: str, version: str) -> str:
    """Write S samples with device times (S,); samples of the same capture are one frame.

    The frames are counted from 0, as the sample does.
    """
    frames: list[str] = []
    last = -1
    for sample, usec in enumerate(np.rint(times_usec).astype(np.int64).tolist()):
        if usec != last:
            frames.append(json.dumps(_frame(people, sample, len(frames), usec), separators=(",", ":")))
        last = usec
    head = {
        "k4abt_sdk_version": f"bodychan {version}",
        "source_file": source,
        "joint_names": [joint.name for joint in Joint],
        "bone_list": [[joint.parent.name, joint.name] for joint in Joint if joint.parent is not None],
    }
    rows = ",\n".join(frames)
    return f'{json.dumps(head, indent=1)[:-2]},\n "frames": [\n{rows}\n ]\n}}\n'


def _frame(people: Skeletons, sample: int, number: int, usec: int) -> dict[str, object]:
    players = np.flatnonzero(people.ids[:, sample])
    bodies = []
    for player in players:
        rotations = people.rotations[player, sample] * _D
        bodies.append(
            {
                "body_id": int(people.ids[player, sample]),
                "joint_positions": _rounded(people.positions[player, sample] * 1000 * _TO_SDK, 4),
                "joint_orientations": _rounded(matrix_to_quaternion(rotations), 7),
                "joint_confidence_levels": people.confidence[player, sample].astype(int).tolist(),
            }
        )
    return {"timestamp_usec": usec, "frame_id": number, "num_bodies": len(bodies), "bodies": bodies}


def _rounded(values: F64, digits: int) -> list[list[float]]:
    return (np.round(values, digits) + 0.0).tolist()  # type: ignore[no-any-return]


class OfflineJson(Collected):
    """A .json file with all bodies."""

    groups = frozenset({POSITIONS, ROTATIONS, CONFIDENCE})

    def begin(self, channels: Channels) -> None:
        """Look for the channels of the skeletons."""
        SkeletonRows.find(channels.kinds, self.groups)

    def keeps(self, kind: Kind) -> bool:
        """Keep skeletons and device times."""
        return of_skeletons(kind, self.groups)

    def files(self, take: Take) -> list[tuple[Path, bytes]]:
        """Give the file; without device times it has those of the rate."""
        channels = take.channels
        steady = np.arange(channels.numSamples, dtype=np.float64) * (1e6 / channels.rate)
        times = steady if take.device_usec is None else take.device_usec
        people = SkeletonRows.find(channels.kinds, self.groups).skeletons(channels.samples)
        text = encode(people, times, take.about.source, take.about.facts().get("version", ""))
        return [(self.path, text.encode())]
