"""The contract of a camera: live device, recording and synthetic scene are one type."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping

from bodychan.errors import CameraError, DeviceUnavailable
from bodychan.model.capture import Capture
from bodychan.model.closing import Closing
from bodychan.optics.calibration import Calibration

BACKLOG = 8
"""The backlog of who wants every capture: enough for a thread that has to wait for the processor."""


class Camera(Closing):
    """A source of captures. Open one with `bodychan.open_camera`; use it as a context manager.

    Iteration goes on from the current position to the end and can be taken up again after `seek`.

    A new kind of camera sets the attributes below and implements `_read`; a `live` one also `_latest`, a
    `seekable` one `_seek` and `_count`; whatever holds something, `_close`. Colour controls are for live
    cameras that have them. `bodychan.testing.check_camera` checks the result.
    """

    live: bool = False
    """Shows what happens now: captures that nobody takes in time are lost, and there is no end."""
    seekable: bool = True
    """Can go to any time, and knows how many captures it has; a live camera cannot."""

    name: str
    """What was opened, for messages: a path or URL."""
    calibration: Calibration
    fps: int
    """Nominal frame rate: 5, 15 or 30, of other cameras than an Azure Kinect any."""
    start_usec: int
    """Device time at which the recording or scene starts."""
    duration_usec: int | None
    """From the start to the end of the last frame period; None for a camera that has no end."""
    tags: dict[str, str]
    """What the device or file says of itself: serial number, firmware versions, modes."""
    warnings: list[str]
    """What was found wrong so far but did not stop the reading, one sentence each."""

    tracked: bool = False
    """Captures are `TrackedCapture`s, which bring their bodies."""
    measures_depth: bool = True
    """Whether captures have depth images, without which nobody can be tracked."""

    backlog: int = 1
    """How many captures a live camera keeps until they are taken, the newest; a recorder wants several."""

    _closed = False

    @abstractmethod
    def _read(self) -> Capture | None:
        """Return the next capture, None at the end."""

    def _latest(self) -> Capture | None:
        """Return the newest capture without waiting; None when it has been given already.

        With a `backlog` it is the oldest that waits.
        """
        raise CameraError(f"{self.name} is not live: read it")

    def _seek(self, device_usec: int) -> None:  # noqa: ARG002 - those that can seek use it
        raise CameraError(f"{self.name} cannot seek: {self._one_way}")

    def _count(self) -> int:
        raise CameraError(f"{self.name} has no length: {self._one_way}")

    @property
    def _one_way(self) -> str:
        return "it is a live camera" if self.live else "it can only be read from its start to its end"

    def _close(self) -> None:
        """Release files and devices; called once."""

    def set_color_controls(self, controls: Mapping[str, int | None]) -> None:  # noqa: ARG002
        """Set colour controls by name; None is automatic.

        Raises:
            CameraError: the camera has no such control, or does not take the value.
        """
        raise CameraError(f"{self.name} has no colour controls: switch 'enablecolors' off")

    def reset_color_controls(self) -> None:
        """Set every colour control that the camera has to its default.

        Raises:
            CameraError: the device is gone.
        """

    def read(self) -> Capture | None:
        """Return the next capture, or None at the end.

        Raises:
            CameraError: the camera is closed, or its data cannot be read.
        """
        self._require_open()
        return self._read()

    def latest(self) -> Capture | None:
        """Return the newest capture of a live camera without waiting; None when it has been given already.

        With a `backlog` it is the oldest that waits.

        Raises:
            CameraError: the camera is not live, or closed, or its data cannot be read.
        """
        self._require_open()
        return self._latest()

    def seek(self, device_usec: int) -> None:
        """Go to the first capture at or after a device time; before the start, to the start.

        Raises:
            CameraError: the camera cannot seek, or is closed.
        """
        self._require_open()
        self._seek(device_usec)

    def close(self) -> None:
        """Release the camera; a second call does nothing."""
        if not self._closed:
            self._closed = True
            self._close()

    def _require_open(self) -> None:
        if self._closed:
            raise CameraError(f"{self.name} is closed: open it again with open_camera")

    @property
    def away(self) -> str:
        """Why a live camera that comes back by itself gives nothing for the moment; empty while it works."""
        return ""

    @property
    def away_seconds(self) -> float:
        """How long it has been away; 0 while it works."""
        return 0.0

    @property
    def outages(self) -> int:
        """How often it was away."""
        return 0

    @property
    def dropped(self) -> int:
        """Captures of a live camera that were replaced by a newer one before anybody took them."""
        return 0

    def __len__(self) -> int:
        """Count the captures from the start to the end; a recording is gone through once for it."""
        self._require_open()
        return self._count()

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Capture]:
        while (capture := self.read()) is not None:
            yield capture


def captures(camera: Camera) -> Iterator[Capture | None]:
    """Yield every capture to the end, from the current position; None now and then while a camera is away.

    Raises:
        CameraError: the camera cannot be read, for a reason that does not go away by itself.
    """
    while True:
        try:
            capture = camera.read()
        except DeviceUnavailable:
            if not camera.away:
                raise
            yield None
            continue
        if capture is None:
            return
        yield capture
