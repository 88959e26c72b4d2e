"""MCAP, which Foxglove opens and robots record: channels, joints as frames, and bodies as lines, in JSON.

Topics: `/channels`, and where positions of whole bodies are there `/skeletons`, with rotations `/tf`. The
metadata record `bodychan` has what a .parquet's metadata has. Every second's messages are a chunk of their
own: what is in the file stays readable, from the front, whatever ends the process, and `finish` writes the
index that is missing then.
"""

import contextlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, ClassVar, cast

import msgspec
import numpy as np
import zstandard
from mcap.exceptions import McapError
from mcap.records import Channel, Header, McapRecord, Message, Metadata, Schema
from mcap.stream_reader import StreamReader
from mcap.writer import MCAP0_MAGIC, Writer

from bodychan.errors import OutputError
from bodychan.model.arrays import F64, I64
from bodychan.outputs.about import columns
from bodychan.outputs.files import PartialFile
from bodychan.outputs.foxglove import (
    FRAME_TRANSFORMS,
    SCENE_UPDATE,
    ChannelMessages,
    Json,
    scene,
    transforms,
)
from bodychan.outputs.shape import Shape
from bodychan.outputs.skeletons import POSITIONS, ROTATIONS, SkeletonRows
from bodychan.outputs.table import Table
from bodychan.outputs.targets import Options

CHANNELS, FRAMES, SKELETONS = "/channels", "/tf", "/skeletons"
_METADATA = _LIBRARY = "bodychan"


class McapFile(Table):
    """An .mcap file. Times are the device's, or the rate's where there are none."""

    OPTIONS: ClassVar[Options] = {"empty": ("zero", "null")}
    groups = frozenset({POSITIONS, ROTATIONS})
    _rows_at_once = 30
    _writer: Writer | None = None
    _bodies: SkeletonRows | None = None

    def _prepare(self, shape: Shape) -> None:
        self._messages = ChannelMessages(shape.names, shape.kinds)
        with contextlib.suppress(OutputError):  # then there are channels alone
            self._bodies = SkeletonRows.find(shape.kinds, frozenset({POSITIONS}))

    def _begin(self, shape: Shape) -> None:
        facts = self._about.facts() if self._about else {}
        self._file.begin()
        self._writer = writer = Writer(cast(BinaryIO, _Whole(self._file)))
        writer.start(library=f"{_LIBRARY} {facts.get('version', '')}".strip())
        writer.add_metadata(
            _METADATA,
            {"rate": repr(float(self._rate)), "columns": columns(shape.names, shape.kinds), **facts},
        )
        self._topics = {CHANNELS: self._topic(writer, CHANNELS, self._messages.schema)}
        if self._bodies is not None:
            self._topics[SKELETONS] = self._topic(writer, SKELETONS, SCENE_UPDATE)
            if self._bodies.rotations is not None:
                self._topics[FRAMES] = self._topic(writer, FRAMES, FRAME_TRANSFORMS)

    def _topic(self, writer: Writer, topic: str, schema: Json) -> int:
        number = writer.register_schema(str(schema["title"]), "jsonschema", msgspec.json.encode(schema))
        return writer.register_channel(topic, "json", number)

    def _append(self, samples: F64) -> None:
        for first in range(0, samples.shape[1], self._rows_at_once):
            self._append_chunk(samples[:, first : first + self._rows_at_once])

    def _append_chunk(self, samples: F64) -> None:
        writer, self._writer = self._writer, None  # it cannot go on where a chunk does not get into the file
        assert writer is not None  # `_begin` came before
        times = self._nanoseconds(samples)
        drawn: dict[str, list[Json]] = {}
        if self._bodies is not None:
            people = self._bodies.skeletons(samples)
            drawn[SKELETONS] = scene(self._bodies.players, people, times)
            if FRAMES in self._topics:
                drawn[FRAMES] = transforms(self._bodies.players, people, times)
        for sample, time in enumerate(times.tolist()):
            messages = {CHANNELS: self._messages.message(samples[:, sample])}
            messages |= {topic: every[sample] for topic, every in drawn.items()}
            for topic, message in messages.items():
                data = msgspec.json.encode(message)
                writer.add_message(self._topics[topic], time, data, time, self._written + sample)
        writer.flush()  # type: ignore[no-untyped-call]
        self._writer = writer
        self._written += samples.shape[1]

    def _nanoseconds(self, samples: F64) -> I64:
        names, count = self._shape.names, samples.shape[1]
        times = np.arange(self._written, self._written + count) * (1e6 / self._rate)
        if "timestamp" in names:
            times = samples[names.index("timestamp")]
        return np.asarray(np.rint(times).astype(np.int64) * 1000)

    def _end(self) -> None:
        if self._writer is not None:
            self._writer.finish()  # type: ignore[no-untyped-call]


class _Whole:
    """What the library writes to: a piece gets into the file whole or not at all."""

    def __init__(self, file: PartialFile) -> None:
        self._file = file
        self._size = 0

    def write(self, data: bytes) -> int:
        """Write a piece."""
        self._file.put(data)
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        """Say how much was written."""
        return self._size

    def flush(self) -> None:
        """Do nothing: the file is not buffered."""


def finish(source: Path, target: Path) -> int | None:
    """Write every whole chunk of a file that lacks its end.

    Returns:
        how many samples; None if nothing was missing.

    Raises:
        OutputError: it was not written by bodychan, or no chunk in it is whole.
        OSError: one of the files cannot be read or written.
    """
    with source.open("rb") as file:
        data = file.read(len(MCAP0_MAGIC))
        file.seek(-min(len(MCAP0_MAGIC), source.stat().st_size), 2)
        if data == MCAP0_MAGIC == file.read() and file.tell() > len(MCAP0_MAGIC):
            return None
        file.seek(0)
        with target.open("wb") as out:
            rows = _copy(StreamReader(file, validate_crcs=True), Writer(out))
    if rows is None:
        raise OutputError(f"{source} was not written by bodychan: only such files can be finished")
    if not rows:
        raise OutputError(f"{source}: no second in it is whole; nothing can be brought back")
    return rows


def _copy(reader: StreamReader, writer: Writer) -> int | None:
    """Copy what can be read, and give the number of samples; None where another program wrote it."""
    records = _readable(reader)
    header = next(records, None)
    if not isinstance(header, Header) or not header.library.startswith(_LIBRARY):
        return None
    writer.start(header.profile, header.library)
    schemas: dict[int, int] = {}
    channels: dict[int, int] = {}
    topics: dict[int, str] = {}
    rows = 0
    for record in records:
        if isinstance(record, Metadata):
            writer.add_metadata(record.name, record.metadata)
        elif isinstance(record, Schema):
            schemas[record.id] = writer.register_schema(record.name, record.encoding, record.data)
        elif isinstance(record, Channel):
            schema = schemas[record.schema_id]
            channels[record.id] = writer.register_channel(record.topic, record.message_encoding, schema)
            topics[record.id] = record.topic
        elif isinstance(record, Message):
            at, told = record.log_time, record.publish_time
            writer.add_message(channels[record.channel_id], at, record.data, told, record.sequence)
            rows += topics[record.channel_id] == CHANNELS
    writer.finish()  # type: ignore[no-untyped-call]
    return rows


def _readable(reader: StreamReader) -> Iterator[McapRecord]:
    """Give the records up to the first that is not whole."""
    with contextlib.suppress(McapError, ValueError, struct.error, zstandard.ZstdError):
        yield from reader.records
