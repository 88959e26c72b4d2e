"""The Info CHOP: what another operator tells of itself, as channels."""

import numpy as np

from bodychan.channels.patterns import match
from bodychan.errors import ParameterError
from bodychan.model.arrays import F64
from bodychan.operators.chop import CHOP
from bodychan.operators.operator import Operator
from bodychan.operators.tables import InfoTable


class InfoCHOP(CHOP):
    """The Info channels of the operator that `op` names; `iscope` chooses among them.

    It tells of the operator's last cook and does not make it cook.
    """

    table = InfoTable
    par: InfoTable

    def _names(self) -> tuple[str, ...]:
        info = self._info()
        chosen = tuple(match(self.par.iscope, info))
        if not chosen:
            raise ParameterError(f"{self.path}: iscope '{self.par.iscope}' chooses none of {', '.join(info)}")
        return chosen

    def _values(self, names: tuple[str, ...], times: F64) -> F64:
        info = self._info()
        values = np.array([info[name] for name in names], dtype=np.float64)
        return np.tile(values[:, None], len(times))

    def _info(self) -> dict[str, float]:
        found: Operator = self.project.reference(self, "op", Operator)  # type: ignore[type-abstract]
        return found.info()
