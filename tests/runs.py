"""True people made from the skeleton table, and bodies that follow them exactly, for tests of measures."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from bodychan.evaluation.measures import Tracked, Truth
from bodychan.model.arrays import F64
from bodychan.model.rotations import matrix_to_quaternion
from people import person

STEP = 1 / 30


@cache
def _figure() -> tuple[F64, F64]:
    one = person(place=(0.0, 0.0, 0.0))
    return one.positions, matrix_to_quaternion(one.frames)


def truth(paths: Sequence[F64]) -> Truth:
    """People who stand stiff and are moved along paths (T, 3) mm; NaN where they are away. All is seen."""
    positions, quaternions = _figure()
    moved = np.stack(paths, axis=1)
    present = np.asarray(np.isfinite(moved).all(axis=2))
    joints = np.asarray(moved[:, :, None] + positions)
    oriented = np.where(present[..., None, None], quaternions, np.nan)
    count = len(moved)
    return Truth(
        np.linspace(1.0, 1.0 + (count - 1) * STEP, count),
        present,
        np.where(present, 20_000, 0),
        joints,
        np.zeros(joints.shape[:3], np.uint8),
        oriented,
    )


def perfect(true: Truth, ids: Sequence[int] = (), confidence: int = 2) -> Tracked:
    """What a tracker without any error gives; ids from 1 unless others are named."""
    assert true.orientations is not None
    count = true.present.shape[1]
    levels = np.where(true.present[..., None], confidence, 0) * np.ones(32)
    return Tracked(
        np.array(ids or range(1, count + 1), np.int64),
        true.present.copy(),
        true.joints.copy(),
        true.orientations.copy(),
        levels.astype(np.uint8),
    )


def standing(captures: int, x: float = 0.0, z: float = 2500.0) -> F64:
    """A path on one spot."""
    return np.tile([x, 0.0, z], (captures, 1))


def pacing(captures: int, x: float = 0.0, z: float = 2500.0, period: float = 40.0) -> F64:
    """A path to and fro, at walking speed."""
    path = standing(captures, x, z)
    path[:, 0] += 250 * np.sin(2 * np.pi * np.arange(captures) / period)
    return path
