"""For how long what should go on delivering has given nothing."""

import time


class Silence:
    """The time since a device, or who else delivers, was heard last; at first since this was made.

    It is `too_long` after `patience` seconds.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._since = time.monotonic()

    def end(self, *, more: float = 0.0) -> None:
        """Count from now on, and be patient for so many seconds more."""
        self._since = time.monotonic() + more

    @property
    def seconds(self) -> float:
        """How long it has been silent."""
        return max(0.0, time.monotonic() - self._since)

    @property
    def too_long(self) -> bool:
        """Whether that is longer than its patience."""
        return self.seconds > self._patience
