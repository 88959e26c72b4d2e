"""What every channel operator shares: its channels, and the CHOP class's members over them."""

from abc import abstractmethod
from os import PathLike
from pathlib import Path

import numpy as np

from bodychan.channels.channels import Channel, Channels
from bodychan.channels.kinds import Kinds
from bodychan.channels.patterns import match
from bodychan.errors import OperatorError, ParameterError
from bodychan.model.arrays import F32, F64
from bodychan.operators.export import ExportRow, Link, drive, links, read_table
from bodychan.operators.operator import Network, Operator
from bodychan.operators.tables import CommonPage
from bodychan.operators.trail import MAX_SLICE_SECONDS


class CHOP(Operator):
    """An operator that gives channels. Reading one cooks the operator up to the project's frame.

    When a cook fails the channels stay and are 0; `errors()` says why.

    With `timeslice` on, a cook gives the samples after those of the last cook, up to the project's frame, one
    for each 1 / rate seconds: no gaps and no overlaps. A slice longer than 200 ms loses its old end, with a
    warning. After a jump and at a new frame rate it begins again with one frame. Where no sample has become
    due, at rates below the project's, the last one stays. With `timeslice` off it is one sample.

    While `export` is on, every step of the project sets what the channels drive, as `exportmethod` says. The
    table methods take the file `exporttable`, or `exportTable` where no file is named. `exportChanges` counts
    how often what drives what has changed.
    """

    par: CommonPage
    attributes = ("export",)

    def __init__(self, project: Network, name: str) -> None:
        super().__init__(project, name)
        self._channels = self._made((), Kinds(), np.zeros((0, 1)), project.fps, 0)
        self.export = False
        self.exportTable: tuple[ExportRow, ...] = ()
        self.exportChanges = 0
        self._linked: list[Link] = []
        self._table_read: tuple[str, float, tuple[ExportRow, ...]] = ("", 0.0, ())
        self._place = (0, 0, 0.0)
        self._before = 0
        self._scope: tuple[str, tuple[str, ...], Kinds] = ("", (), Kinds())
        self._in_scope: list[int] = []
        self._kinds_in_scope = Kinds()

    @property
    def channels(self) -> Channels:
        """The channels at the project's frame.

        Raises:
            OperatorError: the operator is cooking now: what it refers to refers back to it.
        """
        if self.cooking:
            raise OperatorError(f"references go round in a circle: {self.path} depends on itself; cut one")
        self.cook()
        return self._channels

    @abstractmethod
    def _names(self) -> tuple[str, ...]:
        """Return the channels' names."""

    def _kinds(self, names: tuple[str, ...]) -> Kinds:
        """Return what each channel measures: plain numbers, unless the operator knows better."""
        return Kinds.numbers(len(names))

    @abstractmethod
    def _values(self, names: tuple[str, ...], times: F64) -> F64:
        """Return the samples of each name at times (S,) in seconds, (C, S); an exception leaves zeros."""

    def _rate(self) -> float:
        """Return the samples per second: the project's frame rate, unless the operator has one of its own."""
        return self.project.fps

    def _cook(self) -> None:
        rate = self._rate()
        first, last = self._interval(rate)
        times = np.arange(first, last + 1) / rate
        names: tuple[str, ...] = ()
        kinds = Kinds()
        try:
            names = self._names()
            kinds = self._kinds(names)
            chosen, chosen_kinds, samples = self._scoped(names, kinds, self._values(names, times))
            self._channels = self._made(chosen, chosen_kinds, samples, rate, first)
        except Exception:
            self._channels = self._made(names, kinds, np.zeros((len(names), len(times))), rate, first)
            raise

    def _made(self, names: tuple[str, ...], kinds: Kinds, samples: F64, rate: float, first: int) -> Channels:
        return Channels(
            names, samples, rate, first, fps=self.project.fps, isTimeSlice=self.isTimeSlice, kinds=kinds
        )

    def _interval(self, rate: float) -> tuple[int, int]:
        """Return the first and last sample of this cook; a cook that is repeated has the same."""
        project = self.project
        jumps, frame, rate_before = self._place
        place = (project.jumps, project.frame, rate)
        if place != self._place:
            goes_on = (jumps, rate_before) == (project.jumps, rate) and frame < project.frame
            self._before = frame if goes_on else project.frame - 1
            self._place = place
        last = self._sample_at(project.frame, rate)
        if not self.par.timeslice:
            return last, last
        first = min(self._sample_at(self._before, rate) + 1, last)
        longest = max(1, int(MAX_SLICE_SECONDS * rate + 1e-9))
        if last - first >= longest:
            self._warnings.append(
                f"{self.path}: {(last - first + 1) / rate * 1000:.0f} ms since the last cook, "
                f"the oldest {last - first + 1 - longest} samples are lost: cook more often"
            )
            first = last - longest + 1
        return first, last

    def _sample_at(self, frame: int, rate: float) -> int:
        """Return the newest sample that is due at a frame of the timeline."""
        return int(max(frame - 1, 0) * rate / self.project.fps + 1e-9)

    def _scoped(
        self, names: tuple[str, ...], kinds: Kinds, samples: F64
    ) -> tuple[tuple[str, ...], Kinds, F64]:
        """Leave what `scope` chooses; the choice is kept, for matching takes longer than a cook."""
        if self.par.scope == "*":
            return names, kinds, samples
        if self._scope != (self.par.scope, names, kinds):
            chosen = set(match(self.par.scope, names))
            self._in_scope = [row for row, name in enumerate(names) if name in chosen]
            self._kinds_in_scope = kinds.of_rows(self._in_scope)
            self._scope = (self.par.scope, names, kinds)
        if names and not self._in_scope:
            some = ", ".join(names[:3])
            raise ParameterError(
                f"{self.path}: scope '{self.par.scope}' chooses none of its {len(names)} channels ({some}, …)"
            )
        return tuple(names[row] for row in self._in_scope), self._kinds_in_scope, samples[self._in_scope]

    def export_now(self) -> None:
        """Set what the channels drive while `export` is on; what cannot be set is a warning."""
        if not self.export:
            self._link([])
            self._kept_warnings = []
            return
        channels = self.channels
        try:
            par = self.par
            found, warnings = links(
                self.project, channels, par.exportmethod, par.autoexportroot, self._export_rows()
            )
            self._link(found)
            self._kept_warnings = warnings + list(drive(found, channels))
        except OperatorError as error:
            self._link([])
            self._kept_warnings = [str(error)]

    def _link(self, found: list[Link]) -> None:
        # Targets are compared by identity: what a registered object calls equal is its own affair.
        if [link._replace(target=id(link.target)) for link in found] != self._linked:
            self._linked = [link._replace(target=id(link.target)) for link in found]
            self.exportChanges += 1

    def _export_rows(self) -> tuple[ExportRow, ...]:
        """Return the export table; a file is read again when it has changed."""
        path = self.par.exporttable
        if self.par.exportmethod == "autoname" or not path:
            return self.exportTable
        changed = Path(path).stat().st_mtime if Path(path).exists() else 0.0
        if (path, changed) != self._table_read[:2]:
            self._table_read = (path, changed, read_table(path))
        return self._table_read[2]

    @property
    def isTimeSlice(self) -> bool:
        """Whether a cook gives all samples since the last cook."""
        return bool(self.par.timeslice)

    def info(self) -> dict[str, float]:
        """Return the Info channels of this operator; see `Operator.info`."""
        channels = self._channels
        own = {
            "start": channels.start,
            "length": channels.numSamples,
            "sample_rate": channels.rate,
            "num_channels": channels.numChans,
            "time_slice": float(self.isTimeSlice),
            "export_sernum": self.exportChanges,
        }
        return own | super().info()

    @property
    def numChans(self) -> int:
        """Number of channels."""
        return self.channels.numChans

    @property
    def numSamples(self) -> int:
        """Number of samples in each channel."""
        return self.channels.numSamples

    @property
    def rate(self) -> float:
        """Samples per second."""
        return self.channels.rate

    @property
    def start(self) -> float:
        """Index of the first sample on the timeline."""
        return self.channels.start

    @property
    def end(self) -> float:
        """Index of the last sample on the timeline."""
        return self.channels.end

    def __len__(self) -> int:
        return self.numChans

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, key: str | int) -> Channel:
        channels = self.channels
        try:
            return channels[key]
        except (OperatorError, IndexError) as error:
            if self.failure is None:
                raise
            raise OperatorError(
                f"{self.path} has no channel {key!r}, for it has an error: {self.errors()}"
            ) from error

    def chan(self, *names_or_indices: str | int, caseSensitive: bool = True) -> Channel | None:
        """Return the first channel that a pattern or index chooses, None if there is none."""
        return self.channels.chan(*names_or_indices, caseSensitive=caseSensitive)

    def chans(self, *names_or_indices: str | int, caseSensitive: bool = True) -> list[Channel]:
        """Return the channels that patterns or indices choose; all of them without an argument."""
        return self.channels.chans(*names_or_indices, caseSensitive=caseSensitive)

    def numpyArray(self) -> F32:
        """Return all samples, (channels, samples) float32."""
        return self.channels.numpyArray()

    def save(self, filepath: str | PathLike[str], createFolders: bool = False) -> str:
        """Write the channels to a .chan or .clip file, which is replaced if it exists; return its path.

        Raises:
            OutputError: the file cannot be written, or is of another kind.
        """
        return self.channels.save(filepath, createFolders)
