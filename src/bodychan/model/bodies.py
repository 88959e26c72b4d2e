"""What a tracker delivers: the bodies of one capture, as arrays."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from bodychan.model.arrays import F64, I64, U8, checked
from bodychan.model.skeleton import JOINT_COUNT, Confidence

NOBODY = 255
"""Value of `Bodies.index_map` where the depth image shows no body."""

_UNIT_TOLERANCE = 1e-3
"""How far a quaternion's norm may be from 1: far above float32 rounding, far below a visible error."""


@dataclass(frozen=True, slots=True, eq=False)
class Bodies:
    """The N bodies seen in one capture, in the depth camera's SDK frame: x right, y down, z forward.

    `ids` (N,) int64, unique, from 1, never used again within a run; `positions` (N, 32, 3) float64 mm;
    `orientations` (N, 32, 4) float64 wxyz unit quaternions, joint axes to camera axes, as `skeleton`
    describes them; `confidence` (N, 32) uint8, the levels of `skeleton.Confidence`. Rows of a body are joints
    in SDK order. `frame` is the index of the capture, `device_usec` its device time. `index_map` (H, W) uint8
    says of each pixel of the depth image which row here it shows, `NOBODY` = none; None from a tracker that
    does not say. `space` names the frame: "depth" is the one above, a fusion of cameras has one of its own.
    `errors_mm` (N, 32) float64 is how far off each joint is to be expected, above 0; None from a tracker that
    does not say.

    The arrays are read-only and belong to this value: writable ones are copied.

    Raises:
        ValueError: an array has another type or shape, an id is below 1 or used twice, a position or
            orientation is not finite, an orientation is not a unit quaternion, a confidence is no level, or
            an error is not above 0.
    """

    frame: int
    device_usec: int
    ids: I64
    positions: F64
    orientations: F64
    confidence: U8
    index_map: U8 | None = None
    space: str = "depth"
    errors_mm: F64 | None = None

    def __post_init__(self) -> None:
        for name in ("frame", "device_usec"):
            if not isinstance(getattr(self, name), int | np.integer):
                raise ValueError(f"Bodies.{name} is {getattr(self, name)!r}, expected a whole number")
        if not self.space or not isinstance(self.space, str):
            raise ValueError(f"Bodies.space is {self.space!r}, expected the name of a space such as 'depth'")
        object.__setattr__(self, "ids", checked("Bodies.ids", self.ids, np.int64, ("N",)))
        count = len(self.ids)
        for name, dtype, shape in (
            ("positions", np.float64, (count, JOINT_COUNT, 3)),
            ("orientations", np.float64, (count, JOINT_COUNT, 4)),
            ("confidence", np.uint8, (count, JOINT_COUNT)),
        ):
            array = checked(f"Bodies.{name}", getattr(self, name), dtype, shape)
            object.__setattr__(self, name, array)
        if self.index_map is not None:
            index_map = checked("Bodies.index_map", self.index_map, np.uint8, ("H", "W"))
            object.__setattr__(self, "index_map", index_map)
        if self.errors_mm is not None:
            errors = checked("Bodies.errors_mm", self.errors_mm, np.float64, (count, JOINT_COUNT))
            object.__setattr__(self, "errors_mm", errors)
        if count:
            self._check_values()

    def _check_values(self) -> None:
        of = f"of frame {self.frame}"
        ids = self.ids.tolist()
        if min(ids) < 1 or len(set(ids)) < len(ids):
            raise ValueError(f"Bodies {of} have the ids {ids}: ids count from 1, and each is used once")
        if not (np.isfinite(self.positions).all() and np.isfinite(self.orientations).all()):
            raise ValueError(f"Bodies {of} hold a position or orientation that is not finite")
        with np.errstate(over="ignore"):
            norms = np.einsum("bji,bji->bj", self.orientations, self.orientations)
        if np.abs(norms - 1.0).max() > 2 * _UNIT_TOLERANCE:
            raise ValueError(f"Bodies {of} hold an orientation that is not a unit quaternion")
        if self.confidence.max() > Confidence.HIGH:
            raise ValueError(f"Bodies {of} hold the confidence {self.confidence.max()}: levels are 0 to 3")
        if self.errors_mm is not None and not (np.isfinite(self.errors_mm) & (self.errors_mm > 0)).all():
            raise ValueError(f"Bodies {of} hold an error that is not above 0: errors_mm are distances")

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def none(cls, frame: int, device_usec: int) -> Self:
        """Nobody in this capture."""
        return cls(
            frame,
            device_usec,
            np.zeros(0, np.int64),
            np.zeros((0, JOINT_COUNT, 3)),
            np.zeros((0, JOINT_COUNT, 4)),
            np.zeros((0, JOINT_COUNT), np.uint8),
        )
