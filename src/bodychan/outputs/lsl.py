"""Lab Streaming Layer: channels as a stream of type MoCap, in step with EEG, audio and other streams."""

import pylsl

from bodychan.channels.channels import Channels
from bodychan.errors import OutputError
from bodychan.outputs.base import Output, closed
from bodychan.outputs.mocap import described, scale

_EXAMPLE = "lsl://bodychan"
_DRIFT = 1e-4
"""How fast two clocks may drift apart, seconds a second: more than any crystal's."""
_JUMP_SECONDS = 1.0
"""What is no delay any more but another time: a loop that begins again, a camera that was unplugged."""


class DeviceClock:
    """Maps device time to another clock by the shortest delay that was seen between the two."""

    def __init__(self) -> None:
        self._offset: float | None = None
        self._device = 0.0

    def map(self, device: float, now: float) -> float:
        """Give the time, seconds of the other clock, at which something of device time `device` was taken."""
        offset = now - device
        if self._offset is not None and abs(offset - self._offset) < _JUMP_SECONDS:
            offset = min(offset, self._offset + _DRIFT * max(0.0, device - self._device))
        self._offset, self._device = offset, device
        return device + offset


class LslOutput(Output):
    """Offers channels on the local network as `lsl://NAME`: every capture once, with its own time.

    Raises:
        OutputError: the URL has no name.
    """

    newest_only = True

    def __init__(self, url: str) -> None:
        self.target = url
        self._name = url.partition("://")[2]
        if not self._name or "/" in self._name:
            raise OutputError(f"{url} lacks its name: write it as {_EXAMPLE}")
        self._outlet: pylsl.StreamOutlet | None = None
        self._channels: tuple[object, ...] = ()
        self._scales: list[float] = []
        self._clock = DeviceClock()
        self._usec: float | None = None
        self._closed = False

    def write(self, channels: Channels) -> None:
        """Send the newest sample, if it is of another capture; see `Output.write`."""
        if self._closed:
            raise closed(self.target)
        if (channels.names, channels.kinds) != self._channels:
            self._channels = (channels.names, channels.kinds)
            self._scales = [scale(kind) for kind in channels.kinds]
            self._outlet = pylsl.StreamOutlet(self._info(channels))
        assert self._outlet is not None  # just made
        values = channels.samples[:, -1]
        now = pylsl.local_clock()
        if "timestamp" in channels.names:
            usec = float(values[channels.names.index("timestamp")])
            if usec == self._usec:
                return
            self._usec, now = usec, self._clock.map(usec * 1e-6, now)
        self._outlet.push_sample((values * self._scales).tolist(), now)

    def close(self) -> None:
        """Take the stream off the network; see `Output.close`."""
        self._closed = True
        self._outlet = None

    def _info(self, channels: Channels) -> pylsl.StreamInfo:
        info = pylsl.StreamInfo(
            self._name,
            "MoCap",
            channels.numChans,
            pylsl.IRREGULAR_RATE,
            pylsl.cf_double64,
            self.target,
        )
        description = info.desc()
        all_channels = description.append_child("channels")
        for name, kind in zip(channels.names, channels.kinds, strict=True):
            channel = all_channels.append_child("channel")
            for field, value in described(name, kind).items():
                channel.append_child_value(field, value)
        acquisition = description.append_child("acquisition")
        acquisition.append_child_value("manufacturer", "bodychan")
        # Stamps are the captures' own; how long exposure and transfer take at least is not known.
        acquisition.append_child_value("compensated_lag", "0")
        return info
