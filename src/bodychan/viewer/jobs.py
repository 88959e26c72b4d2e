"""What takes a while: recording while the timeline runs, and work on a thread of its own."""

import threading
from collections.abc import Callable

from bodychan.apps.outlets import Outlet
from bodychan.apps.recording_file import RecordingFile
from bodychan.errors import BodychanError
from bodychan.model.capture import Capture
from bodychan.viewer.events import Job


class RecordingJob:
    """A recording of what the camera delivers; an error ends it and is told, the show goes on."""

    def __init__(self, file: RecordingFile) -> None:
        self._file = file
        self._outlet = Outlet(file, background=True)
        self._stopped = False

    @property
    def running(self) -> bool:
        """Whether captures are still written."""
        return not self._stopped and self._outlet.failure is None

    def write(self, capture: Capture) -> None:
        """Add a capture."""
        if self.running:
            self._outlet.write(capture)

    def stop(self) -> None:
        """Finish the recording under its name; a second call does nothing."""
        if self.running:
            self._outlet.finish()
        self._stopped = True

    def shown(self) -> Job:
        """Say how far it is."""
        outlet, file = self._outlet, self._file
        told = outlet.failure or f"{file.seconds:.1f} s, {file.dropped} captures dropped"
        if outlet.place:
            told += f"; what came before is in {outlet.place}"
        told = "; ".join([told, *file.warnings])
        failed = outlet.failure is not None
        return Job(file.target, self.running, outlet.writes, message=told, failed=failed)


class Cancelled(BodychanError):  # noqa: N818 - nothing is wrong
    """Whoever asked for the work does not want it any more."""


Progress = Callable[[int, int | None], None]


class Background:
    """Work on a thread, with progress; `work` gets a function to tell it and gives what to say at the end."""

    def __init__(self, path: str, work: Callable[[Progress], str]) -> None:
        self.path = path
        self._work = work
        self._done, self._expected = 0, 0
        self._message, self._failed = "", False
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bodychan-viewer-work", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self._thread.is_alive()

    def cancel(self, *, wait: float = 0.0) -> None:
        """Ask it to stop at the next step, and wait so many seconds for it."""
        self._cancelled.set()
        self._thread.join(wait)

    def shown(self) -> Job:
        """Say how far it is."""
        return Job(self.path, self.running, self._done, self._expected, self._message, self._failed)

    def _run(self) -> None:
        try:
            self._message = self._work(self._progress)
        except Cancelled as error:
            self._message = str(error)
        except BodychanError as error:
            self._message, self._failed = str(error), True

    def _progress(self, done: int, expected: int | None) -> None:
        if self._cancelled.is_set():
            raise Cancelled("given up; nothing was left behind")
        self._done, self._expected = done, expected or 0
