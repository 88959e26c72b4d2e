"""Finishing a Parquet file of ours that lacks its list of groups: every group that is whole is read back.

So are the rows that waited for theirs; see `parquet_tail`. Each group has one page for every column, in
their order: a header in Thrift's compact protocol (the structs are in parquet.thrift of the format's
specification), then the compressed values.
"""

import mmap
import struct
import zlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bodychan.errors import OutputError
from bodychan.model.arrays import Bool
from bodychan.outputs import parquet_tail as tail
from bodychan.outputs.parquet import LENGTH, MAGIC, MARK, open_writer, table

# Types of Thrift's compact protocol.
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _STRUCT = 1, 2, 3, 7, 8, 12
_INTEGERS = (4, 5, 6)
# Fields of a page's header: sizes before and after compression, the checksum after it, and of a data page the
# number of values.
_SIZE, _COMPRESSED, _CHECKSUM, _DATA_PAGE, _VALUES = 2, 3, 4, 5, 1
_DAMAGED = (
    IndexError,
    ValueError,
    KeyError,
    TypeError,
    RecursionError,
    struct.error,
    OSError,
    pa.ArrowException,
)


class _Page(NamedTuple):
    """Where the values of a page lie, how many they are, and how long uncompressed."""

    start: int
    end: int
    values: int
    size: int


def is_whole(path: Path) -> bool:
    """Whether the file has its list of groups and reads.

    Raises:
        OutputError: it is no Parquet file.
    """
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise OutputError(f"{path} is not a Parquet file, or nothing of it was written yet")
    try:
        pq.ParquetFile(path).close()
    except (pa.ArrowException, OSError):
        return False
    return True


def finish(source: Path, target: Path) -> int:
    """Write what is whole in `source` as a whole file, and say how many rows that is.

    Raises:
        OutputError: the source was not written by bodychan, or no row in it is whole.
        OSError: one of the files cannot be read or written.
    """
    with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        columns, at = _front(source, data)
        rows = _copy(data, at, columns, target)
    if not rows:
        raise OutputError(f"{source}: no row in it is whole; nothing can be brought back")
    return rows


def _copy(data: mmap.mmap, at: int, columns: pa.Schema, target: Path) -> int:
    rows = 0
    with pa.OSFile(str(target), "wb") as out, open_writer(out, columns) as writer:
        for group in _groups(data, at, columns):
            writer.write_table(group)
            rows += group.num_rows
    return rows


def _front(source: Path, data: mmap.mmap) -> tuple[pa.Schema, int]:
    at = len(MAGIC) + len(MARK) + LENGTH.size
    try:
        if data[len(MAGIC) : at - LENGTH.size] != MARK:
            raise ValueError
        end = at + LENGTH.unpack(data[at - LENGTH.size : at])[0]
        return pa.ipc.read_schema(pa.py_buffer(data[at:end])), end
    except _DAMAGED as error:
        raise OutputError(
            f"{source} lacks the columns that bodychan writes at the front: nothing can be brought back"
        ) from error


def _groups(data: mmap.mmap, at: int, columns: pa.Schema) -> Iterator[pa.Table]:
    """Give the rows of each group up to the first that is not whole, then those that waited for it."""
    codec = pa.Codec("zstd")
    for groups in count():
        begin = at
        values: dict[str, pa.Array[Any]] = {}
        try:
            for field in columns:
                page = _page(data, at)
                raw = codec.decompress(data[page.start : page.end], page.size, asbytes=True)
                values[field.name] = _column(raw, page.values, field)
                at = page.end
            group = pa.table(values, schema=columns)
        except _DAMAGED:
            room = tail.room(len(columns), tail.GROUP_ROWS, groups)
            waited = list(tail.pieces(data, begin + room, begin, len(columns)))
            if waited:
                yield table(columns, np.concatenate(waited, axis=1))
            return
        yield group


def _column(raw: bytes, values: int, field: "pa.Field[Any]") -> "pa.Array[Any]":
    """Decode a page: where the field has nulls, which values are there; then these, in planes of bytes."""
    there = np.ones(values, bool)
    if field.nullable:
        (length,) = LENGTH.unpack(raw[: LENGTH.size])
        there = _levels(raw[LENGTH.size : LENGTH.size + length], values)
        raw = raw[LENGTH.size + length :]
    count = int(there.sum())
    planes = np.frombuffer(raw, np.uint8, 8 * count)
    numbers = np.ascontiguousarray(planes.reshape(8, count).T).view(np.int64).ravel()
    if pa.types.is_integer(field.type):
        return pa.array(numbers)
    column = np.full(values, np.nan)
    column[there] = numbers.view(np.float64)
    found: pa.Array[Any] = pa.array(column, mask=~there)
    return found


def _levels(data: bytes, values: int) -> Bool:
    """Decode which values are there, (values,): the format's hybrid of runs and packed bits, one bit each."""
    parts: list[Bool] = []
    at = found = 0
    while found < values:
        header, at = _varint(data, at)
        if header & 1:
            size = header >> 1
            parts.append(
                np.unpackbits(np.frombuffer(data, np.uint8, size, at), bitorder="little").astype(bool)
            )
            at += size
        else:
            parts.append(np.full(min(header >> 1, values), bool(data[at])))
            at += 1
        found += len(parts[-1])
    return np.concatenate(parts)[:values]


def _page(data: mmap.mmap, at: int) -> _Page:
    header, start = _struct(data, at)
    size, compressed, values = header[_SIZE], header[_COMPRESSED], header[_DATA_PAGE][_VALUES]
    end = start + compressed
    if not 0 < compressed <= len(data) - start or not 0 < values < 1 << 27 or not 0 < size < 1 << 30:
        raise ValueError("no page")
    if zlib.crc32(data[start:end]) != header[_CHECKSUM] & 0xFFFFFFFF:
        raise ValueError("a damaged page")
    return _Page(start, end, values, size)


def _struct(data: mmap.mmap, at: int) -> tuple[dict, int]:  # type: ignore[type-arg]  # as nested as the data is
    """Decode a struct: its fields by number, and where it ends."""
    fields: dict[int, object] = {}
    number = 0
    while kind := data[at]:
        at += 1
        delta, kind = kind >> 4, kind & 15
        if delta:
            number += delta
        else:
            zigzag, at = _varint(data, at)
            number = zigzag >> 1 ^ -(zigzag & 1)
        fields[number], at = _value(data, at, kind)
    return fields, at + 1


def _value(data: mmap.mmap, at: int, kind: int) -> tuple[object, int]:
    if kind in (_TRUE, _FALSE):
        return kind == _TRUE, at
    if kind == _BYTE:
        return data[at], at + 1
    if kind in _INTEGERS:
        zigzag, at = _varint(data, at)
        return zigzag >> 1 ^ -(zigzag & 1), at
    if kind == _DOUBLE:
        return struct.unpack_from("<d", data, at)[0], at + 8
    if kind == _BINARY:
        length, at = _varint(data, at)
        return data[at : at + length], at + length
    if kind == _STRUCT:
        return _struct(data, at)
    raise ValueError(f"a page's header has nothing of type {kind}")


def _varint(data: mmap.mmap | bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("no number is that long")
