"""The contract of a camera: live device, recording and synthetic scene are one type."""

from abc import abstractmethod
from collections.abc import Iterator

from bodychan.errors import CameraError
from bodychan.model.capture import Capture
from bodychan.model.closing import Closing
from bodychan.optics.calibration import Calibration


class Camera(Closing):
    """A source of captures. Open one with `bodychan.open_camera`; use it as a context manager.

    Iteration goes on from the current position to the end and can be taken up again after `seek`.

    A new kind of camera sets the attributes below and implements `_read`; if it can, also `_seek`,
    `_count` and `_close`. `bodychan.testing.check_camera` checks the result.
    """

    name: str
    """What was opened, for messages: a path or URL."""
    calibration: Calibration
    fps: int
    """Nominal frame rate: 5, 15 or 30."""
    start_usec: int
    """Device time at which the recording or scene starts."""
    duration_usec: int | None
    """From the start to the end of the last frame period; None for a camera that has no end."""
    tags: dict[str, str]
    """What the device or file says of itself: serial number, firmware versions, modes."""
    warnings: list[str]
    """What was found wrong so far but did not stop the reading, one sentence each."""

    _closed = False

    @abstractmethod
    def _read(self) -> Capture | None:
        """Give the next capture, None at the end."""

    def _seek(self, device_usec: int) -> None:  # noqa: ARG002 - recordings and scenes use it
        raise CameraError(f"{self.name} cannot seek: it is a live camera")

    def _count(self) -> int:
        raise CameraError(f"{self.name} has no length: it is a live camera")

    def _close(self) -> None:
        """Let go of files and devices; called once."""

    def read(self) -> Capture | None:
        """Give the next capture, or None at the end.

        Raises:
            CameraError: the camera is closed, or its data cannot be read.
        """
        self._require_open()
        return self._read()

    def seek(self, device_usec: int) -> None:
        """Go to the first capture at or after a device time; before the start, to the start.

        Raises:
            CameraError: the camera is live, or closed.
        """
        self._require_open()
        self._seek(device_usec)

    def close(self) -> None:
        """Let go of the camera; a second call does nothing."""
        if not self._closed:
            self._closed = True
            self._close()

    def _require_open(self) -> None:
        if self._closed:
            raise CameraError(f"{self.name} is closed: open it again with open_camera")

    def __len__(self) -> int:
        """Count the captures from the start to the end; a recording is gone through once for it."""
        self._require_open()
        return self._count()

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Capture]:
        while (capture := self.read()) is not None:
            yield capture
