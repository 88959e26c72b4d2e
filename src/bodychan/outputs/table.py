"""Wide tables, Parquet and CSV: one column per channel under the channel's own name, one row per sample."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from bodychan.channels.channels import Channels
from bodychan.errors import OutputError
from bodychan.model.arrays import F64
from bodychan.outputs.base import Output
from bodychan.outputs.files import explained, partial_path, require_free

_ROWS_AT_ONCE = 512
"""Rows kept in memory before they are written: a row group of Parquet."""

_INTEGERS = {"timestamp"}
"""Columns stored as int64; all others are float64, as the channels are."""


def schema(names: tuple[str, ...], rate: float) -> pa.Schema:
    """Give the table's columns; the sample rate goes with them as metadata `rate`."""
    fields = [pa.field(name, pa.int64() if name in _INTEGERS else pa.float64()) for name in names]
    return pa.schema(fields, metadata={"rate": f"{rate:g}"})


def record_batch(table_schema: pa.Schema, samples: F64) -> pa.RecordBatch:
    """Turn samples (C, S) into S rows of a table."""
    columns = [
        pa.array(np.rint(row).astype(np.int64) if field.name in _INTEGERS else row)
        for field, row in zip(table_schema, np.ascontiguousarray(samples), strict=True)
    ]
    return pa.record_batch(columns, schema=table_schema)


class TableFile(Output):
    """A .parquet or .csv file.

    It is written beside as NAME.partial.SUFFIX and renamed when it is whole.

    Raises:
        OutputError: the file exists and `overwrite` is off, or the folder cannot be written to.
    """

    def __init__(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        self.path = Path(path)
        self.target = str(path)
        self.partial = partial_path(self.path)
        require_free(self.path, overwrite=overwrite)
        self._names: tuple[str, ...] | None = None
        self._schema: pa.Schema | None = None
        self._writer: pa.csv.CSVWriter | pa.parquet.ParquetWriter | None = None
        self._pending: list[F64] = []
        self._closed = False
        self.rows = 0
        with self._explained():
            self._file = self.partial.open("wb")

    def write(self, channels: Channels) -> None:
        """Take every sample as one row; see `Output.write`."""
        if self._names is None:
            self._names = channels.names
            self._schema = schema(channels.names, channels.rate)
        elif channels.names != self._names:
            raise OutputError(f"{self.target}: the channels changed while it was written; start a new file")
        self._pending.append(channels.samples)
        self.rows += channels.numSamples
        if sum(samples.shape[1] for samples in self._pending) >= _ROWS_AT_ONCE:
            self._flush()

    def close(self) -> None:
        """Finish the file under its final name; see `Output.close`."""
        if self._finish():
            with self._explained():
                self.partial.replace(self.path)

    def stop_early(self) -> str | None:
        """Finish what there is as NAME.partial.SUFFIX; see `Output.stop_early`."""
        if self._schema is None:
            self.abandon()
            return None
        return str(self.partial) if self._finish() else None

    def abandon(self) -> None:
        """Remove what was written so far; see `Output.abandon`."""
        if not self._closed:
            self._closed = True
            # The disk may be full, or gone: what matters is that the file goes too.
            with contextlib.suppress(OSError, pa.ArrowException):
                if self._writer is not None:
                    self._writer.close()
            with contextlib.suppress(OSError):
                self._file.close()
            self.partial.unlink(missing_ok=True)

    def _finish(self) -> bool:
        """Write what is left and close; False if that was done before."""
        if self._closed:
            return False
        if self._schema is None:
            self.abandon()
            raise OutputError(f"{self.target}: there was nothing to write")
        self._flush()
        with self._explained():
            assert self._writer is not None
            self._writer.close()
            self._file.close()
        self._closed = True
        return True

    def _flush(self) -> None:
        if not self._pending or self._schema is None:
            return
        batch = record_batch(self._schema, np.concatenate(self._pending, axis=1))
        self._pending.clear()
        with self._explained():
            if self._writer is None:
                self._writer = self._open_writer(self._schema)
            self._writer.write_batch(batch)

    def _open_writer(self, table_schema: pa.Schema) -> pa.csv.CSVWriter | pa.parquet.ParquetWriter:
        if self.path.suffix.lower() == ".csv":
            # Channel names hold no comma; many readers trip over quoted headings.
            options = pa.csv.WriteOptions(quoting_header="none")  # type: ignore[call-arg]  # stubs lag
            return pa.csv.CSVWriter(self._file, table_schema, write_options=options)
        # Dictionaries make a table of noise larger; splitting the bytes of floats makes it smaller.
        return pa.parquet.ParquetWriter(
            self._file, table_schema, compression="zstd", use_dictionary=False, use_byte_stream_split=True
        )

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what the system says into an error that says what to do; nothing half-written is left."""
        try:
            yield
        except OSError as error:
            if hasattr(self, "_file"):
                self.abandon()
            raise explained(self.target, error) from error
