"""The file that captures are recorded to, and the target that names one."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from os import PathLike, fspath
from pathlib import Path

from bodychan.apps.courier import Courier
from bodychan.cameras.base import Camera
from bodychan.cameras.color import COLOR_FORMATS
from bodychan.cameras.recording.writer import Recorder, is_tag_name
from bodychan.errors import OutputError
from bodychan.model.capture import Capture
from bodychan.model.closing import Closing, uninterrupted
from bodychan.outputs.base import closed
from bodychan.outputs.files import PartialFile
from bodychan.outputs.targets import split

QUEUE_SECONDS = 2.0
"""How much of a live camera may wait in memory for the disk, unless something else is asked for."""
_QUEUE_BYTES = 1 << 30
"""How much memory that takes at most: 2 s of the largest modes, many times that of the usual ones."""


class RecordingFile(Closing):
    """A recording of a camera's captures: NAME.partial.mkv until it is closed, NAME.mkv from then on.

    Used as a context manager it is closed at the end, and left as NAME.partial.mkv when an exception passes.
    There is a track of what the first capture holds, and of what the camera's tags K4A_COLOR_MODE,
    K4A_DEPTH_MODE, K4A_IR_MODE and K4A_IMU_MODE announce.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        camera: Camera,
        *,
        overwrite: bool = False,
        queue: float = QUEUE_SECONDS,
    ) -> None:
        """Check that the file may be written; it is created with the first capture.

        Args:
            path: NAME.mkv.
            camera: what is recorded.
            overwrite: replace the file if it exists.
            queue: how many seconds of captures may wait for the disk in a `courier`, 1 GiB at most.

        Raises:
            OutputError: the file exists and `overwrite` is off, a recording that was cut off lies beside it,
                its name does not end in .mkv, or the queue is none.
        """
        self.path = Path(path)
        self.target = fspath(path)
        if self.path.suffix.lower() != ".mkv":
            raise OutputError(f"{self.path}: recordings are .mkv files: name it {self.path.stem}.mkv")
        if not 0 < queue < math.inf:
            raise OutputError(f"{self.path}: a queue of {queue:g} s holds nothing: give a time above 0")
        self._queue = queue
        self._file = PartialFile(self.path, overwrite=overwrite)
        self._camera = camera
        self._recorder: Recorder | None = None
        self._closed = False
        self.left_behind = False
        """A thread that writes it does not come back: leave it alone."""
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
        if self._recorder.write(capture):
            self._without_track.update(_kinds(capture) - self._recorder.tracks)
            self._first = self._first or capture
            if self._last is None or capture.index > self._last.index:
                self._last = capture
            self.captures += 1

    def courier(self, deliver: Callable[[Capture], None]) -> Courier[Capture]:
        """Make a courier that has the room of the queue; one that comes late is put where it belongs."""
        most = max(1, round(self._queue * self._camera.fps))
        return Courier(
            deliver,
            most,
            newest_wins=False,
            weigh=_bytes_of,
            most_bytes=_QUEUE_BYTES,
            rank=lambda capture: capture.index,
        )

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
        if not self.left_behind:
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


def is_recording(target: str) -> bool:
    """Whether a target of an output takes captures: NAME.mkv, perhaps with options."""
    return split(target)[0].lower().endswith(".mkv")


def recording_of(target: str, camera: Camera, *, overwrite: bool = False) -> RecordingFile:
    """Make the recording that a target names: NAME.mkv, or NAME.mkv?queue=SECONDS.

    Raises:
        OutputError: as `RecordingFile`, or the target has another option.
    """
    path, options = split(target)
    queue = options.pop("queue", str(QUEUE_SECONDS))
    if options:
        raise OutputError(f"{path} has no option '{next(iter(options))}': there is queue, in seconds")
    try:
        return RecordingFile(path, camera, overwrite=overwrite, queue=float(queue))
    except ValueError as error:
        raise OutputError(f"{path}: the option queue is a number of seconds, not '{queue}'") from error


def _kinds(capture: Capture) -> set[str]:
    parts = {"color": capture.color_image, "depth": capture.depth, "ir": capture.ir}
    return {kind for kind, image in parts.items() if image is not None} | ({"imu"} if capture.imu else set())


def _bytes_of(capture: Capture) -> int:
    """Say how much memory a capture takes."""
    images = (capture.depth, capture.ir)
    color = len(capture.color_image.data) if capture.color_image is not None else 0
    return color + sum(image.nbytes for image in images if image is not None)
