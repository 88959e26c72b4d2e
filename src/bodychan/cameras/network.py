"""A camera on another machine, which tracks there: its bodies come by Zenoh, and no images."""

import logging

from bodychan.cameras.base import Camera
from bodychan.cameras.faults import Faults
from bodychan.cameras.silence import Silence
from bodychan.errors import CameraError, DeviceUnavailable, NetworkError, Unavailable
from bodychan.model.bodies import Bodies
from bodychan.model.capture import Capture, TrackedCapture
from bodychan.network.link import Address, Link, Mailbox
from bodychan.network.messages import BodiesMessage, CameraMessage, bodies_of, decode
from bodychan.optics.calibration import Calibration

_LOG = logging.getLogger(__name__)
_PATIENCE_SECONDS = 5.0
"""How long a sender is waited for: it says who it is twice a second."""
_SILENT_S = 2.0
"""After so long without bodies a sender is away: also of captures with nobody it sends that."""


class NetworkCamera(Camera):
    """What `bodychan run SOURCE --to zenoh://KEY` sends: `zenoh://KEY[?connect=ENDPOINT&listen=ENDPOINT]`.

    Captures are `TrackedCapture`s without images. A sender that has said nothing for two seconds is `away`
    until it does again; it has to be of the same camera then. The offset of its clock is the tag
    CLOCK_OFFSET_MS, and how well it is known CLOCK_ROUND_TRIP_MS.
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
        self._senders: Mailbox = Mailbox()
        self._bodies: Mailbox = Mailbox()
        self._link.hear("camera", lambda key, data: self._senders.put(key, decode(data, CameraMessage)))
        self._link.hear(
            "bodies", lambda key, data: self._bodies.put(key, bodies_of(decode(data, BodiesMessage)))
        )
        found = self._senders.take(_PATIENCE_SECONDS)
        if not found:
            self._link.close()
            raise DeviceUnavailable(
                Unavailable.NO_DEVICE,
                f"nobody sends {url}: start 'bodychan run SOURCE --to zenoh://{self._link.address.key}' "
                "there; where the network has no multicast, one side adds ?listen=tcp/0.0.0.0:PORT, and the "
                "other ?connect=tcp/HOST:PORT",
            )
        self._follow(*found.values())
        self._silence = Silence(_SILENT_S)
        self._faults = Faults(url, self.warnings)
        self._away, self._outages = "", 0

    def _follow(self, sender: CameraMessage) -> None:
        self.fps = sender.fps
        self.calibration = Calibration.from_json(
            sender.calibration, sender.depth_mode, sender.color_resolution
        )
        self._seen_with = sender.calibration, sender.depth_mode, sender.color_resolution
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

    @property
    def away(self) -> str:
        """Why nothing comes for the moment; empty while the sender sends."""
        return self._away

    @property
    def away_seconds(self) -> float:
        """How long the sender has been silent; 0 while it sends."""
        return self._silence.seconds if self._away else 0.0

    @property
    def outages(self) -> int:
        """How often the sender fell silent."""
        return self._outages

    def _read(self) -> Capture | None:
        capture = self._capture(_SILENT_S)
        if capture is None:
            self._lose()
            raise DeviceUnavailable(
                Unavailable.UNPLUGGED, f"{self.name}: {self._away}; read again to wait until it is back"
            )
        return capture

    def _latest(self) -> Capture | None:
        return self._capture(0.0)

    def _capture(self, seconds: float) -> Capture | None:
        come = self._bodies.take(seconds)
        self._require_same()
        if not come:
            if self._silence.too_long:
                self._lose()
            return None
        if self._away:
            self._tell_back()
        self._silence.end()
        (bodies,) = come.values()
        assert isinstance(bodies, Bodies)
        return TrackedCapture(bodies.frame, depth_usec=bodies.device_usec, bodies=bodies)

    def _require_same(self) -> None:
        """Make sure that whoever sends now has the camera of before."""
        for sender in self._senders.take().values():
            if (sender.calibration, sender.depth_mode, sender.color_resolution) != self._seen_with:
                raise CameraError(
                    f"{self.name}: it now sends {sender.name}, which sees with another calibration or in "
                    "other modes, so nothing of before holds: open it anew"
                )

    def _lose(self) -> None:
        """Note, once until it is back, that the sender is away."""
        if not self._away:
            self._away = f"its sender has said nothing for {_SILENT_S:g} s"
            self._outages += 1
            _LOG.warning("%s: %s; it goes on by itself when it is back", self.name, self._away)

    def _tell_back(self) -> None:
        seconds = self._silence.seconds
        _LOG.warning("%s: it is back after %.1f s", self.name, seconds)
        self._faults.note("outage", f"it was away for {seconds:.1f} s ({self._away})")
        self._away = ""

    def _close(self) -> None:
        self._link.close()
