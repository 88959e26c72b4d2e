"""A rig: where several cameras are and how their clocks differ, and the file that keeps it."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import msgspec
import numpy as np

from bodychan.errors import FusionError
from bodychan.fusion.rigid import inverse
from bodychan.model.arrays import F64, Float, frozen

_FORMAT = 1
_ORTHOGONAL = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class RigCamera:
    """One camera of a rig.

    `name` is its serial number, or what else it is known by. `pose` (4, 4), mm, brings points of its depth
    camera's SDK frame to that of the rig, which is the first camera's. Its clock shows `offset_usec` less
    than the first camera's at the same moment. `residual_mm` is the median distance of its joints to those
    of the other cameras when the rig was calibrated, NaN where it was not.
    """

    name: str
    pose: F64
    offset_usec: int = 0
    residual_mm: float = float("nan")


@dataclass(frozen=True, slots=True)
class Rig:
    """Cameras that look at one scene, two or more. The first one's depth camera is where the rig's axes lie.

    Raises:
        FusionError: there are fewer than two, two have one name, or a pose is no rigid transformation.
    """

    cameras: tuple[RigCamera, ...]

    def __post_init__(self) -> None:
        if len(self.cameras) < 2:
            raise FusionError(f"a rig has two cameras or more, not {len(self.cameras)}")
        names = [camera.name for camera in self.cameras]
        if len(set(names)) < len(names):
            raise FusionError(f"two cameras of a rig have one name: {', '.join(names)}")
        for camera in self.cameras:
            turn = camera.pose[:3, :3]
            rigid = np.abs(turn @ turn.T - np.eye(3)).max() < _ORTHOGONAL and np.linalg.det(turn) > 0
            if camera.pose.shape != (4, 4) or not np.isfinite(camera.pose).all() or not rigid:
                raise FusionError(f"the pose of camera {camera.name} does not turn and move a body as it is")
            frozen(camera.pose)

    @classmethod
    def from_poses(cls, poses: Sequence[Float], names: Sequence[str] = ()) -> "Rig":
        """Make a rig of poses that are known.

        Args:
            poses: (4, 4) each, mm, from the depth camera's SDK frame to a frame that all share.
            names: of the cameras; 1, 2, … if not given.

        Raises:
            FusionError: see the class; or there are not as many names as poses.
        """
        names = names or [str(number) for number in range(1, len(poses) + 1)]
        if len(names) != len(poses):
            raise FusionError(f"there are {len(poses)} poses and {len(names)} names")
        first = inverse(np.asarray(poses[0], np.float64)) if len(poses) else np.eye(4)
        return cls(
            tuple(RigCamera(n, first @ np.asarray(p, np.float64)) for n, p in zip(names, poses, strict=True))
        )

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "Rig":
        """Read a rig from the file that `dump` gives.

        Raises:
            FusionError: it cannot be read, or is not a rig.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise FusionError(f"{path} cannot be read: {reason}; `bodychan calibrate` makes a rig") from error
        try:
            file = msgspec.convert(tomllib.loads(text), _File)
            cameras = tuple(
                RigCamera(c.name, np.array(c.pose, np.float64), c.offset_usec, c.residual_mm)
                for c in file.cameras
            )
            if file.format != _FORMAT:
                raise FusionError(
                    f"its format is {file.format}, and this version of bodychan knows {_FORMAT}"
                )
            return cls(cameras)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError, FusionError) as error:
            raise FusionError(f"{path} is no rig: {error}; `bodychan calibrate` makes one") from error

    def with_offsets(self, offsets_usec: Sequence[int]) -> "Rig":
        """Give the same cameras with other clocks."""
        pairs = zip(self.cameras, offsets_usec, strict=True)
        return Rig(tuple(replace(camera, offset_usec=usec) for camera, usec in pairs))

    def places(self, serials: Sequence[str]) -> list[int]:
        """Say which of as many cameras as the rig has takes the place of each of its cameras.

        That is the one with its name as serial number, if only one has it; those that are left take the
        places that are left, in their order.

        Args:
            serials: of the cameras that are there; empty where one is not known.
        """
        names = [camera.name for camera in self.cameras]
        known = {
            serial: i for i, serial in enumerate(serials) if serials.count(serial) == 1 and serial in names
        }
        left = iter([i for i in range(len(serials)) if i not in known.values()])
        return [known[name] if name in known else next(left) for name in names]

    def dump(self) -> str:
        """Give the rig as TOML."""
        lines = [
            "# A rig of cameras: a pose brings points of its depth camera (mm, SDK axes) to the first one.",
            f"format = {_FORMAT}",
        ]
        for camera in self.cameras:
            rows = ",\n".join(
                f"    [{', '.join(f'{value:.9g}' for value in row)}]" for row in _floats(camera.pose)
            )
            lines += [
                "",
                "[[cameras]]",
                f"name = {msgspec.json.encode(camera.name).decode()}",
                f"pose = [\n{rows},\n]",
                f"offset_usec = {camera.offset_usec}",
                f"residual_mm = {camera.residual_mm:.2f}",
            ]
        return "\n".join(lines) + "\n"


def _floats(matrix: F64) -> list[list[float]]:
    # Without a point TOML would read an integer; -0 says nothing.
    return [[float(value) + 0.0 for value in row] for row in matrix]


class _CameraTable(msgspec.Struct):
    name: str
    pose: list[list[float]]
    offset_usec: int = 0
    residual_mm: float = float("nan")


class _File(msgspec.Struct):
    format: int
    cameras: list[_CameraTable]
