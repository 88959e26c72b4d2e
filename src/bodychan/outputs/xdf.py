"""XDF, what Lab Streaming Layer's recorder writes: channels as one stream of type MoCap.

The file is a row of chunks (https://github.com/sccn/xdf/wiki/Specifications): a file header, the stream's
header as XML, how the clocks differ, samples with their times in seconds, the stream's footer. What is
written is readable at once.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, ClassVar
from xml.sax.saxutils import escape

import numpy as np

from bodychan.errors import OutputError
from bodychan.model.arrays import F64
from bodychan.outputs.mocap import described, scale
from bodychan.outputs.shape import Shape
from bodychan.outputs.table import Table
from bodychan.outputs.targets import Options

_FILE_HEADER, _STREAM_HEADER, _SAMPLES, _CLOCK_OFFSET, _STREAM_FOOTER = 1, 2, 3, 4, 6
_STREAM = struct.pack("<I", 1)
_MAGIC = b"XDF:"
_HEAD = struct.Struct("<BIH")
_ROWS_AT = 9
"""Where in a chunk of samples the first begins: after the stream's number, and how many they are."""
_VERSION = '<?xml version="1.0"?>'


def chunk(tag: int, content: bytes) -> bytes:
    """Put a chunk together: the length of its length, its length, its tag, and what is in it."""
    return _HEAD.pack(4, len(content) + 2, tag) + content


def header(shape: Shape, rate: float) -> bytes:
    """Write what comes before the samples."""
    channels = "".join(
        "<channel>"
        + "".join(f"<{key}>{escape(text)}</{key}>" for key, text in described(name, kind).items())
        + "</channel>"
        for name, kind in zip(shape.names, shape.kinds, strict=True)
    )
    info = (
        f"{_VERSION}<info><name>bodychan</name><type>MoCap</type>"
        f"<channel_count>{len(shape.names)}</channel_count><nominal_srate>{rate:g}</nominal_srate>"
        "<channel_format>double64</channel_format><source_id>bodychan</source_id>"
        f"<desc><channels>{channels}</channels>"
        "<acquisition><manufacturer>bodychan</manufacturer></acquisition></desc></info>"
    )
    opening = _MAGIC + chunk(_FILE_HEADER, f"{_VERSION}<info><version>1.0</version></info>".encode())
    return opening + chunk(_STREAM_HEADER, _STREAM + info.encode())


def samples_chunk(values: F64, times: F64) -> bytes:
    """Write samples (C, S) with their times (S,) in seconds."""
    rows = np.empty(values.shape[1], [("size", "u1"), ("time", "<f8"), ("values", "<f8", values.shape[0])])
    rows["size"], rows["time"], rows["values"] = 8, times, values.T
    return chunk(_SAMPLES, _STREAM + struct.pack("<BI", 4, len(times)) + rows.tobytes())


def clock_offset(time: float) -> bytes:
    """Say at a time in seconds that the stream's clock is the file's; readers look for that."""
    return chunk(_CLOCK_OFFSET, _STREAM + struct.pack("<dd", time, 0.0))


def footer(first: float, last: float, count: int) -> bytes:
    """Write what comes after the samples."""
    info = (
        f"{_VERSION}<info><first_timestamp>{first!r}</first_timestamp>"
        f"<last_timestamp>{last!r}</last_timestamp><sample_count>{count}</sample_count></info>"
    )
    return chunk(_STREAM_FOOTER, _STREAM + info.encode())


class XdfFile(Table):
    """An .xdf file. Times are the device's, or the rate's where there are none."""

    OPTIONS: ClassVar[Options] = {}
    _rows_at_once = 30

    def _begin(self, shape: Shape) -> None:
        self._scales = np.array([[scale(kind)] for kind in shape.kinds])
        self._first = self._last = 0.0
        self._file.begin()
        self._file.put(header(shape, self._rate))

    def _append(self, samples: F64) -> None:
        for first in range(0, samples.shape[1], self._rows_at_once):
            self._append_chunk(samples[:, first : first + self._rows_at_once])

    def _append_chunk(self, samples: F64) -> None:
        count = samples.shape[1]
        times: F64 = np.arange(self._written, self._written + count) / self._rate
        if "timestamp" in self._shape.names:
            times = samples[self._shape.names.index("timestamp")] * 1e-6
        if not self._written:
            self._first = float(times[0])
            self._file.put(clock_offset(self._first))
        self._file.put(samples_chunk(samples * self._scales, times))
        self._last = float(times[-1])
        self._written += count

    def _end(self) -> None:
        self._file.put(footer(self._first, self._last, self._written))


def finish(source: Path, target: Path) -> int | None:
    """Write every whole chunk of a file that lacks its end.

    Returns:
        how many samples; None if nothing was missing.

    Raises:
        OutputError: it is no XDF file of one stream, or no sample in it is whole.
        OSError: one of the files cannot be read or written.
    """
    times: list[float] = []
    count = 0
    with source.open("rb") as file, target.open("wb") as out:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise OutputError(f"{source} is not an XDF file, or nothing of it was written yet")
        out.write(_MAGIC)
        for tag, content in _chunks(file):
            if tag == _STREAM_FOOTER:
                return None
            if tag == _SAMPLES:
                (samples,) = struct.unpack_from("<I", content, _ROWS_AT - 4)
                size = (len(content) - _ROWS_AT) // samples
                count += samples
                times += struct.unpack_from("<d", content, _ROWS_AT + 1)
                times[1:] = struct.unpack_from("<d", content, _ROWS_AT + 1 + size * (samples - 1))
            out.write(chunk(tag, content))
        if not times:
            raise OutputError(f"{source}: no sample in it is whole; nothing can be brought back")
        out.write(footer(times[0], times[-1], count))
    return count


def _chunks(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Give tag and content of the chunks up to the first that is not whole."""
    while len(head := file.read(_HEAD.size)) == _HEAD.size:
        _, length, tag = _HEAD.unpack(head)
        content = file.read(length - 2)
        if len(content) < length - 2:
            return
        yield tag, content
