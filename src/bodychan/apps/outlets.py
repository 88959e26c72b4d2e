"""The outputs of one run, each on its own: one that is slow or fails ends neither the others nor the run."""

import logging
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from bodychan.apps.courier import Courier
from bodychan.apps.recording_file import RecordingFile
from bodychan.channels.channels import Channels
from bodychan.errors import BodychanError, OutputError
from bodychan.model.capture import Capture
from bodychan.model.closing import Closing, uninterrupted
from bodychan.outputs.about import About
from bodychan.outputs.base import Output
from bodychan.outputs.files import require_other
from bodychan.outputs.network import Losses
from bodychan.outputs.registry import open_output
from bodychan.outputs.targets import split

_Error = TypeVar("_Error", bound=BodychanError)

_LOG = logging.getLogger(__name__)
_FRAMES_WAITING = 4
"""Frames that may wait for a stream: enough for a hiccup of the system, few enough to stay current."""
_ROWS_WAITING = 1200
"""Rows that may wait for a file: 20 s of a disk that does not answer, at 60 a second."""
_PATIENCE_SECONDS = 10.0
"""When nothing of what waits has been written for so long at the end, it is left behind."""


class Outlet:
    """An output of a run, and what became of it. It is written until it fails, and keeps what it has then.

    Args:
        output: what is written.
        on_change: write channels only where they differ from those before.
        background: write on a thread of its own. What a stream is too slow for is lost, the oldest first; a
            file gets all, in order, unless it is slower for longer than a buffer lasts.
    """

    def __init__(
        self, output: Output | RecordingFile, *, on_change: bool = False, background: bool = False
    ) -> None:
        self.output = output
        self.failure: str | None = None
        """Why it is closed before the run's end."""
        self.place: str | None = None
        """Where what it has lies, when it has not got its final name."""
        self.hidden: frozenset[str] = frozenset()
        """Groups of channels that are there for other outputs alone."""
        self.writes = 0
        self._on_change = on_change
        self._last: Channels | None = None
        self._losses = Losses(output.target)
        self._courier = self._made_courier() if background else None

    def _made_courier(self) -> Courier[Any]:
        if isinstance(self.output, RecordingFile):
            return self.output.courier(self._deliver)
        newest_wins = self.output.newest_only
        most = _FRAMES_WAITING if newest_wins else _ROWS_WAITING
        return Courier(self._deliver, most, newest_wins=newest_wins)

    @property
    def target(self) -> str:
        """What was opened: a path or URL."""
        return self.output.target

    @property
    def lost(self) -> int:
        """How often it could not be sent to, or was too slow."""
        lost = self.output.lost if isinstance(self.output, Output) else 0
        return lost + (self._courier.lost if self._courier is not None else 0)

    @property
    def groups(self) -> frozenset[str]:
        """The groups of channels that it cannot do without."""
        return self.output.groups if isinstance(self.output, Output) else frozenset()

    def describe(self, about: About) -> None:
        """Tell the output where the channels come from."""
        if isinstance(self.output, Output):
            self.output.describe(about)

    def write(self, item: Channels | Capture) -> None:
        """Write channels, or a capture to a recording; an error closes this outlet and is not raised."""
        if self.hidden and isinstance(item, Channels):
            item = _without(item, self.hidden)
        if self.failure is not None or (isinstance(item, Channels) and self._is_repeated(item)):
            return
        if self._courier is None:
            self._deliver(item)
        elif self._courier.put(item):
            self._losses.worked()
        else:
            self._losses.failed("it is slower than what comes")

    def _deliver(self, item: Channels | Capture) -> None:
        if self.failure is not None:
            return
        try:
            if isinstance(self.output, RecordingFile):
                assert isinstance(item, Capture)  # see `Outlets.record`
                self.output.write(item)
            else:
                assert isinstance(item, Channels)  # see `Outlets.open`
                self.output.write(item)
        except Exception as error:  # also a fault in an output of another package
            self._fail(error, keep=True)
        else:
            self.writes += 1

    def finish(self) -> None:
        """Close it under its final name; an error is kept in `failure`."""
        if self._delivered():
            try:
                self.output.close()
            except Exception as error:
                self._fail(error)

    def keep(self) -> None:
        """Close it without the final name, and note where what it has lies."""
        if self._delivered():
            self._close_partial()

    def _delivered(self) -> bool:
        """Wait for what is on its way. One that does not come back cannot be closed, and is left behind."""
        if self._courier is None or self._courier.finish(_PATIENCE_SECONDS):
            return True
        self._fail(
            OutputError(f"{self.target} has not answered for {_PATIENCE_SECONDS:g} s: it is left as it is")
        )
        return False

    def _close_partial(self) -> None:
        try:
            self.place = self.output.keep() or self.place
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception, *, keep: bool = False) -> None:
        """Keep the first failure; in the background it is told at once, for the run goes on.

        With `keep` the output is closed, and the failure says where what it has lies.
        """
        if self.failure is not None:
            return
        known = isinstance(error, BodychanError)
        self.failure = str(error) if known else f"{self.target}: {type(error).__name__}: {error}"
        if keep:
            self._close_partial()
            if self.place is not None and self.place not in self.failure:
                self.failure += f"; what came before is in {self.place}"
        if not known:
            _LOG.debug("%s failed", self.target, exc_info=error)
        if self._courier is not None:
            _LOG.error("%s", self.failure)

    def _is_repeated(self, channels: Channels) -> bool:
        """Whether every sample is the same as the newest that was written."""
        if not self._on_change:
            return False
        last, self._last = self._last, channels
        return (
            last is not None
            and last.names == channels.names
            and np.array_equal(
                channels.samples, np.broadcast_to(last.samples[:, -1:], channels.samples.shape)
            )
        )


