"""Repairs recordings whose recorder was killed, or which were cut off: all that is whole is copied.

The source is a chain of clusters. One whose size fits its blocks is copied as it is; of one that is cut off
or of unknown size the whole blocks make a new cluster; where no cluster begins, the next one is searched for.
"""

import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from os import PathLike, fspath
from pathlib import Path
from typing import NamedTuple

from bodychan.cameras.recording.camera import RecordingCamera
from bodychan.cameras.recording.cluster_file import ClusterFile
from bodychan.cameras.recording.encode import TIMECODE_SCALE, Opening, Span, info, joined, tag
from bodychan.cameras.recording.matroska import (
    IMU_SAMPLE,
    UNKNOWN_SIZE,
    Bytes,
    Element,
    Id,
    element,
    elements,
    head_at,
    number,
    vint_at,
)
from bodychan.cameras.recording.reader import survey
from bodychan.cameras.recording.scan import (
    BLOCKS,
    DEFAULT_SCALE_NS,
    IN_CLUSTER,
    LEVEL_1,
    Damage,
    Scan,
)
from bodychan.errors import OutputError, RecordingError

# A cluster is a fraction of a second; a size beyond this is damage.
_MOST_BYTES = 256 << 20
_IMU_CODEC = b"S_K4A/IMU"
_START_TAG = "K4A_START_OFFSET_NS"
_CLUSTERS_FOR_START = 8
_TIME_AND_FLAGS = struct.Struct(">hB")
_LACING = 0x06


@dataclass(frozen=True, slots=True)
class Finished:
    """How a recording was finished: its seconds up to the newest image or sample, and what is wrong with it.

    Of its `source_bytes`, `lost_bytes` belong to no whole image or sample; `damaged` clusters, of about 32 ms
    each, are not as they were written, so that their images may be spoilt.
    """

    seconds: float
    source_bytes: int
    lost_bytes: int
    damaged: int


class _Block(NamedTuple):
    """A block: its track, its first and last time as offsets from its cluster's, its flags and its frames."""

    track: int
    first: int
    last: int
    flags: int
    frames: Bytes


class _Taken(NamedTuple):
    """What is whole in a cluster: its bytes for a new file, empty if nothing is, and their time span.

    `used` is how many bytes of the source it takes; `sound` says that it is as it was written.
    """

    parts: Sequence[Bytes]
    span: Span
    used: int
    sound: bool


def finish(source: str | PathLike[str], target: str | PathLike[str]) -> Finished | None:
    """Write a whole recording with all that is whole in one that was never closed, or is cut off.

    The source is only read, and in little memory however large it is. The target, another file, is on the
    disk when this returns; where it raises, none is left.

    Returns:
        None if the source lacks nothing and all bytes in it are elements; no target is written then.

    Raises:
        RecordingError: the source cannot be read, is no recording, or nothing in it is whole.
        OutputError: the target cannot be written.
    """
    name = fspath(source)
    extent = survey(name)
    with Scan(name) as scan:
        # In this order: going through the elements of a file that is full of filler takes long.
        damaged = scan.filler() is not None or any(isinstance(step, Damage) for step in scan.damage())
        if not extent.incomplete and not damaged:
            return None
        salvage = _Salvage(name, scan)
        opening = salvage.opening()
        out = ClusterFile(fspath(target))
        try:
            _copy(salvage, opening, out)
            _require_capture(name, fspath(target))
            _to_disk(fspath(target))
        except BaseException:
            out.give_up()
            Path(target).unlink(missing_ok=True)
            raise
    assert out.span is not None  # or _copy had raised
    seconds = out.span.newest * opening.scale_ns / 1e9
    return Finished(seconds, salvage.size, salvage.lost_bytes, salvage.damaged)


def _copy(salvage: "_Salvage", opening: Opening, out: ClusterFile) -> None:
    out.begin(opening)
    for parts, span in salvage.clusters():
        out.append(parts, span)
    if out.span is None:
        raise RecordingError(_nothing_whole(salvage.name))
    out.finish()


