"""What every channel operator shares: its channels, and the CHOP class's members over them."""

from abc import abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from bodychan.channels import Channel, Channels
from bodychan.operators.base import Operator
from bodychan.types import F32, F64

if TYPE_CHECKING:
    from bodychan.operators.project import Project


class CHOP(Operator):
    """An operator that gives channels. Reading one cooks the operator up to the project's frame.

    When a cook fails the channels stay and are 0; `errors()` says why.
    """

    def __init__(self, project: "Project", name: str, **values: object) -> None:
        super().__init__(project, name, **values)
        self._channels: Channels | None = None
        self.isTimeSlice = False
        self.exportChanges = 0

    @property
    def channels(self) -> Channels:
        """The channels at the project's frame."""
        self.cook()
        assert self._channels is not None  # every cook leaves some, at least zeros
        return self._channels

    @abstractmethod
    def _names(self) -> tuple[str, ...]:
        """Give the channels' names."""

    @abstractmethod
    def _values(self, names: tuple[str, ...]) -> F64:
        """Give one value for each name; an exception leaves zeros."""

    def _cook(self) -> None:
        names: tuple[str, ...] = ()
        values = np.zeros(0)
        try:
            names = self._names()
            values = np.zeros(len(names))
            values = self._values(names)
        finally:
            start = max(self.project.frame - 1, 0)
            self._channels = Channels(names, values[:, None], self.project.fps, start)

    def info(self) -> dict[str, float]:
        """Give the Info channels of this operator; see `Operator.info`."""
        channels = self._channels
        own = {
            "start": channels.start if channels else 0,
            "length": channels.numSamples if channels else 0,
            "sample_rate": channels.rate if channels else self.project.fps,
            "num_channels": channels.numChans if channels else 0,
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
        return self.channels[key]

    def chan(self, *names_or_indices: str | int, caseSensitive: bool = True) -> Channel | None:
        """Give the first channel that a pattern or index chooses, None if there is none."""
        return self.channels.chan(*names_or_indices, caseSensitive=caseSensitive)

    def chans(self, *names_or_indices: str | int, caseSensitive: bool = True) -> list[Channel]:
        """Give the channels that patterns or indices choose; all of them without an argument."""
        return self.channels.chans(*names_or_indices, caseSensitive=caseSensitive)

    def numpyArray(self) -> F32:
        """Give all samples, (channels, samples) float32."""
        return self.channels.numpyArray()
