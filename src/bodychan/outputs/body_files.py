"""What formats of one body's motion share: at the end of the take each body gets a file.

A take with one body becomes NAME.SUFFIX, one with several NAME_bodyN.SUFFIX with the bodies' ids.
"""

from abc import abstractmethod
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from bodychan.channels.channels import Channels
from bodychan.channels.kinds import Kind
from bodychan.errors import OutputError
from bodychan.outputs.collected import Collected
from bodychan.outputs.motion import Motion, motions, seconds
from bodychan.outputs.skeletons import POSITIONS, ROTATIONS, SkeletonRows, of_skeletons
from bodychan.outputs.spool import Take


class BodyFiles(Collected):
    """Files with one body's motion each, written at the end; see `Collected`."""

    groups = frozenset({POSITIONS, ROTATIONS})

    def __init__(self, target: str | PathLike[str], *, overwrite: bool = False) -> None:
        super().__init__(target, overwrite=overwrite)
        others = sorted(self.path.parent.glob(f"{self.path.stem}_body*{self.path.suffix}"))
        if others and not overwrite:
            raise OutputError(f"{others[0]} exists: choose another name, or pass --overwrite")

    @abstractmethod
    def encode(self, motion: Motion, name: str, /) -> bytes:
        """Give the file of one body, which gets this name.

        Raises:
            OutputError: the format cannot carry it.
        """

    def begin(self, channels: Channels) -> None:
        """Look for the channels of the skeletons."""
        SkeletonRows.find(channels.kinds, self.groups)

    def keeps(self, kind: Kind) -> bool:
        """Keep skeletons and device times."""
        return of_skeletons(kind, self.groups)

    def files(self, take: Take) -> list[tuple[Path, bytes]]:
        """Give the file of every body."""
        channels = take.channels
        people = SkeletonRows.find(channels.kinds, self.groups).skeletons(channels.samples)
        times = seconds(take.device_usec, take.places, channels.rate)
        found = motions(people, times, channels.rate)
        return [(path, self.encode(motion, path.name)) for path, motion in self._placed(found)]

    def _placed(self, motions: list[Motion]) -> Iterator[tuple[Path, Motion]]:
        name, suffix = self.path.stem, self.path.suffix
        for motion in motions:
            alone = len(motions) == 1
            yield self.path if alone else self.path.with_name(f"{name}_body{motion.body}{suffix}"), motion
