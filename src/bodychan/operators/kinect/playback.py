"""Playing a recording or scene: which captures come, and when each is due."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from bodychan.cameras.base import Camera
from bodychan.errors import CameraError, ParameterError
from bodychan.model.capture import Capture

_LONGEST_SECONDS = 1e8  # three years
_FASTEST = 1000.0


@dataclass(frozen=True)
class Playback:
    """Which part of a recording or scene is played, in seconds, how fast, and whether again and again.

    With `loop` the part from `start`, of `duration` if that is given, is repeated without an end.

    Raises:
        ParameterError: a time is negative, not finite or longer than three years; or the speed is not above
            0 and up to 1000.
    """

    start: float = 0.0
    duration: float | None = None
    speed: float = 1.0
    loop: bool = False

    def __post_init__(self) -> None:
        # Written so that NaN is refused too.
        if not 0 <= self.start <= _LONGEST_SECONDS:
            raise ParameterError(f"start is {self.start:g}: give 0 to {_LONGEST_SECONDS:.0f} seconds")
        if self.duration is not None and not 0 < self.duration <= _LONGEST_SECONDS:
            raise ParameterError(
                f"duration is {self.duration:g}: give more than 0, up to {_LONGEST_SECONDS:.0f} seconds"
            )
        if not 0 < self.speed <= _FASTEST:
            raise ParameterError(f"speed is {self.speed:g}: give more than 0, up to {_FASTEST:g}")


class Due(NamedTuple):
    """A capture and when it is due: in µs of what is played, and in seconds of the timeline."""

    capture: Capture
    played_usec: int
    seconds: float


class Part:
    """The captures of the part of a camera that is played, in order, again and again where it loops.

    Raises:
        CameraError: the part has no capture.
    """

    def __init__(self, camera: Camera, playback: Playback) -> None:
        self.camera, self.playback = camera, playback
        self._period_usec = 1_000_000 // camera.fps
        self._looped_usec = 0
        first = self._rewound()
        if first is None:
            raise CameraError(f"{camera.name} has no capture at {playback.start:g} s: start earlier")
        self._pending: Capture | None = first
        self._first_usec = self._last_usec = first.device_usec

    def played_usec(self, seconds: float) -> int:
        """Return how much has been played at a second of the timeline, in µs."""
        return round(seconds * self.playback.speed * 1e6)

    def read(self) -> Due | None:
        """Return the next capture; None at the end of the part.

        Raises:
            CameraError: the camera cannot be read.
        """
        capture, self._pending = self._pending or self._within(self.camera.read()), None
        if capture is None and self.playback.loop:
            # Looking for a period after its last capture, the part begins again with its first.
            self._looped_usec += self._last_usec - self._first_usec + self._period_usec
            capture = self._rewound()
        if capture is None:
            return None
        self._last_usec = capture.device_usec
        played = capture.device_usec + self._looped_usec - self._first_usec
        return Due(capture, played, played / 1e6 / self.playback.speed)

    def go_to(self, seconds: float) -> None:
        """Go where the timeline has jumped to; a part that loops begins again where it would have ended."""
        if not self.camera.seekable:
            return
        played = self.played_usec(seconds)
        self._looped_usec = 0
        # A period earlier, so that the capture that is current there comes, and not only the next one.
        self.camera.seek(self._first_usec + played - self._period_usec)
        self._pending = self._within(self.camera.read())
        if self._pending is None and self.playback.loop:
            self._looped_usec = played
            self._pending = self._rewound()

    def skip_to(self, played_usec: int) -> int:
        """Leave out the captures before a time of playing, but never the last; return how many about."""
        coming = self._last_usec + self._period_usec
        wanted = min(self._first_usec + played_usec - self._looped_usec, self._last_start_usec)
        skipped = int(wanted - coming) // self._period_usec
        if skipped < 1 or not self.camera.seekable or self._pending is not None:
            return 0
        # To the middle of a period: times of captures vary by some µs.
        self.camera.seek(int(wanted) - self._period_usec // 2)
        return skipped

    @property
    def _last_start_usec(self) -> float:
        """When the last capture of the part begins, in device time."""
        camera, duration = self.camera, self.playback.duration
        ends = [math.inf]
        if camera.duration_usec is not None:
            ends.append(camera.start_usec + camera.duration_usec)
        if duration is not None:
            ends.append(self._first_usec + round(duration * 1e6))
        return min(ends) - self._period_usec

    def _rewound(self) -> Capture | None:
        """Go to where the part starts and give the first capture there."""
        camera, start = self.camera, self.playback.start
        if start > 0 or self._looped_usec > 0:
            camera.seek(camera.start_usec + round(start * 1e6) - self._slack_usec)
        return camera.read()

    def _within(self, capture: Capture | None) -> Capture | None:
        """Return the capture if it still belongs to the part that is played."""
        duration = self.playback.duration
        if capture is None or duration is None:
            return capture
        played = capture.device_usec - self._first_usec + self._slack_usec
        return capture if played < round(duration * 1e6) else None

    @property
    def _slack_usec(self) -> int:
        """Half a frame period: a time in seconds means the capture that is nearest to it."""
        return 500_000 // self.camera.fps
