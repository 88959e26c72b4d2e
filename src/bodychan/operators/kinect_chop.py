"""The Kinect Azure CHOP: the tracked bodies as named channels."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from bodychan.bodies import Bodies
from bodychan.calibration import Calibration
from bodychan.capture import ImuSample
from bodychan.channels import IMU, JOINT_GROUPS, Layout, evaluate, imu_values
from bodychan.errors import OperatorError
from bodychan.naming import Naming, read_naming, renamed
from bodychan.operators import tables
from bodychan.operators.chop import CHOP
from bodychan.operators.common_tables import COMMON, NAMING
from bodychan.operators.kinect_top import KinectAzureTOP
from bodychan.players import compact
from bodychan.resample import resample
from bodychan.types import F64


class KinectAzureCHOP(CHOP):
    """Named channels of the players that a Kinect Azure TOP tracks.

    While nobody is there, or the TOP is missing or not active, the channels stay and are 0.
    """

    parameters = (*tables.CHOP, NAMING, *COMMON)

    _layouts: tuple[int, Layout, Layout] | None = None
    _naming: tuple[str, float, Naming] = ("", 0.0, ())
    _naming_error: OperatorError | None = None

    @property
    def layout(self) -> Layout:
        """Which channels the parameters ask for; it is kept until some parameter changes."""
        if self._layouts is None or self._layouts[0] != self.project.changes:
            whole = self._asked_for()
            self._layouts = self.project.changes, whole, replace(whole, imu=False)
        return self._layouts[1]

    def _asked_for(self) -> Layout:
        par = self.par
        return Layout(
            players=par.maxplayers,
            groups=frozenset(group for group in JOINT_GROUPS if getattr(par, group)),
            imu=par.imuchans,
            aspect_correct=par.aspectcorrectuv,
            flip_v=par.flipimagev,
            flip_u=par.flipskelu,
        )

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
        assert self._layouts is not None  # the names were asked for first
        layout = self._layouts[2]
        rows = [
            (seconds, self._row(layout, bodies, top.camera.calibration))
            for seconds, bodies in top.bodies_trail.between(times[0], times[-1])
        ]
        parts = [self._sampled(layout.names, rows, times)]
        if self.par.imuchans:
            samples = top.imu_trail.between(times[0], times[-1])
            parts.append(self._sampled(IMU, [(s, self._imu_row(sample)) for s, sample in samples], times))
        return np.concatenate(parts) if len(parts) > 1 else parts[0]

    def _row(self, layout: Layout, bodies: Bodies, calibration: Calibration) -> F64:
        """Give the value of every channel but the IMU's for one set of bodies."""
        slots = compact(bodies, layout.players)
        return evaluate(layout, slots, calibration)

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
        if len(rows) == 1 and times[0] >= rows[0][0]:
            return np.repeat(rows[0][1][:, None], len(times), axis=1)
        at = np.array([seconds for seconds, _ in rows])
        values = np.stack([row for _, row in rows], axis=1)
        return resample(names, at, values, times, linear=self.par.interp == "linear")
