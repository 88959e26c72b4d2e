"""What was current when: a short history on the timeline, for the samples of a time slice."""

from collections import deque
from typing import Generic, TypeVar

from bodychan.channels.resample import TOLERANCE_SECONDS

_Value = TypeVar("_Value")

MAX_SLICE_SECONDS = 0.2
"""A slice is never longer, as in TouchDesigner."""


class Trail(Generic[_Value]):
    """Values with the time, in seconds of the timeline, from which each was current.

    It reaches back as far as a slice can, and one value further: that which the first sample holds.
    """

    def __init__(self) -> None:
        self._values: deque[tuple[float, _Value]] = deque()

    def __bool__(self) -> bool:
        return bool(self._values)

    def newest_seconds(self) -> float:
        """Return since when the newest value has been current; there must be one."""
        return self._values[-1][0]

    def newest(self) -> _Value | None:
        """Return the newest value; None while there is none."""
        return self._values[-1][1] if self._values else None

    def add(self, seconds: float, value: _Value) -> None:
        """Note a value that is current from a time on, no earlier than those before."""
        if self._values:
            seconds = max(seconds, self._values[-1][0])
        self._values.append((seconds, value))

    def forget(self, now: float) -> None:
        """Release what no slice that ends at `now` or later can ask for."""
        while len(self._values) > 1 and self._values[1][0] <= now - 2 * MAX_SLICE_SECONDS:
            self._values.popleft()

    def restart(self, seconds: float | None = None, value: _Value | None = None) -> None:
        """Forget everything, and begin again with one value if one is given."""
        self._values.clear()
        if seconds is not None and value is not None:
            self._values.append((seconds, value))

    def between(self, first: float, last: float) -> list[tuple[float, _Value]]:
        """Return what was current at `first` and all that followed until `last`, oldest first."""
        kept: list[tuple[float, _Value]] = []
        for entry in self._values:
            if entry[0] > last + TOLERANCE_SECONDS:
                break
            if entry[0] <= first + TOLERANCE_SECONDS:
                kept.clear()
            kept.append(entry)
        return kept
