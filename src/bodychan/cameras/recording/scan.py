"""Scans a recording by the heads of its elements, without reading the images.

A Matroska file is a chain: each element says its number and size, and the next one follows. Clusters hold
blocks, one for each image or run of inertial samples. Descending into every cluster makes one chain of the
whole file; where the bytes at a link are the head of no known element, the file is damaged.
"""

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from bodychan.cameras.recording.matroska import UNKNOWN_SIZE, Id, elements, head_at, number, vint_at
from bodychan.model.closing import Closing

LEVEL_1 = frozenset((Id.SEEK_HEAD, Id.INFO, Id.TRACKS, Id.ATTACHMENTS, Id.TAGS, Id.CUES, Id.VOID, Id.CRC32))
BLOCKS = frozenset((Id.SIMPLE_BLOCK, Id.BLOCK_GROUP))
IN_CLUSTER = BLOCKS | {Id.CRC32, Id.VOID, Id.TIMECODE, Id.POSITION, Id.PREVIOUS_SIZE}

_CLUSTER_MARK = Id.CLUSTER.to_bytes(4, "big")
_HEAD_BYTES = 12
_BLOCK_BYTES = 64
_SEARCH_BYTES = 1 << 20
FILLER_BYTES = 64 << 20
"""More of the same bytes over and over is no image (the largest has 50 MB), and FFmpeg would take minutes."""
_LONGEST_PERIOD = 16
_PROBES, _PROBE_BYTES = 64, 4096
_MASTERS = (Id.SEGMENT, Id.CLUSTER)
_LINKS = LEVEL_1 | IN_CLUSTER | {Id.EBML_HEAD}
# A timecode scale that is not stated is this (RFC 9559, 5.1.2.9).
DEFAULT_SCALE_NS = 1_000_000


