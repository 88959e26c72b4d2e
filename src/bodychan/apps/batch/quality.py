"""What can be said of a tracked recording without knowing the truth."""

from dataclasses import dataclass

import msgspec
import numpy as np

from bodychan.model.arrays import F64
from bodychan.model.bodies import Bodies
from bodychan.model.skeleton import Joint

GHOST_SECONDS = 0.3
"""A body that is there for less is taken for a ghost."""

_SWITCH_SECONDS, _SWITCH_MM = 1.0, 500.0
"""A new id so soon after another was lost, and so near to where that was, is taken for the same person."""


class Quality(msgspec.Struct, frozen=True):
    """How a recording was tracked, judged by its bodies alone.

    `body_share` of the captures had a body; `mean_confidence` of all joints of all bodies, 0 to 3, 0 without
    any; `id_switches` are new ids near to where another one was lost within the second before; `ghosts`
    bodies that were gone within 0.3 s. Neither of the two is certain: people do meet, and do hurry past.
    """

    body_share: float = 0.0
    mean_confidence: float = 0.0
    id_switches: int = 0
    ghosts: int = 0


@dataclass(slots=True)
class _Life:
    first_usec: int
    last_usec: int
    pelvis: F64
    replaced: bool = False


class Watch:
    """Looks on while a recording is tracked; memory grows with the number of ids only."""

    def __init__(self) -> None:
        self._captures = self._with_body = self._joints = self._confidence = self._switches = 0
        self._lives: dict[int, _Life] = {}
        self._first_usec: int | None = None
        self._last_usec = 0

    @property
    def seconds(self) -> float:
        """From the first capture to the last, in device time."""
        return 0.0 if self._first_usec is None else (self._last_usec - self._first_usec) / 1e6

    def take(self, bodies: Bodies) -> None:
        """Take the bodies of the next capture."""
        self._captures += 1
        self._with_body += len(bodies) > 0
        self._joints += bodies.confidence.size
        self._confidence += int(bodies.confidence.sum())
        self._last_usec = bodies.device_usec
        if self._first_usec is None:
            self._first_usec = bodies.device_usec
        there = {
            int(body): pelvis
            for body, pelvis in zip(bodies.ids, bodies.positions[:, Joint.PELVIS], strict=True)
        }
        for body, pelvis in there.items():
            life = self._lives.get(body)
            if life is None:
                self._switches += self._replaces(there, bodies.device_usec, pelvis)
                self._lives[body] = _Life(bodies.device_usec, bodies.device_usec, pelvis)
            else:
                life.last_usec, life.pelvis = bodies.device_usec, pelvis

    def _replaces(self, there: dict[int, F64], usec: int, pelvis: F64) -> bool:
        """Say whether somebody new is likely to be somebody who was just lost, and remember that."""
        for body, life in self._lives.items():
            lost = body not in there and not life.replaced and usec - life.last_usec <= _SWITCH_SECONDS * 1e6
            if lost and np.linalg.norm(life.pelvis - pelvis) < _SWITCH_MM:
                life.replaced = True
                return True
        return False

    def result(self) -> Quality:
        """Give the figures of the captures so far; who is there at the end is no ghost."""
        ghosts = [
            life
            for life in self._lives.values()
            if life.last_usec < self._last_usec and life.last_usec - life.first_usec < GHOST_SECONDS * 1e6
        ]
        return Quality(
            round(self._with_body / max(self._captures, 1), 4),
            round(self._confidence / max(self._joints, 1), 4),
            self._switches,
            len(ghosts),
        )
