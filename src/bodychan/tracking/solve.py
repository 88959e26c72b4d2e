"""Where the joints are, so that a person's lengths hold: Gauss-Newton over the twelve joints of `shape.CORE`.

The sum of three kinds of squares is least: how far each joint is from where it was seen, across its viewing
ray and along it, and how far each link is from its length. Along the ray, where another surface may have
been measured, large errors count by their size and not by its square (Huber).
"""

import numpy as np

from bodychan.tracking.shape import LINKS
from bodychan.types import F64, Bool

_ACROSS_MM, _ALONG_MM = 15.0, 15.0
"""Errors to be expected of a joint that was seen: the network's, and those of depth and of the skin."""
_ACROSS_UNSEEN_MM, _ALONG_UNSEEN_MM = 25.0, 120.0
_LINK_MM = np.array([3.0] * 8 + [4.0, 4.0, 30.0])
"""How far a link may stray from its length: the trunk bends."""
_HUBER = 3.0
_ROUNDS = 4

_HALF = np.array([-0.5, -0.5, 0.5, 0.5])


def solve(joints: F64, seen: Bool, lengths: F64) -> F64:
    """Move joints so that the links have their lengths.

    Args:
        joints: (12, 3) mm, depth camera, none at the camera itself.
        seen: (12,) which of them were measured and not guessed.
        lengths: (11,) mm of the links.

    Returns:
        (12, 3) mm.
    """
    count = len(joints)
    rays = joints / np.maximum(np.linalg.norm(joints, axis=1), 1.0)[:, None]
    across = np.where(seen, _ACROSS_MM, _ACROSS_UNSEEN_MM) ** -2.0
    along = np.where(seen, _ALONG_MM, _ALONG_UNSEEN_MM) ** -2.0
    along_rays = rays[:, :, None] * rays[:, None, :]
    links, rows = np.arange(len(LINKS)), np.arange(count)
    weights = _LINK_MM**-2.0
    found = joints
    for _ in range(_ROUNDS):
        off = found - joints
        depth = (off * rays).sum(axis=1)
        robust = along / np.maximum(1.0, np.abs(depth) * np.sqrt(along) / _HUBER)
        blocks = across[:, None, None] * np.eye(3) + (robust - across)[:, None, None] * along_rays
        normal = np.zeros((count, 3, count, 3))
        normal[rows, :, rows] = blocks
        bones = (found[LINKS] * _HALF[None, :, None]).sum(axis=1)
        sizes = np.linalg.norm(bones, axis=1)
        towards = bones / np.maximum(sizes, 1e-6)[:, None]
        slopes = np.zeros((len(LINKS), count, 3))
        for end in range(4):
            slopes[links, LINKS[:, end]] += _HALF[end] * towards
        flat = slopes.reshape(len(LINKS), -1)
        gradient = (blocks @ off[:, :, None]).ravel() + flat.T @ (weights * (sizes - lengths))
        hessian = normal.reshape(3 * count, -1) + (flat.T * weights) @ flat
        found = found - np.linalg.solve(hessian, gradient).reshape(count, 3)
    return np.asarray(found)
