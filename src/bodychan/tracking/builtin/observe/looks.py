"""What came of looking somewhere: a person, nobody, somebody's second, or somebody too unsure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from bodychan.model.arrays import F64, U16
from bodychan.model.skeleton import Joint
from bodychan.tracking.builtin.detect.search import Proposal
from bodychan.tracking.builtin.observe.network import Look
from bodychan.tracking.builtin.observe.upright import Raster

_SEEN = 0.5
TRUNK = [Joint.SPINE_NAVEL, Joint.SPINE_CHEST, Joint.NECK]
"""Their middle is where a body is: seen of nearly everybody, and hardly moved by arms and legs."""


@dataclass(frozen=True, slots=True)
class Least:
    """How likely somebody must be there, and how large the trunk's mean error may be."""

    presence: float
    sigma_mm: float

    def holds(self, look: Look) -> bool:
        """Say whether a look is as sure as that."""
        return look.presence >= self.presence and trunk_sigma_mm(look) <= self.sigma_mm


# On the development takes people who are seen have a presence of 0.99 and an error of 15 to 40 mm, and most
# places where nobody is 0.0 to 0.3 and more than 180 mm; in the real sets, with half a person, 24 to 57 mm.
SURE = Least(0.95, 40.0)
"""Somebody new is believed at once."""
NEW = Least(0.85, 75.0)
"""Somebody new is believed after several captures. In groups 60 mm finds two people less, of 193, and two
bodies less that are nobody's, of 7; 90 mm finds two people more and three such bodies."""
KEPT = Least(0.4, 130.0)
"""Somebody who is followed is there."""

_BEFORE_MM, _BEHIND_MM = 260.0, 80.0
"""The surface at a joint that is seen lies no farther before and behind it: half a stout trunk, an error."""
_LEAST_SUPPORT = 0.5
"""Share of the joints called seen, within the image, that there must be a surface at."""
_UPPER = [Joint.HEAD, Joint.NECK, Joint.SPINE_CHEST, Joint.SHOULDER_LEFT, Joint.SHOULDER_RIGHT]
_LEAST_UPPER = 2
"""Of somebody new so many of these must be seen, head or neck among them: legs alone are somebody else's more
often than not, and folds of a far wall have no head."""
_SPINE_MM, _NEW_SPINE_MM = (180.0, 800.0), 280.0
"""From pelvis to neck: those of a bowed child of 1 m and a very tall person, with the network's error; of
somebody new it must be a little more, as folds of a wall can look like a tiny person."""
_NEAREST_MM = 600.0
"""The network has met nobody nearer: what it takes for somebody's trunk there is a hand before the camera."""
_LEAP_MM, _LEAP_MM_S = 250.0, 3000.0
"""Nobody's trunk is farther from where it should be, and so much more for each second since."""
_SAME_TRUNK_MM, _SAME_JOINTS_MM = 170.0, 140.0
"""Two looks show one person if their trunks, or half of their joints, are nearer to each other."""
_CAPTURE_SECONDS = 1.0 / 30.0


class Fate(Enum):
    """What came of a look."""

    PERSON = "a person"
    NOBODY = "nobody there"
    UNSURE = "too unsure"
    LEGS = "no head or chest seen"
    AIR = "no surface where joints should be"
    SIZE = "not a person's size"
    NEAR = "too near"
    LEAPT = "too far from where they were"
    TWICE = "somebody else's"


@dataclass(frozen=True, slots=True, eq=False)
class Find:
    """A look and its fate.

    `number` is the row of the body that was followed there, None where somebody was searched; `off_mm` how
    far the trunk is from where it should be, infinite for somebody new.
    """

    look: Look
    fate: Fate
    number: int | None = None
    proposal: Proposal | None = None
    off_mm: float = float("inf")


def place(joints: F64) -> F64:
    """Give the middle of a trunk (3,) mm."""
    return np.asarray(joints[TRUNK].mean(axis=0))


def trunk_sigma_mm(look: Look) -> float:
    """Give the mean error to expect of the trunk's joints."""
    return float(look.sigma[TRUNK].mean())


def support(look: Look, depth: U16, raster: Raster) -> float:
    """Give the share of the joints called seen that have a surface where they are; 0 if none are seen."""
    pixels = raster.pixels(look.joints)
    seen = (look.seen > _SEEN) & (pixels >= 0)
    z = depth.ravel()[pixels[seen]].astype(np.float64)
    before = look.joints[seen, 2] - z
    return float(((z > 0) & (before < _BEFORE_MM) & (before > -_BEHIND_MM)).mean()) if seen.any() else 0.0


def found_again(
    look: Look, supported: float, number: int, expected: F64, since: float, *, waiting: bool = False
) -> Find:
    """Judge a look at somebody who was followed.

    Args:
        look: at them.
        supported: see `support`.
        number: their row.
        expected: joints (32, 3) mm where they should be.
        since: seconds since they were seen.
        waiting: evidence is not enough for them yet: the look must be as sure as at somebody new.
    """
    off = float(np.linalg.norm(place(look.joints) - place(expected)))
    fate = _fate_of_new(look, supported) if waiting else _fate(look, supported, KEPT)
    if fate is Fate.PERSON and off > _LEAP_MM + _LEAP_MM_S * max(since - _CAPTURE_SECONDS, 0.0):
        fate = Fate.LEAPT
    return Find(look, fate, number, None, off)


def found_new(look: Look, supported: float, proposal: Proposal) -> Find:
    """Judge a look at a place where somebody may be."""
    return Find(look, _fate_of_new(look, supported), None, proposal)


def _fate_of_new(look: Look, supported: float) -> Fate:
    fate = _fate(look, supported, NEW)
    upper = look.seen[_UPPER] > _SEEN
    if fate is Fate.PERSON and (upper.sum() < _LEAST_UPPER or not upper[:2].any()):
        return Fate.LEGS
    if fate is Fate.PERSON and _spine_mm(look) < _NEW_SPINE_MM:
        return Fate.SIZE
    if fate is Fate.PERSON and place(look.joints)[2] < _NEAREST_MM:
        return Fate.NEAR
    return fate


def _fate(look: Look, supported: float, least: Least) -> Fate:
    if look.presence < least.presence:
        return Fate.NOBODY
    if not least.holds(look):
        return Fate.UNSURE
    if supported < _LEAST_SUPPORT:
        return Fate.AIR
    return Fate.PERSON if _SPINE_MM[0] < _spine_mm(look) < _SPINE_MM[1] else Fate.SIZE


def _spine_mm(look: Look) -> float:
    return float(np.linalg.norm(look.joints[Joint.NECK] - look.joints[Joint.PELVIS]))


def one_each(finds: Sequence[Find]) -> list[Find]:
    """Leave each person one find: of followed ones, that which is nearest to where it should be."""
    out = list(finds)
    order = sorted(range(len(out)), key=lambda i: (out[i].off_mm, i))
    kept: list[Find] = []
    for i in order:
        if out[i].fate is not Fate.PERSON:
            continue
        if any(_is_same(out[i].look.joints, other.look.joints) for other in kept):
            out[i] = replace(out[i], fate=Fate.TWICE)
        else:
            kept.append(out[i])
    return out


def _is_same(joints: F64, others: F64) -> bool:
    apart = np.linalg.norm(joints - others, axis=1)
    return bool(apart[TRUNK].mean() < _SAME_TRUNK_MM or np.median(apart) < _SAME_JOINTS_MM)
