"""Channels with people in them, for what carries people."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bodychan import Channels
from bodychan.channels.layout import JOINT_GROUPS, Layout

REST = json.loads((Path(__file__).resolve().parents[1] / "docs" / "rest_pose.json").read_text())["joints"]


def row(
    players: int = 1,
    groups: tuple[str, ...] = tuple(JOINT_GROUPS),
    values: Mapping[str, float] | None = None,
    samples: int = 1,
) -> Channels:
    """Players with the ids 1, 2, …, everything else by channel name or 0."""
    layout = Layout(players, frozenset(groups))
    column = np.zeros(len(layout.names))
    for number in range(1, players + 1):
        column[layout.names.index(f"p{number}/id")] = number
    for name, value in (values or {}).items():
        column[layout.names.index(name)] = value
    return Channels(layout.names, np.tile(column[:, None], samples), 60.0, kinds=layout.kinds)


def t_pose(at: tuple[float, float, float] = (0.0, 0.0, 2.0)) -> Channels:
    """A T-pose that faces the camera."""
    values = {"timestamp": 2_500_000.0}
    for joint in REST:
        for axis, name in enumerate("xyz"):
            values[f"p1/{joint['name']}:t{name}"] = joint["position"][axis] + at[axis]
            values[f"p1/{joint['name']}:absr{name}"] = joint["absr"][axis]
    return row(1, ("worldspace", "absbonerotations"), values)
