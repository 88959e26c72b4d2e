"""The contract of an output: where channels are written or sent."""

from abc import abstractmethod

from bodychan.channels.channels import Channels
from bodychan.errors import OutputError
from bodychan.model.closing import Closing
from bodychan.outputs.about import About


class Output(Closing):
    """Takes the channels of one cook after the other. Open one with `open_output`.

    Used as a context manager it is closed at the end; when an exception passes it keeps what was written
    (see `keep`). `bodychan.testing.check_output` checks a new kind.
    """

    target: str
    """What was opened: a path or URL."""

    newest_only: bool = False
    """Whether only the newest of several samples is taken, as live receivers want it."""

    lost: int = 0
    """How often channels could not be sent; files lose none."""

    groups: frozenset[str] = frozenset()
    """The groups of channels that it needs, keys of `JOINT_GROUPS`; `convert` and `run` switch them on."""

    def describe(self, about: About) -> None:
        """Say where the channels come from, before the first are written."""

    @abstractmethod
    def write(self, channels: Channels) -> None:
        """Take every sample of `channels`, or the newest; the names must be those of the first call.

        A network that is away for a while is no error: it is logged, and counted in `lost`.

        Raises:
            OutputError: it cannot be written or sent, or the output is closed.
        """

    @abstractmethod
    def close(self) -> None:
        """Finish; a file gets its final name only now. A second call does nothing.

        Raises:
            OutputError: it cannot be finished.
        """

    def keep(self) -> str | None:
        """Finish what there is without the final name; say where it lies, None if nowhere."""
        self.close()
        return None

    def _close_after_error(self) -> None:
        self.keep()


def closed(target: str) -> OutputError:
    """Give the error of a write after `close`."""
    return OutputError(f"{target} is closed: what is written now would be lost; open it again")
