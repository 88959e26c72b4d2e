"""Numbers of captures, counted by device time, so that a gap shows how many frame periods brought none."""

from bodychan.cameras.faults import Faults


class Numbering:
    """Counts from the capture before, so that a camera a little off its nominal rate does not drift."""

    def __init__(self, fps: int, faults: Faults) -> None:
        self._period_usec = 1e6 / fps
        self._faults = faults
        self._previous: tuple[int, int] | None = None

    def number(self, usec: int) -> int:
        """Give the number of the next capture, from 1; a clock that went back is noted."""
        index = 1
        if self._previous is not None:
            index, before = self._previous
            if usec <= before:
                self._faults.note(
                    "clock", f"the device's clock went back from {before} to {usec} µs; times jump there"
                )
            index += max(1, round((usec - before) / self._period_usec))
        self._previous = index, usec
        return index
