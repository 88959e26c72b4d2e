"""Channels: named rows of samples, and the layout that turns player slots into them.

This is the one place where SDK space becomes channel space: metres, (-x, -y, +z)/1000 of the depth camera's
millimetres, so that +Y is up, +Z away from the camera and the frame right-handed. Rotations are conjugated
with diag(-1, -1, 1). A `Space` may turn and mirror both after that.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from os import PathLike

import numpy as np

from bodychan.calibration import Calibration
from bodychan.capture import ImuSample
from bodychan.errors import OperatorError, did_you_mean
from bodychan.geometry import matrix_to_euler_xyz_degrees, quaternion_to_matrix
from bodychan.patterns import legal_names, match
from bodychan.players import Slots
from bodychan.skeleton import JOINT_COUNT, PARENTS, Joint
from bodychan.space import TO_CHANNELS, Space
from bodychan.types import F32, F64, frozen

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

_CAMERA_SPACE = Space()
_CONJUGATION = np.outer(TO_CHANNELS, TO_CHANNELS)
_PARENT_OR_SELF = np.array([max(p, 0) for p in PARENTS])


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


def evaluate(
    layout: Layout,
    slots: Slots,
    calibration: Calibration,
    imu: ImuSample | None = None,
    space: Space = _CAMERA_SPACE,
) -> F64:
    """Give the value of every channel of a layout, in the order of its names.

    Args:
        layout: which channels.
        slots: `layout.players` places.
        calibration: the camera's, for the image positions.
        imu: the newest sample, None where the camera has none.
        space: where the axes of positions and rotations lie.

    Returns:
        (len(layout.names),) float64. An empty place is 0 in every channel; nothing is NaN or infinite.
    """
    values = raw_values(layout, slots, calibration, imu, space)
    values[~np.isfinite(values)] = 0.0
    return values


def raw_values(
    layout: Layout, slots: Slots, calibration: Calibration, imu: ImuSample | None, space: Space
) -> F64:
    """Do what `evaluate` does, but leave what is not finite as it is, so that it can be told."""
    slots = space.slots(slots)
    columns = _rotations(layout, slots, space)
    columns |= {
        group: values(layout, slots, calibration, space)
        for group, values in _GROUP_VALUES.items()
        if group in layout.groups
    }
    first = layout.first_joint_column
    players = np.zeros((layout.players, first + JOINT_COUNT * len(layout.suffixes)))
    players[:, 0] = slots.ids
    if layout.status:
        players[:, 1], players[:, 2] = slots.tracked, slots.age
    if columns:
        joined = np.concatenate([columns[group] for group in JOINT_GROUPS if group in columns], axis=-1)
        players[:, first:] = joined.reshape(layout.players, -1)
    players[slots.ids == 0] = 0.0
    parts = [np.array([slots.frame, slots.device_usec], dtype=np.float64), players.ravel()]
    if layout.imu:
        parts.append(imu_values(imu))
    return np.concatenate(parts)


def _rotations(layout: Layout, slots: Slots, space: Space) -> dict[str, F64]:
    """Give the rotations of the groups that are on, (P, 32, 3) degrees; both go through one conversion."""
    groups = [group for group in ("relbonerotations", "absbonerotations") if group in layout.groups]
    if not groups:
        return {}
    absolute = space.rotations(quaternion_to_matrix(slots.orientations) * _CONJUGATION)
    matrices = [absolute]
    if groups[0] == "relbonerotations":
        relative = np.swapaxes(absolute[:, _PARENT_OR_SELF], -1, -2) @ absolute
        relative[:, Joint.PELVIS] = absolute[:, Joint.PELVIS]
        matrices.insert(0, relative)
    degrees = matrix_to_euler_xyz_degrees(np.stack(matrices[: len(groups)]))
    return dict(zip(groups, degrees, strict=True))


def _world(_layout: Layout, slots: Slots, _calibration: Calibration, space: Space) -> F64:
    return space.points(slots.positions * (TO_CHANNELS / 1000.0))


def _lengths(_layout: Layout, slots: Slots, _calibration: Calibration, _space: Space) -> F64:
    bones = slots.positions - slots.positions[:, _PARENT_OR_SELF]
    return np.asarray(np.linalg.norm(bones, axis=-1, keepdims=True) / 1000.0)


def _confidence(_layout: Layout, slots: Slots, _calibration: Calibration, _space: Space) -> F64:
    return slots.confidence[..., None].astype(np.float64)


def _color_uv(layout: Layout, slots: Slots, calibration: Calibration, _space: Space) -> F64:
    return _image_positions(layout, slots, calibration, "color")


def _depth_uv(layout: Layout, slots: Slots, calibration: Calibration, _space: Space) -> F64:
    return _image_positions(layout, slots, calibration, "depth")


def _image_positions(layout: Layout, slots: Slots, calibration: Calibration, camera: str) -> F64:
    """Give u, v over the image's edges, origin bottom-left, (P, 32, 2); 0, 0 where nothing projects."""
    lens = calibration.lenses[camera]
    pixels, valid = calibration.project(slots.positions.reshape(-1, 3), "depth", camera)
    uv = (pixels + 0.5) / (lens.width, lens.height)
    u, v = uv[:, 0], uv[:, 1]
    if not layout.flip_v:
        np.subtract(1.0, v, out=v)
    if layout.flip_u:
        np.subtract(1.0, u, out=u)
    if layout.aspect_correct:
        v *= lens.height / lens.width
    if not valid.all():
        uv[~valid] = 0.0
    return uv.reshape(*slots.positions.shape[:2], 2)


