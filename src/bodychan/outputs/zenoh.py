"""Zenoh: channels, and the bodies that they were made of, to whoever listens on other machines."""

import time
import zlib

from bodychan.channels.channels import Channels
from bodychan.errors import NetworkError, OutputError
from bodychan.model.bodies import Bodies
from bodychan.network.link import Address, Link
from bodychan.network.messages import CameraMessage, ChannelsMessage, bodies_message, encode
from bodychan.outputs.base import Output, closed

_REPEAT_SECONDS = 0.5
"""How often names and calibration are sent again, for those who have come meanwhile."""


class ZenohOutput(Output):
    """Sends channels to `zenoh://KEY[?connect=ENDPOINT&listen=ENDPOINT]`, and bodies where it is given any.

    Raises:
        OutputError: the URL is none, or an endpoint cannot be listened at.
    """

    def __init__(self, url: str) -> None:
        self.target = url
        try:
            self._link = Link(Address.of(url))
        except NetworkError as error:
            raise OutputError(str(error)) from error
        self._link.tell_time()
        self._names: tuple[str, ...] = ()
        self._layout = 0
        self._names_sent = self._camera_sent = -_REPEAT_SECONDS
        self._closed = False

    def write(self, channels: Channels) -> None:
        """Send every sample; see `Output.write`."""
        if self._closed:
            raise closed(self.target)
        if channels.names != self._names:
            self._names, self._names_sent = channels.names, -_REPEAT_SECONDS
            self._layout = zlib.crc32("\n".join(channels.names).encode())
        names = None
        if time.monotonic() - self._names_sent >= _REPEAT_SECONDS:
            names, self._names_sent = channels.names, time.monotonic()
        samples = channels.samples.astype("<f8").tobytes()
        message = ChannelsMessage(self._layout, channels.start, channels.rate, samples, names)
        self._link.send("channels", encode(message))

    def write_bodies(self, bodies: Bodies, camera: CameraMessage) -> None:
        """Send the bodies of a capture, and now and then what camera they are of."""
        if time.monotonic() - self._camera_sent >= _REPEAT_SECONDS:
            self._camera_sent = time.monotonic()
            self._link.send("camera", encode(camera))
        self._link.send("bodies", encode(bodies_message(bodies)))

    def close(self) -> None:
        """Close the session; see `Output.close`."""
        self._closed = True
        self._link.close()
