"""How much may be sent in a second."""

import time
from collections.abc import Callable

_BURST_SECONDS = 0.25


class Budget:
    """Bytes that come back at a rate; a message may be sent while there is anything left.

    Args:
        bytes_per_second: the rate.
        clock: in seconds.
    """

    def __init__(self, bytes_per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._clock = bytes_per_second, clock
        self._left = bytes_per_second * _BURST_SECONDS
        self._at = clock()
        self._spent, self._since = 0, self._at

    @property
    def free(self) -> bool:
        """Whether a message may be sent now, however long it is: it is paid for afterwards."""
        now = self._clock()
        self._left = min(self._left + (now - self._at) * self._per_second, self._per_second * _BURST_SECONDS)
        self._at = now
        return self._left > 0

    def spend(self, count: int) -> None:
        """Note a message of so many bytes."""
        self._left -= count
        self._spent += count

    @property
    def rate(self) -> float:
        """Bytes per second since this was last asked."""
        now = self._clock()
        passed = max(now - self._since, 1e-3)
        rate, self._spent, self._since = self._spent / passed, 0, now
        return rate
