"""Unrolled rotations: angles that go on beyond ±180° instead of jumping to the other end."""

from dataclasses import dataclass

import numpy as np

from bodychan.channels.layout import HEAD, JOINT_GROUPS, Layout
from bodychan.model.arrays import F64, I64, frozen
from bodychan.model.skeleton import JOINT_COUNT

_ANGLES = frozenset(JOINT_GROUPS["relbonerotations"] + JOINT_GROUPS["absbonerotations"])


@dataclass(frozen=True, slots=True, eq=False)
class Unrolled:
    """The angles of one row: of the bodies `ids` (P,), `angles` (P, 32, A) of the layout's `suffixes`."""

    ids: I64
    suffixes: tuple[str, ...]
    angles: F64


def unroll(layout: Layout, values: F64, ids: I64, before: Unrolled | None) -> tuple[F64, Unrolled]:
    """Add whole turns to the angles of a row, so that each is within half a turn of the row before.

    A body that was not there in the row before starts within ±180°.

    Args:
        layout: the row's.
        values: (C,) the row.
        ids: (P,) whose values each place holds, 0 = nobody's.
        before: what the row before left; None at the start.

    Returns:
        the row, and what the next one needs.
    """
    columns = [i for i, suffix in enumerate(layout.suffixes) if suffix in _ANGLES]
    width = layout.first_joint_column + JOINT_COUNT * len(layout.suffixes)
    values = values.copy()
    players = values[len(HEAD) : len(HEAD) + layout.players * width].reshape(layout.players, width)
    joints = players[:, layout.first_joint_column :].reshape(layout.players, JOINT_COUNT, -1)
    angles = joints[..., columns]
    if before is not None and before.suffixes == layout.suffixes:
        old, new = np.nonzero(before.ids[:, None] == ids)
        turns = np.round((before.angles[old] - angles[new]) / 360.0)
        angles[new] += 360.0 * turns
    joints[..., columns] = angles
    return values, Unrolled(ids, layout.suffixes, frozen(angles))
