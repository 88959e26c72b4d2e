"""Shared memory: the newest rows for other programs on this machine, without a copy through the network.

A block of the operating system with a header, the names as JSON, and a ring of rows, each guarded by a
sequence lock: its number is odd while the row is written. docs/protocols.md has the offsets.
"""

import json
import os
import struct
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from typing import NamedTuple

import numpy as np

from bodychan.channels.channels import Channels
from bodychan.errors import OutputError
from bodychan.model.arrays import F32, frozen
from bodychan.model.closing import Closing
from bodychan.outputs.base import Output, closed
from bodychan.outputs.files import is_running

MAGIC = b"BODYCHAN"
VERSION = 1
ROWS = 64
"""Rows in the ring, about a second."""

HEADER = struct.Struct("<8sIIIIIIQQ")
"""Magic, version, channels, rows, where the names begin and how long they are, where the ring begins, the
writer's process (0: it is closed), how many rows were written."""
_WRITER_AT, _COUNT_AT = 32, 40
ROW_HEADER = struct.Struct("<QQq")
"""Of a row: sequence number, number of the row from 1, device time in µs; then float32 values."""

_EXAMPLE = "shm://bodychan"


class SharedMemoryOutput(Output):
    """Writes every sample into a ring in shared memory: `shm://NAME`; `SharedMemoryReader` reads it.

    The block is made with the first channels, and anew when they change.

    Raises:
        OutputError: the name is not one.
    """

    def __init__(self, url: str) -> None:
        self.target = url
        self._name = _name(url)
        self._block: SharedMemory | None = None
        self._names: tuple[str, ...] = ()
        self._count = 0
        self._closed = False

    def write(self, channels: Channels) -> None:
        """Write every sample as a row; see `Output.write`."""
        if self._closed:
            raise closed(self.target)
        if self._block is None or channels.names != self._names:
            self._remove()
            self._block = self._create(channels)
            self._names, self._count = channels.names, 0
        stamps = channels.names.index("timestamp") if "timestamp" in channels.names else None
        for sample in channels.samples.T:
            usec = 0 if stamps is None else round(sample[stamps])
            self._write_row(_buffer(self._block), usec, sample.astype("<f4").tobytes())

    def close(self) -> None:
        """Remove the block; readers that have it open are told. See `Output.close`."""
        self._closed = True
        self._remove()

    def _write_row(self, buffer: memoryview, usec: int, values: bytes) -> None:
        at = _ring(buffer) + self._count % ROWS * (ROW_HEADER.size + len(values))
        self._count += 1
        struct.pack_into("<Q", buffer, at, 2 * self._count - 1)
        struct.pack_into("<Qq", buffer, at + 8, self._count, usec)
        buffer[at + ROW_HEADER.size : at + ROW_HEADER.size + len(values)] = values
        struct.pack_into("<Q", buffer, at, 2 * self._count)
        struct.pack_into("<Q", buffer, _COUNT_AT, self._count)

    def _create(self, channels: Channels) -> SharedMemory:
        units = [kind.unit for kind in channels.kinds]
        about = json.dumps({"rate": channels.rate, "names": channels.names, "units": units}).encode()
        ring = -(-(HEADER.size + len(about)) // 8) * 8
        size = ring + ROWS * (ROW_HEADER.size + 4 * channels.numChans)
        block = _new_block(self.target, self._name, size)
        _buffer(block)[HEADER.size : HEADER.size + len(about)] = about
        HEADER.pack_into(
            _buffer(block),
            0,
            MAGIC,
            VERSION,
            channels.numChans,
            ROWS,
            HEADER.size,
            len(about),
            ring,
            os.getpid(),
            0,
        )
        return block

    def _remove(self) -> None:
        if self._block is not None:
            struct.pack_into("<Q", _buffer(self._block), _WRITER_AT, 0)
            self._block.close()
            _unlink(self._block)
            self._block = None


class Row(NamedTuple):
    """One row: its number from 1, device time in µs, and float32 values (C,)."""

    number: int
    device_usec: int
    values: F32


class SharedMemoryReader(Closing):
    """Reads what `shm://NAME` writes, in another program on this machine.

    with SharedMemoryReader("bodychan") as reader:
        row = reader.latest()
        head = row.values[reader.names.index("p1/head:ty")]

    `names` C channel names, `units` theirs, `rate` rows a second as far as they come regularly.

    Raises:
        OutputError: nobody writes under this name, or it is no block of ours.
    """

    def __init__(self, name: str) -> None:
        try:
            self._block = SharedMemory(name)
        except (OSError, ValueError) as error:
            raise OutputError(
                f"shm://{name}: nobody writes there: start one with 'bodychan run … --to shm://{name}'"
            ) from error
        _untracked(self._block)
        head = HEADER.unpack_from(_buffer(self._block))
        if head[:2] != (MAGIC, VERSION):
            self.close()
            raise OutputError(
                f"shm://{name} is no block of channels of version {VERSION}: choose another name"
            )
        self._ring, about = head[6], bytes(_buffer(self._block)[head[4] : head[4] + head[5]])
        told = json.loads(about)
        self.names: tuple[str, ...] = tuple(told["names"])
        self.units: tuple[str, ...] = tuple(told["units"])
        self.rate: float = told["rate"]
        self.lost = 0
        """Rows that were overwritten before `rows` came to them."""
        self._row_bytes = ROW_HEADER.size + 4 * len(self.names)
        self._next = 1

    @property
    def ended(self) -> bool:
        """Whether the writer has closed it, or has other channels now: open it anew."""
        return not struct.unpack_from("<Q", _buffer(self._block), _WRITER_AT)[0]

    def latest(self) -> Row | None:
        """Return the newest row, None before the first."""
        while count := self._count():
            row = self._read(count)
            if row is not None:
                return row
        return None

    def rows(self) -> list[Row]:
        """Return the rows since the last call, the oldest first; what was overwritten meanwhile is `lost`."""
        count = self._count()
        first = max(self._next, count - ROWS + 2)  # the oldest is about to be overwritten
        found = [row for number in range(first, count + 1) if (row := self._read(number)) is not None]
        self.lost += count + 1 - self._next - len(found)
        self._next = count + 1
        return found

    def close(self) -> None:
        """Let go of the block."""
        self._block.close()

    def _count(self) -> int:
        return int(struct.unpack_from("<Q", _buffer(self._block), _COUNT_AT)[0])

    def _read(self, number: int) -> Row | None:
        """Copy a row; None where it was overwritten before or meanwhile."""
        at = self._ring + (number - 1) % ROWS * self._row_bytes
        data = bytes(_buffer(self._block)[at : at + self._row_bytes])
        (after,) = struct.unpack_from("<Q", _buffer(self._block), at)
        sequence, found, usec = ROW_HEADER.unpack_from(data)
        if sequence != after or sequence != 2 * number or found != number:
            return None
        return Row(
            number, usec, frozen(np.frombuffer(data, "<f4", offset=ROW_HEADER.size).astype(np.float32))
        )


def _buffer(block: SharedMemory) -> memoryview:
    assert block.buf is not None  # it is open
    return block.buf


def _name(url: str) -> str:
    name = url.partition("://")[2]
    if (
        not name
        or not name.isascii()
        or not name.replace("-", "").replace("_", "").isalnum()
        or len(name) > 30
    ):
        raise OutputError(f"{url}: a name has up to 30 letters, digits, - and _: write it as {_EXAMPLE}")
    return name


def _ring(buffer: memoryview) -> int:
    return int(HEADER.unpack_from(buffer)[6])


def _new_block(url: str, name: str, size: int) -> SharedMemory:
    """Make a block; one that a process which is gone has left is replaced."""
    for _ in range(2):
        try:
            block = SharedMemory(name, create=True, size=size)
        except FileExistsError:
            _remove_left(url, name)
        except OSError as error:
            raise OutputError(f"{url}: there is no shared memory: {error.strerror or error}") from error
        else:
            _untracked(block)
            return block
    raise OutputError(f"{url} is written by another process: choose another name")


def _remove_left(url: str, name: str) -> None:
    """Remove a block whose writer is gone.

    Raises:
        OutputError: it is being written, or is not ours.
    """
    block = SharedMemory(name)
    _untracked(block)
    magic, *_, writer, _ = HEADER.unpack_from(_buffer(block)) if block.size >= HEADER.size else (b"", 0, 0)
    block.close()
    if magic != MAGIC:
        raise OutputError(f"{url}: something else has shared memory of that name: choose another one")
    if writer and is_running(writer):
        raise OutputError(f"{url} is written by another process: choose another name")
    _unlink(block)


def _untracked(block: SharedMemory) -> None:
    """Keep Python from removing the block when a process that only reads it ends (fixed in 3.13)."""
    if os.name == "posix":
        resource_tracker.unregister(f"/{block.name}", "shared_memory")


def _unlink(block: SharedMemory) -> None:
    if os.name == "posix":
        resource_tracker.register(f"/{block.name}", "shared_memory")
    block.unlink()
