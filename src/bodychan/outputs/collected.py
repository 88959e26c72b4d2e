"""What formats share that need the whole take first: the number of frames, the bones' lengths.

Until the end the channels are kept in a spool under the file's partial name (see `bodychan.outputs.spool`),
so that nothing is lost with a process that is killed: `bodychan repair` makes the file then.
"""

from abc import abstractmethod
from os import PathLike
from pathlib import Path
from typing import ClassVar

from bodychan.atomic import replace_file
from bodychan.channels.channels import Channels
from bodychan.channels.kinds import Kind
from bodychan.errors import OutputError
from bodychan.model.closing import uninterrupted
from bodychan.outputs import spool
from bodychan.outputs.about import About
from bodychan.outputs.base import Output, closed
from bodychan.outputs.files import PartialFile, explained, partial_path, require_free
from bodychan.outputs.spool import Spool, Take
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
        self._about = About("")
        self._overwrite = overwrite
        self._file = PartialFile(self.path, overwrite=overwrite)
        self._spool: Spool | None = None
        self._names: tuple[str, ...] | None = None
        self._count = 0
        self._closed = False
        self._kept: str | None = None

    @abstractmethod
    def begin(self, channels: Channels) -> None:
        """Look at the first channels.

        Raises:
            OutputError: what the format needs is not among them.
        """

    def keeps(self, kind: Kind) -> bool:  # noqa: ARG002 - others look at it
        """Say whether channels of a kind are needed at the end."""
        return True

    @abstractmethod
    def files(self, take: Take) -> list[tuple[Path, bytes]]:
        """Give every file and what is in it; none where nobody was seen.

        Raises:
            OutputError: they cannot be made now.
        """

    def describe(self, about: About) -> None:
        """Say where the channels come from; see `Output.describe`."""
        self._about = about

    def write(self, channels: Channels) -> None:
        """Take every sample; see `Output.write`."""
        if self._closed:
            raise closed(self.target)
        if self._names is None:
            try:
                self.begin(channels)
            except OutputError as error:
                raise OutputError(f"{self.target}: {error}") from None
            self._names = channels.names
            self._rows = [row for row, kind in enumerate(channels.kinds) if self.keeps(kind)]
        elif channels.names != self._names:
            raise OutputError(f"{self.target}: the channels changed while it was written; start a new file")
        with uninterrupted():
            try:
                with self._file.explained():
                    if self._spool is None:
                        self._spool = Spool(self._file, channels, self._rows, self.options, self._about)
                    self._spool.write(channels)
                    self._count += channels.numSamples
            except OutputError as error:
                self._closed = True
                if not self._count:
                    self._file.discard()
                raise self._left_behind(error) from error

    def close(self) -> None:
        """Write the files under their final names; see `Output.close`."""
        if self._closed:
            return
        with uninterrupted():
            self._closed = True
            if self._spool is None:
                raise OutputError(f"{self.target}: there was nothing to write")
            try:
                made = self._made()
                for path, data in made:
                    require_free(path, overwrite=self._overwrite)
                    _replace(path, data)
            except OutputError as error:
                raise self._left_behind(error) from error
            self._file.discard()
            if not made:
                raise OutputError(f"{self.target}: nobody was seen; there is no motion to write")
            self.target = ", ".join(str(path) for path, _ in made)

    def keep(self) -> str | None:
        """Write what there is as NAME.partial.SUFFIX; see `Output.keep`."""
        if self._closed:
            return self._kept
        with uninterrupted():
            self._closed = True
            if self._spool is None:
                return None
            try:
                made = self._made()
                self._file.close()
                for path, data in made:
                    _replace(partial_path(path), data)
            except OutputError as error:
                self._left_behind(error)
                return self._kept
            if all(partial_path(path) != self._file.partial for path, _ in made):
                self._file.discard()
            self._kept = ", ".join(str(partial_path(path)) for path, _ in made) or None
            return self._kept

    def _made(self) -> list[tuple[Path, bytes]]:
        """Make the files of what was written.

        Raises:
            OutputError: they cannot be made now; what was written is still there.
        """
        with self._file.explained():
            take = spool.read(self._file.partial)
        assert take is not None  # `write` wrote it
        return self.files(take)

    def _left_behind(self, error: OutputError) -> OutputError:
        """Close the spool where it is, after an error that it outlives, and say what can be done with it."""
        self._file.close()
        self._kept = self._file.left
        if self._kept is None:
            return error
        again = f"'bodychan repair {self._kept} NAME{self.path.suffix}'"
        return OutputError(f"{error}; {again} makes a file of what was written")


def _replace(path: Path, data: bytes) -> None:
    try:
        replace_file(path, data)
    except OSError as error:
        raise explained(path, error) from error
