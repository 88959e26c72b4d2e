"""Where to look for people who are not followed yet, and what was nobody there before."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bodychan.model.arrays import F32, F64, U16
from bodychan.model.skeleton import Joint
from bodychan.tracking.builtin.detect.heads import coarse_depth, heads
from bodychan.tracking.builtin.detect.shapes import Shape, shapes
from bodychan.tracking.builtin.observe.crop import Square, around
from bodychan.tracking.builtin.observe.upright import Upright
from bodychan.tracking.builtin.threads import Threads

_TALL_MM = 1750.0
"""Height of the box that is looked at where a head alone is known, from a little above the head down."""
_ABOVE_MM, _HALF_MM = 250.0, 450.0
_OWN_HEAD_MM, _OWN_JOINT_MM, _OWN_TRUNK_MM = 300.0, 170.0, 350.0
"""What is so near to a followed body's head, another joint or the trunk is that body: hands and feet stand
free as heads do."""
_BALL_MM = 260.0
"""Radius about a followed body's joints within which nobody else is searched as a shape."""
_REST_SECONDS, _STILL_MM, _MOST_NOBODY = 1.0, 150.0, 64
"""How long a rejected place is suppressed, how far away another place begins, how many are remembered."""
_LONG_REST_SECONDS, _OTHER_MM, _OTHER_SHARE = 5.0, 150.0, 0.06
"""The same for a place where surely nobody was, as long as no more than this share of what was looked at
comes nearer or goes farther by so much: noise at edges makes 2 to 5 %, somebody who stands there 12 % and
more."""
_EVERY_SECONDS, _EVERY_WITH_PEOPLE = 0.05, 0.3
"""Time from search to search: the first with nobody followed, somebody missing or places left over. With
nobody followed those that are left over are looked at in the next capture."""
_CLOCK_SECONDS = 1e-3
_TRIES, _TRIES_ALONE = 3, 6
"""Places that are looked at in one capture; the second with nobody followed: edges of ceilings and furniture
come before a person as often as not."""


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Where somebody may be: what to look at, and a place (3,) mm on its surface. `origin` says why."""

    square: Square
    place: F64
    origin: str


@dataclass(frozen=True, slots=True, eq=False)
class _Nobody:
    """A place where nobody was at `seconds`; `seen` is the part of the coarse image that was looked at."""

    place: F64
    seconds: float
    sure: bool
    window: tuple[slice, slice]
    seen: F32

    def rests(self, coarse: F32, seconds: float) -> bool:
        """Say whether it is still left alone."""
        since = seconds - self.seconds
        if not self.sure or since <= _REST_SECONDS:
            return 0 <= since <= _REST_SECONDS
        other = np.abs(coarse[self.window] - self.seen) > _OTHER_MM
        return since <= _LONG_REST_SECONDS and float(other.mean()) <= _OTHER_SHARE


class Search:
    """Proposes where people may be; remembers when it looked last, and what was nobody."""

    def __init__(self, upright: Upright, threads: Threads) -> None:
        self._upright = upright
        self._threads = threads
        self._last = -1e9
        self._left = False
        self._nobody: list[_Nobody] = []
        self._coarse: F32 = np.zeros((0, 0), np.float32)

    def propose(self, depth: U16, known: Sequence[F64], seconds: float, *, urgent: bool) -> list[Proposal]:
        """Search if it is due.

        Args:
            depth: (H, W) mm.
            known: joints (32, 3) mm of the bodies that are followed.
            seconds: device time.
            urgent: somebody is missing.
        """
        if 0 < seconds - self._last < self._wait(bool(known), urgent) - _CLOCK_SECONDS:
            return []
        self._last = seconds
        coarse = self._coarse = coarse_depth(depth, self._upright.coarse)
        self._nobody = [n for n in self._nobody if n.rests(coarse, seconds)][-_MOST_NOBODY:]
        balls = np.concatenate([np.zeros((0, 3)), *known])
        balls = np.concatenate([balls, np.full((len(balls), 1), _BALL_MM)], axis=1)

        def search(part: int) -> list[Proposal | None]:
            if part == 0:
                return [self._below(head, known) for head in heads(coarse, self._upright.coarse)]
            return [self._whole(shape, known) for shape in shapes(coarse, self._upright.coarse, balls)]

        found = [p for part in self._threads.map(search, (0, 1)) for p in part]
        new = [p for p in found if p is not None and not self._is_nobody(p.place)]
        tries = _TRIES if known else _TRIES_ALONE
        self._left = len(new) > tries
        return new[:tries]

    def _wait(self, known: bool, urgent: bool) -> float:
        """Give the time from the last search to the next one."""
        if self._left:
            return _EVERY_SECONDS if known else 0.0
        return _EVERY_WITH_PEOPLE if known and not urgent else _EVERY_SECONDS

    def leave_alone(self, proposal: Proposal, seconds: float, *, sure: bool) -> None:
        """Remember that nobody was there; `sure` if that was beyond doubt."""
        raster, square = self._upright.coarse, proposal.square
        middle = np.array([square.y - raster.top, square.x - raster.left])
        corners = np.array([middle - square.side / 2, middle + square.side / 2]) * raster.focal
        first, last = np.clip(corners, 0, raster.source.shape).astype(int).tolist()
        window = (slice(first[0], last[0] + 1), slice(first[1], last[1] + 1))
        seen = self._coarse[window].copy()
        self._nobody.append(_Nobody(proposal.place, seconds, sure, window, seen))

    def _is_nobody(self, place: F64) -> bool:
        return any(np.linalg.norm(place - nobody.place) < _STILL_MM for nobody in self._nobody)

    def _below(self, head: F64, known: Sequence[F64]) -> Proposal | None:
        """Propose the person below a head."""
        for joints in known:
            away = np.linalg.norm(joints - head, axis=1)
            if away[Joint.HEAD] < _OWN_HEAD_MM or away.min() < _OWN_JOINT_MM:
                return None
        box = np.array([[-_HALF_MM, -_ABOVE_MM, 0.0], [_HALF_MM, _TALL_MM - _ABOVE_MM, 0.0]])
        place = around(head + box, self._upright.fine)
        return Proposal(Square(*place, float(head[2])), head, "head")

    def _whole(self, shape: Shape, known: Sequence[F64]) -> Proposal | None:
        """Propose the person that a shape may be."""
        for joints in known:
            if np.linalg.norm(shape.middle - joints[Joint.SPINE_CHEST]) < _OWN_TRUNK_MM:
                return None
        z = float(shape.middle[2])
        corners = np.array([[*shape.low[:2], z], [*shape.high[:2], z]])
        return Proposal(Square(*around(corners, self._upright.fine), z), shape.middle, "shape")
