"""CSV: a heading of channel names, then one line per sample; floats have a point, 0.0 and not 0."""

from pathlib import Path

from bodychan.errors import OutputError
from bodychan.model.arrays import F64
from bodychan.outputs.table import INTEGERS, Table


def heading(names: tuple[str, ...]) -> str:
    """Write the first line; channel names hold nothing that would have to be quoted."""
    return ",".join(names) + "\n"


def lines(names: tuple[str, ...], samples: F64) -> str:
    """Write samples (C, S) as S lines; a number reads back the same, and `timestamp` is a whole one."""
    columns = [
        [str(round(value)) for value in row] if name in INTEGERS else [repr(value) for value in row]
        for name, row in zip(names, samples.tolist(), strict=True)
    ]
    return "".join(",".join(row) + "\n" for row in zip(*columns, strict=True))


class CsvFile(Table):
    """A .csv file. Every line is in the file when `write` returns."""

    def _begin(self, names: tuple[str, ...], rate: float) -> None:  # noqa: ARG002 - CSV has no place for it
        self._raw = self._file.begin()
        self._put(heading(names).encode())

    def _append(self, samples: F64) -> None:
        assert self._names is not None  # `write` came before
        self._written += self._put(lines(self._names, samples).encode())

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


def finish(source: Path, target: Path) -> int | None:
    """Write the whole lines of a file whose last line was cut off; give the rows, None if none was.

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
        rows = -1  # the heading is none
        with target.open("wb") as out:
            for line in file:
                if line.endswith(b"\n"):
                    out.write(line)
                    rows += 1
    if rows < 1:
        raise OutputError(f"{source}: no row in it is whole; nothing can be brought back")
    return rows
