"""Which side is left: whether the network takes a person's left and right for each other, capture by capture.

For the whole body, the legs and the arms there are two hypotheses: the network's sides are right, or they are
mirrored. Two things tell them apart. What was left stays left: from capture to capture the landmarks go on
from where they were, so that a network that changes its mind is seen to. And the network is right more often
than not, so that what it says for long is believed. Where legs or arms pass each other the first says little,
and the second decides. (This is the forward filter of a hidden Markov model with two states for each part.)
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from bodychan.model.arrays import F64, I64, Bool, frozen
from bodychan.tracking.blazepose.landmarks import LANDMARK_COUNT, Landmark, Landmarks

_FAR_MM = 400.0
"""No step of one landmark counts for more."""
_STEP_MM = 50.0
"""So much more way, summed over the landmarks of a part, makes a hypothesis e times less likely."""
_STEADFAST = 1.5
"""Log-odds for that the network's sides stay what they were, right or mirrored, against that they change."""
_GIVEN_UP_MM = 300.0
"""A part that goes so much farther than it had to is taken for another: all its landmarks change with it."""
_LEAST_ODDS = 1e-4
"""A step never rules anything out: the tracker may have been wrong before."""
_ODDS_SECONDS = 0.12
"""How long the network must say the same for e times the odds."""
_LONGEST_SECONDS = np.array([1.2, 0.6, 0.6])
"""No belief in whole, legs or arms needs the network to contradict it for longer than this to be given up."""

_FIRST_SECONDS = 0.2
"""The same for what is believed at first sight."""

_PARTS: tuple[tuple[str, ...], ...] = (
    (),
    ("KNEE", "ANKLE", "HEEL", "TOE"),
    ("ELBOW", "WRIST", "PINKY", "INDEX", "THUMB"),
)
_JUDGED_BY = (("SHOULDER", "HIP"), ("KNEE", "ANKLE"), ("ELBOW", "WRIST"))
"""The landmarks by whose steps the sides of whole, legs and arms are told: the whole by its trunk, since arms
cross and legs pass each other."""


def _mirror(parts: tuple[str, ...]) -> tuple[I64, Bool]:
    """Give the order in which parts have their left and right exchanged, and which landmarks are theirs."""
    order = np.arange(LANDMARK_COUNT)
    for landmark in Landmark:
        part, _, side = landmark.name.rpartition("_")
        if side in ("LEFT", "RIGHT") and (not parts or part in parts):
            order[landmark] = Landmark[f"{part}_{'RIGHT' if side == 'LEFT' else 'LEFT'}"]
    moved = order != np.arange(LANDMARK_COUNT) if parts else np.ones(LANDMARK_COUNT, bool)
    return frozen(order), frozen(moved)


_MIRRORS = tuple(_mirror(parts) for parts in _PARTS)
_JUDGED = tuple(
    np.array([landmark.name.partition("_")[0] in names for landmark in Landmark]) for names in _JUDGED_BY
)


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """Where landmarks should be: `pixels` (33, 2), how large these are there, `mm_per_pixel` (33,).

    Only where `there` (33,) is it known.
    """

    pixels: F64
    mm_per_pixel: F64
    there: Bool

    def reordered(self, order: I64) -> "Expected":
        """Expect each landmark where another one was expected."""
        return Expected(self.pixels[order], self.mm_per_pixel[order], self.there[order])


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """What is believed of a person's sides: `seconds` (3,) for whole, legs and arms.

    For so long the network would have to contradict it before it is given up; where negative, the network's
    sides are taken to be mirrored.
    """

    seconds: F64

    @classmethod
    def unknown(cls) -> "Sides":
        """Begin with a person who was never seen before."""
        return cls(np.full(len(_PARTS), _FIRST_SECONDS))


def tell(landmarks: Landmarks, expected: Expected, before: Sides, step: float) -> tuple[Landmarks, Sides]:
    """Name the landmarks by the sides on which they really are.

    Args:
        landmarks: as the network names them.
        expected: where each should be in the same image.
        before: what was believed until the capture before.
        step: seconds since then.

    Returns:
        The landmarks, and what is believed now.
    """
    seconds = before.seconds.copy()
    for part, (mirror, judged) in enumerate(zip(_MIRRORS, _JUDGED, strict=True)):
        mirrored = _mirrored(landmarks, *mirror)
        ways = _way(landmarks, expected, judged), _way(mirrored, expected, judged)
        was_mirrored = bool(seconds[part] < 0)
        change = ways[not was_mirrored] - ways[was_mirrored]
        stays = _odds(_STEADFAST + change / _STEP_MM)
        believed = _odds(seconds[part] / _ODDS_SECONDS)
        right = believed * stays + (1.0 - believed) * (1.0 - stays)
        longest = _LONGEST_SECONDS[part]
        now = _ODDS_SECONDS * math.log(right / (1.0 - right)) + step
        seconds[part] = min(max(now, -longest), longest)
        is_mirrored = bool(seconds[part] < 0)
        if is_mirrored:
            landmarks = mirrored
        if ways[is_mirrored] - ways[not is_mirrored] > _GIVEN_UP_MM:
            expected = expected.reordered(mirror[0])
    return landmarks, Sides(seconds)


def _mirrored(landmarks: Landmarks, order: I64, reflected: Bool) -> Landmarks:
    """Exchange left and right, and the sign of the guessed depth of what is `reflected`.

    An image shows a pose and its reflection in depth alike, but for left and right: who takes these for each
    other guesses depths of the wrong sign.
    """
    world = landmarks.world[order]
    world[reflected, 2] *= -1.0
    return replace(
        landmarks,
        pixels=landmarks.pixels[order],
        visibility=landmarks.visibility[order],
        presence=landmarks.presence[order],
        world=world,
    )


def _way(landmarks: Landmarks, expected: Expected, judged: Bool) -> float:
    """Give how far in mm the judged landmarks are from where they should be, all together."""
    chosen = judged & expected.there
    off = np.linalg.norm((landmarks.pixels - expected.pixels)[chosen], axis=1) * expected.mm_per_pixel[chosen]
    return float(np.minimum(off, _FAR_MM).sum())


def _odds(log_odds: float) -> float:
    share = 1.0 / (1.0 + math.exp(-min(max(log_odds, -50.0), 50.0)))
    return min(max(share, _LEAST_ODDS), 1.0 - _LEAST_ODDS)
