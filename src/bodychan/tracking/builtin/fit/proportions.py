"""The proportions of one person: lengths that do not change from capture to capture.

One capture measures a bone to a few centimetres. So each length is the mean over the captures in which both
of its ends were seen, held towards what the template says for a person of that size.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from bodychan.model.arrays import F64, I64, Bool, frozen
from bodychan.model.skeleton import BIND_BONES, Joint

CORE = tuple(
    Joint[f"{name}_{side}"]
    for name in ("SHOULDER", "ELBOW", "WRIST", "HIP", "KNEE", "ANKLE")
    for side in ("LEFT", "RIGHT")
)
"""The joints that have a landmark of their own and carry a person's shape."""

LIMBS = ("ELBOW", "WRIST", "KNEE", "ANKLE")
"""The lower end of each kind of limb, in the order of `TEMPLATE_MM`."""

_SHOULDERS_MM, _HIPS_MM, TRUNK_MM = 300.0, 170.0, 385.0
"""Widths, and length from the middle of the shoulders to that of the hips, for the template's size. The
template's own widths are 278 and 155: rotation centres of anatomical rigs lie farther out, and both count."""
_UPPER_ARM, _SHANK = 0.9, 1.04
"""The same holds for the upper arm, which is shorter than the template's, and the longer shank."""

_TEMPLATE_SHARE = 0.7
"""Weight of the template against what was measured, which also has errors that do not average out."""
_FIRST_SECONDS, _MEMORY_SECONDS = 1.0, 10.0
"""How much time the first guess counts for, and how much all that was measured counts for at most."""
_CAPTURE_SECONDS = 1.0 / 30.0
_FIRST_THICK_SECONDS, _THICK_SECONDS, _THICKNESS = 0.5, 5.0, (0.7, 1.45)
"""The same for the limbs' thickness, and its limits."""
_STEP = (0.85, 1.18)
"""One measurement counts as no shorter or longer than this, relative to what was known."""


def _links() -> tuple[I64, I64]:
    index = {joint: i for i, joint in enumerate(CORE)}
    ends, lengths = [], []
    for kind, name in enumerate(LIMBS):
        for side in ("LEFT", "RIGHT"):
            child = Joint[f"{name}_{side}"]
            parent = child.parent
            assert parent is not None
            ends.append([index[parent], index[parent], index[child], index[child]])
            lengths.append(kind)
    left, right = (
        [index[Joint[f"{name}_{side}"]] for name in ("SHOULDER", "HIP")] for side in ("LEFT", "RIGHT")
    )
    for which in (0, 1):
        ends.append([left[which], left[which], right[which], right[which]])
        lengths.append(len(LIMBS) + which)
    ends.append([left[0], right[0], left[1], right[1]])
    lengths.append(len(LIMBS) + 2)
    return frozen(np.array(ends)), frozen(np.array(lengths))


LINKS, LENGTH_OF_LINK = _links()
"""(11, 4) rows of `CORE`: a link goes from the middle of the first two to the middle of the other two; and
(11,) which of the lengths each has."""


def _template() -> F64:
    limbs = [float(np.linalg.norm(BIND_BONES[Joint[f"{name}_LEFT"]])) for name in LIMBS]
    limbs[0] *= _UPPER_ARM
    limbs[3] *= _SHANK
    return frozen(np.array([*limbs, _SHOULDERS_MM, _HIPS_MM, TRUNK_MM]))


TEMPLATE_MM = _template()
"""Upper arm, forearm, thigh, shank, width of shoulders and hips, trunk, of a person of scale 1, (7,) mm."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A person's lengths and limbs: what does not change.

    `measured` (7,) mm, and `seconds` (7,) for how long each length was seen, within limits; `thickness` (4,)
    of the limbs relative to the usual, and `thick_seconds` (4,) for how long that was seen.
    """

    measured: F64
    seconds: F64
    thickness: F64
    thick_seconds: F64

    @classmethod
    def of_size(cls, scale: float) -> "Shape":
        """Begin with the template's proportions."""
        limbs = len(LIMBS)
        first = np.full(len(TEMPLATE_MM), _FIRST_SECONDS)
        return cls(TEMPLATE_MM * scale, first, np.ones(limbs), np.full(limbs, _FIRST_THICK_SECONDS))

    def after(self, joints: F64, seen: Bool, seconds: float) -> "Shape":
        """Give the shape after one more capture.

        Args:
            joints: (12, 3) mm as measured, in the order of `CORE`.
            seen: (12,) which of them were.
            seconds: since the capture before.
        """
        found = link_lengths(joints)
        whole = seen[LINKS].all(axis=1)
        measured, weights = self.measured.copy(), self.seconds.copy()
        step = max(seconds, _CAPTURE_SECONDS)
        for kind in np.unique(LENGTH_OF_LINK[whole]):
            length = float(found[whole & (kind == LENGTH_OF_LINK)].mean())
            ratio = min(max(length / measured[kind], _STEP[0]), _STEP[1])
            weights[kind] = min(weights[kind] + step, _MEMORY_SECONDS)
            measured[kind] *= math.exp(min(step / weights[kind], 1.0) * math.log(ratio))
        return replace(self, measured=measured, seconds=weights)

    def thickened(self, widths: F64, seconds: float) -> "Shape":
        """Give the shape after the limbs (8,) looked so thick relative to what was known; NaN = not seen."""
        known, weights = self.thickness.copy(), self.thick_seconds.copy()
        step = max(seconds, _CAPTURE_SECONDS)
        for kind in range(len(LIMBS)):
            both = widths[2 * kind : 2 * kind + 2]
            both = both[np.isfinite(both)]
            if len(both):
                weights[kind] = min(weights[kind] + step, _THICK_SECONDS)
                look = min(max(known[kind] * float(both.mean()), _THICKNESS[0]), _THICKNESS[1])
                known[kind] += min(step / weights[kind], 1.0) * (look - known[kind])
        return replace(self, thickness=known, thick_seconds=weights)

    def lengths(self) -> F64:
        """Give the best guess of each link's length (11,) mm."""
        size = math.exp(float(np.log(self.measured / TEMPLATE_MM).mean()))
        held = self.measured ** (1.0 - _TEMPLATE_SHARE) * (TEMPLATE_MM * size) ** _TEMPLATE_SHARE
        return np.asarray(held[LENGTH_OF_LINK])


def link_lengths(joints: F64) -> F64:
    """Give how long the links (11,) mm of joints (12, 3) are."""
    starts = joints[LINKS[:, :2]].mean(axis=1)
    return np.asarray(np.linalg.norm(joints[LINKS[:, 2:]].mean(axis=1) - starts, axis=1))
