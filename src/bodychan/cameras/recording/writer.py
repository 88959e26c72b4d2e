"""Writing recordings that this package's reader opens, and of an Azure Kinect's modes Microsoft's too."""

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from os import PathLike, fspath

import numpy as np

from bodychan import __version__
from bodychan.cameras.color import COLOR_FORMATS
from bodychan.cameras.faults import Faults
from bodychan.cameras.recording.cluster_file import ClusterFile
from bodychan.cameras.recording.encode import CLUSTER_USEC, Datum, Head, TrackEntry, cluster, span
from bodychan.cameras.recording.matroska import IMU_SAMPLE, Bytes
from bodychan.errors import OutputError, did_you_mean
from bodychan.model.arrays import U16
from bodychan.model.capture import Capture, ColorImage, ImuSample
from bodychan.model.closing import Closing
from bodychan.optics.calibration import Calibration
from bodychan.optics.modes import COLOR_RESOLUTIONS, DEPTH_MODES, FRAME_RATES, one_named

_HOLD_USEC = 1_000_000
_TAG_NAME = re.compile("[A-Z0-9_-]+")
# These follow from the tracks and the first capture, so tags copied from another recording do not count.
_OWN_TAGS = re.compile(
    "K4A_(COLOR|DEPTH|IR|IMU)_(TRACK|MODE)|K4A_CUSTOM_TRACK_.*|K4A_CALIBRATION_FILE|K4A_START_OFFSET_NS"
)


