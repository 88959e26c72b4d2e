"""The bytes of a recording as Microsoft's recorder lays them out: head, clusters and index, without a file.

The layout is that of azure-kinect-sensor-sdk, src/record/sdk/record.cpp and internal/matroska_write.cpp.
"""

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import NamedTuple

from bodychan.cameras.color import COLOR_FORMATS, color_bytes
from bodychan.cameras.recording.matroska import UNKNOWN_SIZE, Bytes, Id, element, head, padded, vint

CLUSTER_USEC = 32_000
"""A cluster holds less than this."""

TIMECODE_SCALE = 1000
"""Nanoseconds in a unit of time in the file: it counts in microseconds."""

CALIBRATION_FILE = "calibration.json"

_SEEK_HEAD_BYTES = 1024
_INFO_BYTES = 256
_TAGS_ROOM_BYTES = 1024
_SEGMENT_HEAD_BYTES = 12
_VOID_HEAD_BYTES = 9
_VIDEO, _SUBTITLE = 1, 0x11
_KEYFRAME, _FIXED_LACING = 0x80, 0x04
# 256 would fit, but Microsoft's reader counts them in a byte and never comes to their end.
_MAX_LACED = 255


class Datum(NamedTuple):
    """An image or inertial sample on its way to the file: microseconds in the file, track number, bytes."""

    usec: int
    track: int
    data: Bytes


class Span(NamedTuple):
    """When a cluster's content lies, in the file's units of time (microseconds but in others' recordings).

    Where it starts, its newest image or sample, and the first of track 1, None without one.
    """

    start: int
    newest: int
    first: int | None


@dataclass(frozen=True, slots=True)
class TrackEntry:
    """A track to write: "COLOR", "DEPTH", "IR" or "IMU", with the tags that point at it.

    `fourcc` and `size` (width, height) are those of its images; the inertial track has none.
    """

    name: str
    uid: int
    tags: Mapping[str, str]
    fourcc: str | None = None
    size: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Opening:
    """The bytes before the first cluster: a front that is written once more at the end, and what stays.

    `info` is the content of the element Info but for the duration; `rest` the elements behind it, with their
    numbers. A front has the same size whatever it says.
    """

    ebml_head: Bytes
    info: Bytes
    rest: Sequence[tuple[int, Bytes]]
    scale_ns: int = TIMECODE_SCALE

    @property
    def start(self) -> int:
        """Where the segment's content begins, from which offsets in it count."""
        return len(self.ebml_head) + _SEGMENT_HEAD_BYTES

    def front(self, duration: int = 0, cues_at: int = 0, end: int = 0) -> bytes:
        """Encode what tells the file's extent.

        Args:
            duration: the last time in the file.
            cues_at: where the index begins, in bytes from the start of the file; 0 for none.
            end: where the file ends; 0 while it is being written.
        """
        info = element(Id.INFO, self.info, element(Id.DURATION, float(duration)))
        info = padded(info, max(_INFO_BYTES, len(info) + _VOID_HEAD_BYTES))
        offsets = [(int(Id.INFO), _SEEK_HEAD_BYTES)]
        at = _SEEK_HEAD_BYTES + len(info)
        for ident, part in self.rest:
            if ident != Id.VOID:
                offsets.append((ident, at))
            at += len(part)
        if cues_at:
            offsets.append((Id.CUES, cues_at - self.start))
        seek_head = padded(_seek_head(offsets) if end else b"", _SEEK_HEAD_BYTES)
        segment = head(Id.SEGMENT, end - self.start if end else UNKNOWN_SIZE, 8)
        return b"".join((self.ebml_head, segment, seek_head, info))

    def encode(self) -> bytes:
        """Encode all of it as it stands while the file is being written."""
        return b"".join((self.front(), *(part for _, part in self.rest)))


