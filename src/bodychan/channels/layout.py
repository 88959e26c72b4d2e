"""THE channel table: which channels there are, their names, their order and what they measure."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from bodychan.channels.kinds import Kind, Kinds, Quantity
from bodychan.model.skeleton import Joint

HEAD: dict[str, Quantity] = {"frame": Quantity.COUNTER, "timestamp": Quantity.DEVICE_TIME}
"""Channels before the players: the capture's number and its device time in microseconds."""


class JointGroup(NamedTuple):
    """Channels of every joint that are switched on together: what they measure, and their suffixes."""

    quantity: Quantity
    suffixes: tuple[str, ...]


JOINT_GROUPS: dict[str, JointGroup] = {
    "worldspace": JointGroup(Quantity.POSITION, (":tx", ":ty", ":tz")),
    "relbonerotations": JointGroup(Quantity.ANGLE, (":rx", ":ry", ":rz")),
    "absbonerotations": JointGroup(Quantity.ANGLE, (":absrx", ":absry", ":absrz")),
    "bonelengths": JointGroup(Quantity.LENGTH, (":length",)),
    "colorspace": JointGroup(Quantity.IMAGE_POSITION, (":u", ":v")),
    "depthspace": JointGroup(Quantity.IMAGE_POSITION, (":depthu", ":depthv")),
    "confidence": JointGroup(Quantity.CONFIDENCE, (":confidence",)),
}
"""By the parameter that switches them on, in the order within a joint."""

IMU: dict[str, Quantity] = {
    "imu:temperature": Quantity.TEMPERATURE,
    "imu:accelx": Quantity.ACCELERATION,
    "imu:accely": Quantity.ACCELERATION,
    "imu:accelz": Quantity.ACCELERATION,
    "imu:gyrox": Quantity.ANGULAR_VELOCITY,
    "imu:gyroy": Quantity.ANGULAR_VELOCITY,
    "imu:gyroz": Quantity.ANGULAR_VELOCITY,
}

STATUS: dict[str, Quantity] = {"tracked": Quantity.FLAG, "age": Quantity.DURATION}
"""A player's channels after its id, on request: whether it is seen now, and seconds since it first was."""

Naming = tuple[tuple[str, str], ...]
"""Pairs of a suffix in `JOINT_GROUPS` or a name in `IMU` and the one to use instead."""


@dataclass(frozen=True)
class Layout:
    """Which channels there are: THE layout table, from which names, kinds and values derive.

    `players` places; `groups` keys of `JOINT_GROUPS`; the image options as the Kinect Azure CHOP has them;
    `status` and `imu` switch on the channels of `STATUS` and `IMU`. With `unroll` angles go on beyond their
    ranges. `naming` gives channels other names.
    """

    players: int = 1
    groups: frozenset[str] = frozenset({"worldspace"})
    imu: bool = False
    aspect_correct: bool = False
    flip_v: bool = False
    flip_u: bool = False
    status: bool = False
    unroll: bool = False
    naming: Naming = ()

    @property
    def joint_columns(self) -> int:
        """Number of channels of one joint."""
        return sum(len(group.suffixes) for name, group in JOINT_GROUPS.items() if name in self.groups)

    @property
    def first_joint_column(self) -> int:
        """Where a player's joints begin, counted from its id."""
        return 1 + (len(STATUS) if self.status else 0)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every channel name, in order."""
        return _columns(self.players, self.groups, self.imu, self.status, self.unroll, self.naming)[0]

    @cached_property
    def kinds(self) -> Kinds:
        """The kind of every channel."""
        return _columns(self.players, self.groups, self.imu, self.status, self.unroll, self.naming)[1]


@lru_cache(maxsize=16)
def _columns(
    players: int, groups: frozenset[str], imu: bool, status: bool, unroll: bool, naming: Naming
) -> tuple[tuple[str, ...], Kinds]:
    new_names = dict(naming)
    columns = [(name, Kind(quantity)) for name, quantity in HEAD.items()]
    for player in range(1, players + 1):
        columns.append((f"p{player}/id", Kind(Quantity.ID, player)))
        columns += [(f"p{player}/{name}", Kind(of, player)) for name, of in STATUS.items() if status]
        columns += _joint_columns(player, groups, unroll, new_names)
    if imu:
        columns += [(new_names.get(name, name), Kind(quantity)) for name, quantity in IMU.items()]
    names, kinds = zip(*columns, strict=True)
    return names, Kinds(kinds)


def _joint_columns(
    player: int, groups: frozenset[str], unroll: bool, new_names: dict[str, str]
) -> Iterator[tuple[str, Kind]]:
    for joint in Joint:
        for group, (quantity, suffixes) in JOINT_GROUPS.items():
            if group not in groups:
                continue
            if unroll and quantity is Quantity.ANGLE:
                quantity = Quantity.UNROLLED_ANGLE
            for axis, suffix in enumerate(suffixes):
                name = f"p{player}/{joint.channel}{new_names.get(suffix, suffix)}"
                yield name, Kind(quantity, player, joint, group, axis)
