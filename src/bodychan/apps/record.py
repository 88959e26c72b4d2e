"""Recording: every capture of a camera into one file."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path

from bodychan.cameras.base import Camera
from bodychan.cameras.color import COLOR_FORMATS
from bodychan.cameras.recording.writer import Recorder, is_tag_name
from bodychan.cameras.registry import open_camera
from bodychan.cameras.settings import DeviceSettings
from bodychan.errors import CameraError, DeviceUnavailable, OutputError
from bodychan.model.capture import Capture
from bodychan.model.closing import Closing, uninterrupted
from bodychan.outputs.base import closed
from bodychan.outputs.files import PartialFile, require_other


@dataclass(frozen=True)
class Report:
    """What a recording holds.

    `seconds` from its first capture to the end of its last; `captures`, and between them `dropped` frame
    periods that had none; `stopped` says that Ctrl-C ended it; `warnings` are the camera's and the file's.
    """

    path: Path
    seconds: float
    captures: int
    dropped: int
    bytes: int
    stopped: bool
    warnings: tuple[str, ...]


class RecordingFile(Closing):
    """A recording of a camera's captures: NAME.partial.mkv until it is closed, NAME.mkv from then on.

    Used as a context manager it is closed at the end, and left as NAME.partial.mkv when an exception passes.
    There is a track of what the first capture holds, and of what the camera's tags K4A_COLOR_MODE,
    K4A_DEPTH_MODE, K4A_IR_MODE and K4A_IMU_MODE announce.
    """

    def __init__(self, path: str | PathLike[str], camera: Camera, *, overwrite: bool = False) -> None:
        """Check that the file may be written; it is created with the first capture.

        Raises:
            OutputError: the file exists and `overwrite` is off, a recording that was cut off lies beside it,
                or its name does not end in .mkv.
        """
        self.path = Path(path)
        self.target = fspath(path)
        if self.path.suffix.lower() != ".mkv":
            raise OutputError(f"{self.path}: recordings are .mkv files: name it {self.path.stem}.mkv")
        self._file = PartialFile(self.path, overwrite=overwrite)
        self._camera = camera
        self._recorder: Recorder | None = None
        self._closed = False
        self._first: Capture | None = None
        self._last: Capture | None = None
        self._without_track: Counter[str] = Counter()
        self.captures = 0

    @property
    def seconds(self) -> float:
        """From the first capture to the end of the last."""
        if self._first is None or self._last is None:
            return 0.0
        moved = self._recorder.moved_usec if self._recorder else 0
        return (self._last.device_usec + moved - self._first.device_usec) / 1e6 + 1 / self._camera.fps

    @property
    def dropped(self) -> int:
        """Frame periods between the first and the last capture that had no capture."""
        if self._first is None or self._last is None:
            return 0
        return self._last.index - self._first.index + 1 - self.captures

    @property
    def warnings(self) -> tuple[str, ...]:
        """What of the captures is not in the file, or not as it came, one sentence each."""
        return (*(self._recorder.warnings if self._recorder else ()), *self._left_out())

    def _left_out(self) -> Iterator[str]:
        return (
            f"{self.path}: {count} captures had {kind}, which is left out: the first one had none, and "
            f"{self._camera.name} has no tag K4A_{kind.upper()}_MODE"
            for kind, count in self._without_track.items()
        )

    def write(self, capture: Capture) -> None:
        """Add a capture.

        Raises:
            OutputError: it cannot be written, or its images are not of the recording's modes. The message
                says what is left.
        """
        if self._closed:
            raise closed(self.target)
        if self._recorder is None:
            self._recorder = self._open(capture)
        self._recorder.write(capture)
        self._without_track.update(_kinds(capture) - self._recorder.tracks)
        self._first = self._first or capture
        self._last = capture
        self.captures += 1

    def close(self) -> None:
        """Finish the recording under its final name; a second call does nothing.

        Raises:
            OutputError: no capture came, or the file cannot be finished.
        """
        if self._closed:
            return
        if self._recorder is None:
            self._closed = True
            self._file.discard()
            raise OutputError(f"{self.path}: no capture came; nothing was recorded")
        with uninterrupted():
            self._recorder.close()
            self._closed = True
            self._file.finish()

    def keep(self) -> str | None:
        """Finish the recording under its first name; say where it lies, None if nothing was recorded."""
        with uninterrupted():
            if self._recorder is not None and not self._closed:
                # Where that fails, the file can be read as it is.
                with suppress(OutputError):
                    self._recorder.close()
            self._closed = True
            if self.captures == 0:
                self._file.discard()
            else:
                self._file.close()
            return self._file.left

    def _close_after_error(self) -> None:
        self.keep()

    def _open(self, first: Capture) -> Recorder:
        tags = self._camera.tags
        announced = tags.get("K4A_COLOR_MODE", "").partition("_")[0]
        color = first.color_image.format if first.color_image else announced
        self._file.begin()
        return Recorder(
            self._file.partial,
            self._camera.calibration,
            self._camera.fps,
            color_format=color if color in COLOR_FORMATS else None,
            depth=self._camera.measures_depth,
            ir=first.ir is not None or tags.get("K4A_IR_MODE", "OFF") != "OFF",
            imu=bool(first.imu) or tags.get("K4A_IMU_MODE", "OFF") != "OFF",
            tags={name: value for name, value in tags.items() if is_tag_name(name)},
        )


def record(
    source: str | PathLike[str],
    out: str | PathLike[str],
    *,
    settings: DeviceSettings | None = None,
    seconds: float | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int | None], None] = lambda _done, _expected: None,
) -> Report:
    """Record a camera until it ends, for some seconds, or until Ctrl-C: that too makes a whole recording.

    A live camera is recorded in real time, a recording or scene as fast as it can be read.

    Args:
        source: what `open_camera` takes.
        out: NAME.mkv.
        settings: the modes of a live camera.
        seconds: how much to record; all there is if None.
        overwrite: replace the file if it exists.
        progress: called with the captures done and expected (None where that is not known).

    Raises:
        CameraError: the source cannot be opened, or fails; the message says where what it gave before lies.
        OutputError: the file cannot be written; the message says what is left.
    """
    if seconds is not None and not seconds > 0:
        raise OutputError(f"{seconds:g} s cannot be recorded: give more than 0")
    require_other(Path(out), source)
    stopped = False
    with open_camera(source, settings) as camera, RecordingFile(out, camera, overwrite=overwrite) as file:
        expected = _expected(camera, seconds)
        try:
            for capture in camera:
                file.write(capture)
                progress(file.captures, expected)
                # Half a period of slack: a camera's period is not exactly that of its rate.
                if seconds is not None and file.seconds + 0.5 / camera.fps > seconds:
                    break
        except KeyboardInterrupt:
            stopped = True
        except CameraError as error:
            where = file.keep()
            if where:
                raise _with(error, f"the {file.seconds:.1f} s before are in {where}") from error
            raise
    size = file.path.stat().st_size
    warnings = (*camera.warnings, *file.warnings)
    return Report(file.path, file.seconds, file.captures, file.dropped, size, stopped, warnings)


def _with(error: CameraError, addition: str) -> CameraError:
    """Give an error that says more, of a kind that callers tell apart."""
    if isinstance(error, DeviceUnavailable):
        return DeviceUnavailable(error.reason, f"{error}; {addition}")
    return CameraError(f"{error}; {addition}")


def _expected(camera: Camera, seconds: float | None) -> int | None:
    if camera.duration_usec is None:
        return None if seconds is None else round(seconds * camera.fps)
    there = camera.duration_usec / 1e6
    return round(camera.fps * (there if seconds is None else min(there, seconds)))


def _kinds(capture: Capture) -> set[str]:
    parts = {"color": capture.color_image, "depth": capture.depth, "ir": capture.ir}
    return {kind for kind, image in parts.items() if image is not None} | ({"imu"} if capture.imu else set())
