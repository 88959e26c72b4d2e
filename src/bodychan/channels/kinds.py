"""What channels measure, and which of them belong together: what everything but their names depends on."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import cached_property, lru_cache
from typing import NamedTuple, Self

import numpy as np

from bodychan.model.arrays import I64, Bool, frozen
from bodychan.model.skeleton import Joint


class Quantity(Enum):
    """What a channel measures: a name, and the unit of its values, empty where they have none."""

    unit: str

    def __new__(cls, label: str, unit: str) -> Self:
        """Make one row of the table."""
        self = object.__new__(cls)
        self._value_, self.unit = label, unit
        return self

    NUMBER = ("number", "")
    """A plain number, of which nothing is known."""
    COUNTER = ("counter", "")
    DEVICE_TIME = ("device time", "us")
    ID = ("id", "")
    """Which body a player is, 0 = nobody."""
    FLAG = ("flag", "")
    DURATION = ("duration", "s")
    POSITION = ("position", "m")
    """A component of a point; (0, 0, 0) stands for nobody."""
    ANGLE = ("angle", "deg")
    """An angle of R = Rz · Ry · Rx, rx and rz in (-180, 180], ry in [-90, 90]."""
    UNROLLED_ANGLE = ("unrolled angle", "deg")
    """The same, going on beyond those ranges."""
    JOINT_ANGLE = ("joint angle", "deg")
    """An angle between two segments of the body, as clinicians read it."""
    LENGTH = ("length", "m")
    IMAGE_POSITION = ("image position", "")
    """A component of u, v over the image's edges; (0, 0) stands for a point that cannot be projected."""
    CONFIDENCE = ("confidence", "")
    TEMPERATURE = ("temperature", "degC")
    ACCELERATION = ("acceleration", "m/s^2")
    ANGULAR_VELOCITY = ("angular velocity", "rad/s")


_HELD = (Quantity.COUNTER, Quantity.DEVICE_TIME, Quantity.ID, Quantity.FLAG, Quantity.CONFIDENCE)
_ANGLES = (Quantity.ANGLE, Quantity.UNROLLED_ANGLE)
_ZERO_IS_NONE = (Quantity.POSITION, Quantity.IMAGE_POSITION)


class Kind(NamedTuple):
    """What one channel measures, and of what.

    `player` from 1, 0 for a channel that belongs to none; `joint` of the player; `group` the parameter that
    switches the channel on, and `axis` its place among the group's channels of that joint. `source` tells the
    inputs of a merge apart: channels of different sources never belong together.
    """

    quantity: Quantity = Quantity.NUMBER
    player: int = 0
    joint: Joint | None = None
    group: str = ""
    axis: int = 0
    source: int = 0

    @property
    def name(self) -> str:
        """What the channel measures, such as "angle"."""
        return str(self.quantity.value)

    @property
    def unit(self) -> str:
        """The unit of the channel's values, such as "m"; empty where they have none."""
        return self.quantity.unit


class Kinds(tuple[Kind, ...]):
    """The kinds of C channels, one each, and the rows of those that belong together."""

    @staticmethod
    @lru_cache(maxsize=16)
    def numbers(count: int) -> "Kinds":
        """Return the kinds of channels of which nothing is known."""
        return Kinds([Kind()] * count)

    def of_rows(self, rows: Sequence[int]) -> "Kinds":
        """Return the kinds of some of the channels."""
        return Kinds(self[row] for row in rows)

    @staticmethod
    def joined(parts: Iterable["Kinds"]) -> "Kinds":
        """Return the kinds of several sets of channels, each a source of its own."""
        found: list[Kind] = []
        first = 0
        for part in parts:
            found += [kind._replace(source=kind.source + first) for kind in part]
            first += 1 + max((kind.source for kind in part), default=0)
        return Kinds(found)

    @cached_property
    def held(self) -> Bool:
        """(C,) whether a channel never takes a value between two."""
        return frozen(np.array([kind.quantity in _HELD for kind in self], bool))

    @cached_property
    def identity(self) -> I64:
        """(C,) row of the id of the player that the channel belongs to, -1 where there is none."""
        ids = {(k.source, k.player): row for row, k in enumerate(self) if k.quantity is Quantity.ID}
        return frozen(np.array([ids.get((k.source, k.player), -1) for k in self], np.int64))

    @cached_property
    def rotations(self) -> I64:
        """(K, 3) rows of rx, ry and rz of every rotation that is there whole."""
        whole = [rows for rows in self._together(_ANGLES) if len(rows) == 3]
        return frozen(np.array(whole, np.int64).reshape(-1, 3))

    @cached_property
    def unrolled(self) -> Bool:
        """(K,) which of `rotations` are unrolled."""
        return frozen(
            np.array([self[x].quantity is Quantity.UNROLLED_ANGLE for x, _, _ in self.rotations], bool)
        )

    @cached_property
    def single_angles(self) -> I64:
        """Rows of angles within their ranges whose rotation is not there whole."""
        angles = [row for row, kind in enumerate(self) if kind.quantity is Quantity.ANGLE]
        return frozen(np.setdiff1d(angles, self.rotations).astype(np.int64))

    @cached_property
    def places(self) -> tuple[I64, I64]:
        """Rows of positions and image positions, point by point, and where each point begins among them."""
        points = self._together(_ZERO_IS_NONE)
        sizes = [len(rows) for rows in points]
        rows = np.array([row for rows in points for row in rows], np.int64)
        return frozen(rows), frozen(np.cumsum([0, *sizes], dtype=np.int64)[:-1])

    def _together(self, quantities: tuple[Quantity, ...]) -> list[list[int]]:
        """Return the rows of channels of these quantities, those of one group of one joint together."""
        found: dict[tuple[int, int, Joint | None, str], list[int]] = defaultdict(list)
        for row, kind in enumerate(self):
            if kind.quantity in quantities:
                found[kind.source, kind.player, kind.joint, kind.group].append(row)
        return [sorted(rows, key=lambda row: self[row].axis) for rows in found.values()]
