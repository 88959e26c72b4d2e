"""Whose a recording in the container of ROS 1 (`.bag`) is: several makers' recorders write such files."""

import struct
from os import PathLike
from pathlib import Path
from typing import BinaryIO

from bodychan.errors import RecordingError

_MAGIC = b"#ROSBAG V2.0\n"
_INDEX_FIELD = b"index_pos="
_HEAD_BYTES = 4096
_INDEX_BYTES = 1 << 18
_MAKERS = {"orbbec": b"topic=/cam/", "realsense": b"topic=/device_0/"}
"""What the first topics of a maker's recordings are called."""


def maker_of(path: str | PathLike[str]) -> str:
    """Tell whose recorder wrote a bag, orbbec or realsense, by the topics in its index.

    Raises:
        RecordingError: the file is missing, no bag, of another maker, or was cut off: its index lies at its
            end.
    """
    try:
        with Path(path).open("rb") as file:
            index = _index(path, file)
    except FileNotFoundError as error:
        raise RecordingError(f"{path}: there is no such file; check its name") from error
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror}; choose a file that can be read") from error
    for maker, topic in _MAKERS.items():
        if topic in index:
            return maker
    raise RecordingError(
        f"{path} is a bag of another recorder than Orbbec's or RealSense's: record with theirs, or convert it"
    )


def _index(path: str | PathLike[str], file: BinaryIO) -> bytes:
    """Read where a bag lists its topics."""
    head = file.read(_HEAD_BYTES)
    if not head.startswith(_MAGIC):
        raise RecordingError(f"{path} is no bag (.bag) of a camera's recorder; check what it is")
    at = head.find(_INDEX_FIELD) + len(_INDEX_FIELD)
    index = struct.unpack_from("<Q", head.ljust(_HEAD_BYTES, b"\0"), at)[0]
    if not 0 < index < file.seek(0, 2):
        raise RecordingError(
            f"{path} was cut off: its index, which lies at the end, is missing; copy it again, or have "
            "`rosbag reindex` make a new one"
        )
    file.seek(index)
    return file.read(_INDEX_BYTES)
