"""TRC, the marker trajectories that OpenSim reads: every joint a marker, millimetres, tabs.

The layout is OpenSim's documentation's: five lines of heading, an empty one, then frame, time and X, Y, Z of
each marker. Where a joint was not seen its three fields are empty. The axes are those of channel space.
"""

from bodychan.model.skeleton import JOINT_COUNT, Confidence, Joint
from bodychan.outputs.body_files import BodyFiles
from bodychan.outputs.motion import Motion
from bodychan.outputs.skeletons import POSITIONS

_KEYS = "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames"


def encode(motion: Motion, name: str) -> str:
    """Write one body's joints; `name` is the file's."""
    count, rate = len(motion.seen), f"{motion.rate:g}"
    markers = "\t\t\t".join(joint.name for joint in Joint)
    axes = "\t".join(f"X{marker}\tY{marker}\tZ{marker}" for marker in range(1, JOINT_COUNT + 1))
    lines = [
        f"PathFileType\t4\t(X/Y/Z)\t{name}",
        _KEYS,
        f"{rate}\t{rate}\t{count}\t{JOINT_COUNT}\tmm\t{rate}\t1\t{count}",
        f"Frame#\tTime\t{markers}\t\t",
        f"\t\t{axes}",
        "",
    ]
    there = motion.seen[:, None] & (motion.confidence > Confidence.NONE)
    millimetres = (motion.positions * 1000).tolist()
    for frame in range(count):
        fields = [str(frame + 1), f"{frame / motion.rate:.6f}"]
        for place, seen in zip(millimetres[frame], there[frame], strict=True):
            fields += [f"{value:.4f}" for value in place] if seen else ["", "", ""]
        lines.append("\t".join(fields))
    return "\n".join(lines) + "\n"


class TrcFiles(BodyFiles):
    """.trc files, one per body."""

    groups = frozenset({POSITIONS})

    def encode(self, motion: Motion, name: str, /) -> bytes:
        """Give the file of one body."""
        return encode(motion, name).encode()
