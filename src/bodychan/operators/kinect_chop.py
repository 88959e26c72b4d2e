"""The Kinect Azure CHOP: the tracked bodies as named channels."""

import numpy as np

from bodychan.channels import JOINT_GROUPS, Layout, evaluate
from bodychan.errors import OperatorError
from bodychan.operators import tables
from bodychan.operators.chop import CHOP
from bodychan.operators.kinect_top import KinectAzureTOP
from bodychan.players import compact
from bodychan.types import F64


class KinectAzureCHOP(CHOP):
    """Named channels of the players that a Kinect Azure TOP tracks.

    While nobody is there, or the TOP is missing or not active, the channels stay and are 0.
    """

    parameters = tables.CHOP

    @property
    def layout(self) -> Layout:
        """Which channels the parameters ask for."""
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
        return self.layout.names

    def _values(self, names: tuple[str, ...]) -> F64:
        zeros = np.zeros(len(names))
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
        if top.camera is None or top.bodies is None:
            return zeros
        layout = self.layout
        slots = compact(top.bodies, layout.players)
        return evaluate(layout, slots, top.camera.calibration, top.imu)
