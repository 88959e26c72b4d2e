"""What tables share: one column per channel under the channel's own name, one row per sample.

The option `long` has one row per body and sample; `empty` says what stands where nobody is.
"""

import contextlib
import os
from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from bodychan.channels.channels import Channels
from bodychan.errors import OutputError
from bodychan.model.arrays import F64
from bodychan.model.closing import uninterrupted
from bodychan.outputs.about import About
from bodychan.outputs.base import Output, closed
from bodychan.outputs.files import PartialFile
from bodychan.outputs.shape import Shape
from bodychan.outputs.targets import SWITCH, Options, read

INTEGERS = frozenset({"timestamp"})
"""Columns of whole numbers; all others are float64, as the channels are."""


class Table(Output):
    """A table in a file, which is created with its first rows; `bodychan.outputs.files` says how.

    Args:
        target: the final name, with options as `OPTIONS` has them: `take.csv?empty=nan&long=1`.
        overwrite: replace what lies there.

    Raises:
        OutputError: the file may not be written (see `bodychan.outputs.files.require_free`), or an option is
            unknown.
    """

    OPTIONS: ClassVar[Options] = {"empty": ("zero", "nan", "null"), "long": SWITCH}
    _rows_at_once = 1
    """Rows kept in memory before they are written."""

    def __init__(self, target: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        self.target, options = read(target, self.OPTIONS)
        self._empty, self._long = options.get("empty", "zero"), options.get("long") == "1"
        self._file = PartialFile(self.target, overwrite=overwrite)
        self._about: About | None = None
        self._names: tuple[str, ...] | None = None
        self._shape: Shape
        self._rate = 0.0
        self._pending: list[F64] = []
        self._written = 0
        self._closed = False

    def _prepare(self, shape: Shape) -> None:
        """Look at the columns, before there is a file.

        Raises:
            OutputError: the format cannot carry them.
        """

    @abstractmethod
    def _begin(self, shape: Shape) -> None:
        """Create the file and write what comes before the first row."""

    @abstractmethod
    def _append(self, samples: F64) -> None:
        """Write rows (C, R), nan where nobody is unless that is 0, and count them in `_written`.

        Raises:
            OSError: not all could be written; the file ends with a whole row, and `_end` can finish it.
        """

    def _keep_waiting(self, samples: F64) -> None:
        """Put rows (C, R) that wait for more where they survive a kill; without this they do not."""

    def _end(self) -> None:
        """Write what comes after the last row."""

    def describe(self, about: About) -> None:
        """Say where the channels come from; see `Output.describe`."""
        self._about = about

    def write(self, channels: Channels) -> None:
        """Take every sample as one row; see `Output.write`."""
        if self._closed:
            raise closed(self.target)
        if self._names is None:
            if not channels.names:
                raise OutputError(f"{self.target}: there is no channel to write; see the parameter 'scope'")
            try:
                self._shape = Shape(channels, gaps=self._empty != "zero", long=self._long)
                self._prepare(self._shape)
            except OutputError as error:
                raise OutputError(f"{self.target}: {error}") from None
            self._names, self._rate = channels.names, channels.rate
        elif channels.names != self._names:
            raise OutputError(f"{self.target}: the channels changed while it was written; start a new file")
        self._pending.append(self._shape.rows(channels.samples))
        if sum(samples.shape[1] for samples in self._pending) >= self._rows_at_once:
            self._flush()
        else:
            with self._writing():
                self._keep_waiting(self._pending[-1])

    def close(self) -> None:
        """Finish the file under its final name; see `Output.close`."""
        if self._closed:
            return
        with uninterrupted():
            self._flush()
            self._closed = True
            if not self._file.begun:
                raise OutputError(f"{self.target}: there was nothing to write")
            try:
                with self._file.explained():
                    self._end()
            except OutputError as error:
                self._file.close()
                raise OutputError(f"{error}; the rows are in {self._file.left}") from error
            self._file.finish()

    def keep(self) -> str | None:
        """Finish what there is as NAME.partial.SUFFIX; see `Output.keep`."""
        with uninterrupted():
            if not self._closed:
                with contextlib.suppress(OutputError):  # the disk is full or gone: what it took stays
                    self._flush()
                self._settle()
            return self._file.left

    def _flush(self) -> None:
        """Write the rows that wait."""
        if self._pending:
            with self._writing():
                samples = np.concatenate(self._pending, axis=1)
                self._pending.clear()
                self._append(samples)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Have the file begun; where writing to it fails it is finished with the rows before."""
        with uninterrupted():
            try:
                with self._file.explained():
                    if not self._file.begun:
                        self._begin(self._shape)
                    yield
            except OutputError as error:
                self._settle()
                if self._file.left is None:
                    raise
                kept = f"the {self._written} rows before are in {self._file.left}"
                raise OutputError(f"{error}; {kept}") from error

    def _settle(self) -> None:
        """Finish the file with the rows that it has, under the name that it has; without any it goes."""
        if self._closed:
            return
        self._closed = True
        if self._file.begun:
            with contextlib.suppress(OSError, ValueError):  # `bodychan repair` finishes it then
                self._end()
        if self._written:
            self._file.close()
        else:
            self._file.discard()
