"""What formats share that need the whole take first: the number of frames, the bones' lengths.

Everything is kept in memory and written at the end, or when the run is cut short. A process that is killed
leaves nothing: a table beside is there then, and is converted later.
"""

from abc import abstractmethod
from os import PathLike
from pathlib import Path
from typing import ClassVar

from bodychan.channels.channels import Channels
from bodychan.errors import OutputError
from bodychan.model.closing import uninterrupted
from bodychan.outputs.about import About
from bodychan.outputs.base import Output, closed
from bodychan.outputs.files import PartialFile, partial_path, write_whole
from bodychan.outputs.targets import Options, read


class Collected(Output):
    """A file that is made in one go at the end.

    Args:
        target: its name, with options as `OPTIONS` has them.
        overwrite: replace what lies there.

    Raises:
        OutputError: the file may not be written (see `bodychan.outputs.files.require_free`), or an option is
            unknown.
    """

    OPTIONS: ClassVar[Options] = {}

    def __init__(self, target: str | PathLike[str], *, overwrite: bool = False) -> None:
        self.target, self.options = read(target, self.OPTIONS)
        self.path = Path(self.target)
        self.about = About("")
        self.rate = 0.0
        self._overwrite = overwrite
        self._names: tuple[str, ...] | None = None
        self._closed = False
        self._kept: str | None = None
        PartialFile(self.path, overwrite=overwrite)  # whether the name is free

    @abstractmethod
    def begin(self, channels: Channels) -> None:
        """Look at the first channels; `take` gets them, too.

        Raises:
            OutputError: what the format needs is not among them.
        """

    @abstractmethod
    def take(self, channels: Channels) -> None:
        """Keep the samples of channels that are named as the first."""

    @abstractmethod
    def files(self) -> list[tuple[Path, bytes]]:
        """Give every file and what is in it.

        Raises:
            OutputError: there is nothing to write.
        """

    def describe(self, about: About) -> None:
        """Say where the channels come from; see `Output.describe`."""
        self.about = about

    def write(self, channels: Channels) -> None:
        """Take every sample; see `Output.write`."""
        if self._closed:
            raise closed(self.target)
        if self._names is None:
            try:
                self.begin(channels)
            except OutputError as error:
                raise OutputError(f"{self.target}: {error}") from None
            self._names, self.rate = channels.names, channels.rate
        elif channels.names != self._names:
            raise OutputError(f"{self.target}: the channels changed while it was written; start a new file")
        self.take(channels)

    def close(self) -> None:
        """Write the files under their final names; see `Output.close`."""
        if self._closed:
            return
        with uninterrupted():
            self._closed = True
            if self._names is None:
                raise OutputError(f"{self.target}: there was nothing to write")
            written = self.files()
            for path, data in written:
                write_whole(path, data, overwrite=self._overwrite)
            self.target = ", ".join(str(path) for path, _ in written)

    def keep(self) -> str | None:
        """Write what there is as NAME.partial.SUFFIX; see `Output.keep`."""
        if self._closed:
            return self._kept
        with uninterrupted():
            self._closed = True
            places = []
            for path, data in self._whatever():
                write_whole(partial_path(path), data, overwrite=True)
                places.append(str(partial_path(path)))
            self._kept = ", ".join(places) or None
            return self._kept

    def _whatever(self) -> list[tuple[Path, bytes]]:
        try:
            return [] if self._names is None else self.files()
        except OutputError:
            return []