@dataclass(frozen=True, slots=True)
class Head:
    """What a recording says of itself. `tags` are those of the whole recording."""

    tracks: Sequence[TrackEntry]
    fps: int
    calibration: bytes
    calibration_uid: int
    tags: Mapping[str, str]
    writer: str

    def opening(self) -> Opening:
        """Encode it."""
        tracks = element(Id.TRACKS, *(self._track(n, t) for n, t in enumerate(self.tracks, 1)))
        return Opening(
            _ebml_head(),
            info(self.writer),
            [
                (Id.TRACKS, tracks),
                (Id.ATTACHMENTS, element(Id.ATTACHMENTS, self._attachment())),
                (Id.TAGS, element(Id.TAGS, *self._tags())),
                # Room for tags that a tool may add later.
                (Id.VOID, padded(b"", _TAGS_ROOM_BYTES)),
            ],
        )

    def _track(self, number: int, track: TrackEntry) -> bytes:
        content = [
            element(Id.TRACK_NUMBER, number),
            element(Id.TRACK_UID, track.uid),
            element(Id.TRACK_TYPE, _SUBTITLE if track.fourcc is None else _VIDEO),
            element(Id.NAME, track.name),
        ]
        if track.fourcc is None:
            content.append(element(Id.CODEC_ID, "S_K4A/IMU"))
        else:
            width, height = track.size
            content += [
                element(Id.FLAG_LACING, 0),
                element(Id.CODEC_ID, "V_MS/VFW/FOURCC"),
                element(Id.CODEC_PRIVATE, bitmap_info_header(track.fourcc, width, height)),
                element(Id.DEFAULT_DURATION, 10**9 // self.fps),
                element(Id.VIDEO, element(Id.PIXEL_WIDTH, width), element(Id.PIXEL_HEIGHT, height)),
            ]
        return element(Id.TRACK_ENTRY, *content)

    def _attachment(self) -> bytes:
        return element(
            Id.ATTACHED_FILE,
            element(Id.FILE_NAME, CALIBRATION_FILE),
            element(Id.FILE_MIME_TYPE, "application/octet-stream"),
            element(Id.FILE_DATA, self.calibration.removesuffix(b"\0")),
            element(Id.FILE_UID, self.calibration_uid),
        )

    def _tags(self) -> list[bytes]:
        tags = []
        for track in self.tracks:
            target = element(Id.TARGET_TYPE, "TRACK") + element(Id.TAG_TRACK_UID, track.uid)
            own = {f"K4A_{track.name}_TRACK": str(track.uid), **track.tags}
            tags += [tag(name, value, target) for name, value in own.items()]
        tags += [tag(name, value) for name, value in self.tags.items()]
        target = element(Id.TARGET_TYPE, "ATTACHMENT") + element(Id.TAG_ATTACHMENT_UID, self.calibration_uid)
        return [*tags, tag("K4A_CALIBRATION_FILE", CALIBRATION_FILE, target)]


def info(writer: str) -> bytes:
    """Encode the content of the element Info but for the duration."""
    return b"".join(
        (
            element(Id.TIMECODE_SCALE, TIMECODE_SCALE),
            element(Id.MUXING_APP, writer),
            element(Id.WRITING_APP, writer),
            element(Id.TITLE, "Azure Kinect"),
        )
    )


def bitmap_info_header(fourcc: str, width: int, height: int) -> bytes:
    """Encode the 40 bytes by which a video track states its format (Windows' BITMAPINFOHEADER)."""
    bits = 16 if fourcc == "b16g" else COLOR_FORMATS[fourcc]
    size = width * height * 2 if fourcc == "b16g" else color_bytes(fourcc, width, height) or 0
    return struct.pack("<IiiHH4sIiiII", 40, width, height, 1, bits, fourcc.encode(), size, 0, 0, 0, 0)


def cluster(data: Sequence[Datum], imu_track: int | None) -> list[Bytes]:
    """Encode data in the order of their times, all within `CLUSTER_USEC`; see `joined` for the result."""
    start = data[0].usec
    blocks: list[Bytes] = []
    at = 0
    while at < len(data):
        usec, track, content = data[at]
        time = vint(track) + struct.pack(">h", usec - start)
        if track == imu_track:
            run = list(takewhile(lambda d: d.track == imu_track, islice(data, at, at + _MAX_LACED)))
            blocks.append(_laced(time, run))
            at += len(run)
        else:
            size = len(time) + 1 + len(content)
            blocks += [head(Id.SIMPLE_BLOCK, size) + time + bytes([_KEYFRAME]), content]
            at += 1
    return joined(start, blocks)


def joined(start: int, blocks: Sequence[Bytes]) -> list[Bytes]:
    """Encode a cluster of encoded blocks, with its checksum, as byte strings to be written one by one.

    Joining them here would copy every image once more.
    """
    parts = [element(Id.TIMECODE, start), *blocks]
    checksum = 0
    for part in parts:
        checksum = zlib.crc32(part, checksum)
    crc = element(Id.CRC32, struct.pack("<I", checksum))
    return [head(Id.CLUSTER, len(crc) + sum(map(len, parts))) + crc, *parts]


def span(data: Sequence[Datum]) -> Span:
    """Say when the data of a cluster lie."""
    first = next((datum.usec for datum in data if datum.track == 1), None)
    return Span(data[0].usec, data[-1].usec, first)


def _laced(time: bytes, samples: Sequence[Datum]) -> bytes:
    """Put samples of one size into one block, whose duration lets readers space them out."""
    several = bytes([_FIXED_LACING, len(samples) - 1]) if len(samples) > 1 else b"\0"
    return element(
        Id.BLOCK_GROUP,
        element(Id.BLOCK, time, several, *(sample.data for sample in samples)),
        element(Id.BLOCK_DURATION, samples[-1].usec - samples[0].usec + 1),
    )


def cues(points: Iterable[tuple[int, int]]) -> bytes:
    """Encode the index of the first track: times, and the clusters' offsets in the segment."""
    return element(
        Id.CUES,
        *(
            element(
                Id.CUE_POINT,
                element(Id.CUE_TIME, usec),
                element(
                    Id.CUE_TRACK_POSITIONS, element(Id.CUE_TRACK, 1), element(Id.CUE_CLUSTER_POSITION, offset)
                ),
            )
            for usec, offset in points
        ),
    )


def _ebml_head() -> bytes:
    return element(
        Id.EBML_HEAD,
        element(Id.EBML_VERSION, 1),
        element(Id.EBML_READ_VERSION, 1),
        element(Id.EBML_MAX_ID_LENGTH, 4),
        element(Id.EBML_MAX_SIZE_LENGTH, 8),
        element(Id.DOC_TYPE, "matroska"),
        element(Id.DOC_TYPE_VERSION, 2),
        element(Id.DOC_TYPE_READ_VERSION, 2),
    )


def _seek_head(offsets: Iterable[tuple[int, int]]) -> bytes:
    return element(
        Id.SEEK_HEAD,
        *(
            element(Id.SEEK, element(Id.SEEK_ID, int(ident)), element(Id.SEEK_POSITION, offset))
            for ident, offset in offsets
        ),
    )


def tag(name: str, value: str, target: bytes = b"") -> bytes:
    """Encode a tag of the whole recording, or of a target."""
    return element(
        Id.TAG,
        element(Id.TARGETS, target),
        element(Id.SIMPLE_TAG, element(Id.TAG_NAME, name), element(Id.TAG_STRING, value)),
    )
