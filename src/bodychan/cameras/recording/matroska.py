"""Matroska as bytes: encoders and decoders for the elements that a recording has.

EBML (RFC 8794) nests elements as number, size, content. Numbers and sizes are variable-length integers: the
count of leading zero bits in the first byte says how many bytes follow; a size whose bits are all set is
unknown. A Matroska file (RFC 9559) is an EBML head and a Segment, which holds a seek head (offsets of the
other parts), Info, Tracks, Attachments and Tags, then Clusters, each a fraction of a second of blocks, and
last Cues, the index.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, TypeAlias

Bytes: TypeAlias = bytes | memoryview
"""Bytes that can be written or read without a copy."""


class Id(IntEnum):
    """The elements that a recording has, by their numbers."""

    EBML_HEAD = 0x1A45DFA3
    EBML_VERSION = 0x4286
    EBML_READ_VERSION = 0x42F7
    EBML_MAX_ID_LENGTH = 0x42F2
    EBML_MAX_SIZE_LENGTH = 0x42F3
    DOC_TYPE = 0x4282
    DOC_TYPE_VERSION = 0x4287
    DOC_TYPE_READ_VERSION = 0x4285
    CRC32 = 0xBF
    VOID = 0xEC
    SEGMENT = 0x18538067
    SEEK_HEAD = 0x114D9B74
    SEEK = 0x4DBB
    SEEK_ID = 0x53AB
    SEEK_POSITION = 0x53AC
    INFO = 0x1549A966
    TIMECODE_SCALE = 0x2AD7B1
    DURATION = 0x4489
    TITLE = 0x7BA9
    MUXING_APP = 0x4D80
    WRITING_APP = 0x5741
    TRACKS = 0x1654AE6B
    TRACK_ENTRY = 0xAE
    TRACK_NUMBER = 0xD7
    TRACK_UID = 0x73C5
    TRACK_TYPE = 0x83
    FLAG_LACING = 0x9C
    DEFAULT_DURATION = 0x23E383
    NAME = 0x536E
    CODEC_ID = 0x86
    CODEC_PRIVATE = 0x63A2
    VIDEO = 0xE0
    PIXEL_WIDTH = 0xB0
    PIXEL_HEIGHT = 0xBA
    ATTACHMENTS = 0x1941A469
    ATTACHED_FILE = 0x61A7
    FILE_NAME = 0x466E
    FILE_MIME_TYPE = 0x4660
    FILE_DATA = 0x465C
    FILE_UID = 0x46AE
    TAGS = 0x1254C367
    TAG = 0x7373
    TARGETS = 0x63C0
    TARGET_TYPE = 0x63CA
    TAG_TRACK_UID = 0x63C5
    TAG_ATTACHMENT_UID = 0x63C6
    SIMPLE_TAG = 0x67C8
    TAG_NAME = 0x45A3
    TAG_STRING = 0x4487
    CLUSTER = 0x1F43B675
    TIMECODE = 0xE7
    POSITION = 0xA7
    PREVIOUS_SIZE = 0xAB
    SIMPLE_BLOCK = 0xA3
    BLOCK_GROUP = 0xA0
    BLOCK = 0xA1
    BLOCK_DURATION = 0x9B
    CUES = 0x1C53BB6B
    CUE_POINT = 0xBB
    CUE_TIME = 0xB3
    CUE_TRACK_POSITIONS = 0xB7
    CUE_TRACK = 0xF7
    CUE_CLUSTER_POSITION = 0xF1


IMU_SAMPLE = struct.Struct("<Q3fQ3f")
"""An inertial sample in a recording: time in ns and m/s², time in ns and rad/s (SDK: matroska_common.h)."""

UNKNOWN_SIZE = (1 << 56) - 1


def vint(value: int, width: int = 0) -> bytes:
    """Encode a size or track number in `width` bytes, or in the fewest that hold it when 0."""
    width = width or next(w for w in range(1, 9) if value < (1 << 7 * w) - 1)
    return ((1 << 7 * width) | value).to_bytes(width, "big")


def head(ident: int, size: int, width: int = 0) -> bytes:
    """Encode the number and size that open an element of `size` bytes."""
    return ident.to_bytes((ident.bit_length() + 7) // 8, "big") + vint(size, width)


def element(ident: int, *content: Bytes | str | int | float) -> bytes:
    """Encode an element: integers as unsigned ones, floats in 8 bytes, text as UTF-8, bytes as they are."""
    body = b"".join(map(_content, content))
    return head(ident, len(body)) + body


def _content(value: Bytes | str | int | float) -> Bytes:
    if isinstance(value, bytes | memoryview):
        return value
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, float):
        return struct.pack(">d", value)
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")


def padded(content: bytes, size: int) -> bytes:
    """Pad elements to a size with a Void element, so that they can be overwritten in place."""
    room = size - len(content)
    # The Void's own head: 1 byte of number and 8 of size.
    return content + head(Id.VOID, room - 9, 8) + bytes(room - 9)


@dataclass(frozen=True, slots=True)
class Layout:
    """What the head of a Matroska file says of its extent, in bytes from its start.

    `end` is None where the size is unknown, as in a recording that was never closed; `cues`, where the index
    after the last cluster begins, is None where no seek head tells. `has_info` is False where the tracks come
    without the element Info, which says the unit of time.
    """

    end: int | None
    cues: int | None
    has_info: bool = True


def read_layout(data: bytes) -> Layout | None:
    """Read the layout from the first bytes of a file; None if they do not begin a Matroska file."""
    try:
        ident, start, size = head_at(data, 0)
        if ident != Id.EBML_HEAD:
            return None
        ident, start, size = head_at(data, start + size)
    except IndexError:
        return None
    if ident != Id.SEGMENT:
        return None
    # Microsoft's recorder leaves 0 there until it closes the file.
    end = None if size in (0, UNKNOWN_SIZE) else start + size
    cues = _sought(data, start).get(Id.CUES)
    return Layout(end, None if cues is None else start + cues, _opens_with_info(data, start))


class Element(NamedTuple):
    """Where an element lies: its number, and the offsets of its head, its content, and its end."""

    ident: int
    at: int
    start: int
    end: int


def elements(data: Bytes, at: int, end: int) -> Iterator[Element]:
    """Yield the whole elements that follow each other between two offsets."""
    while at < end:
        try:
            ident, start, size = head_at(data, at)
        except IndexError:
            return
        if size == UNKNOWN_SIZE or start + size > end:
            return
        yield Element(ident, at, start, start + size)
        at = start + size


def number(data: Bytes) -> int:
    """Decode the content of an element that holds an unsigned integer."""
    return int.from_bytes(data, "big")


def head_at(data: Bytes, at: int) -> tuple[int, int, int]:
    """Decode the head of the element at `at`: its number, where its content starts, and the content's size.

    Raises:
        IndexError: the data end inside the head, or it is not one.
    """
    width = 9 - data[at].bit_length()
    size_at = at + width
    size, start = vint_at(data, size_at)
    if width > 4:
        raise IndexError(at)
    return number(data[at:size_at]), start, size


def vint_at(data: Bytes, at: int) -> tuple[int, int]:
    """Decode a size or track number, `UNKNOWN_SIZE` if all its bits are set, and say where it ends.

    Raises:
        IndexError: the data end inside it, or it is not one.
    """
    width = 9 - data[at].bit_length()
    if width > 8 or at + width > len(data):
        raise IndexError(at)
    largest = (1 << 7 * width) - 1
    value = number(data[at : at + width]) & largest
    return UNKNOWN_SIZE if value == largest else value, at + width


def _opens_with_info(data: bytes, at: int) -> bool:
    """Whether Info comes before the tracks; True where the data end before either."""
    try:
        ident, at, size = head_at(data, at)
        while ident not in (Id.INFO, Id.TRACKS):
            ident, at, size = head_at(data, at + size)
    except IndexError:
        return True
    return ident == Id.INFO


def _sought(data: bytes, at: int) -> dict[int, int]:
    """Read the seek head that may open a segment at `at`: element number -> offset in the segment."""
    found: dict[int, int] = {}
    seek_head = next(elements(data, at, len(data)), None)
    if seek_head is None or seek_head.ident != Id.SEEK_HEAD:
        return found
    for seek in elements(data, seek_head.start, seek_head.end):
        entry = {e.ident: number(data[e.start : e.end]) for e in elements(data, seek.start, seek.end)}
        if seek.ident == Id.SEEK and entry.keys() >= {Id.SEEK_ID, Id.SEEK_POSITION}:
            found[entry[Id.SEEK_ID]] = entry[Id.SEEK_POSITION]
    return found
