"""Numbers and times of a live device's captures, which go on whatever the device's clock does."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from bodychan.cameras.faults import Faults
from bodychan.model.capture import Capture, ImuSample

# A device's clock that gains so much on the computer's between two captures has been set.
_SET_AHEAD_USEC = 10_000_000
# Ten seconds at the 1.6 kHz of an Azure Kinect; a reader that is slower loses captures anyway.
SAMPLES_KEPT = 16_384


class _Placed(NamedTuple):
    number: int
    usec: int
    came: float


class Numbering:
    """Puts what a device delivers on one line of time, however often it is opened anew.

    Captures are counted by time, so that a gap in their numbers shows how many frame periods brought none;
    each is counted from the one before, so that a camera a little off its nominal rate does not drift. A
    clock that begins anew, or is set, is moved so that times go on: by the computer's clock where the device
    was away, else by one frame period.
    """

    def __init__(self, fps: int, faults: Faults) -> None:
        self._period_usec = 1e6 / fps
        self._faults = faults
        self._moved_usec = 0
        self._previous: _Placed | None = None
        self._anew = False
        self._waiting: deque[ImuSample] = deque(maxlen=SAMPLES_KEPT)

    def reopened(self) -> None:
        """Say that the device was opened anew: its clock may have begun again."""
        self._anew = self._previous is not None
        self._waiting.clear()

    def place(
        self, capture: Capture | None, samples: Sequence[ImuSample], came: float
    ) -> tuple[Capture | None, Sequence[ImuSample]]:
        """Put a capture and samples where they belong in time, and number the capture.

        Args:
            capture: as the device gave it, if there is one.
            samples: inertial samples that came with it. Those of a device that was opened anew are given
                with its first capture, which tells what its clock says.
            came: when it came, in seconds of the computer's clock.
        """
        if capture is not None:
            capture = self._numbered(capture, came)
        if self._anew:
            self._waiting.extend(samples)
            return None, ()
        if self._waiting:
            samples = [*self._waiting, *samples]
            self._waiting.clear()
        moved = self._moved_usec
        return capture, [_moved(sample, moved) for sample in samples] if moved else samples

    def _numbered(self, capture: Capture, came: float) -> Capture:
        usec, index = capture.device_usec + self._moved_usec, 1
        if self._previous is not None:
            before = self._previous
            usec = self._after(before, usec, 1e6 * (came - before.came))
            index = before.number + max(1, round((usec - before.usec) / self._period_usec))
        self._anew = False
        self._moved_usec = moved = usec - capture.device_usec
        self._previous = _Placed(index, usec, came)
        if not moved:
            return replace(capture, index=index)
        times = {
            name: at + moved
            for name in ("depth_usec", "ir_usec", "color_usec")
            if (at := getattr(capture, name)) is not None
        }
        return replace(capture, index=index, **times)

    def _after(self, before: _Placed, usec: int, passed_usec: float) -> int:
        """Say where a capture belongs that came some time after the one before it."""
        by_computer = before.usec + round(max(self._period_usec, passed_usec))
        if self._anew:
            return by_computer
        said, moved = usec - self._moved_usec, self._moved_usec
        if usec <= before.usec:
            self._faults.note(
                "clock",
                f"the device's clock went back from {before.usec - moved} to {said} µs; "
                "times go on from there",
            )
            return before.usec + round(self._period_usec)
        if usec > by_computer + _SET_AHEAD_USEC:
            self._faults.note(
                "clock ahead",
                f"the device's clock was set ahead from {before.usec - moved} to {said} µs; "
                "times go on from there",
            )
            return by_computer
        return usec


def _moved(sample: ImuSample, usec: int) -> ImuSample:
    return replace(sample, accel_usec=sample.accel_usec + usec, gyro_usec=sample.gyro_usec + usec)
