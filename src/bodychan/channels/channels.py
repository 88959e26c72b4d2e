"""Channels: named rows of samples that share start and rate, and the members of TouchDesigner's over them."""

import math
from collections.abc import Iterator
from functools import cached_property
from os import PathLike

import numpy as np

from bodychan.channels import text_files
from bodychan.channels.kinds import Kind, Kinds
from bodychan.channels.patterns import legal_names, match
from bodychan.errors import OperatorError, did_you_mean
from bodychan.model.arrays import F32, F64, checked


class Channel(float):
    """One channel: a number, namely its current (newest) value, that also knows its samples.

    It takes part in arithmetic and comparisons, and is formatted, as that number; `[i]` is a sample, a
    negative index counts from the end. Printed as it is, it shows its name too.

    >>> channels = Channels(("p1/head:ty",), np.array([[1.5]]), 30.0)
    >>> channels.chans("p1/*"), f"{channels['p1/head:ty']}"
    ([<Channel p1/head:ty 1.5>], '1.5')
    """

    name: str
    index: int
    owner: "Channels"

    def __new__(cls, owner: "Channels", index: int) -> "Channel":
        """Make the channel in row `index` of its owner."""
        self = super().__new__(cls, owner.samples[index, -1])
        self.owner, self.index, self.name = owner, index, owner.names[index]
        return self

    def __repr__(self) -> str:
        return f"<Channel {self.name} {float(self)!r}>"

    def __str__(self) -> str:
        return str(float(self))

    def __format__(self, spec: str) -> str:
        return format(float(self), spec)

    @property
    def kind(self) -> Kind:
        """What the channel measures, and its unit."""
        return self.owner.kinds[self.index]

    @property
    def vals(self) -> list[float]:
        """All samples, oldest first."""
        return [float(v) for v in self.owner.samples[self.index]]

    def __eq__(self, other: object) -> bool:
        return float(self) == other

    def __hash__(self) -> int:
        return float.__hash__(self)

    def __len__(self) -> int:
        return self.owner.numSamples

    def __getitem__(self, sample: int) -> float:
        return float(self.owner.samples[self.index, sample])

    def eval(self, sample: int | None = None) -> float:
        """Return one sample, or the current value."""
        return float(self) if sample is None else self[sample]

    def evalFrame(self, frame: float) -> float:
        """Return the sample at a frame of the timeline; outside the samples, the first or the last."""
        return self.evalSeconds((frame - 1) / self.owner.fps)

    def evalSeconds(self, seconds: float) -> float:
        """Return the sample at a second of the timeline; outside the samples, the first or the last."""
        owner = self.owner
        sample = math.floor(seconds * owner.rate - owner.start + 1e-6)
        return self[min(max(sample, 0), owner.numSamples - 1)]

    @property
    def valid(self) -> bool:
        """Whether there is such a channel: always, for its samples are its own."""
        return True

    def numpyArray(self) -> F32:
        """Return all samples, (samples,) float32."""
        return np.asarray(self.owner.samples[self.index], dtype=np.float32)

    def average(self) -> float:
        """Return the mean of the samples."""
        return float(self.owner.samples[self.index].mean())

    def min(self) -> float:
        """Return the smallest sample."""
        return float(self.owner.samples[self.index].min())

    def max(self) -> float:
        """Return the largest sample."""
        return float(self.owner.samples[self.index].max())