class Outlets(Closing):
    """The outputs of one run.

    Used as a context manager they get their final names at the end; when an exception passes they keep what
    they have. Ctrl-C does not break either.

    Args:
        sources: what is read meanwhile; a file among them cannot be written.
        overwrite: replace files that exist.
        on_change: write channels only where they differ from those before.
        background: write each on a thread of its own; see `Outlet`.
    """

    def __init__(
        self,
        sources: Sequence[str | PathLike[str]],
        *,
        overwrite: bool = False,
        on_change: bool = False,
        background: bool = False,
    ) -> None:
        self._sources = sources
        self._overwrite = overwrite
        self._on_change = on_change
        self._background = background
        self._all: list[Outlet] = []
        self._done = False

    def __iter__(self) -> Iterator[Outlet]:
        return iter(self._all)

    def open(self, target: str | PathLike[str]) -> Outlet:
        """Open a target of channels.

        Raises:
            OutputError: it cannot be opened, is named twice, or is what is read.
        """
        self._require_new(target)
        return self._add(open_output(target, overwrite=self._overwrite))

    def record(self, recording: RecordingFile) -> Outlet:
        """Take a recording, which captures are written to.

        Raises:
            OutputError: it is named twice, or is what is read.
        """
        self._require_new(recording.target)
        return self._add(recording)

    @property
    def failures(self) -> tuple[str, ...]:
        """Why outputs were closed before the end, one sentence each."""
        return tuple(outlet.failure for outlet in self._all if outlet.failure is not None)

    @property
    def places(self) -> tuple[str, ...]:
        """Where what has no final name lies."""
        return tuple(outlet.place for outlet in self._all if outlet.place is not None)

    @property
    def all_failed(self) -> bool:
        """Whether no output is left to write to."""
        return bool(self._all) and all(outlet.failure is not None for outlet in self._all)

    def close(self) -> None:
        """Give every file its final name; a second call does nothing. Errors are in `failures`."""
        with uninterrupted() as held:
            for outlet in self._all if not self._done else ():
                outlet.finish()
            self._done = True
            held.clear()  # whoever wanted an end has it

    def keep(self) -> None:
        """Close everything without final names; `places` says where it lies."""
        with uninterrupted() as held:
            for outlet in self._all if not self._done else ():
                outlet.keep()
            self._done = True
            held.clear()

    def kept_after(self, error: _Error) -> _Error:
        """Keep what there is after an error, and give the error, which then says where."""
        self.keep()
        if self.places:
            error.args = (f"{error}; what came before is in {', '.join(self.places)}",)
        return error

    def _close_after_error(self) -> None:
        self.keep()

    def _add(self, output: Output | RecordingFile) -> Outlet:
        self._all.append(Outlet(output, on_change=self._on_change, background=self._background))
        return self._all[-1]

    def _require_new(self, target: str | PathLike[str]) -> None:
        place, _ = split(target)
        path = Path(place)
        for source in self._sources:
            require_other(path, source)
        if any(outlet.target == place or _same_file(Path(outlet.target), path) for outlet in self._all):
            raise OutputError(f"{place} is named twice: leave out one of the two")


def _without(channels: Channels, groups: frozenset[str]) -> Channels:
    """Leave out the channels of some groups."""
    rows = [row for row, kind in enumerate(channels.kinds) if kind.group not in groups]
    return Channels(
        tuple(channels.names[row] for row in rows),
        channels.samples[rows],
        channels.rate,
        channels.start,
        fps=channels.fps,
        isTimeSlice=channels.isTimeSlice,
        kinds=channels.kinds.of_rows(rows),
    )


def _same_file(one: Path, other: Path) -> bool:
    """Whether two paths would become one file, as far as their folders tell."""
    return one.name == other.name and one.parent.resolve() == other.parent.resolve()
