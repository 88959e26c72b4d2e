"""What a tracker delivers: the bodies of one capture, as arrays."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from bodychan.model.arrays import F64, I64, U8, frozen
from bodychan.model.skeleton import JOINT_COUNT

NOBODY = 255
"""Value of `Bodies.index_map` where the depth image shows no body."""


@dataclass(frozen=True, slots=True, eq=False)
class Bodies:
    """The N bodies seen in one capture, in the depth camera's SDK frame: x right, y down, z forward.

    `ids` (N,) int64, from 1, never used again within a run; `positions` (N, 32, 3) float64 mm;
    `orientations` (N, 32, 4) float64 wxyz unit quaternions, joint axes to camera axes, as `skeleton`
    describes them; `confidence` (N, 32) uint8, see `skeleton.Confidence`. Rows of a body are joints in SDK
    order. `frame` is the index of the capture, `device_usec` its device time. `index_map` (H, W) uint8 says
    of each pixel of the depth image which row here it shows, `NOBODY` = none; None from a tracker that does
    not tell. The arrays are read-only.

    Raises:
        ValueError: an array does not have its shape or type, or a position or orientation is not finite.
    """

    frame: int
    device_usec: int
    ids: I64
    positions: F64
    orientations: F64
    confidence: U8
    index_map: U8 | None = None

    def __post_init__(self) -> None:
        count = len(self.ids)
        for name, shape in (
            ("ids", (count,)),
            ("positions", (count, JOINT_COUNT, 3)),
            ("orientations", (count, JOINT_COUNT, 4)),
            ("confidence", (count, JOINT_COUNT)),
        ):
            array = getattr(self, name)
            if array.shape != shape:
                raise ValueError(f"Bodies.{name} has shape {array.shape}, expected {shape}")
            frozen(array)
        if self.index_map is not None:
            found = f"{self.index_map.dtype} {self.index_map.shape}"
            if self.index_map.ndim != 2 or self.index_map.dtype != np.uint8:
                raise ValueError(f"Bodies.index_map is {found}, expected uint8 (H, W)")
            frozen(self.index_map)
        if not (np.isfinite(self.positions).all() and np.isfinite(self.orientations).all()):
            raise ValueError(
                f"Bodies of frame {self.frame} hold a position or orientation that is not finite"
            )

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
