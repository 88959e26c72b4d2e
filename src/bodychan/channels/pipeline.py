"""From the bodies of a capture to a row of values: places, filter, channels; what lasts is passed along."""

from dataclasses import dataclass, field

import numpy as np

from bodychan.channels.filters import Filter, Filtered, smooth
from bodychan.channels.layout import Layout
from bodychan.channels.players import Placed, Rules, Slots, place
from bodychan.channels.space import TO_CHANNELS, Space
from bodychan.channels.unroll import Unrolled, unroll
from bodychan.channels.values import raw_values
from bodychan.model.arrays import F64
from bodychan.model.bodies import Bodies
from bodychan.model.capture import ImuSample
from bodychan.model.skeleton import Joint
from bodychan.optics.calibration import Calibration


@dataclass(frozen=True)
class Shaping:
    """What is done to the bodies on their way to the channels; by default what TouchDesigner does."""

    layout: Layout = field(default_factory=Layout)
    rules: Rules = field(default_factory=Rules)
    filter: Filter | None = None
    unroll: bool = False


@dataclass(frozen=True, slots=True)
class Memory:
    """What one capture leaves for the next."""

    placed: Placed = field(default_factory=Placed)
    filtered: Filtered | None = None
    unrolled: Unrolled | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row: `values` (C,) float64, finite; `slots` in places; `zeroed` the channels that were not."""

    values: F64
    slots: Slots
    zeroed: tuple[str, ...]


def shape(
    shaping: Shaping,
    memory: Memory,
    bodies: Bodies,
    calibration: Calibration,
    imu: ImuSample | None,
    space: Space,
) -> tuple[Row, Memory]:
    """Turn the bodies of a capture into a row of values.

    Args:
        shaping: how.
        memory: what the capture before left; `Memory()` at the start.
        bodies: of this capture.
        calibration: the camera's, for the image positions.
        imu: the newest sample, None where the camera has none.
        space: where the channels' axes lie.

    Returns:
        the row, and what the next capture needs.
    """
    layout = shaping.layout
    filtered: Filtered | None = None
    # Numbers too large to be squared are told as `zeroed`, not by numpy's own warnings.
    with np.errstate(over="ignore", invalid="ignore"):
        pelvis = space.points(bodies.positions[:, Joint.PELVIS] * (TO_CHANNELS / 1000.0))
        slots, placed = place(bodies, pelvis, layout.players, shaping.rules, memory.placed)
        if shaping.filter is not None:
            slots, filtered = smooth(shaping.filter, slots, memory.filtered)
        values = raw_values(layout, slots, calibration, imu, space)
    bad = np.flatnonzero(~np.isfinite(values))
    values[bad] = 0.0
    unrolled: Unrolled | None = None
    if shaping.unroll:
        values, unrolled = unroll(layout, values, slots.ids, memory.unrolled)
    return Row(values, slots, tuple(layout.names[i] for i in bad)), Memory(placed, filtered, unrolled)
