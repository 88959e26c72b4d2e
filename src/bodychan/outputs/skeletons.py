"""Channels back to bodies: positions, rotations and confidence of every joint, for formats of skeletons."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bodychan.channels.channels import Channels
from bodychan.channels.kinds import Kind, Kinds, Quantity
from bodychan.errors import OutputError
from bodychan.model.arrays import F64, I64
from bodychan.model.rotations import euler_xyz_degrees_to_quaternion, quaternion_to_matrix
from bodychan.model.skeleton import JOINT_COUNT, PARENTS, Confidence

POSITIONS, ROTATIONS, CONFIDENCE = "worldspace", "absbonerotations", "confidence"
_RELATIVE = "relbonerotations"


class Skeletons(NamedTuple):
    """The P players of S samples in channel space.

    `ids` (P, S) int64, 0 = nobody; `positions` (P, S, 32, 3) metres; `rotations` (P, S, 32, 3, 3), a joint's
    axes as columns, (P, S, 0) where they are not known; `confidence` (P, S, 32), 2 where it is not known.
    """

    ids: I64
    positions: F64
    rotations: F64
    confidence: F64


@dataclass(frozen=True)
class SkeletonRows:
    """Where the channels of P players' skeletons lie: rows of ids (P,), of the rest (P, 32, components)."""

    ids: I64
    positions: I64
    rotations: I64 | None
    relative: bool
    confidence: I64 | None

    @classmethod
    def find(cls, channels: Channels, needed: frozenset[str]) -> "SkeletonRows":
        """Find the channels of whole skeletons.

        Raises:
            OutputError: a channel of the groups that are needed is missing; the message says which parameters
                give them. Relative rotations do instead of absolute ones.
        """
        ids = [row for row, kind in enumerate(channels.kinds) if kind.quantity is Quantity.ID]
        if not ids:
            raise OutputError("no channel says who is there, such as p1/id: see the parameter 'scope'")
        players = [channels.kinds[row] for row in ids]
        found = {
            POSITIONS: _rows(channels.kinds, players, POSITIONS, 3),
            ROTATIONS: _rows(channels.kinds, players, ROTATIONS, 3),
            CONFIDENCE: _rows(channels.kinds, players, CONFIDENCE, 1),
        }
        relative = found[ROTATIONS] is None
        if relative:
            found[ROTATIONS] = _rows(channels.kinds, players, _RELATIVE, 3)
        missing = sorted(group for group in needed if found[group] is None)
        positions = found[POSITIONS]
        if missing or positions is None:
            raise OutputError(
                f"not every joint has its channels of {' and '.join(missing or [POSITIONS])}: switch these "
                "parameters on, and leave 'scope' at *"
            )
        return cls(np.array(ids, np.int64), positions, found[ROTATIONS], relative, found[CONFIDENCE])

    def skeletons(self, samples: F64) -> Skeletons:
        """Read the skeletons off samples (C, S)."""
        ids = np.rint(samples[self.ids]).astype(np.int64)
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


def _rows(kinds: Kinds, players: list[Kind], group: str, components: int) -> I64 | None:
    """Give the rows (P, 32, components) of a group; None unless every joint of every player has it whole."""
    rows = np.full((len(players), JOINT_COUNT, components), -1, np.int64)
    places = {(player.source, player.player): place for place, player in enumerate(players)}
    for row, kind in enumerate(kinds):
        place = places.get((kind.source, kind.player))
        if kind.group == group and kind.joint is not None and place is not None:
            rows[place, kind.joint, kind.axis] = row
    return None if (rows < 0).any() else rows
