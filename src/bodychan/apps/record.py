"""Recording: every capture of a camera into one file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from bodychan.apps.recording_file import QUEUE_SECONDS, RecordingFile
from bodychan.cameras.base import BACKLOG, Camera, captures
from bodychan.cameras.registry import open_camera
from bodychan.cameras.settings import DeviceSettings
from bodychan.errors import CameraError, DeviceUnavailable, OutputError
from bodychan.model.capture import Capture
from bodychan.model.closing import uninterrupted
from bodychan.outputs.files import require_other

_PATIENCE_SECONDS = 10.0
"""When a disk has taken nothing for so long at the end, it is waited for no more."""


@dataclass(frozen=True)
class Report:
    """What a recording holds.

    `seconds` from its first capture to the end of its last; `captures`, and between them `dropped` frame
    periods that had none, of which `lost` captures came and found the queue full; `stopped` says that Ctrl-C
    ended it; `warnings` are the camera's and the file's.
    """

    path: Path
    seconds: float
    captures: int
    dropped: int
    lost: int
    bytes: int
    stopped: bool
    warnings: tuple[str, ...]


class _Writer:
    """Writes what comes from a camera: at once, or for a live one on a thread with a queue before it."""

    def __init__(self, file: RecordingFile, camera: Camera) -> None:
        self._file, self._camera = file, camera
        self._failure: Exception | None = None
        self._courier = file.courier(self._deliver) if camera.live else None
        camera.backlog = BACKLOG
        self._first: Capture | None = None
        self._last: Capture | None = None
        self.captures = 0
        """How many were taken, perhaps to be written later."""

    @property
    def lost(self) -> int:
        """How many found the queue full."""
        return self._courier.lost if self._courier is not None else 0

    @property
    def seconds(self) -> float:
        """From the first capture taken to the end of the last, or of the time that the camera is away."""
        if self._courier is None or self._first is None or self._last is None:
            return self._file.seconds
        taken = (self._last.device_usec - self._first.device_usec) / 1e6 + 1 / self._camera.fps
        return taken + self._camera.away_seconds

    def write(self, capture: Capture) -> None:
        """Take a capture.

        Raises:
            OutputError: this or an earlier one cannot be written.
        """
        self._first, self._last = self._first or capture, capture
        self.captures += 1
        if self._courier is None:
            self._file.write(capture)
        else:
            self._courier.put(capture)
            self.check()

    def check(self) -> None:
        """See that what was taken could be written.

        Raises:
            OutputError: it could not.
        """
        if self._failure is not None:
            raise self._failure

    def finish(self) -> None:
        """Wait until all is written.

        Raises:
            OutputError: it cannot be written, or the disk does not answer.
        """
        if self._courier is None:
            return
        with uninterrupted() as held:
            whole = self._courier.finish(_PATIENCE_SECONDS)
            held.clear()  # whoever wanted an end has it
        self.check()
        if not whole:
            self._file.left_behind = True
            raise OutputError(
                f"{self._file.path}: the disk has taken nothing for {_PATIENCE_SECONDS:g} s: what it has is "
                f"left under its first name; `bodychan repair {self._file.path}` finishes it"
            )

    def warnings(self) -> Iterator[str]:
        """Say what came from the camera and is not in the file."""
        if self.lost:
            yield (
                f"{self._file.path}: {self.lost} captures were lost because the disk was slower than the "
                "camera for longer than the queue lasts: take a faster disk, smaller images or a longer "
                "--queue"
            )
        if self._camera.live and self._camera.dropped:
            yield (
                f"{self._camera.name}: {self._camera.dropped} captures were lost because this computer was "
                "too busy to take them"
            )

    def _deliver(self, capture: Capture) -> None:
        if self._failure is not None:
            return
        try:
            self._file.write(capture)
        except Exception as error:
            self._failure = error
        if self._file.left_behind:
            self._file.keep()  # the disk has come back after all


def record(
    source: str | PathLike[str],
    out: str | PathLike[str],
    *,
    settings: DeviceSettings | None = None,
    seconds: float | None = None,
    queue: float = QUEUE_SECONDS,
    overwrite: bool = False,
    progress: Callable[[int, int | None], None] = lambda _done, _expected: None,
) -> Report:
    """Record a camera until it ends, for some seconds, or until Ctrl-C: that too makes a whole recording.

    A live camera is recorded in real time, a recording or scene as fast as it can be read. One that is away
    is waited for, and goes on in the same file.

    Args:
        source: what `open_camera` takes.
        out: NAME.mkv.
        settings: the modes of a live camera.
        seconds: how much to record; all there is if None.
        queue: how many seconds of a live camera's captures may wait in memory for the disk, 1 GiB at most.
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
    with (
        open_camera(source, settings) as camera,
        RecordingFile(out, camera, overwrite=overwrite, queue=queue) as file,
    ):
        expected = _expected(camera, seconds)
        writer = _Writer(file, camera)
        try:
            for capture in captures(camera):
                if capture is not None:
                    writer.write(capture)
                    progress(writer.captures, expected)
                # Half a period of slack: a camera's period is not exactly that of its rate.
                if seconds is not None and writer.seconds + 0.5 / camera.fps > seconds:
                    break
        except KeyboardInterrupt:
            stopped = True
        except CameraError as error:
            writer.finish()
            where = file.keep()
            if where:
                raise _with(error, f"the {file.seconds:.1f} s before are in {where}") from error
            raise
        writer.finish()
    warnings = (*camera.warnings, *file.warnings, *writer.warnings())
    size = file.path.stat().st_size
    return Report(file.path, file.seconds, file.captures, file.dropped, writer.lost, size, stopped, warnings)


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