def _require_capture(name: str, target: str) -> None:
    """Refuse a result that has samples of the inertial sensor and no image."""
    try:
        RecordingCamera(target).close()
    except RecordingError as error:
        raise RecordingError(_nothing_whole(name)) from error


def _nothing_whole(name: str) -> str:
    return f"{name}: no image in it is whole; copy it again from its source"


def _to_disk(path: str) -> None:
    """Wait until a file is on the disk: the one that it replaces may be the only other copy."""
    try:
        with open(path, "rb+") as file:
            os.fsync(file.fileno())
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}; nothing was changed") from error


class _Salvage:
    """Takes what is whole out of a recording; `lost_bytes` and `damaged` grow as its clusters are read."""

    def __init__(self, name: str, scan: Scan) -> None:
        self.name = name
        self.lost_bytes = 0
        self.damaged = 0
        self._scan = scan
        self.size = self._scan.size
        _, start, size = self._scan.head(0)
        self._ebml_end = start + size
        _, self._at, _ = self._scan.head(self._ebml_end)

    def opening(self) -> Opening:
        """Read what comes before the first cluster.

        Raises:
            RecordingError: it is not whole, or not that of an Azure Kinect recording.
        """
        parts = list(self._before_clusters())
        tracks = next((part for ident, part in parts if ident == Id.TRACKS), None)
        if tracks is None:
            raise RecordingError(f"{self.name} is cut off in its head; copy it again from its source")
        if not any(b"K4A_" in part for ident, part in parts if ident == Id.TAGS):
            raise RecordingError(
                f"{self.name} is a Matroska file but no Azure Kinect recording: it has no tags K4A_…"
            )
        rest = [
            (ident, self._with_start(part, tracks) if ident == Id.TAGS else part)
            for ident, part in parts
            if ident != Id.INFO
        ]
        ebml_head = self._scan.read(0, self._ebml_end)
        stated = next((part for ident, part in parts if ident == Id.INFO), None)
        if stated is None:
            # Microsoft's recorder leaves this to the end, and counts in microseconds.
            return Opening(ebml_head, info("k4arecord"), rest)
        kept = [c for c in _children(stated) if c.ident not in (Id.DURATION, Id.CRC32, Id.VOID)]
        scale = next((number(stated[c.start : c.end]) for c in kept if c.ident == Id.TIMECODE_SCALE), 0)
        content = b"".join(stated[c.at : c.end] for c in kept)
        return Opening(ebml_head, content, rest, scale or DEFAULT_SCALE_NS)

    def clusters(self) -> Iterator[tuple[Sequence[Bytes], Span]]:
        """Give each cluster, as it is or made anew of its whole blocks, and when it lies."""
        at = self._at
        while at < self.size:
            ident, start, length = self._scan.head(at)
            if ident == Id.CLUSTER:
                known = length != UNKNOWN_SIZE
                end = start + length if known else self._scan.find_cluster(start)
                taken = _taken(self._scan.read(at, start - at + min(end - start, _MOST_BYTES)), start - at)
                self.damaged += not taken.sound and known and end <= self.size
                if taken.parts:
                    yield taken.parts, taken.span
                else:
                    self.lost_bytes += taken.used
                at += taken.used
            elif ident in LEVEL_1 and (start + length <= self.size or ident == Id.CUES):
                end = start + length
                at = self._scan.behind_voids(at, end) if ident == Id.VOID else end
            else:
                place = self._scan.find_cluster(at)
                self.lost_bytes += place - at
                at = place

    def _before_clusters(self) -> Iterator[tuple[int, bytes]]:
        """Give the elements before the first cluster but for those that a new file has its own of."""
        behind_front = False
        ident, start, length = self._scan.head(self._at)
        while ident != Id.CLUSTER and ident.bit_length() > 0 and start + length <= self.size:
            behind_front |= ident not in (Id.SEEK_HEAD, Id.INFO, Id.VOID, Id.CRC32)
            # The voids at the front are room for what is written at the end.
            if behind_front or ident == Id.INFO:
                yield ident, self._scan.read(self._at, start + length - self._at)
            self._at = start + length
            ident, start, length = self._scan.head(self._at)

    def _with_start(self, tags: bytes, tracks: bytes) -> bytes:
        """Add the tag of the start to others; Microsoft's recorder does so only when it closes the file."""
        start_ns = None if _START_TAG.encode() in tags else self._start_ns(tracks)
        if start_ns is None:
            return tags
        others = [tags[c.at : c.end] for c in _children(tags) if c.ident != Id.CRC32]
        return element(Id.TAGS, *others, tag(_START_TAG, str(start_ns)))

    def _start_ns(self, tracks: bytes) -> int | None:
        """Derive the device time of the start from an inertial sample, which has both times; None without."""
        entries = [_values(tracks, entry) for entry in _children(tracks)]
        imu = next((number(e[Id.TRACK_NUMBER]) for e in entries if e.get(Id.CODEC_ID) == _IMU_CODEC), None)
        ahead = _Salvage(self.name, self._scan)
        ahead._at = self._at
        for parts, span in islice(ahead.clusters(), _CLUSTERS_FOR_START):
            data = b"".join(parts)
            for child in elements(data, head_at(data, 0)[1], len(data)):
                block = _block(data, child)
                if block is not None and block.track == imu:
                    count = block.frames[0] + 1 if block.flags & _LACING else 1
                    sample = block.frames[-count * IMU_SAMPLE.size :][: IMU_SAMPLE.size]
                    return int(IMU_SAMPLE.unpack(sample)[0]) - (span.start + block.first) * TIMECODE_SCALE
        return None


