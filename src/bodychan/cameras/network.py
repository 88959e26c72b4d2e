"""A camera on another machine, which tracks there: its bodies come by Zenoh, and no images."""

import logging

from bodychan.cameras.base import Camera
from bodychan.errors import CameraError, DeviceUnavailable, NetworkError, Unavailable
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture, TrackedCapture
from bodychan.network.link import Address, Link, Mailbox
from bodychan.network.messages import BodiesMessage, CameraMessage, bodies_of, decode
from bodychan.optics.calibration import Calibration

_LOG = logging.getLogger(__name__)
_PATIENCE_SECONDS = 5.0
"""How long a sender is waited for: it says who it is twice a second."""


class NetworkCamera(Camera):
    """What `bodychan run SOURCE --to zenoh://KEY` sends: `zenoh://KEY[?connect=ENDPOINT&listen=ENDPOINT]`.

    Captures are `TrackedCapture`s without images. A sender that ends and comes again goes on. The offset of
    its clock is the tag CLOCK_OFFSET_MS, and how well it is known CLOCK_ROUND_TRIP_MS.
    """

    live = True
    seekable = False
    tracked = True

    def __init__(self, url: str) -> None:
        """Find the sender.

        Raises:
            CameraError: the URL is none.
            DeviceUnavailable: nobody sends.
        """
        self.name = url
        self.start_usec = 0
        self.duration_usec = None
        self.warnings = []
        try:
            self._link = Link(Address.of(url))
        except NetworkError as error:
            raise CameraError(str(error)) from error
        cameras: Mailbox = Mailbox()
        self._bodies: Mailbox = Mailbox()
        self._link.hear("camera", lambda key, data: cameras.put(key, decode(data, CameraMessage)))
        self._link.hear(
            "bodies", lambda key, data: self._bodies.put(key, bodies_of(decode(data, BodiesMessage)))
        )
        found = cameras.take(_PATIENCE_SECONDS)
        if not found:
            self._link.close()
            raise DeviceUnavailable(
                Unavailable.NO_DEVICE,
                f"nobody sends {url}: start 'bodychan run SOURCE --to {url}' there, or name an endpoint, "
                "?connect=tcp/HOST:PORT, where the network has no multicast",
            )
        self._follow(*found.values())

    def _follow(self, sender: CameraMessage) -> None:
        self.fps = sender.fps
        self.calibration = Calibration.from_json(
            sender.calibration, sender.depth_mode, sender.color_resolution
        )
        self.tags = dict(sender.tags)
        offset = self._link.clock_offset()
        if offset is not None:
            self.tags |= {
                "CLOCK_OFFSET_MS": f"{1000 * offset.seconds:+.1f}",
                "CLOCK_ROUND_TRIP_MS": f"{1000 * offset.round_trip:.1f}",
            }
            _LOG.info(
                "%s: %s; its clock is %+.1f ms from ours, give or take %.1f ms",
                self.name,
                sender.name,
                1000 * offset.seconds,
                500 * offset.round_trip,
            )

    def _read(self) -> Capture | None:
        capture = self._capture(_PATIENCE_SECONDS)
        if capture is None:
            raise DeviceUnavailable(
                Unavailable.NO_CAPTURE, f"{self.name} has sent nothing for {_PATIENCE_SECONDS:.0f} s"
            )
        return capture

    def _latest(self) -> Capture | None:
        return self._capture(0.0)

    def _capture(self, seconds: float) -> Capture | None:
        for bodies in self._bodies.take(seconds).values():
            assert isinstance(bodies, Bodies)
            return TrackedCapture(bodies.frame, depth_usec=bodies.device_usec, bodies=bodies)
        return None

    def _close(self) -> None:
        self._link.close()
