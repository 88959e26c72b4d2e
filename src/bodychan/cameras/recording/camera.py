"""Recordings of Azure Kinect and Femto devices: Matroska files as Microsoft's recorder writes them."""

from contextlib import closing
from functools import partial
from os import PathLike, fspath

import numpy as np
from av.error import FFmpegError

from bodychan.cameras.base import Camera
from bodychan.cameras.color import decode_or_note
from bodychan.cameras.faults import Faults
from bodychan.cameras.recording.grouping import Block, Group
from bodychan.cameras.recording.header import Header, Track, read_header
from bodychan.cameras.recording.matroska import IMU_SAMPLE
from bodychan.cameras.recording.reader import Extent, Image, Reader, open_container, survey
from bodychan.cameras.recording.scan import Scan
from bodychan.errors import RecordingError
from bodychan.model.arrays import U16, frozen
from bodychan.model.capture import Capture, ColorImage, ImuSample


class RecordingCamera(Camera):
    """A recording, read in the order of its file; see `Camera`.

    Images make a capture by the rule of Microsoft's reader. Inertial samples join the first capture whose
    time is not before theirs; those after the last capture join that one.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        """Open a recording and look at its first and last capture.

        Raises:
            RecordingError: the file cannot be read, is no recording, or holds no whole capture.
        """
        self.name = fspath(path)
        extent = survey(self.name)
        _require_no_filler(self.name)
        header = _header(self.name, extent)
        self.start_usec = header.start_usec
        self.calibration, self.fps, self.tags = header.calibration, header.fps, header.tags
        self.warnings = list(header.warnings)
        self._length: int | None = None
        self._tracks = header.tracks
        self.measures_depth = "depth" in header.tracks
        self._faults = Faults(self.name, self.warnings)
        self._open_reader = partial(Reader, self.name, header, extent.cut_off)
        with closing(self._open_reader(_ignore)) as reader:
            last = reader.last()
            if last is None:
                raise RecordingError(extent.without_captures())
            if extent.incomplete:
                index = reader.captures[-1][1]
                self.warnings.append(extent.cut_off_after(index, last.usec - header.start_usec))
        self.duration_usec = last.usec + header.period_ns // 1000 - header.start_usec
        self._reader = self._open_reader(self._faults.note)
        self._pending: Group[Image] | None = None

    def _read(self) -> Capture | None:
        group = self._pending or self._reader.next()
        self._pending = None
        return None if group is None else self._capture(group)

    def _seek(self, device_usec: int) -> None:
        self._pending = self._reader.find(device_usec)

    def _count(self) -> int:
        """Count the captures in one pass through the file, about as fast as the disk gives it."""
        if self._length is None:
            with closing(self._open_reader(_ignore)) as reader:
                self._length = sum(1 for _ in iter(reader.next, None))
        return self._length

    def _close(self) -> None:
        self._reader.close()

    def _capture(self, group: Group[Image]) -> Capture:
        depth, ir, color = (group.blocks.get(kind) for kind in ("depth", "ir", "color"))
        return Capture(
            index=group.index,
            depth=None if depth is None else _native(depth.data, self._tracks["depth"]),
            ir=None if ir is None else _native(ir.data, self._tracks["ir"]),
            color_image=None if color is None else self._color_image(color),
            depth_usec=None if depth is None else depth.usec,
            ir_usec=None if ir is None else ir.usec,
            color_usec=None if color is None else color.usec,
            imu=tuple(map(_imu_sample, group.imu)),
        )

    def _color_image(self, block: Block[Image]) -> ColorImage:
        track = self._tracks["color"]
        where = f"colour image at device time {block.usec} µs"
        decode = partial(decode_or_note, where=where, faults=self._faults)
        return ColorImage(track.format, *track.size, bytes(block.data), decode)


def _ignore(kind: str, fault: str) -> None:
    """Stand in for `Faults.note` where the file is read for its length only."""


def _require_no_filler(name: str) -> None:
    with Scan(name) as scan:
        found = scan.filler()
        if found is not None:
            at, size = found
            raise RecordingError(
                f"{name}: {size} bytes or more from offset {at} on hold nothing, as after a copy that broke "
                f"off; take them out with 'bodychan record --repair {name}'"
            )


def _header(name: str, extent: Extent) -> Header:
    if extent.untimed:
        raise RecordingError(extent.without_time())
    try:
        with open_container(name) as container:
            return read_header(container, name)
    except (FFmpegError, RecordingError, UnicodeDecodeError) as error:
        # FFmpeg meets the end of a file that has a head and nothing else.
        if extent.incomplete or isinstance(error, EOFError):
            raise RecordingError(extent.without_captures()) from error
        if isinstance(error, RecordingError):
            raise
        reason = error.strerror if isinstance(error, FFmpegError) else error.reason
        raise RecordingError(
            f"{name}: the head of the file is damaged ({reason}); copy it again from its source"
        ) from error


def _native(data: Image, track: Track) -> U16:
    width, height = track.size
    return frozen(np.frombuffer(memoryview(data), ">u2").reshape(height, width).astype(np.uint16))


def _imu_sample(data: bytes) -> ImuSample:
    accel_ns, *accel, gyro_ns, x, y, z = IMU_SAMPLE.unpack(data)
    return ImuSample(
        frozen(np.array(accel, np.float32)),
        accel_ns // 1000,
        frozen(np.array((x, y, z), np.float32)),
        gyro_ns // 1000,
    )
