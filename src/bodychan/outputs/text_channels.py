"""Text files of channels that TouchDesigner and Houdini read: .chan and .clip."""

from os import PathLike
from pathlib import Path
from typing import ClassVar

import numpy as np

from bodychan.channels.channels import Channels
from bodychan.channels.text_files import Clip, chan, clip
from bodychan.errors import OutputError
from bodychan.model.arrays import F64
from bodychan.outputs.collected import Collected
from bodychan.outputs.shape import Shape
from bodychan.outputs.targets import Options
from bodychan.outputs.text_table import TextTable


class ChanFile(TextTable):
    """A .chan file: a row of numbers per sample, without names. Every row is in the file at once."""

    OPTIONS: ClassVar[Options] = {}

    def heading(self, shape: Shape) -> str:  # noqa: ARG002 - the format has none
        """Give nothing: File In CHOPs name the channels themselves."""
        return ""

    def lines(self, samples: F64) -> str:
        """Give the rows as TouchDesigner's `save` writes them."""
        return chan(Clip(self._shape.names, samples, self._rate, 0.0))


class ClipFile(Collected):
    """A .clip file in ASCII: names, rate, start and samples, channel by channel."""

    def __init__(self, target: str | PathLike[str], *, overwrite: bool = False) -> None:
        super().__init__(target, overwrite=overwrite)
        self._parts: list[F64] = []

    def begin(self, channels: Channels) -> None:
        """Note the names and the start."""
        if not channels.names:
            raise OutputError("there is no channel to write; see the parameter 'scope'")
        self._all, self._start = channels.names, channels.start

    def take(self, channels: Channels) -> None:
        """Keep the samples."""
        self._parts.append(channels.samples)

    def files(self) -> list[tuple[Path, bytes]]:
        """Give the file."""
        samples = np.concatenate(self._parts, axis=1)
        return [(self.path, clip(Clip(self._all, samples, self.rate, self._start)).encode("ascii"))]
