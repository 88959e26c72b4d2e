"""What a Kinect Azure TOP is told to play, and what it remembers of a camera that has failed."""

from dataclasses import dataclass
from typing import Protocol

from bodychan.errors import BodychanError
from bodychan.model.capture import Capture


@dataclass(frozen=True)
class Playback:
    """Which part of a recording or scene is played, in seconds, how fast, and whether again and again."""

    start: float = 0.0
    duration: float | None = None
    speed: float = 1.0
    loop: bool = False


@dataclass(frozen=True)
class Failure:
    """Why the camera is closed: as long as the settings are the same, until it is tried again."""

    error: BodychanError
    settings: tuple[object, ...]
    until: float

    def holds(self, settings: tuple[object, ...], seconds: float) -> bool:
        """Say whether it is no use trying again."""
        return settings == self.settings and seconds < self.until


class CaptureSink(Protocol):
    """What captures can be written to."""

    def write(self, capture: Capture) -> None:
        """Take one capture."""
