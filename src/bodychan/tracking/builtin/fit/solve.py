"""Where the joints are: Gauss-Newton over the twelve joints of `shape.CORE`.

The sum of these squares is least:

* how far each joint is from where it was seen, across its viewing ray and along it; along the ray, where
  another surface may have been measured, large errors count by their size and not by its square (Huber);
* how far each link is from its length;
* how far the points of the skin are from the limbs' capsules;
* how far a joint stands out of the skin that is seen before it;
* how much farther a limb bends than limbs do.

`solve_plain` states it in numpy, `solve_kernels` does the same, compiled.
"""

from dataclasses import dataclass

import numpy as np

from bodychan.model.arrays import F64, Bool
from bodychan.tracking.builtin.fit import solve_kernels
from bodychan.tracking.builtin.fit.capsules import Capsules
from bodychan.tracking.builtin.fit.solve_plain import Wanted


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What one capture tells of a body.

    `joints` (12, 3) mm, depth camera, none at the camera itself, where the landmarks put the joints of
    `CORE`; `measured` (12,) which of them were not guessed; `points` (N, 3) mm of the depth image around the
    body; `cover` (12,) mm, the depth of the surface that is seen where each joint is, 0 where there is none.
    """

    joints: F64
    measured: Bool
    points: F64
    cover: F64


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """The `joints` (12, 3) mm, and how thick the eight limbs look, `widths`, relative to their capsules."""

    joints: F64
    widths: F64


def solve(seen: Seen, lengths: F64, capsules: Capsules) -> Solved:
    """Find the joints.

    Args:
        seen: the body in one capture.
        lengths: (11,) mm of the links.
        capsules: the body's.
    """
    wanted = Wanted.of(seen.joints, seen.measured, seen.cover, lengths)
    return Solved(*solve_kernels.solve(wanted, np.ascontiguousarray(seen.points), capsules))
