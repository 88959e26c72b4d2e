"""The file of a recording while it is written: it grows by whole clusters and can be closed after each."""

import errno
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from bodychan.cameras.recording.encode import Opening, Span, cues
from bodychan.cameras.recording.matroska import Bytes
from bodychan.errors import OutputError

_CUE_GAP_NS = 1_000_000_000


class _State(NamedTuple):
    """What has been written: where it ends, the time span of the last cluster, and the index so far."""

    end: int = 0
    span: Span | None = None
    cues: tuple[tuple[int, int], ...] = ()


class ClusterFile:
    """Writes an opening, then clusters, then the index and the final front.

    Every call has passed its bytes to the operating system when it returns, so that a process that is killed
    loses none of them. A call that fails, by Ctrl-C or a full disk, leaves the file as it was.
    """

    def __init__(self, name: str) -> None:
        """Create the file, over one of that name.

        Raises:
            OutputError: it cannot be created.
        """
        self._name = name
        self._opening: Opening | None = None
        # Replaced in one assignment, because Ctrl-C can come between any two.
        self._state = _State()
        try:
            # A buffer would keep bytes back, and keep those that a full disk did not take.
            self._file = open(name, "wb", buffering=0)  # noqa: SIM115
        except OSError as error:
            raise OutputError(f"cannot write {name}: {error.strerror}; choose another place") from error

    @property
    def closed(self) -> bool:
        """Whether the file was finished, or given up."""
        return self._file.closed

    @property
    def span(self) -> Span | None:
        """Time span of the last cluster; None before the first."""
        return self._state.span

    def begin(self, opening: Opening) -> None:
        """Write the opening; it comes first.

        Raises:
            OutputError: it cannot be written.
        """
        self._opening = opening
        try:
            self._state = _State(self._put(0, [opening.encode()]))
        except OSError as error:
            raise self._given_up(error, "there is nothing in it") from error

    @property
    def begun(self) -> bool:
        """Whether the opening is in the file."""
        return self._state.end > 0

    def append(self, parts: Sequence[Bytes], span: Span) -> None:
        """Write a cluster.

        Raises:
            OutputError: it cannot be written; the file was closed before it, if that could be done.
        """
        assert self._opening is not None
        at, _, points = self._state
        gap = _CUE_GAP_NS // self._opening.scale_ns
        if span.first is not None and (not points or span.first >= points[-1][0] + gap):
            points = (*points, (span.first, at - self._opening.start))
        try:
            self._state = _State(self._put(at, parts), span, points)
        except OSError as error:
            raise self._cut_short(error) from error

    def finish(self) -> None:
        """Write the index and the final front, and close the file; a second call does nothing.

        Raises:
            OutputError: they cannot be written; what was written can be read nevertheless.
        """
        if self._file.closed:
            return
        try:
            self._close()
        except OSError as error:
            raise self._given_up(error, self._unfinished()) from error

    def give_up(self) -> None:
        """Close the file as it is."""
        with suppress(OSError):
            self._file.close()

    def _close(self) -> None:
        assert self._opening is not None
        end, span, points = self._state
        if self._file.seek(0, 2) > end:
            self._file.truncate(end)
        cues_at = end if points else 0
        if points:
            end = self._put(end, [cues(points)])
        # Last, and within one page of the disk: until then the file is one that was not finished.
        self._put(0, [self._opening.front(span.newest if span else 0, cues_at, end)])
        self._file.close()

    def _put(self, at: int, parts: Sequence[Bytes]) -> int:
        """Write at an offset; return where it ends."""
        self._file.seek(at)
        for part in parts:
            rest = memoryview(part)
            while rest:
                # A disk that is nearly full takes a part of it.
                rest = rest[self._file.write(rest) :]
            at += len(part)
        return at

    def _cut_short(self, error: OSError) -> OutputError:
        """Close the file after its last cluster, if possible, and explain."""
        try:
            self._close()
        except OSError:
            return self._given_up(error, self._unfinished())
        return self._given_up(error, f"it is whole up to there, {self._seconds():.1f} s")

    def _unfinished(self) -> str:
        return f"{self._seconds():.1f} s of it can be read, and 'bodychan record --repair' finishes it"

    def _seconds(self) -> float:
        scale_ns = self._opening.scale_ns if self._opening else 0
        return self._state.span.newest * scale_ns / 1e9 if self._state.span else 0.0

    def _given_up(self, error: OSError, what_is_left: str) -> OutputError:
        self.give_up()
        remedy = "; free some space, or write to another disk" if error.errno == errno.ENOSPC else ""
        return OutputError(f"cannot write {self._name}: {error.strerror}; {what_is_left}{remedy}")
