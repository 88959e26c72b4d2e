"""From the bodies of a capture to a row of channels, and what is remembered from one capture to the next."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from bodychan.channels.channels import Channels
from bodychan.channels.filters import Filter, Filtered, lag_seconds, smooth
from bodychan.channels.layout import Layout
from bodychan.channels.players import Placed, Rules, Slots, place
from bodychan.channels.space import (
    TO_CHANNELS,
    Gravity,
    Space,
    averaged,
    levelled_by,
    levelled_by_hand,
    up_of,
)
from bodychan.channels.unroll import Unrolled, unroll
from bodychan.channels.values import raw_values
from bodychan.model.arrays import F64
from bodychan.model.bodies import Bodies
from bodychan.model.capture import ImuSample
from bodychan.model.skeleton import Joint
from bodychan.optics.calibration import Calibration

_KEPT = 64
"""How many captures back bodies may be asked for again; far more than the longest time slice holds."""


@dataclass(frozen=True)
class ChannelSettings:
    """How bodies become channels; by default as TouchDesigner does it.

    `layout` says which channels there are, `rules` which body is which player, `filter` smooths the joints.
    `level` turns the axes so that +Y is up: by "gravity", as the accelerometer feels it, or for a camera that
    looks down by so many degrees; None keeps the camera's axes. `height` is the camera's over the floor in
    metres, used where the axes are level; `mirrored` shows people as a mirror does.
    """

    layout: Layout = field(default_factory=Layout)
    rules: Rules = field(default_factory=Rules)
    filter: Filter | None = None
    level: float | Literal["gravity"] | None = None
    height: float = 0.0
    mirrored: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """The channels of one capture.

    `values` (C,) float64, finite; `slots` the players; `zeroed` the names of channels whose values were not
    finite and are 0; `levelled` is False where `level` is "gravity" and the camera measures none.
    """

    values: F64
    slots: Slots
    zeroed: tuple[str, ...]
    levelled: bool


@dataclass(frozen=True, slots=True)
class _Memory:
    """What one capture leaves for the next."""

    placed: Placed = field(default_factory=Placed)
    filtered: Filtered | None = None
    unrolled: Unrolled | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """What was remembered before the bodies of one capture, and after."""

    bodies: Bodies
    before: _Memory
    after: _Memory


class BodiesToChannels:
    """Turns the bodies of one camera into channels, capture by capture, in the order of their times.

    It remembers who is which player, the filter's past, whole turns of angles and the direction of gravity.
    Bodies that are passed in again start from the same past as before: they give the same row, and with other
    `settings` the row that those would have given. Another camera needs another `BodiesToChannels`.

    >>> camera = bodychan.open_camera("synthetic:walk?seconds=1")       # doctest: +SKIP
    >>> to_channels = bodychan.BodiesToChannels(camera.calibration)     # doctest: +SKIP
    >>> for capture, bodies in tracker.track_each(camera):              # doctest: +SKIP
    ...     print(to_channels.channels(bodies, capture.imu)["p1/head:ty"])

    Args:
        calibration: the camera's, for image positions and the pose of the accelerometer.
        settings: how; the attribute may be set again at any time.
    """

    def __init__(self, calibration: Calibration, settings: ChannelSettings | None = None) -> None:
        self.settings = settings or ChannelSettings()
        self.space = Space()
        """Where the axes of the newest row lie."""
        self._calibration = calibration
        self._gravity: Gravity | None = None
        self._steps: deque[_Step] = deque(maxlen=_KEPT)

    def channels(self, bodies: Bodies, imu: Sequence[ImuSample] = (), *, rate: float = 30.0) -> Channels:
        """Return the channels of the bodies of one capture: one sample each, at `rate` samples per second.

        Args:
            bodies: of this capture.
            imu: the capture's inertial samples, needed for the sensor's channels and for gravity.
            rate: the camera's.

        Raises:
            ValueError: the bodies are not in the depth camera's space.
        """
        layout = self.settings.layout
        row = self.row(bodies, imu)
        return Channels(layout.names, row.values[:, None], rate, bodies.frame, kinds=layout.kinds)

    def row(self, bodies: Bodies, imu: Sequence[ImuSample] = ()) -> Row:
        """Return what `channels` returns as a plain array, with what to warn about."""
        if bodies.space != "depth":
            raise ValueError(f"bodies in the space '{bodies.space}' cannot become channels: only 'depth' can")
        again = next((i for i, step in enumerate(self._steps) if step.bodies is bodies), len(self._steps))
        before = self._steps[again].before if again < len(self._steps) else self._memory
        while len(self._steps) > again:
            self._steps.pop()
        self.space = space = self._space(imu)
        # Numbers too large to be squared are reported in `zeroed` instead of by NumPy's warnings.
        with np.errstate(over="ignore", invalid="ignore"):
            row, after = self._turned_into(bodies, imu, space, before)
        self._steps.append(_Step(bodies, before, after))
        return row

    @property
    def filter_lag(self) -> float:
        """By how many seconds the filter makes positions late, as `filters.lag_seconds` estimates it."""
        return lag_seconds(self.settings.filter, self._memory.filtered) if self.settings.filter else 0.0

    @property
    def _memory(self) -> _Memory:
        return self._steps[-1].after if self._steps else _Memory()

    def _space(self, imu: Sequence[ImuSample]) -> Space:
        """Return where the axes lie now."""
        settings = self.settings
        level: F64 | None = None
        if settings.level == "gravity":
            self._gravity = averaged(self._gravity, imu)
            up = up_of(self._gravity, self._calibration)
            level = None if up is None else levelled_by(up)
        elif settings.level is not None:
            level = levelled_by_hand(settings.level)
        return Space(level, settings.height, settings.mirrored)

    def _turned_into(
        self, bodies: Bodies, imu: Sequence[ImuSample], space: Space, before: _Memory
    ) -> tuple[Row, _Memory]:
        """Follow the bodies through players, filter, values and unrolling."""
        settings, layout = self.settings, self.settings.layout
        pelvis = space.points(bodies.positions[:, Joint.PELVIS] * (TO_CHANNELS / 1000.0))
        slots, placed = place(bodies, pelvis, layout.players, settings.rules, before.placed)
        filtered: Filtered | None = None
        if settings.filter is not None:
            slots, filtered = smooth(settings.filter, slots, before.filtered)
        values = raw_values(layout, slots, self._calibration, imu[-1] if imu else None, space)
        bad = np.flatnonzero(~np.isfinite(values))
        values[bad] = 0.0
        unrolled: Unrolled | None = None
        if layout.unroll:
            values, unrolled = unroll(layout, values, slots.ids, before.unrolled)
        levelled = settings.level is None or space.level is not None
        row = Row(values, slots, tuple(layout.names[i] for i in bad), levelled)
        return row, _Memory(placed, filtered, unrolled)
