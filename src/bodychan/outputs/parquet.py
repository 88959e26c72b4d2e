"""Parquet: one column per channel, one row per sample, in groups of rows that are written as they come.

The list of the columns and groups comes last in a Parquet file. So that a file without it, as a process that
is killed leaves it, can be finished, the columns stand at the front too, between the format's mark and the
first group, where other readers do not look: `MARK`, the length (4 bytes, little-endian), and an Arrow schema
message. Rows that wait for their group to be full lie behind its room meanwhile; see `parquet_tail`.
"""

import contextlib
import io
import os
import struct

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bodychan.model.arrays import F64
from bodychan.outputs import parquet_tail as tail
from bodychan.outputs.about import columns
from bodychan.outputs.shape import Shape
from bodychan.outputs.table import INTEGERS, Table

MAGIC = b"PAR1"
MARK = b"bodychan"
LENGTH = struct.Struct("<I")


def schema(shape: Shape, facts: dict[str, str], *, nulls: bool = False) -> pa.Schema:
    """Give the table's columns, each with its kind and unit; `facts` go with them as metadata.

    The key `columns` has kinds and units for readers that see only the file's metadata.
    """
    fields = [
        pa.field(
            name,
            pa.int64() if name in INTEGERS else pa.float64(),
            nullable=nulls and name not in INTEGERS,
            metadata={"kind": kind.name, "unit": kind.unit},
        )
        for name, kind in zip(shape.names, shape.kinds, strict=True)
    ]
    metadata: dict[bytes | str, bytes | str] = {name: text for name, text in facts.items()}  # noqa: C416
    metadata["columns"] = columns(shape.names, shape.kinds)
    return pa.schema(fields, metadata=metadata)


def table(fields: pa.Schema, samples: F64) -> pa.Table:
    """Turn samples (C, S) into S rows of a table; what is not a number is null in columns that have nulls."""
    arrays = [
        pa.array(np.rint(row).astype(np.int64) if field.name in INTEGERS else row, from_pandas=field.nullable)
        for field, row in zip(fields, np.ascontiguousarray(samples), strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=fields)


def front(fields: pa.Schema) -> bytes:
    """Give what stands between the format's mark and the first group."""
    message = fields.serialize().to_pybytes()
    return MARK + LENGTH.pack(len(message)) + message


def open_writer(where: pa.NativeFile, fields: pa.Schema) -> pq.ParquetWriter:
    """Open a writer of groups, with the columns in the file already."""
    # Dictionaries make a table of noise larger; splitting the bytes of floats makes it smaller.
    writer = pq.ParquetWriter(
        where,
        fields,
        compression="zstd",
        use_dictionary=False,
        use_byte_stream_split=True,
        write_page_checksum=True,
    )
    # After the mark that the writer begins with. Arrow counts what goes through `where`, and this too.
    where.write(front(fields))
    return writer


class ParquetFile(Table):
    """A .parquet file. Room for each group and for the list is made before a group is written.

    A disk that runs full says so then, while the file can still be finished with the groups before.
    """

    _rows_at_once = tail.GROUP_ROWS
    _writer: pq.ParquetWriter | None = None

    def _begin(self, shape: Shape) -> None:
        facts = {"rate": repr(float(self._rate)), **(self._about.facts() if self._about else {})}
        self._schema = schema(shape, facts, nulls=self._empty == "null")
        self._raw = self._file.begin()
        self._buffered = io.BufferedWriter(self._raw)
        self._groups = 0
        self._reserved = 0
        self._tail: int | None = None
        self._reserve(len(front(self._schema)) + tail.room(len(shape.names), 0, 0))
        self._writer = open_writer(pa.PythonFile(self._buffered, mode="w"), self._schema)
        self._buffered.flush()

    def _append(self, samples: F64) -> None:
        width, rows = samples.shape
        if not rows:
            return
        self._tail = None
        try:
            self._reserve(tail.room(width, rows, self._groups))
        except OSError:
            if self._give_way():
                self._append(samples)
                return
            if rows == 1:
                raise
            self._append(samples[:, : rows // 2])
            self._append(samples[:, rows // 2 :])
            return
        assert self._writer is not None  # `_begin` came before
        self._writer.write_table(table(self._schema, samples))
        self._buffered.flush()
        self._groups += 1
        self._written += rows

    def _keep_waiting(self, samples: F64) -> None:
        begin, width = self._raw.tell(), len(samples)
        if self._tail is None:
            self._tail = begin + tail.room(width, tail.GROUP_ROWS, self._groups)
        try:
            self._raw.seek(self._tail)
            # On a disk that is full rows wait in memory alone, and their group finds that out.
            with contextlib.suppress(OSError):
                self._tail += self._raw.write(tail.piece(begin, samples))
        finally:
            self._raw.seek(begin)

    def _give_way(self) -> bool:
        """Give the disk back what rows that wait take of it; False where they take nothing."""
        at = self._raw.tell()
        there = self._raw.seek(0, os.SEEK_END) > self._reserved
        self._raw.truncate(self._reserved)
        self._raw.seek(at)
        return there

    def _end(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._buffered.flush()
        self._raw.truncate(self._raw.tell())
        self._buffered.detach()

    def _reserve(self, size: int) -> None:
        """Fill the file with zeros up to `size` bytes from where it stands."""
        at = self._raw.tell()
        self._raw.seek(self._reserved)
        try:
            while self._reserved < at + size:
                self._reserved += self._raw.write(bytes(min(at + size - self._reserved, 1 << 20)))
        finally:
            self._raw.seek(at)
