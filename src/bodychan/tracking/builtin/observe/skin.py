"""The skin's word on depth: joints that lie just under it are where the depth image says.

The network tells where in the image an elbow or a wrist is better than how far away it is. The depth image
knows that: the joint is as deep behind the skin as such joints are. Both are weighed by what is known of
their errors, and a surface that cannot be the joint's own (a sleeve's edge, the belly behind a hand) counts
less and less (Cauchy's function).
"""

import numpy as np

from bodychan.model.arrays import F64, U16, frozen
from bodychan.model.skeleton import Joint
from bodychan.tracking.builtin.observe.network import Look
from bodychan.tracking.builtin.observe.upright import Raster

_UNDER_SKIN_MM = {
    "ELBOW": (46.0, 21.0),
    "WRIST": (27.0, 18.0),
    "HAND": (18.0, 22.0),
    "KNEE": (70.0, 21.0),
    "ANKLE": (42.0, 13.0),
    "FOOT": (20.0, 23.0),
}
"""How far behind the surface such joints are, and its spread: in dressed bodies of `training` that were held
out. Of other joints the network knows the depth better than the skin does."""
_BEHIND, _SPREAD = (
    frozen(np.array([_UNDER_SKIN_MM.get(j.part, (0.0, np.inf))[k] for j in Joint])) for k in (0, 1)
)
_FINGERS = [Joint[f"{part}_{side}"] for side in ("LEFT", "RIGHT") for part in ("HANDTIP", "THUMB")]
_HANDS = [Joint[f"HAND_{side}"] for side in ("LEFT", "LEFT", "RIGHT", "RIGHT")]
"""Fingers and thumbs are too thin to be measured: they move with their hand, so that it does not turn."""
_NETWORK_SHARE = 0.55
"""Of the network's error along the view, in what it says of all three directions; of the same bodies."""
_SEEN, _ABOUT_MM = 0.65, 12.0
"""Joints so likely seen were measured, by the surface at them and so far around them."""
_DOUBT = 2.0
"""Spreads from which on a surface counts less than half."""
_GRID: F64 = frozen(
    np.array([(x, y, 0.0) for y in (-_ABOUT_MM, 0.0, _ABOUT_MM) for x in (-_ABOUT_MM, 0.0, _ABOUT_MM)])
)


def behind_skin(look: Look, depth: U16, raster: Raster) -> F64:
    """Give a look's joints (32, 3) mm, those near the skin moved along their rays to where it says they are.

    Args:
        look: of the network.
        depth: (H, W) mm, that was looked at.
        raster: it was looked at with.
    """
    rows = np.flatnonzero((look.seen > _SEEN) & np.isfinite(_SPREAD))
    joints = look.joints
    if not len(rows):
        return joints
    points = (joints[rows, None] + _GRID).reshape(-1, 3)
    around = raster.surface(points, depth).reshape(len(rows), -1).astype(np.float64)
    # The median of those with depth: the others count as far, and the middle is that of what is left.
    around = np.sort(np.where(around > 0, around, np.inf), axis=1)
    count = np.isfinite(around).sum(axis=1)
    surface = around[np.arange(len(rows)), np.maximum(count - 1, 0) // 2]
    rows, surface = rows[count > 0], surface[count > 0]
    z = joints[rows, 2]
    off = surface + _BEHIND[rows] - z
    own, skin = (_NETWORK_SHARE * look.sigma[rows]) ** 2, _SPREAD[rows] ** 2
    share = own / (own + skin) / (1.0 + off**2 / (_DOUBT**2 * (own + skin)))
    scale = np.ones(len(joints))
    scale[rows] += share * off / z
    scale[_FINGERS] = scale[_HANDS]
    return joints * scale[:, None]
