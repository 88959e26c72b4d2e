"""Writing recordings that Microsoft's reader, and this package's, open."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import blake2b
from os import PathLike, fspath
from types import TracebackType
from typing import Self

import numpy as np

from bodychan import __version__
from bodychan.calibration import COLOR_RESOLUTIONS, DEPTH_MODES, Calibration
from bodychan.cameras.color import COLOR_FORMATS
from bodychan.cameras.matroska import IMU_SAMPLE
from bodychan.cameras.recording_format import CLUSTER_USEC, Datum, Head, TrackEntry, cluster, cues
from bodychan.capture import Capture, ColorImage, ImuSample
from bodychan.errors import OutputError, did_you_mean
from bodychan.types import U16

_CUE_GAP_USEC = 1_000_000
_RATES = (5, 15, 30)
_TAG_NAME = re.compile("[A-Z0-9_-]+")
# These follow from the tracks and the first capture, so tags copied from another recording do not count.
_OWN_TAGS = re.compile("K4A_(COLOR|DEPTH|IR|IMU)_(TRACK|MODE)|K4A_CALIBRATION_FILE|K4A_START_OFFSET_NS")


class Recorder:
    """Writes captures to a K4A Matroska file; use it as a context manager.

    The recording starts at the first image or inertial sample of the first capture. Data of one kind must
    come in the order of their times; kinds may differ by two frame periods.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        calibration: Calibration,
        fps: int,
        *,
        color_format: str | None = "MJPG",
        depth: bool = True,
        ir: bool = True,
        imu: bool = True,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Create the file, over one of that name.

        Args:
            path: where to write.
            calibration: the device's, which also says the depth mode and colour resolution.
            fps: 5, 15 or 30.
            color_format: MJPG, NV12, YUY2 or BGRA; None for no colour track.
            depth: whether there is a depth track; never in mode PASSIVE_IR.
            ir: whether there is an infrared track.
            imu: whether there is a track of inertial samples.
            tags: further tags of the recording, such as K4A_DEVICE_SERIAL_NUMBER or K4A_DEPTH_DELAY_NS; those
                that describe the tracks or the start are the recorder's own and are passed over.

        Raises:
            OutputError: the file cannot be created, or an argument is not one of those above.
        """
        self._name = fspath(path)
        self._require(fps in _RATES, f"{fps} frames per second; a recording has 5, 15 or 30")
        if color_format is not None and color_format not in COLOR_FORMATS:
            raise OutputError(
                f"no colour format '{color_format}': {did_you_mean(color_format, COLOR_FORMATS)}"
            )
        self._fps = fps
        self._calibration = calibration
        self._color_format = color_format
        self._tags = {name: value for name, value in (tags or {}).items() if not _OWN_TAGS.fullmatch(name)}
        for name in self._tags:
            self._require(
                _TAG_NAME.fullmatch(name) is not None,
                f"tag name '{name}'; only A-Z, 0-9, - and _ are allowed",
            )
        depth = depth and calibration.depth_mode != "PASSIVE_IR"
        self._tracks = self._entries(depth, ir, imu)
        self._numbers = {track.name: number for number, track in enumerate(self._tracks, 1)}
        self._start_usec: int | None = None
        self._pending: list[Datum] = []
        self._newest_usec = 0
        self._written_usec = 0
        self._cues: list[tuple[int, int]] = []
        self._closed = False
        try:
            self._file = open(self._name, "wb")  # noqa: SIM115
        except OSError as error:
            raise OutputError(f"cannot write {self._name}: {error.strerror}; choose another place") from error

    def write(self, capture: Capture) -> None:
        """Add a capture; images and samples that have no track here are left out.

        Raises:
            OutputError: the capture does not fit the recording, is older than what has been written, or the
                file cannot be written.
        """
        self._require(not self._closed, "the recorder is closed; make a new one")
        data = list(self._data(capture))
        if not data:
            return
        if self._start_usec is None:
            self._start_usec = min(datum.usec for datum in data)
            self._put([self._head().encode()])
        data = [datum._replace(usec=datum.usec - self._start_usec) for datum in data]
        self._require(
            min(datum.usec for datum in data) >= self._written_usec,
            f"capture {capture.index} is older than what has been written; write captures in order of time",
        )
        self._pending = sorted([*self._pending, *data], key=lambda datum: (datum.usec, datum.track))
        self._newest_usec = max(self._newest_usec, self._pending[-1].usec)
        self._flush(self._newest_usec - 2 * 10**6 // self._fps)

    def close(self) -> None:
        """Write what is left, the index and the final head; a second call does nothing.

        Raises:
            OutputError: the file cannot be written.
        """
        if self._closed:
            return
        self._closed = True
        if self._start_usec is None:
            self._put([self._head().encode()])
        self._flush(None)
        cues_at = self._tell() if self._cues else 0
        if self._cues:
            self._put([cues(self._cues)])
        end = self._tell()
        try:
            self._file.seek(0)
            self._put([self._head().encode(self._newest_usec, cues_at, end)])
            self._file.close()
        except OSError as error:
            raise self._failure(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _require(self, condition: bool, otherwise: str) -> None:
        if not condition:
            raise OutputError(f"cannot write {self._name}: {otherwise}")

    def _entries(self, depth: bool, ir: bool, imu: bool) -> list[TrackEntry]:
        mode, resolution = self._calibration.depth_mode, self._calibration.color_resolution
        size = DEPTH_MODES[mode].size
        tracks = []
        if self._color_format is not None:
            tags = {"K4A_COLOR_MODE": f"{self._color_format}_{resolution}"}
            color_size = COLOR_RESOLUTIONS[resolution].size
            tracks.append(TrackEntry("COLOR", self._uid("COLOR"), tags, self._color_format, color_size))
        if depth:
            tracks.append(TrackEntry("DEPTH", self._uid("DEPTH"), {"K4A_DEPTH_MODE": mode}, "b16g", size))
        if ir:
            tags = {"K4A_IR_MODE": "PASSIVE" if mode == "PASSIVE_IR" else "ACTIVE"}
            tracks.append(TrackEntry("IR", self._uid("IR"), tags, "b16g", size))
        if imu:
            tracks.append(TrackEntry("IMU", self._uid("IMU"), {"K4A_IMU_MODE": "ON"}))
        return tracks

    def _uid(self, name: str) -> int:
        """Give a number of 60 bits that is another for each device and track, and the same on every run."""
        digest = blake2b(self._calibration.raw + name.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") >> 4 | 1

    def _head(self) -> Head:
        tags = {}
        if "DEPTH" not in self._numbers:
            tags["K4A_DEPTH_MODE"] = self._calibration.depth_mode
        if "COLOR" in self._numbers and len(self._numbers.keys() & {"DEPTH", "IR"}):
            tags["K4A_DEPTH_DELAY_NS"] = "0"
        tags["K4A_WIRED_SYNC_MODE"] = "STANDALONE"
        tags |= self._tags
        tags["K4A_START_OFFSET_NS"] = str((self._start_usec or 0) * 1000)
        raw = self._calibration.raw
        return Head(self._tracks, self._fps, raw, self._uid("calibration"), tags, f"bodychan-{__version__}")

    def _data(self, capture: Capture) -> Iterable[Datum]:
        """Give what a capture holds for the tracks there are, in device time."""
        if capture.color_image is not None and capture.color_usec is not None and "COLOR" in self._numbers:
            data = self._color_data(capture.index, capture.color_image)
            yield Datum(capture.color_usec, self._numbers["COLOR"], data)
        for name, pixels, usec in (
            ("DEPTH", capture.depth, capture.depth_usec),
            ("IR", capture.ir, capture.ir_usec),
        ):
            if pixels is not None and usec is not None and name in self._numbers:
                yield Datum(usec, self._numbers[name], self._depth_data(capture.index, name, pixels))
        if "IMU" in self._numbers:
            for sample in capture.imu:
                yield Datum(sample.accel_usec, self._numbers["IMU"], _sample_data(sample))

    def _color_data(self, index: int, image: ColorImage) -> bytes:
        size = COLOR_RESOLUTIONS[self._calibration.color_resolution].size
        self._require(
            (image.format, image.width, image.height) == (self._color_format, *size),
            f"colour of capture {index} is {image.format} {image.width}x{image.height}, "
            f"the recording's is {self._color_format} {size[0]}x{size[1]}",
        )
        return image.data

    def _depth_data(self, index: int, name: str, pixels: U16) -> bytes:
        width, height = DEPTH_MODES[self._calibration.depth_mode].size
        self._require(
            pixels.shape == (height, width) and pixels.dtype == np.uint16,
            f"{name} of capture {index} is {pixels.dtype} {pixels.shape}, "
            f"mode {self._calibration.depth_mode} takes uint16 {(height, width)}",
        )
        return pixels.astype(">u2").tobytes()

    def _flush(self, until_usec: int | None) -> None:
        """Write all clusters that end by a time, or all that is left."""
        while self._pending:
            end = self._pending[0].usec + CLUSTER_USEC
            if until_usec is not None and end > until_usec:
                return
            data = [datum for datum in self._pending if datum.usec < end]
            self._pending = self._pending[len(data) :]
            self._written_usec = data[-1].usec
            first = next((datum.usec for datum in data if datum.track == 1), None)
            if first is not None and (not self._cues or first >= self._cues[-1][0] + _CUE_GAP_USEC):
                self._cues.append((first, self._tell() - self._head().start))
            self._put(cluster(data, self._numbers.get("IMU")))

    def _put(self, parts: Iterable[bytes]) -> None:
        try:
            for part in parts:
                self._file.write(part)
        except OSError as error:
            raise self._failure(error) from error

    def _tell(self) -> int:
        return self._file.tell()

    def _failure(self, error: OSError) -> OutputError:
        self._closed = True
        with suppress(OSError):
            self._file.close()
        return OutputError(
            f"cannot write {self._name}: {error.strerror}; what was written up to there can be read"
        )


def _sample_data(sample: ImuSample) -> bytes:
    return IMU_SAMPLE.pack(sample.accel_usec * 1000, *sample.accel, sample.gyro_usec * 1000, *sample.gyro)
