"""The row of channels of one capture, without a past."""

import numpy as np

from bodychan import Bodies, Calibration, ImuSample
from bodychan.channels.layout import Layout
from bodychan.channels.players import Placed, Rules, Slots, place
from bodychan.channels.space import Space
from bodychan.channels.values import raw_values
from bodychan.model.arrays import F64


def evaluate(
    layout: Layout,
    slots: Slots,
    calibration: Calibration,
    imu: ImuSample | None = None,
    space: Space = Space(),  # noqa: B008 - a frozen value
) -> F64:
    """Give the value of every channel of a layout, 0 where it is not finite."""
    values = raw_values(layout, slots, calibration, imu, space)
    values[~np.isfinite(values)] = 0.0
    return values


def compact(bodies: Bodies, count: int) -> Slots:
    """Fill `count` places from the first on, in the order of the bodies."""
    return place(bodies, np.zeros((len(bodies), 3)), count, Rules(), Placed())[0]
