"""The tracker's kernels, compiled before the first capture."""

import numpy as np

from bodychan.model.skeleton import BIND_BONES, JOINT_COUNT
from bodychan.tracking.builtin.detect.heads import heads
from bodychan.tracking.builtin.detect.shapes import shapes
from bodychan.tracking.builtin.fit.aims import first_frames
from bodychan.tracking.builtin.fit.articulate import hang, settle
from bodychan.tracking.builtin.observe.crop import Square, cut, surface_mm
from bodychan.tracking.builtin.observe.upright import Raster


def warm_up() -> None:
    """Run every kernel once, on next to nothing; what is compiled is kept on disk."""
    raster = Raster(np.zeros((2, 2), np.int32), 1.0, 0.0, 0.0)
    depth = np.full((2, 2), 2000, np.uint16)
    square = Square(0.0, 0.0, 1.0, 2000.0)
    cut(depth, depth, raster, square)
    surface_mm(depth, raster, (0.0, 0.0, 1.0), 2000.0)
    nothing = np.zeros((8, 8), np.float32)
    heads(nothing, raster)
    shapes(nothing, raster, np.zeros((0, 4)))
    lengths = np.linalg.norm(BIND_BONES, axis=1)
    joints = hang(np.zeros(3), np.tile(np.eye(3), (JOINT_COUNT, 1, 1)), lengths)
    settle(joints, np.ones(JOINT_COUNT), lengths, first_frames(joints, None, 0.0))
