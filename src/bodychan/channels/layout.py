"""THE channel table: which channels there are, their names and their order."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

from bodychan.model.skeleton import Joint

HEAD: tuple[str, ...] = ("frame", "timestamp")
"""Channels before the players: the capture's number and its device time in microseconds."""

JOINT_GROUPS: dict[str, tuple[str, ...]] = {
    "worldspace": (":tx", ":ty", ":tz"),
    "relbonerotations": (":rx", ":ry", ":rz"),
    "absbonerotations": (":absrx", ":absry", ":absrz"),
    "bonelengths": (":length",),
    "colorspace": (":u", ":v"),
    "depthspace": (":depthu", ":depthv"),
    "confidence": (":confidence",),
}
"""The parameter that switches a group of channels on, and their suffixes, in the order within a joint."""

IMU: tuple[str, ...] = (
    "imu:temperature",
    "imu:accelx",
    "imu:accely",
    "imu:accelz",
    "imu:gyrox",
    "imu:gyroy",
    "imu:gyroz",
)

STATUS: tuple[str, ...] = ("tracked", "age")
"""A player's channels after its id, on request: whether it is seen now, and seconds since it first was."""


@dataclass(frozen=True)
class Layout:
    """Which channels there are: THE layout table, from which names and values derive.

    `players` places; `groups` keys of `JOINT_GROUPS`; the image options as the Kinect Azure CHOP has them.
    """

    players: int = 1
    groups: frozenset[str] = frozenset({"worldspace"})
    imu: bool = False
    aspect_correct: bool = False
    flip_v: bool = False
    flip_u: bool = False
    status: bool = False

    @cached_property
    def suffixes(self) -> tuple[str, ...]:
        """Suffixes of one joint's channels, in order."""
        return tuple(s for group, names in JOINT_GROUPS.items() if group in self.groups for s in names)

    @property
    def first_joint_column(self) -> int:
        """Where a player's joints begin, counted from its id."""
        return 1 + (len(STATUS) if self.status else 0)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every channel name, in order."""
        return _names(self.players, self.suffixes, self.imu, self.status)


@lru_cache(maxsize=16)
def _names(players: int, suffixes: tuple[str, ...], imu: bool, status: bool) -> tuple[str, ...]:
    names = list(HEAD)
    for player in range(1, players + 1):
        names.append(f"p{player}/id")
        names += [f"p{player}/{name}" for name in STATUS if status]
        names += [f"p{player}/{joint.channel}{suffix}" for joint in Joint for suffix in suffixes]
    return tuple(names) + (IMU if imu else ())