class BlockHead(NamedTuple):
    """A block without its data: its track's number, time in the file's ticks, and bytes of data."""

    track: int
    ticks: int
    size: int


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes from `at` to `end` that belong to no element."""

    at: int
    end: int


class Scan(Closing):
    """Reads the heads of elements in a file; a context manager."""

    def __init__(self, name: str) -> None:
        # What a buffer reads ahead is image data; and it would not know of the system's own seeking.
        self._file = open(name, "rb", buffering=0)  # noqa: SIM115
        self.size = self._file.seek(0, 2)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read(self, at: int, count: int) -> bytes:
        """Read bytes at an offset; fewer at the end of the file."""
        self._file.seek(at)
        return self._file.read(count)

    def head(self, at: int) -> tuple[int, int, int]:
        """Decode an element's head: its number, the offset of its content, and the content's size.

        The number is 0 where there is no element.
        """
        try:
            ident, start, length = head_at(self.read(at, _HEAD_BYTES), 0)
        except IndexError:
            return 0, at, 0
        return ident, at + start, length

    def filler(self) -> tuple[int, int] | None:
        """Find a stretch of more than `FILLER_BYTES` that holds nothing; give its offset and least size.

        That is a hole of a sparse file, which was never written, or the same few bytes over and over, such as
        zeros or empty Void elements. Only a few places are looked at, so that a stretch may be missed that is
        short against the file; FFmpeg gets over that in seconds.
        """
        at = 0
        while at < self.size and hasattr(os, "SEEK_HOLE"):
            try:
                hole = os.lseek(self._file.fileno(), at, os.SEEK_HOLE)
            except OSError:
                break
            at = self._behind_hole(hole) if hole < self.size else self.size
            if at - hole > FILLER_BYTES:
                return hole, at - hole
        for probe in range(0, self.size - FILLER_BYTES, max(1, self.size // _PROBES)):
            if self._repeats(probe, _PROBE_BYTES):
                steps = range(probe, probe + FILLER_BYTES, _SEARCH_BYTES)
                if all(self._repeats(step, _SEARCH_BYTES) for step in steps):
                    return probe, FILLER_BYTES
        return None

    def _repeats(self, at: int, count: int) -> bool:
        """Whether bytes from an offset on repeat with a short period."""
        data = self.read(at, count)
        head = data[: 4 * _LONGEST_PERIOD]
        return any(
            head[period:] == head[:-period] and data[period:] == data[:-period]
            for period in range(1, _LONGEST_PERIOD + 1)
        )

    def behind_voids(self, at: int, end: int) -> int:
        """Pass over a Void element; where a file is filled with small ones, over many copies at once."""
        size = end - at
        while size <= _LONGEST_PERIOD:
            data = self.read(at, _SEARCH_BYTES)
            if len(data) < _SEARCH_BYTES or data[size:] != data[:-size]:
                break
            at += (len(data) - size) // size * size
        return at + size

    def find_cluster(self, at: int) -> int:
        """Find where the next cluster begins, from an offset on; the file's end if nowhere."""
        while at < self.size:
            at = self._behind_hole(at)
            data = self.read(at, _SEARCH_BYTES + _HEAD_BYTES)
            place = data.find(_CLUSTER_MARK)
            if place < 0:
                at += _SEARCH_BYTES
                continue
            at += place
            _, start, _ = self.head(at)
            # Four bytes come about by chance; a cluster's first element beside them hardly does.
            if self.head(start)[0] in (Id.CRC32, Id.TIMECODE):
                return at
            at += 1
        return self.size

    def damage(self, at: int = 0) -> Iterator[Damage | int]:
        """Go through the file from an offset on: how far it is sound, step by step, and what is not.

        What a file that is cut off lacks at its end is not damage.
        """
        for link in self._links(at):
            if isinstance(link, Damage):
                if link.end < self.size or not self._is_cut_off(link.at):
                    yield link
            else:
                yield link[1]

    def _is_cut_off(self, at: int) -> bool:
        """Whether an element begins there that the end of the file cuts off."""
        ident, start, length = self.head(at)
        return self.size - at < _HEAD_BYTES or (ident in _LINKS and start + length > self.size)

    def blocks(self) -> Iterator[BlockHead | Damage]:
        """Go through the blocks of a file, and what is damaged between them, in its order."""
        cluster_ticks = 0
        for link in self._links(0):
            if isinstance(link, Damage):
                yield link
                continue
            ident, start, length = link
            if ident == Id.TIMECODE:
                cluster_ticks = number(self.read(start, length))
            elif ident in BLOCKS:
                block = self._block(ident, start, length, cluster_ticks)
                yield Damage(start, start + length) if block is None else block

    def track_numbers(self) -> list[int]:
        """Give the numbers of the tracks in the order of the file."""
        found = self._element(Id.TRACKS)
        entries = elements(found, 0, len(found))
        inner = (
            elements(found, entry.start, entry.end) for entry in entries if entry.ident == Id.TRACK_ENTRY
        )
        return [
            number(found[e.start : e.end]) for entry in inner for e in entry if e.ident == Id.TRACK_NUMBER
        ]

    def scale_ns(self) -> int:
        """Give the nanoseconds of a tick."""
        found = self._element(Id.INFO)
        scales = (
            number(found[e.start : e.end])
            for e in elements(found, 0, len(found))
            if e.ident == Id.TIMECODE_SCALE
        )
        return next(scales, 0) or DEFAULT_SCALE_NS

    def _element(self, wanted: Id) -> bytes:
        """Give the content of the first element of a kind before the clusters; empty if there is none."""
        for link in self._links(0):
            if isinstance(link, Damage) or link[0] == Id.CLUSTER:
                break
            if link[0] == wanted:
                return self.read(link[1], link[2])
        return b""

    def _links(self, at: int) -> Iterator[tuple[int, int, int] | Damage]:
        """Go from element to element: (number, start and size of the content), and what is between them."""
        cluster = Damage(0, 0)
        cluster_end = 0
        while at < self.size:
            ident, start, length = self.head(at)
            end = self.size if length == UNKNOWN_SIZE else start + length
            if (ident == Id.CLUSTER and at < cluster_end) or (ident in BLOCKS and end > cluster_end > 0):
                # The cluster is not as long as it says, so that its head is damaged.
                yield cluster
                cluster_end = 0
            if ident in _MASTERS:
                if ident == Id.CLUSTER:
                    cluster, cluster_end = Damage(at, start), 0 if length == UNKNOWN_SIZE else end
                yield ident, start, length
                at = start
            elif ident in _LINKS and length != UNKNOWN_SIZE and end <= self.size:
                yield ident, start, length
                at = self.behind_voids(at, end) if ident == Id.VOID else end
            else:
                resumed = self.find_cluster(at)
                yield Damage(at, resumed)
                at, cluster_end = resumed, 0

    def _block(self, ident: int, start: int, length: int, cluster_ticks: int) -> BlockHead | None:
        if ident == Id.BLOCK_GROUP:
            # The block comes first in its group, whatever else there is about it.
            inner, start, length = self.head(start)
            if inner != Id.BLOCK:
                return None
        data = self.read(start, min(length, _BLOCK_BYTES))
        try:
            track, at = vint_at(data, 0)
        except IndexError:
            return None
        ticks = int.from_bytes(data[at : at + 2], "big", signed=True)
        return BlockHead(track, cluster_ticks + ticks, length - at - 3)

    def _behind_hole(self, at: int) -> int:
        """Pass over a hole of a sparse file, which reads as zeros and may be as large as a disk."""
        if not hasattr(os, "SEEK_DATA"):
            return at
        try:
            return os.lseek(self._file.fileno(), at, os.SEEK_DATA)
        except OSError as error:
            # Nothing but a hole follows, or the file system does not tell.
            return self.size if error.errno == errno.ENXIO else at
