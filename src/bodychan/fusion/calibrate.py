"""Where cameras are, found from the people that they see: no board, somebody walks about.

Two cameras: tracks whose joints move alike give the offset of the clocks and, joint by joint, a first pose
(`timing`, `rigid`). With it bodies are matched in every capture, and pose and offset are fitted to all of
them, again and again. More cameras: pairs that see most of each other are joined to the first camera one by
one; then all poses are fitted to the means of what all see (generalised Procrustes analysis, Gower 1975).
In the end limbs that were measured by their skin count for more than joints (`limbs`).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bodychan.errors import FusionError
from bodychan.fusion.floor import Plane, find_floor
from bodychan.fusion.limbs import Limbs
from bodychan.fusion.pairing import MOST_MOMENTS, USED, Together, later, together_with_all
from bodychan.fusion.rig import Rig, RigCamera
from bodychan.fusion.rigid import Pairs, RigidFit, fit_rigid, refine_rigid
from bodychan.fusion.timing import Match, likely_matches
from bodychan.fusion.tracks import Track, tracks_of
from bodychan.model.arrays import F64, Float
from bodychan.model.bodies import Bodies
from bodychan.model.skeleton import Joint

_LOG = logging.getLogger(__name__)
_TRIED = 24
"""Matches of tracks that are tried, the likeliest first."""
_ROUNDS = 4
_SETTLING, _SETTLED_MM = 30, 0.05
_WORST_MM = 100.0
"""A median distance beyond this is no calibration: tracked joints are a few centimetres off."""
_LEAST_LIMBS, _WORST_LIMBS_MM = 20, 25.0
"""So many limbs that are farther apart by their skin are no good sign; 12 to 14 mm were measured."""
_LEAST_MOVEMENT_MM = 500.0
"""How far the person must walk: the joints of somebody who stands still say little about angles."""
_LEAST_MOMENTS = 20
"""How many moments with a person in view of both cameras a calibration needs."""
_FEW_MOMENTS = 60
"""How many are enough to rank the possible matches of tracks."""


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """What one camera saw: its name, the bodies of its captures, in order, and what it sees of the scene.

    `cloud` (N, 3) are points of some of its depth images, mm in the depth camera's frame: the floor is found
    in them. `limbs` are measured in the depth image of each capture. Both make the poses better; None and
    nothing leave them out.
    """

    name: str
    bodies: Sequence[Bodies]
    cloud: Float | None = None
    limbs: Sequence[Limbs] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """The second camera's pose in the first one's frame, and t1 - t2 of their clocks in seconds."""

    fit: RigidFit
    offset: float

    @property
    def worth(self) -> float:
        """How well it is known: many joints, near to each other."""
        return self.fit.weight / (0.1 + self.fit.cost)


def calibrate(sightings: Sequence[Sighting], *, synchronised: bool = False) -> Rig:
    """Find the poses and the clocks' offsets of cameras that saw the same people at the same time.

    Args:
        sightings: of each camera; the first one's depth camera is where the rig's axes lie.
        synchronised: the clocks are known to agree: the cameras are wired.

    Raises:
        FusionError: a camera saw nobody, nobody walked about, or two cameras see nobody at the same time.
    """
    tracks = [tracks_of(sighting.bodies, sighting.limbs) for sighting in sightings]
    for sighting, found in zip(sightings, tracks, strict=True):
        _require_walking(sighting.name, found)
    poses, offsets = _spread([sighting.name for sighting in sightings], tracks, timed=not synchronised)
    floors = [
        None if sighting.cloud is None else find_floor(sighting.cloud, found)
        for sighting, found in zip(sightings, tracks, strict=True)
    ]
    # First what all joints say, then, from near by, what limbs say that were measured by their skin.
    _refine(tracks, poses, offsets, floors, timed=not synchronised, skin=False)
    medians = _refine(tracks, poses, offsets, floors, timed=not synchronised, skin=True)
    _doubt_other_people([sighting.name for sighting in sightings], tracks, poses, offsets)
    return Rig(
        tuple(
            RigCamera(sighting.name, pose, round(offset * 1e6), median)
            for sighting, pose, offset, median in zip(sightings, poses, offsets, medians, strict=True)
        )
    )


def _require_walking(name: str, tracks: list[Track]) -> None:
    if not tracks:
        raise FusionError(f"{name} saw nobody for long: let somebody walk through what all cameras see")
    # The diagonal of the box round the places of the pelvis.
    moved = [float(np.linalg.norm(np.ptp(track.positions[:, Joint.PELVIS], axis=0))) for track in tracks]
    if max(moved) < _LEAST_MOVEMENT_MM:
        raise FusionError(
            f"nobody walks through what {name} sees, they move by {max(moved) / 1000:.1f} m: "
            "let somebody walk about for ten seconds, to and fro and from side to side"
        )


def _doubt_other_people(
    names: Sequence[str], tracks: Sequence[list[Track]], poses: Sequence[F64], offsets: Sequence[float]
) -> None:
    """Warn of two walks that joints let pass as one: limbs that were measured by their skin do not."""
    doubtful: dict[str, float] = {}
    for camera, name in enumerate(names):
        shared = together_with_all(tracks, poses, offsets, camera)
        limbs = Pairs.joined([each.limbs_by_skin().target_moved(pose) for each, pose in shared])
        if len(limbs) >= _LEAST_LIMBS and (apart := limbs.median_mm(poses[camera])) > _WORST_LIMBS_MM:
            doubtful[name] = apart
    if doubtful:
        _LOG.warning(
            "what %s see%s fits badly to what the others see: limbs are %.0f mm apart, and below 20 is "
            "usual. Did all see the same people, at the same time? If not, do not use this rig: let "
            "somebody walk through what all of them see, and calibrate again",
            " and ".join(doubtful),
            "s" if len(doubtful) == 1 else "",
            max(doubtful.values()),
        )


def _spread(
    names: Sequence[str], tracks: Sequence[list[Track]], *, timed: bool
) -> tuple[list[F64], list[float]]:
    """Give poses and offsets, going from the first camera to those that share most with one that is known."""
    known: dict[int, tuple[F64, float]] = {0: (np.eye(4), 0.0)}
    pairs: dict[tuple[int, int], _Pair | None] = {}
    while len(known) < len(tracks):
        unknown = [camera for camera in range(len(tracks)) if camera not in known]
        for key in ((one, other) for one in known for other in unknown):
            if key not in pairs:
                pairs[key] = _pair(tracks[key[0]], tracks[key[1]], timed=timed)
        found = [(pair.worth, key, pair) for key, pair in pairs.items() if pair and key[1] not in known]
        if not found:
            left = " and ".join(names[camera] for camera in unknown)
            raise FusionError(
                f"{names[0]} and {left} see nobody at the same time: their views do not overlap, or the "
                "recordings are of different moments. Let somebody walk through what all of them see, and "
                "record that with all of them"
            )
        _, (one, other), pair = max(found, key=lambda item: item[0])
        pose, offset = known[one]
        known[other] = pose @ pair.fit.matrix, offset + pair.offset
    ordered = [known[camera] for camera in range(len(tracks))]
    return [pose for pose, _ in ordered], [offset for _, offset in ordered]


def _pair(ones: list[Track], others: list[Track], *, timed: bool) -> _Pair | None:
    """Find pose and offset of two cameras; None where they share nobody."""
    if timed:
        matches = likely_matches(ones, others)
    else:
        matches = [Match(one, other, 0.0, 1.0) for one in ones for other in others]
    best: _Pair | None = None
    for match in matches[:_TRIED]:
        pair = _fitted([match.first], [match.second], match.offset, None, timed=timed)
        if pair is not None and (best is None or pair.worth > best.worth):
            best = pair
    for _ in range(_ROUNDS if best is not None else 0):
        assert best is not None
        best = _fitted(ones, others, best.offset, best.fit.matrix, timed=timed) or best
    return best if best is not None and best.fit.median_mm < _WORST_MM else None


def _fitted(
    ones: list[Track], others: list[Track], offset: float, pose: F64 | None, *, timed: bool
) -> _Pair | None:
    """Fit the pose to all joints of bodies that are the same; with no pose yet all are taken for the same."""
    moments = _FEW_MOMENTS if pose is None else MOST_MOMENTS
    pairs = Pairs.joined(
        [Together.of(one, other, offset, pose, moments).joints() for one in ones for other in others]
    )
    if len(pairs) < _LEAST_MOMENTS * len(USED):
        return None
    # Places and limbs together come near to the time soon, if not quite: `later` is for the end.
    fit = refine_rigid(pairs, fit_rigid(pairs) if pose is None else pose, timed=timed)
    return _Pair(fit, offset - fit.later)


def _refine(
    tracks: Sequence[list[Track]],
    poses: list[F64],
    offsets: list[float],
    floors: Sequence[Plane | None],
    *,
    timed: bool,
    skin: bool,
) -> list[float]:
    """Fit each camera in turn to all others until none moves; give their joints' median distances, mm."""
    medians = [float("nan")] * len(tracks)
    for _ in range(_SETTLING):
        moved = 0.0
        for camera in range(len(tracks)):
            shared = together_with_all(tracks, poses, offsets, camera)
            joints = Pairs.joined([each.joints().target_moved(pose) for each, pose in shared])
            medians[camera] = joints.median_mm(poses[camera])
            if camera == 0:
                continue
            ours, first = floors[camera], floors[0]
            both = (ours, first) if ours is not None and first is not None else None
            pairs = (
                Pairs.joined([each.skin().target_moved(pose) for each, pose in shared]) if skin else joints
            )
            fit = refine_rigid(pairs, poses[camera], timed=timed and skin, floors=both)
            moved = max(moved, float(np.abs(fit.matrix - poses[camera]).max()))
            poses[camera] = fit.matrix
            if timed:
                offsets[camera] -= fit.later if skin else later(joints, fit.matrix)
        if moved < _SETTLED_MM:
            break
    return medians