_GROUP_VALUES = {
    "worldspace": _world,
    "bonelengths": _lengths,
    "colorspace": _color_uv,
    "depthspace": _depth_uv,
    "confidence": _confidence,
}


def imu_values(sample: ImuSample | None) -> F64:
    """Give the values of the channels of `IMU` as they were measured, (7,); zeros without a sample."""
    if sample is None:
        return np.zeros(len(IMU))
    # A recording stores no temperature, which is nothing odd.
    temperature = 0.0 if math.isnan(sample.temperature) else sample.temperature
    return np.array([temperature, *sample.accel, *sample.gyro], dtype=np.float64)


class Channel(float):
    """One channel: a number, namely its current (newest) value, that also knows its samples.

    It takes part in arithmetic and comparisons as that number; `[i]` gives a sample, a negative index counts
    from the end.
    """

    name: str
    index: int
    owner: "Channels"

    def __new__(cls, owner: "Channels", index: int) -> "Channel":
        """Make the channel in row `index` of its owner."""
        self = super().__new__(cls, owner.samples[index, -1])
        self.owner, self.index, self.name = owner, index, owner.names[index]
        return self

    @property
    def vals(self) -> list[float]:
        """All samples, oldest first."""
        return [float(v) for v in self.owner.samples[self.index]]

    def __eq__(self, other: object) -> bool:
        return float(self) == other

    def __hash__(self) -> int:
        return float.__hash__(self)

    def __len__(self) -> int:
        return self.owner.numSamples

    def __getitem__(self, sample: int) -> float:
        return float(self.owner.samples[self.index, sample])

    def eval(self, sample: int | None = None) -> float:
        """Give one sample, or the current value."""
        return float(self) if sample is None else self[sample]

    def evalFrame(self, frame: float) -> float:
        """Give the sample at a frame of the timeline; outside the samples, the first or the last."""
        return self.evalSeconds((frame - 1) / self.owner.fps)

    def evalSeconds(self, seconds: float) -> float:
        """Give the sample at a second of the timeline; outside the samples, the first or the last."""
        owner = self.owner
        sample = math.floor(seconds * owner.rate - owner.start + 1e-6)
        return self[min(max(sample, 0), owner.numSamples - 1)]

    @property
    def valid(self) -> bool:
        """Whether there is such a channel: always, for its samples are its own."""
        return True

    def numpyArray(self) -> F32:
        """Give all samples, (samples,) float32."""
        return np.asarray(self.owner.samples[self.index], dtype=np.float32)

    def average(self) -> float:
        """Give the mean of the samples."""
        return float(self.owner.samples[self.index].mean())

    def min(self) -> float:
        """Give the smallest sample."""
        return float(self.owner.samples[self.index].min())

    def max(self) -> float:
        """Give the largest sample."""
        return float(self.owner.samples[self.index].max())


