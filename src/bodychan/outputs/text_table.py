"""Tables of lines of text, which are in the file as soon as they are written."""

from abc import abstractmethod
from pathlib import Path

from bodychan.errors import OutputError
from bodychan.model.arrays import F64
from bodychan.outputs.shape import Shape
from bodychan.outputs.table import Table


class TextTable(Table):
    """A table of which every row is a line of ASCII text."""

    @abstractmethod
    def heading(self, shape: Shape) -> str:
        """Give what comes before the first row, whole lines."""

    @abstractmethod
    def lines(self, samples: F64) -> str:
        """Give rows (columns, R) as R lines."""

    def _begin(self, shape: Shape) -> None:
        self._raw = self._file.begin()
        self._put(self.heading(shape).encode("ascii"))

    def _append(self, samples: F64) -> None:
        self._written += self._put(self.lines(samples).encode("ascii"))

    def _put(self, data: bytes) -> int:
        """Write whole lines and say how many; where not all fit, what is left of the last one is cut off."""
        start, done = self._raw.tell(), 0
        try:
            while done < len(data):
                done += self._raw.write(data[done:])
        except OSError:
            self._raw.truncate(start + data.rfind(b"\n", 0, done) + 1)
            self._written += data.count(b"\n", 0, done)
            raise
        return data.count(b"\n")


def finish(source: Path, target: Path, *, headings: int) -> int | None:
    """Write the whole lines of a file whose last line was cut off, of which the first `headings` are no rows.

    Returns:
        how many rows; None if no line was cut off.

    Raises:
        OutputError: there is no whole row in it.
        OSError: one of the files cannot be read or written.
    """
    with source.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 1))
        if file.read(1) == b"\n":
            return None
        file.seek(0)
        rows = -headings
        with target.open("wb") as out:
            for line in file:
                if line.endswith(b"\n"):
                    out.write(line)
                    rows += 1
    if rows < 1:
        raise OutputError(f"{source}: no row in it is whole; nothing can be brought back")
    return rows
