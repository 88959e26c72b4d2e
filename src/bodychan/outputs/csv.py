"""CSV: a heading of channel names, then one line per sample; floats have a point, 0.0 and not 0."""

import math

from bodychan.model.arrays import F64
from bodychan.outputs.shape import Shape
from bodychan.outputs.table import INTEGERS
from bodychan.outputs.text_table import TextTable


def heading(names: tuple[str, ...]) -> str:
    """Write the first line; channel names hold nothing that would have to be quoted."""
    return ",".join(names) + "\n"


def lines(names: tuple[str, ...], samples: F64, *, gap: str = "NaN") -> str:
    """Write samples (C, S) as S lines; a number reads back the same, and `timestamp` is a whole one.

    `gap` is written for what is not a number.
    """
    columns = []
    for name, row in zip(names, samples.tolist(), strict=True):
        if name in INTEGERS:
            columns.append([str(round(value)) for value in row])
        else:
            columns.append([gap if math.isnan(value) else repr(value) for value in row])
    return "".join(",".join(row) + "\n" for row in zip(*columns, strict=True))


class CsvFile(TextTable):
    """A .csv file. Every line is in the file when `write` returns."""

    def heading(self, shape: Shape) -> str:
        """Give the line of names."""
        return heading(shape.names)

    def lines(self, samples: F64) -> str:
        """Give the lines of some rows. What is not there is nothing, or `NaN`: polars does not know `nan`."""
        return lines(self._shape.names, samples, gap="" if self._empty == "null" else "NaN")
