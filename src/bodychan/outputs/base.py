"""The contract of an output: where channels are written or sent."""

from abc import abstractmethod

from bodychan.channels.channels import Channels
from bodychan.model.closing import Closing


class Output(Closing):
    """Takes the channels of one cook after the other. Open one with `open_output`.

    Used as a context manager it is closed at the end, and given up when an exception passes.
    `bodychan.testing.check_output` checks a new kind.
    """

    target: str
    """What was opened: a path or URL."""

    @abstractmethod
    def write(self, channels: Channels) -> None:
        """Take every sample of `channels`; the names must be those of the first call.

        Raises:
            OutputError: it cannot be written or sent.
        """

    @abstractmethod
    def close(self) -> None:
        """Finish; a file gets its final name only now. A second call does nothing.

        Raises:
            OutputError: it cannot be finished.
        """

    def stop_early(self) -> str | None:
        """Finish what there is without giving it the final name; say where it lies, None if nowhere."""
        self.close()
        return None

    def abandon(self) -> None:
        """Give up after an error: leave nothing half-written behind."""
        self.close()

    def _close_after_error(self) -> None:
        self.abandon()
