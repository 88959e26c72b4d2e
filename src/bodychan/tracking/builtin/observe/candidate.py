"""Who may be a person: a region that was looked at, and what makes it one, or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from bodychan.model.arrays import F64, U16
from bodychan.optics.calibration import Calibration
from bodychan.tracking.blazepose.landmarks import TRUNK, Landmarks
from bodychan.tracking.blazepose.view import View
from bodychan.tracking.builtin.associate.identity import Likeness, duplicates
from bodychan.tracking.builtin.observe.appearance import look
from bodychan.tracking.builtin.observe.complete import ADULT_SCALE, measured_scale
from bodychan.tracking.builtin.observe.girth import deeper, excess
from bodychan.tracking.builtin.observe.lift import Cloud, Lifted, lift
from bodychan.tracking.builtin.observe.plausible import DEPTH_RANGE_MM, Reason, why_nobody
from bodychan.tracking.builtin.observe.sides import Expected, Sides, tell
from bodychan.tracking.builtin.observe.steady import Motion

NEW_SCORE, KEPT_SCORE = 0.85, 0.4
"""How sure the landmark model must be of a person to begin and to go on."""


class Origin(Enum):
    """Why a region was looked at."""

    FOLLOWED = "followed"
    """The capture before shows a body that should be there now."""
    DETECTED = "detected"
    """The detector found somebody there."""
    SHAPE = "depth shape"
    """Something stands there in the depth image as a person does."""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """One capture as the stages take it.

    `view` is what the networks see, `depth` (H, W) mm, `calibration` the camera's, `seconds` device time.
    """

    view: View
    depth: U16
    calibration: Calibration
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A person in a region that was looked at.

    `excess` is that of `girth`, None where it is not seen; `sides` what is believed of left and right, None
    of somebody new.
    """

    origin: Origin
    landmarks: Landmarks
    lifted: Lifted
    excess: float | None
    sides: Sides | None = None

    @property
    def place(self) -> F64:
        """The middle of the trunk, (3,) mm in the depth camera's frame."""
        return np.asarray(self.lifted.points[TRUNK].mean(0))


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of a person who is followed.

    `scale` is the size relative to the template, `excess` how stout they are, see `girth`; `motion` how they
    moved until now.
    """

    scale: float
    excess: float | None
    motion: Motion


@dataclass(frozen=True, slots=True, eq=False)
class Dropped:
    """A region that was looked at and gives no body; `lifted` is None where it did not come so far."""

    origin: Origin
    landmarks: Landmarks
    lifted: Lifted | None
    reason: Reason


def judge(
    origin: Origin, landmarks: Landmarks, sight: Sight, around: Cloud, known: Known | None = None
) -> Candidate | Dropped:
    """Lift what the landmark model found in a region, and say whether it is a person.

    Args:
        origin: why the region was looked at; of somebody new the model must be surer.
        landmarks: found there.
        sight: the capture.
        around: points of its depth image.
        known: of the person who should be there; None = nobody.
    """
    if landmarks.score < (KEPT_SCORE if origin is Origin.FOLLOWED else NEW_SCORE):
        return Dropped(origin, landmarks, None, Reason.UNSURE)
    sides = None
    if known is not None:
        landmarks, sides = _named(landmarks, known.motion, sight)
    scale = known.scale if known else ADULT_SCALE
    deep = deeper(known.excess, scale) if known and known.excess else 0.0
    camera = sight.view.camera
    lifted = lift(landmarks, sight.depth, around, sight.calibration, camera, scale / ADULT_SCALE, deep)
    if lifted is None:
        return Dropped(origin, landmarks, None, Reason.NO_DEPTH)
    nearest = DEPTH_RANGE_MM[sight.calibration.depth_mode][0]
    reason = why_nobody(lifted, landmarks, sight.calibration.lenses[camera].fx, nearest)
    if reason is not None:
        return Dropped(origin, landmarks, lifted, reason)
    lens = sight.calibration.lenses["depth"]
    stoutness = excess(lifted, landmarks.world, sight.depth, lens, scale)
    return Candidate(origin, landmarks, lifted, stoutness, sides)


def _named(landmarks: Landmarks, motion: Motion, sight: Sight) -> tuple[Landmarks, Sides | None]:
    """Name the landmarks of somebody who is followed by the sides on which they were."""
    if not motion.lasts_until(sight.seconds):
        return landmarks, None
    points, camera = motion.predict(sight.seconds), sight.view.camera
    pixels, there = sight.calibration.project(points, "depth", camera)
    expected = Expected(pixels, points[:, 2] / sight.calibration.lenses[camera].fx, there)
    return tell(landmarks, expected, motion.sides, sight.seconds - motion.seconds)


def one_each(finds: Sequence[Candidate | Dropped], most: int) -> list[Candidate | Dropped]:
    """Drop the candidates who are the same person as another one, and those beyond the first `most`."""
    candidates = [(i, find) for i, find in enumerate(finds) if isinstance(find, Candidate)]
    places = np.reshape([c.place for _, c in candidates], (-1, 3))
    # Of two finds of one person the one that was followed goes first, then the finder's better one: the
    # landmark model is as sure of a trunk that it takes for a whole person.
    strength = np.array([c.landmarks.score if c.origin is Origin.FOLLOWED else -i for i, c in candidates])
    twice = duplicates(places, strength, [c.lifted.own for _, c in candidates])
    out, kept = list(finds), 0
    for row, (i, c) in enumerate(candidates):
        kept += row not in twice
        if row in twice or kept > most:
            reason = Reason.TWICE if row in twice else Reason.TOO_MANY
            out[i] = Dropped(c.origin, c.landmarks, c.lifted, reason)
    return out


def likeness(candidate: Candidate, sight: Sight) -> Likeness:
    """Give by what the person is known again."""
    lifted = candidate.lifted
    seen = look(sight.view, candidate.landmarks, lifted.depth_mm)
    return Likeness(sight.view.camera, seen, measured_scale(lifted.points, lifted.seen))
