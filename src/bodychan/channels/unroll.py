"""Unrolled rotations: angles that continue beyond ±180° instead of wrapping."""

from dataclasses import dataclass

import numpy as np

from bodychan.channels.layout import Layout
from bodychan.model.arrays import F64, I64, frozen


@dataclass(frozen=True, slots=True, eq=False)
class Unrolled:
    """The angles of one row: of the bodies `ids` (P,), `angles` (P, A) of a layout's `groups`."""

    ids: I64
    groups: frozenset[str]
    angles: F64


def unroll(layout: Layout, values: F64, ids: I64, before: Unrolled | None) -> tuple[F64, Unrolled]:
    """Add whole turns to the angles of a row, so that each is within half a turn of the previous row.

    A body that was not in the previous row starts within ±180°.

    Args:
        layout: the row's.
        values: (C,) the row, its angles within ±180°.
        ids: (P,) the body of each player, 0 = none.
        before: what the previous row left; None at the start.

    Returns:
        the row, and what the next one needs.
    """
    columns = layout.kinds.rotations.reshape(len(ids), -1)
    angles = values[columns]
    if before is not None and before.groups == layout.groups:
        old, new = np.nonzero(before.ids[:, None] == ids)
        turns = np.round((before.angles[old] - angles[new]) / 360.0)
        angles[new] += 360.0 * turns
    values = values.copy()
    values[columns] = angles
    return values, Unrolled(ids, layout.groups, frozen(angles))
