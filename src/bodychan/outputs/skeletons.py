"""Channels back to bodies: positions, rotations and confidence of every joint, for formats of skeletons."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bodychan.channels.kinds import Kind, Kinds, Quantity
from bodychan.errors import OutputError
from bodychan.model.arrays import F64, I64
from bodychan.model.rotations import euler_xyz_degrees_to_quaternion, quaternion_to_matrix
from bodychan.model.skeleton import PARENTS, Confidence, Joint
from bodychan.outputs.people import Person, people

POSITIONS, ROTATIONS, CONFIDENCE = "worldspace", "absbonerotations", "confidence"
_RELATIVE = "relbonerotations"
_IDS_APART = 1_000_000
"""How far the ids of bodies of two inputs of a merge are apart: more than one camera counts to."""


class Skeletons(NamedTuple):
    """The P players of S samples in channel space.

    `ids` (P, S) int64, 0 = nobody, of further inputs of a merge from 1,000,000 on; `positions` (P, S, 32, 3)
    metres; `rotations` (P, S, 32, 3, 3), a joint's axes as columns, (P, S, 0) where they are not known;
    `confidence` (P, S, 32), 2 where it is not known.
    """

    ids: I64
    positions: F64
    rotations: F64
    confidence: F64


def of_skeletons(kind: Kind, needed: frozenset[str]) -> bool:
    """Say whether skeletons with these groups, and their times, are made of channels of this kind."""
    groups = needed | {CONFIDENCE} | ({_RELATIVE} if ROTATIONS in needed else frozenset())
    return kind.quantity in (Quantity.ID, Quantity.DEVICE_TIME) or kind.group in groups


@dataclass(frozen=True)
class SkeletonRows:
    """Where the channels of P players' skeletons lie.

    `players` (P,) are their numbers, `sources` (P,) the inputs of a merge that they are of; `ids` (P,) the
    rows of their ids, and the others (P, 32, components).
    """

    players: I64
    sources: I64
    ids: I64
    positions: I64
    rotations: I64 | None
    relative: bool
    confidence: I64 | None

    @classmethod
    def find(cls, kinds: Kinds, needed: frozenset[str]) -> "SkeletonRows":
        """Find the rows of whole skeletons among channels of these kinds.

        Raises:
            OutputError: a channel of the groups that are needed is missing; the message says which parameters
                give them. Relative rotations do instead of absolute ones.
        """
        players = [person for person in people(kinds) if person.id is not None]
        if not players:
            raise OutputError("no channel says who is there, such as p1/id: see the parameter 'scope'")
        found = {group: _rows(players, group) for group in (POSITIONS, ROTATIONS, CONFIDENCE)}
        relative = found[ROTATIONS] is None
        if relative:
            found[ROTATIONS] = _rows(players, _RELATIVE)
        missing = sorted(group for group in needed if found[group] is None)
        positions = found[POSITIONS]
        if missing or positions is None:
            missing = missing or [POSITIONS]
            options = " ".join(f"--par {group}=1" for group in missing)
            raise OutputError(
                f"not every joint has its channels of {' and '.join(missing)}: switch these parameters on "
                f"where the channels, or the table, are made ({options}), and leave 'scope' at *"
            )
        numbers = np.array([person.number for person in players], np.int64)
        sources = np.array([person.source for person in players], np.int64)
        ids = np.array([person.id for person in players], np.int64)
        return cls(numbers, sources, ids, positions, found[ROTATIONS], relative, found[CONFIDENCE])

    def skeletons(self, samples: F64) -> Skeletons:
        """Read the skeletons off samples (C, S)."""
        ids = np.rint(samples[self.ids]).astype(np.int64)
        # Each camera counts bodies for itself: those of two are never one.
        ids += np.where(ids != 0, _IDS_APART * self.sources[:, None], 0)
        positions = np.moveaxis(samples[self.positions], -1, 1)
        confidence = np.full(positions.shape[:3], float(Confidence.MEDIUM))
        if self.confidence is not None:
            confidence = np.moveaxis(samples[self.confidence[..., 0]], -1, 1)
        return Skeletons(ids, positions, self._rotations(samples), confidence)

    def _rotations(self, samples: F64) -> F64:
        if self.rotations is None:
            return np.zeros((len(self.ids), samples.shape[1], 0))
        degrees = np.moveaxis(samples[self.rotations], -1, 1)
        found = quaternion_to_matrix(euler_xyz_degrees_to_quaternion(degrees))
        for joint, parent in enumerate(PARENTS) if self.relative else ():
            if parent >= 0:
                found[:, :, joint] = found[:, :, parent] @ found[:, :, joint]
        return found


def _rows(players: list[Person], group: str) -> I64 | None:
    """Give the rows (P, 32, components) of a group; None unless every joint of every player has it whole."""
    rows = [[person.rows(joint, group) for joint in Joint] for person in players]
    return None if any(None in joints for joints in rows) else np.array(rows, np.int64)
