"""What formats of one body's motion share: the whole take is collected, then each body gets a file.

A take with one body becomes NAME.SUFFIX, one with several NAME_bodyN.SUFFIX with the bodies' ids.
"""

from abc import abstractmethod
from os import PathLike
from pathlib import Path

import numpy as np

from bodychan.channels.channels import Channels
from bodychan.channels.kinds import Quantity
from bodychan.errors import OutputError
from bodychan.model.arrays import F64
from bodychan.outputs.collected import Collected
from bodychan.outputs.motion import Motion, motions, seconds
from bodychan.outputs.skeletons import POSITIONS, ROTATIONS, SkeletonRows, Skeletons


class BodyFiles(Collected):
    """Files with one body's motion each, written at the end; see `Collected`."""

    groups = frozenset({POSITIONS, ROTATIONS})
    _rows: SkeletonRows

    def __init__(self, target: str | PathLike[str], *, overwrite: bool = False) -> None:
        super().__init__(target, overwrite=overwrite)
        self._parts: list[Skeletons] = []
        self._usec: list[F64] = []
        self._places: list[F64] = []
        others = sorted(self.path.parent.glob(f"{self.path.stem}_body*{self.path.suffix}"))
        if others and not overwrite:
            raise OutputError(f"{others[0]} exists: choose another name, or pass --overwrite")

    @abstractmethod
    def encode(self, motion: Motion) -> bytes:
        """Give the file of one body.

        Raises:
            OutputError: the format cannot carry it.
        """

    def begin(self, channels: Channels) -> None:
        """Find the channels of the skeletons."""
        self._rows = SkeletonRows.find(channels.kinds, self.groups)
        self._time = [i for i, k in enumerate(channels.kinds) if k.quantity is Quantity.DEVICE_TIME][:1]

    def take(self, channels: Channels) -> None:
        """Keep the skeletons and their times."""
        self._parts.append(self._rows.skeletons(channels.samples))
        self._usec += [channels.samples[row] for row in self._time]
        self._places.append(channels.start + np.arange(channels.numSamples, dtype=np.float64))

    def files(self) -> list[tuple[Path, bytes]]:
        """Give the file of every body."""
        if not any(part.ids.any() for part in self._parts):
            raise OutputError(f"{self.target}: nobody was seen; there is no motion to write")
        usec = np.concatenate(self._usec) if self._usec else None
        times = seconds(usec, np.concatenate(self._places), self.rate)
        found = motions(self._parts, times, self.rate)
        if len(found) == 1:
            return [(self.path, self.encode(found[0]))]
        name, suffix = self.path.stem, self.path.suffix
        return [
            (self.path.with_name(f"{name}_body{motion.body}{suffix}"), self.encode(motion))
            for motion in found
        ]
