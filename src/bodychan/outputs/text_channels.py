"""Text files of channels that TouchDesigner and Houdini read: .chan and .clip."""

from pathlib import Path
from typing import ClassVar

from bodychan.channels.channels import Channels
from bodychan.channels.text_files import Clip, chan, clip
from bodychan.errors import OutputError
from bodychan.model.arrays import F64
from bodychan.outputs.collected import Collected
from bodychan.outputs.shape import Shape
from bodychan.outputs.spool import Take
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

    def begin(self, channels: Channels) -> None:
        """Look whether there are any."""
        if not channels.names:
            raise OutputError("there is no channel to write; see the parameter 'scope'")

    def files(self, take: Take) -> list[tuple[Path, bytes]]:
        """Give the file."""
        whole = take.channels
        text = clip(Clip(whole.names, whole.samples, whole.rate, whole.start))
        return [(self.path, text.encode("ascii"))]