class Recorder(Closing):
    """Writes captures to a K4A Matroska file; use it as a context manager.

    The recording starts at the first image or inertial sample of the first capture. What is newer than the
    newest of some kind is held back, for a second at most. All else is in the file when `write` returns: even
    if the process is killed it opens and reads, and `repair` finishes it. Ctrl-C may interrupt any call;
    `close` then finishes the file.

    A device's clocks may be wrong. When the images' clock steps back, all times from there on are moved
    so that they follow those before. Inertial samples more than a second off their capture are filed at its
    time; they keep their own in themselves. A capture that comes after one with a higher index is put in its
    place, or left out where that has been written. All of this is counted in `warnings`.
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
            fps: 5, 15 or 30; of another camera than an Azure Kinect or Femto any.
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
        self._require(
            fps in FRAME_RATES or one_named(calibration.depth_mode, DEPTH_MODES).foreign,
            f"{fps} frames per second; a recording has 5, 15 or 30, set the camera to one of them",
        )
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
                is_tag_name(name),
                f"tag name '{name}'; only A-Z, 0-9, - and _ are allowed",
            )
        depth = depth and calibration.depth_mode != "PASSIVE_IR"
        self._tracks = self._entries(depth, ir, imu)
        self._numbers = {track.name: number for number, track in enumerate(self._tracks, 1)}
        self._start_usec: int | None = None
        self.warnings: list[str] = []
        self._faults = Faults(self._name, self.warnings)
        self.moved_usec = 0
        """What has been added to the device's times since its clock went back."""
        self._newest_capture_usec: int | None = None
        self._newest_index = 0
        self._pending: list[Datum] = []
        self._newest_usec = dict.fromkeys(self._numbers.values(), 0)
        self._file = ClusterFile(self._name)

    @property
    def tracks(self) -> set[str]:
        """What there are tracks of: "color", "depth", "ir", "imu"."""
        return {name.lower() for name in self._numbers}

    def write(self, capture: Capture) -> bool:
        """Add a capture; images and samples that have no track here are left out.

        Returns:
            whether it is in the file, or will be; False for one that comes too late.

        Raises:
            OutputError: an image is not as the recording's modes say, or the file cannot be written.
        """
        self._require(not self._file.closed, "the recorder is closed; make a new one")
        images = list(self._images(capture))
        samples = capture.imu if "IMU" in self._numbers else ()
        if not images and not samples:
            return True
        usec = min(datum.usec for datum in images) if images else samples[0].accel_usec
        if self._start_usec is None:
            near = [s.accel_usec for s in samples if abs(s.accel_usec - usec) <= _HOLD_USEC]
            self._start_usec = min([usec, *near])
            if near:
                # What was measured long before, while nobody recorded, is not part of it.
                samples = tuple(s for s in samples if s.accel_usec >= self._start_usec)
        start = self._start_usec
        if capture.index < self._newest_index:
            if not self._has_room_for(capture.index, usec):
                return False
        elif images:
            self._newest_index = capture.index
            samples = self._follow_clock(usec, samples)
        offset = self.moved_usec - start
        data = [datum._replace(usec=datum.usec + offset) for datum in images]
        data += [self._sample(sample, usec + offset) for sample in samples]
        self._begin()
        self._pending = sorted([*self._pending, *data], key=lambda datum: (datum.usec, datum.track))
        for datum in data:
            self._newest_usec[datum.track] = max(self._newest_usec[datum.track], datum.usec)
        self._flush(max(min(self._newest_usec.values()), self._pending[-1].usec - _HOLD_USEC))
        return True

    def close(self) -> None:
        """Write what is left, the index and the final head; a second call does nothing.

        Raises:
            OutputError: the file cannot be written.
        """
        if not self._file.closed:
            self._begin()
            self._flush(None)
            self._file.finish()

    def _require(self, condition: bool, otherwise: str) -> None:
        if not condition:
            raise OutputError(f"cannot write {self._name}: {otherwise}")

    def _entries(self, depth: bool, ir: bool, imu: bool) -> list[TrackEntry]:
        mode, resolution = self._calibration.depth_mode, self._calibration.color_resolution
        size = one_named(mode, DEPTH_MODES).size
        tracks = []
        if self._color_format is not None:
            tags = {"K4A_COLOR_MODE": f"{self._color_format}_{resolution}"}
            color_size = one_named(resolution, COLOR_RESOLUTIONS).size
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
        if "IR" in self._numbers and "DEPTH" not in self._numbers:
            tags["K4A_DEPTH_MODE"] = self._calibration.depth_mode
        if "COLOR" in self._numbers and len(self._numbers.keys() & {"DEPTH", "IR"}):
            tags["K4A_DEPTH_DELAY_NS"] = "0"
        tags["K4A_WIRED_SYNC_MODE"] = "STANDALONE"
        tags |= self._tags
        tags["K4A_START_OFFSET_NS"] = str((self._start_usec or 0) * 1000)
        raw = self._calibration.raw
        return Head(self._tracks, self._fps, raw, self._uid("calibration"), tags, f"bodychan-{__version__}")

    def _images(self, capture: Capture) -> Iterable[Datum]:
        """Give the images of a capture for the tracks there are, in device time."""
        if capture.color_image is not None and capture.color_usec is not None and "COLOR" in self._numbers:
            data = self._color_data(capture.index, capture.color_image)
            yield Datum(capture.color_usec, self._numbers["COLOR"], data)
        for name, pixels, usec in (
            ("DEPTH", capture.depth, capture.depth_usec),
            ("IR", capture.ir, capture.ir_usec),
        ):
            if pixels is not None and usec is not None and name in self._numbers:
                yield Datum(usec, self._numbers[name], self._depth_data(capture.index, name, pixels))

    def _has_room_for(self, index: int, usec: int) -> bool:
        """Whether a capture that comes after later ones can still be put before them."""
        place, newest = usec + self.moved_usec - (self._start_usec or 0), self._newest_capture_usec
        if place >= self._written_until() and (newest is None or usec + self.moved_usec < newest):
            return True
        self._faults.note(
            "late", f"capture {index} came when {self._newest_index} had been written; it is left out"
        )
        return False

    def _follow_clock(self, usec: int, samples: tuple[ImuSample, ...]) -> tuple[ImuSample, ...]:
        """Move the times from a capture on that is not newer than the one before it.

        It then lies one frame period after that one. Of its samples, those from before the step have no place
        any more.
        """
        before, now = self._newest_capture_usec, usec + self.moved_usec
        self._newest_capture_usec = now
        if before is None or now > before:
            return samples
        self._faults.note(
            "clock",
            f"the device's clock went back to {usec} µs; times are moved to go on from {before} µs",
        )
        self._newest_capture_usec = before + 1_000_000 // self._fps
        self.moved_usec = self._newest_capture_usec - usec
        kept = tuple(sample for sample in samples if sample.accel_usec <= usec + _HOLD_USEC)
        if len(kept) < len(samples):
            self._faults.note(
                "lost", f"inertial samples from before the clock went back to {usec} µs are left out"
            )
        return kept

    def _sample(self, sample: ImuSample, usec: int) -> Datum:
        """Give a sample its place in the file: its own time, or if that is far off, that of its capture."""
        moved, start = self.moved_usec, self._start_usec or 0
        data = IMU_SAMPLE.pack(
            (sample.accel_usec + moved) * 1000, *sample.accel, (sample.gyro_usec + moved) * 1000, *sample.gyro
        )
        own, written = sample.accel_usec + moved - start, self._written_until()
        # Of a gap there are samples, too, which have their place in it.
        right = written <= own <= usec + _HOLD_USEC
        place = own if right else max(own if abs(own - usec) <= _HOLD_USEC else usec, written)
        if place != own:
            self._faults.note(
                "imu clock",
                f"an inertial sample of {sample.accel_usec} µs came with images of "
                f"{usec + start - moved} µs; it is filed at their time",
            )
        return Datum(place, self._numbers["IMU"], data)

    def _color_data(self, index: int, image: ColorImage) -> Bytes:
        size = one_named(self._calibration.color_resolution, COLOR_RESOLUTIONS).size
        self._require(
            (image.format, image.width, image.height) == (self._color_format, *size),
            f"colour of capture {index} is {image.format} {image.width}x{image.height}, "
            f"the recording's is {self._color_format} {size[0]}x{size[1]}",
        )
        return image.data

    def _depth_data(self, index: int, name: str, pixels: U16) -> Bytes:
        width, height = one_named(self._calibration.depth_mode, DEPTH_MODES).size
        self._require(
            pixels.shape == (height, width) and pixels.dtype == np.uint16,
            f"{name} of capture {index} is {pixels.dtype} {pixels.shape}, "
            f"mode {self._calibration.depth_mode} takes uint16 {(height, width)}",
        )
        return pixels.astype(">u2").reshape(-1).view(np.uint8).data

    def _begin(self) -> None:
        if not self._file.begun:
            self._file.begin(self._head().opening())

    def _written_until(self) -> int:
        """Give the time from which on nothing has been written."""
        return self._file.span.start + CLUSTER_USEC if self._file.span else 0

    def _flush(self, until_usec: int | None) -> None:
        """Write all clusters that end by a time, or all that is left."""
        while True:
            # What has been written is asked of the file: a flush before may have been interrupted.
            written = self._written_until()
            self._pending = [datum for datum in self._pending if datum.usec >= written]
            if not self._pending:
                return
            end = self._pending[0].usec + CLUSTER_USEC
            if until_usec is not None and end > until_usec:
                return
            data = [datum for datum in self._pending if datum.usec < end]
            self._file.append(cluster(data, self._numbers.get("IMU")), span(data))


def is_tag_name(name: str) -> bool:
    """Whether a tag of a recording may have this name."""
    return _TAG_NAME.fullmatch(name) is not None
