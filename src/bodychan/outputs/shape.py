"""The shape of a table: gaps where nobody is, and one row per body instead of one per sample."""

import numpy as np

from bodychan.channels.channels import Channels
from bodychan.channels.kinds import Kind, Kinds, Quantity
from bodychan.errors import OutputError
from bodychan.model.arrays import F64, I64

_FACTS = (Quantity.ID, Quantity.FLAG)
"""What is known of an empty place, too: that nobody is in it."""


class Shape:
    """How samples become rows: the table's `names` and `kinds`, and `rows` that makes them.

    Args:
        channels: the first that are written; the others have the same names.
        gaps: nan instead of 0 where nobody is, and where a joint has no place in an image.
        long: one row per body and sample, its columns without "pN/" and with `player` before them.

    Raises:
        OutputError: what it is to do needs a channel that is not there.
    """

    def __init__(self, channels: Channels, *, gaps: bool, long: bool) -> None:
        self.names, self.kinds = channels.names, channels.kinds
        self._gaps = gaps
        if gaps:
            self._identity = _required(channels)
            facts = [kind.quantity in _FACTS for kind in channels.kinds]
            self._of_player = np.flatnonzero((self._identity >= 0) & ~np.array(facts, bool))
            self._image = _image_points(channels.kinds)
        self._players = _players(channels) if long else []
        if long:
            self._shape_long(channels)

    def rows(self, samples: F64) -> F64:
        """Turn samples (C, S) into rows (columns, R)."""
        if self._gaps:
            samples = self._with_gaps(samples)
        if not self._players:
            return samples
        there = np.array([samples[rows[0]] != 0 for _, rows in self._players])  # (players, S), by the id
        sample, place = np.nonzero(there.T)
        common = samples[self._common][:, sample]
        own = np.stack([samples[rows] for _, rows in self._players])[place, :, sample].T
        numbers = np.array([player for player, _ in self._players], np.float64)[place]
        return np.concatenate([common, numbers[None], own])

    def _with_gaps(self, samples: F64) -> F64:
        found = samples.copy()
        empty = samples[self._identity[self._of_player]] == 0
        found[self._of_player] = np.where(empty, np.nan, found[self._of_player])
        if len(self._image):
            nowhere = (samples[self._image] == 0).all(axis=1)  # (points, S)
            for axis in range(2):
                rows = self._image[:, axis]
                found[rows] = np.where(nowhere, np.nan, found[rows])
        return found

    def _shape_long(self, channels: Channels) -> None:
        self._common = np.flatnonzero([kind.player == 0 for kind in channels.kinds])
        player, rows = self._players[0]
        own = _bare(channels.names, player, rows)
        for other, others in self._players[1:]:
            if _bare(channels.names, other, others) != own:
                raise OutputError(
                    f"a long table needs the same channels of all players, p{player} and p{other} differ: "
                    "see the parameter 'scope'"
                )
        common = [channels.names[row] for row in self._common]
        self.names = (*common, "player", *own)
        kinds = [*(channels.kinds[row] for row in self._common), Kind(Quantity.COUNTER)]
        self.kinds = Kinds([*kinds, *(channels.kinds[row]._replace(player=0) for row in rows)])


def _required(channels: Channels) -> I64:
    """Give the row of the id for each channel, where every player's is there.

    Raises:
        OutputError: an id is missing.
    """
    identity = channels.kinds.identity
    for name, kind, row in zip(channels.names, channels.kinds, identity, strict=True):
        if kind.player and row < 0:
            raise OutputError(
                f"whether anybody is in '{name}' cannot be told without the channel p{kind.player}/id: "
                "see the parameter 'scope'"
            )
    return identity


def _players(channels: Channels) -> list[tuple[int, I64]]:
    """Give each player's number and rows, the id first."""
    identity = _required(channels)
    ids = [row for row in dict.fromkeys(identity.tolist()) if row >= 0]
    if not ids:
        raise OutputError("a long table has one row per body, but no channel belongs to a player")
    found = []
    for row in ids:
        own = np.flatnonzero(identity == row)
        found.append((channels.kinds[row].player, np.array([row, *own[own != row]], np.int64)))
    return found


def _bare(names: tuple[str, ...], player: int, rows: I64) -> list[str]:
    return [names[row].removeprefix(f"p{player}/") for row in rows]


def _image_points(kinds: Kinds) -> I64:
    """Give the rows (points, 2) of u and v where both are there."""
    rows, starts = kinds.places
    points = [part for part in np.split(rows, starts[1:]) if len(part) == 2]
    found = [part for part in points if kinds[part[0]].quantity is Quantity.IMAGE_POSITION]
    return np.array(found, np.int64).reshape(-1, 2)