class Channels:
    """Named channels that share start and rate: what an operator gives and an output takes.

    `names` C names; `samples` (C, S) float64, read-only, oldest sample first; `rate` samples per second;
    `start` the index of the first sample on the timeline; `fps` its frames per second, `rate` if not given;
    `isTimeSlice` says that the samples follow on those before. What may not stand in a name becomes `_`,
    and a name that is taken gets a number.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        samples: F64,
        rate: float,
        start: float = 0.0,
        *,
        fps: float | None = None,
        isTimeSlice: bool = False,
    ) -> None:
        if samples.ndim != 2 or samples.shape[0] != len(names) or samples.shape[1] < 1:
            raise ValueError(
                f"Channels: {len(names)} names need samples ({len(names)}, S), not {samples.shape}"
            )
        self.names = legal_names(names)
        self.samples = frozen(samples)
        self.rate = rate
        self.start = start
        self.fps = rate if fps is None else fps
        self.isTimeSlice = isTimeSlice

    @property
    def numChans(self) -> int:
        """Number of channels."""
        return len(self.names)

    @property
    def numSamples(self) -> int:
        """Number of samples in each channel."""
        return int(self.samples.shape[1])

    @property
    def end(self) -> float:
        """Index of the last sample on the timeline."""
        return self.start + self.numSamples - 1

    def __len__(self) -> int:
        return self.numChans

    def __iter__(self) -> Iterator[Channel]:
        return (Channel(self, index) for index in range(self.numChans))

    def __getitem__(self, key: str | int) -> Channel:
        """Give the channel of a name (exact) or index.

        Raises:
            OperatorError: there is no such channel; the message says which names are near.
        """
        if isinstance(key, str):
            if key not in self._index:
                raise OperatorError(f"no channel '{key}': {_near(key, self.names)}")
            return Channel(self, self._index[key])
        if not -self.numChans <= key < self.numChans:
            raise IndexError(f"channel index {key} is outside 0..{self.numChans - 1}")
        return Channel(self, range(self.numChans)[key])

    def chan(self, *names_or_indices: str | int, caseSensitive: bool = True) -> Channel | None:
        """Give the first channel that a pattern or index chooses, None if there is none."""
        found = self.chans(*names_or_indices, caseSensitive=caseSensitive)
        return found[0] if found else None

    def chans(self, *names_or_indices: str | int, caseSensitive: bool = True) -> list[Channel]:
        """Give the channels that patterns or indices choose; all of them without an argument."""
        if not names_or_indices:
            return list(self)
        found: list[int] = []
        for key in names_or_indices:
            if isinstance(key, int):
                found += [range(self.numChans)[key]] if -self.numChans <= key < self.numChans else []
            else:
                found += [self._index[n] for n in match(key, self.names, case_sensitive=caseSensitive)]
        return [Channel(self, index) for index in dict.fromkeys(found)]

    def numpyArray(self) -> F32:
        """Give all samples, (channels, samples) float32; `samples` has them in full precision."""
        return self.samples.astype(np.float32)

    def save(self, filepath: str | PathLike[str], createFolders: bool = False) -> str:
        """Write the samples to a .chan file (plain numbers) or a .clip file (ASCII); give its path.

        A file that exists is replaced.

        Raises:
            OutputError: the file cannot be written, or is of another kind.
        """
        from bodychan.channel_files import save

        return save(self, filepath, create_folders=createFolders)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    def __repr__(self) -> str:
        return f"<Channels: {self.numChans} channels, {self.numSamples} samples at {self.rate:g} Hz>"


def _near(name: str, names: tuple[str, ...]) -> str:
    if len(names) > 20:
        hint = did_you_mean(name, names)
        return hint if hint.startswith("did") else f"{len(names)} channels from '{names[0]}' to '{names[-1]}'"
    return did_you_mean(name, names)