def _taken(data: bytes, start: int) -> _Taken:
    """Take what is whole out of a cluster whose content begins at `start`."""
    view = memoryview(data)
    children = list(takewhile(lambda child: child.ident in IN_CLUSTER, elements(view, start, len(data))))
    used = children[-1].end if children else start
    times = [number(view[c.start : c.end]) for c in children if c.ident == Id.TIMECODE]
    read = [(c, _block(view, c)) for c in children if c.ident in BLOCKS]
    blocks = [(c, block) for c, block in read if block is not None]
    if not times or not blocks:
        return _Taken((), Span(0, 0, None), used, False)
    time = times[0]
    first = next((time + block.first for _, block in blocks if block.track == 1), None)
    span = Span(time, time + max(block.last for _, block in blocks), first)
    if head_at(view, 0)[2] == used - start and len(blocks) == len(read):
        return _Taken((view[:used],), span, used, _is_as_written(view, children))
    return _Taken(joined(time, [view[c.at : c.end] for c, _ in blocks]), span, used, False)


def _is_as_written(data: Bytes, children: Sequence[Element]) -> bool:
    """Whether a cluster fits its checksum, which covers what follows it; one without passes."""
    if children[0].ident != Id.CRC32:
        return True
    stated = int.from_bytes(data[children[0].start : children[0].end], "little")
    return zlib.crc32(data[children[0].end : children[-1].end]) == stated


def _block(data: Bytes, child: Element) -> _Block | None:
    """Decode a block, alone or in its group; None if it is not one."""
    duration = 1
    if child.ident == Id.BLOCK_GROUP:
        parts = {part.ident: part for part in elements(data, child.start, child.end)}
        if Id.BLOCK not in parts:
            return None
        if Id.BLOCK_DURATION in parts:
            duration = number(data[parts[Id.BLOCK_DURATION].start : parts[Id.BLOCK_DURATION].end])
        child = parts[Id.BLOCK]
    elif child.ident != Id.SIMPLE_BLOCK:
        return None
    try:
        track, at = vint_at(data, child.start)
        first, flags = _TIME_AND_FLAGS.unpack(data[at : at + _TIME_AND_FLAGS.size])
    except (IndexError, struct.error):
        return None
    frames = data[at + _TIME_AND_FLAGS.size : child.end]
    return _Block(track, first, first + max(duration, 1) - 1, flags, frames) if frames else None


def _children(part: bytes) -> Iterator[Element]:
    """Go through the elements in an encoded one."""
    return elements(part, head_at(part, 0)[1], len(part))


def _values(data: bytes, parent: Element) -> dict[int, bytes]:
    return {child.ident: data[child.start : child.end] for child in elements(data, parent.start, parent.end)}
