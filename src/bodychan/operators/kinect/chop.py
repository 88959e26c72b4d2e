"""The Kinect Azure CHOP: the tracked bodies as named channels."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from bodychan.cameras.base import Camera
from bodychan.channels.filters import lag_seconds
from bodychan.channels.layout import IMU, Layout
from bodychan.channels.naming import Naming, read_naming, renamed
from bodychan.channels.pipeline import Shaping
from bodychan.channels.resample import resample
from bodychan.channels.space import Space, levelled_by_hand
from bodychan.channels.values import imu_values
from bodychan.errors import OperatorError
from bodychan.model.arrays import F64
from bodychan.model.bodies import Bodies
from bodychan.model.capture import ImuSample
from bodychan.operators.chop import CHOP
from bodychan.operators.kinect import tables
from bodychan.operators.kinect.shaper import Shaper
from bodychan.operators.kinect.shaping import filter_of, layout_of, shaping_of
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.operator import Network
from bodychan.operators.tables import COMMON, NAMING

BodyCallback = Callable[[int, int], None]
"""Called with a body's id and its place, counted from 1 as in `p1/id`."""


class KinectAzureCHOP(CHOP):
    """Named channels of the players that a Kinect Azure TOP tracks.

    While nobody is there, or the TOP is missing or not active, the channels stay and are 0.
    """

    parameters = (*tables.CHOP, NAMING, *COMMON)

    def __init__(self, project: Network, name: str, **values: object) -> None:
        super().__init__(project, name, **values)
        self._entered: list[BodyCallback] = []
        self._left: list[BodyCallback] = []
        self._there: dict[int, int] = {}
        self._now: dict[int, int] = {}
        self._shaper = Shaper()
        self._layout: tuple[int, Layout] | None = None
        self._shaping: tuple[int, Shaping] | None = None

    @property
    def layout(self) -> Layout:
        """Which channels the parameters ask for."""
        # Kept while no parameter of the project changes: it is asked for several times in every cook.
        if self._layout is None or self._layout[0] != self.project.changes:
            self._layout = self.project.changes, layout_of(self.par)
        return self._layout[1]

    def _settled_shaping(self) -> Shaping:
        """Give what the parameters ask of all channels but the IMU's, which have times of their own."""
        if self._shaping is None or self._shaping[0] != self.project.changes:
            shaping = shaping_of(self.par)
            without_imu = replace(shaping, layout=replace(shaping.layout, imu=False))
            self._shaping = self.project.changes, without_imu
        return self._shaping[1]

    def on_body_entered(self, callback: BodyCallback) -> BodyCallback:
        """Call `callback(id, place)` in the cook in which a body comes to a place; hand it back.

        The channels of that cook can be read in it. A body that changes its place does not enter again.
        """
        self._entered.append(callback)
        return callback

    def on_body_left(self, callback: BodyCallback) -> BodyCallback:
        """Call `callback(id, place)` in the cook in which a body is in no place any more; hand it back.

        A body that is kept for the hold time leaves when that is over. When the channels become 0 because
        the operator or its TOP does not work any more, everybody leaves.
        """
        self._left.append(callback)
        return callback

    def info(self) -> dict[str, float]:
        """Give the Info channels of this operator, with a filter's lag in ms; see `Operator.info`."""
        chosen = filter_of(self.par)
        if chosen is None:
            return super().info()
        past = self._shaper.memory.filtered if self._now else None
        return super().info() | {"filter_lag": 1000.0 * lag_seconds(chosen, past)}

    _naming: tuple[str, float, Naming] = ("", 0.0, ())
    _naming_error: OperatorError | None = None

    def _names(self) -> tuple[str, ...]:
        self._naming_error = None
        try:
            return renamed(self.layout.names, self._read_naming())
        except OperatorError as error:
            # The channels stay, under their usual names; the values are where the error comes out.
            self._naming_error = error
            return self.layout.names

    def _read_naming(self) -> Naming:
        """Give the naming table; the file is read again when it has changed."""
        path = self.par.namingtable
        if not path:
            return ()
        changed = Path(path).stat().st_mtime if Path(path).exists() else 0.0
        if (path, changed) != self._naming[:2]:
            self._naming = (path, changed, read_naming(path))
        return self._naming[2]

    def cook(self, force: bool = False) -> None:
        """Bring the operator up to the project's frame, tell who has come and left; see `Operator.cook`."""
        cooks = self.totalCooks
        super().cook(force)
        if self.totalCooks > cooks:
            self._tell()

    def _cook(self) -> None:
        self._now = {}
        super()._cook()

    def _values(self, names: tuple[str, ...], times: F64) -> F64:
        if self._naming_error is not None:
            raise self._naming_error
        zeros = np.zeros((len(names), len(times)))
        if not self.par.active:
            return zeros
        top = self.project.reference(self, "top", KinectAzureTOP)
        top.cook()
        if top.errors():
            raise OperatorError(f"{top.path} has an error: {top.errors()}")
        if not top.par.active:
            self._warnings.append(f"{top.path} is not active: switch its parameter 'active' on")
            return zeros
        self._warnings += top.tracker_warnings
        if top.camera is None:
            return zeros
        self._shaper.follow(top.camera)
        space = self._space(top, top.camera)
        shaping = self._settled_shaping()
        rows = [
            (seconds, self._row(shaping, space, bodies, top.camera))
            for seconds, bodies in top.bodies_trail.between(times[0], times[-1])
        ]
        parts = [self._sampled(shaping.layout.names, rows, times)]
        if self.par.imuchans:
            samples = top.imu_trail.between(times[0], times[-1])
            parts.append(self._sampled(IMU, [(s, self._imu_row(sample)) for s, sample in samples], times))
        return np.concatenate(parts) if len(parts) > 1 else parts[0]

    def _row(self, shaping: Shaping, space: Space, bodies: Bodies, camera: Camera) -> F64:
        """Give the value of every channel but the IMU's for one set of bodies."""
        row = self._shaper.row(shaping, space, bodies, camera, None)
        if row.zeroed:
            more = f" and {len(row.zeroed) - 1} more" if len(row.zeroed) > 1 else ""
            self._warnings.append(f"not a finite number, set to 0: {row.zeroed[0]}{more}")
        self._now = {int(body): place for place, body in enumerate(row.slots.ids, 1) if body}
        return row.values

    def _imu_row(self, sample: ImuSample) -> F64:
        values = imu_values(sample)
        finite = np.isfinite(values)
        # A recording holds no temperature: that is no fault of the sensor's.
        if not finite[1:].all():
            self._warnings.append(
                f"{self.path}: the inertial sensor gave {np.sum(~finite[1:])} values that are no numbers, at "
                f"{sample.accel_usec} µs of device time: they are 0"
            )
        return np.where(finite, values, 0.0)

    def _sampled(self, names: tuple[str, ...], rows: list[tuple[float, F64]], times: F64) -> F64:
        """Turn rows that hold from a time on into samples, (C, S); zeros before the first row."""
        if not rows:
            return np.zeros((len(names), len(times)))
        at = np.array([seconds for seconds, _ in rows])
        values = np.stack([row for _, row in rows], axis=1)
        return resample(names, at, values, times, linear=self.par.interp == "linear")

    def _space(self, top: KinectAzureTOP, camera: Camera) -> Space:
        par = self.par
        level: F64 | None = None
        if par.levelworld and par.levelsource == "manual":
            level = levelled_by_hand(par.cameratilt)
        elif par.levelworld:
            level = self._shaper.level(camera, top.capture)
            if level is None:
                self._warnings.append(
                    f"{camera.name} gives no gravity to level the world by: set levelsource to manual"
                )
        return Space(level, par.cameraheight, par.mirrorbodies)

    def _tell(self) -> None:
        """Call back for who has left and who has come; it is noted before, as a callback may cook again."""
        before, self._there = self._there, self._now
        for callbacks, these, others in (
            (self._left, before, self._there),
            (self._entered, self._there, before),
        ):
            for body, place in these.items():
                if body not in others:
                    for callback in tuple(callbacks):
                        callback(body, place)
