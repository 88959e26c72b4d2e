"""How a show in real time goes: what is put out, what comes from the cameras, and what of it is tracked."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bodychan.channels.channels import Channels
from bodychan.operators.kinect.top import KinectAzureTOP
from bodychan.operators.project import Project

_LOG = logging.getLogger(__name__)
_WINDOW_SECONDS = 3.0
_SLOW = 0.75
"""Below this share of the captures tracked, or of the frames put out, the machine is too slow."""


@dataclass(frozen=True)
class Status:
    """How a show goes: what is put out, comes from the cameras and is tracked, each a second.

    `lag_seconds` is how far the newest bodies are behind the newest capture, None while there are none.
    """

    targets: tuple[str, ...]
    frames: float
    captures: float
    tracked: float
    lag_seconds: float | None


@dataclass(frozen=True)
class Sent:
    """What one output got: writes, and how many of them were lost."""

    target: str
    writes: int
    lost: int


@dataclass(frozen=True)
class Report:
    """What a show did.

    `captures` that came in its `seconds`, and those of them that were `tracked`; the mean lag of the bodies
    behind the images; `failures` says which outputs were closed before the end, and why.
    """

    seconds: float
    sent: tuple[Sent, ...]
    captures: int
    tracked: int
    lag_seconds: float | None
    warnings: tuple[str, ...]
    failures: tuple[str, ...]


class _Camera:
    """What came from one camera, and what of it was tracked."""

    def __init__(self, top: KinectAzureTOP) -> None:
        self._top = top
        self._index: int | None = None
        self._frame = self._outages = 0
        self._was_away = False
        self.captures = self.tracked = 0
        self.lag_seconds: float | None = None

    def look(self) -> None:
        capture, bodies, camera = self._top.capture, self._top.bodies, self._top.camera
        away = False
        if camera is not None:
            away, outages = bool(camera.away), camera.outages
            self._was_away |= away or outages != self._outages
            self._outages = outages
        if capture is not None and capture.index != self._index:
            # Those in between came, too, unless the camera was away; a loop begins again.
            unbroken = self._index is not None and not self._was_away
            self.captures += max(1, capture.index - (self._index or 0)) if unbroken else 1
            self._index, self._was_away = capture.index, away
        if bodies is not None and bodies.frame not in (0, self._frame):
            self.tracked += 1
            self._frame = bodies.frame
        if capture is not None and bodies is not None and bodies.frame:
            self.lag_seconds = max(0, capture.device_usec - bodies.device_usec) / 1e6


class Meter:
    """Measures a show frame by frame; says once when the machine is too slow for it."""

    def __init__(
        self,
        project: Project,
        tops: Sequence[KinectAzureTOP],
        targets: Sequence[str],
        status: Callable[[Status], None],
    ) -> None:
        self._project = project
        self._cameras = [_Camera(top) for top in tops]
        self._targets = tuple(targets)
        self._status = status
        self._frames = 0
        self._lag_sum, self._lag_count = 0.0, 0
        self._window: deque[tuple[float, int, int, int]] = deque(
            maxlen=int(_WINDOW_SECONDS * project.fps) + 1
        )
        self._told = False

    def write(self, _channels: Channels) -> None:
        """Take one frame."""
        for camera in self._cameras:
            camera.look()
        self._frames += 1
        lag = self._lag()
        if lag is not None:
            self._lag_sum, self._lag_count = self._lag_sum + lag, self._lag_count + 1
        self._window.append((self._project.seconds, self._frames, self._captures(), self._tracked()))
        status = self._now()
        if status is not None:
            self._status(status)
            if self._project.seconds > 2 * _WINDOW_SECONDS and not self._told:
                self._warn(status)

    def report(self, sent: tuple[Sent, ...], warnings: tuple[str, ...], failures: tuple[str, ...]) -> Report:
        """Give the whole show; what became of the outputs is told by who has them."""
        lag = self._lag_sum / self._lag_count if self._lag_count else None
        seconds = self._project.seconds
        return Report(seconds, sent, self._captures(), self._tracked(), lag, warnings, failures)

    def _captures(self) -> int:
        return sum(camera.captures for camera in self._cameras)

    def _tracked(self) -> int:
        return sum(camera.tracked for camera in self._cameras)

    def _lag(self) -> float | None:
        lags = [camera.lag_seconds for camera in self._cameras if camera.lag_seconds is not None]
        return max(lags, default=None)

    def _now(self) -> Status | None:
        """Give the rates of the last seconds; None while there is nothing to measure."""
        (began, *first), (now, *last) = self._window[0], self._window[-1]
        if now <= began:
            return None
        frames, captures, tracked = ((b - a) / (now - began) for a, b in zip(first, last, strict=True))
        return Status(self._targets, frames, captures, tracked, self._lag())

    def _warn(self, status: Status) -> None:
        fps = self._project.fps
        if status.frames < _SLOW * fps:
            self._told = True
            _LOG.warning(
                "this machine is too slow: %.1f of %.0f frames a second are put out; ask for fewer by --fps",
                status.frames,
                fps,
            )
        elif status.tracked < _SLOW * status.captures:
            self._told = True
            _LOG.warning(
                "this machine is too slow: %.0f of %.0f captures a second are tracked, the newest first, and "
                "the channels are %.0f ms behind; a lower frame rate of the camera loses less",
                status.tracked,
                status.captures,
                1000 * (status.lag_seconds or 0.0),
            )
