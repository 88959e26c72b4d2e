"""Rows of a Parquet file that are in no group yet: they lie behind the room of the group that they fill.

They are there for `bodychan repair` alone: a file that is finished ends before them. The pieces lie one
behind the other, each with a head that says for which group it is, by which old ones are known.
"""

import mmap
import struct
import zlib
from collections.abc import Iterator

import numpy as np

from bodychan.model.arrays import F64

GROUP_ROWS = 512
"""Rows of a full group."""
_GROUP_BYTES, _LIST_BYTES = 400, 500
"""What a group takes at most beside its numbers, and what the list takes for it, for each column."""
# A mark, where the group begins, rows and columns, and the checksum of the numbers.
_HEAD = struct.Struct("<8sQIII")
_MARK = b"bodyrows"


def room(columns: int, rows: int, groups: int) -> int:
    """Give the most bytes that a group takes, with the list of it and of `groups` before it at the end."""
    size = 8 * columns * rows
    return size + size // 64 + columns * (_GROUP_BYTES + _LIST_BYTES * (groups + 2))


def piece(begin: int, samples: F64) -> bytes:
    """Give the bytes of rows (C, R) of the group that begins at a place of the file."""
    numbers = samples.T.astype("<f8").tobytes()
    columns, rows = samples.shape
    return _HEAD.pack(_MARK, begin, rows, columns, zlib.crc32(numbers)) + numbers


def pieces(data: bytes | mmap.mmap, at: int, begin: int, columns: int) -> Iterator[F64]:
    """Read back the rows (C, R) at a place, up to the first that are not whole or of another group."""
    while at + _HEAD.size <= len(data):
        mark, group, rows, width, checksum = _HEAD.unpack_from(data, at)
        start = at + _HEAD.size
        at = start + 8 * rows * width
        numbers = data[start:at]
        if (mark, group, width) != (_MARK, begin, columns) or len(numbers) != at - start:
            return
        if zlib.crc32(numbers) != checksum:
            return
        yield np.frombuffer(numbers, "<f8").reshape(rows, columns).T