class Channels:
    """Named channels that share start and rate: what an operator gives and an output takes.

    `names` C names; `samples` (C, S) float64, finite, read-only, oldest sample first; `rate` samples per
    second; `start` the index of the first sample on the timeline; `fps` its frames per second, `rate` if not
    given; `isTimeSlice` says that the samples follow on those before. `kinds` says what each channel measures
    and in which unit; without it they are plain numbers. A character that is not allowed in a name becomes
    `_`, and a name that is taken gets a number. A writable array is copied.

    Raises:
        ValueError: an argument is not of its type or shape, a name is not text, a sample is not finite, or
            `rate` or `fps` is not a finite number above 0.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        samples: F64,
        rate: float,
        start: float = 0.0,
        *,
        fps: float | None = None,
        isTimeSlice: bool = False,
        kinds: Kinds | None = None,
    ) -> None:
        try:
            self.names = legal_names(tuple(names))
        except TypeError as error:  # something that cannot even be looked up
            raise ValueError(f"a channel's name is text: {error}") from error
        self.samples = checked("Channels.samples", samples, np.float64, (len(names), "S"))
        self.kinds = Kinds.numbers(len(names)) if kinds is None else kinds
        self.rate, self.start = rate, start
        self.fps = rate if fps is None else fps
        self.isTimeSlice = isTimeSlice
        self._check_values()
        # Whole numbers would be written as such, where formats have a place for a float.
        self.rate, self.start, self.fps = float(self.rate), float(self.start), float(self.fps)

    def _check_values(self) -> None:
        for name, least in (("rate", 0.0), ("fps", 0.0), ("start", -math.inf)):
            value = getattr(self, name)
            if not isinstance(value, int | float | np.integer) or not least < value < math.inf:
                above = " above 0" if least == 0 else ""
                raise ValueError(f"Channels.{name} is {value!r}, expected a finite number{above}")
        if not self.numSamples or len(self.kinds) != len(self.names):
            raise ValueError(
                f"Channels: {len(self.names)} names need as many kinds, not {len(self.kinds)}, and at least "
                f"one sample, not {self.numSamples}"
            )
        if not np.isfinite(self.samples).all():
            row = int(np.argmin(np.isfinite(self.samples).all(axis=1)))
            raise ValueError(f"Channels: a sample of '{self.names[row]}' is not finite")

    @property
    def numChans(self) -> int:
        """Number of channels."""
        return len(self.names)

    @property
    def numSamples(self) -> int:
        """Number of samples in each channel."""
        return int(self.samples.shape[1])

    @property
    def end(self) -> float:
        """Index of the last sample on the timeline."""
        return self.start + self.numSamples - 1

    def __len__(self) -> int:
        return self.numChans

    def __iter__(self) -> Iterator[Channel]:
        return (Channel(self, index) for index in range(self.numChans))

    def __getitem__(self, key: str | int) -> Channel:
        """Return the channel of a name (exact) or index.

        Raises:
            OperatorError: there is no such channel; the message says which names are near.
        """
        if isinstance(key, str):
            if key not in self._index:
                raise OperatorError(f"no channel '{key}': {_near(key, self.names)}")
            return Channel(self, self._index[key])
        if not -self.numChans <= key < self.numChans:
            raise IndexError(f"channel index {key} is outside 0..{self.numChans - 1}")
        return Channel(self, range(self.numChans)[key])

    def chan(self, *names_or_indices: str | int, caseSensitive: bool = True) -> Channel | None:
        """Return the first channel that a pattern or index chooses, None if there is none."""
        found = self.chans(*names_or_indices, caseSensitive=caseSensitive)
        return found[0] if found else None

    def chans(self, *names_or_indices: str | int, caseSensitive: bool = True) -> list[Channel]:
        """Return the channels that patterns or indices choose; all of them without an argument."""
        if not names_or_indices:
            return list(self)
        found: list[int] = []
        for key in names_or_indices:
            if isinstance(key, int):
                found += [range(self.numChans)[key]] if -self.numChans <= key < self.numChans else []
            else:
                found += [self._index[n] for n in match(key, self.names, case_sensitive=caseSensitive)]
        return [Channel(self, index) for index in dict.fromkeys(found)]

    def numpyArray(self) -> F32:
        """Return all samples, (channels, samples) float32; `samples` has them in full precision."""
        return self.samples.astype(np.float32)

    def save(self, filepath: str | PathLike[str], createFolders: bool = False) -> str:
        """Write the samples to a .chan file (plain numbers) or a .clip file (ASCII); return its path.

        A file that exists is replaced.

        Raises:
            OutputError: the file cannot be written, or is of another kind.
        """
        text = text_files.Clip(self.names, self.samples, self.rate, self.start)
        return text_files.save(text, filepath, create_folders=createFolders)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    def __repr__(self) -> str:
        return f"<Channels: {self.numChans} channels, {self.numSamples} samples at {self.rate:g} Hz>"


def _near(name: str, names: tuple[str, ...]) -> str:
    if len(names) > 20:
        hint = did_you_mean(name, names)
        return hint if hint.startswith("did") else f"{len(names)} channels from '{names[0]}' to '{names[-1]}'"
    return did_you_mean(name, names)
