"""Other names for channels whose TouchDesigner names are not known for certain, from a TOML table.

":absrx" = ":wrx"
"imu:accelx" = "imu/ax"
"""

import tomllib
from collections import Counter
from os import PathLike
from pathlib import Path

from bodychan.channels.layout import IMU, JOINT_GROUPS, Layout, Naming
from bodychan.channels.patterns import legal_names
from bodychan.errors import OperatorError, did_you_mean

_CERTAIN = ("worldspace", "confidence")

RENAMABLE: tuple[str, ...] = (
    *(suffix for name, group in JOINT_GROUPS.items() if name not in _CERTAIN for suffix in group.suffixes),
    *IMU,
)
"""Suffixes of joints, and the names of the inertial sensor, for which no hard evidence was found."""

_FIXED = tuple(suffix for name in _CERTAIN for suffix in JOINT_GROUPS[name].suffixes)

_MOST_PLAYERS = 16


def read_naming(path: str | PathLike[str]) -> Naming:
    """Read a naming table.

    Raises:
        OperatorError: the file cannot be read, renames what has no or a fixed name, uses characters that
            names do not have, or gives two channels one name.
    """
    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise OperatorError(f"naming table {path} cannot be read: {error}") from error
    for old, new in table.items():
        if old in _FIXED:
            raise OperatorError(f"naming table {path}: '{old}' is TouchDesigner's own name and stays")
        if old not in RENAMABLE:
            raise OperatorError(f"naming table {path}: no name '{old}': {did_you_mean(old, RENAMABLE)}")
        if not isinstance(new, str) or not new or legal_names((new,)) != (new,):
            raise OperatorError(
                f"naming table {path}: '{old}' cannot become {new!r}: use letters, digits and - _ : /"
            )
    naming = tuple(table.items())
    suffixes = [table.get(name, name) for name in (*_FIXED, *RENAMABLE)]
    # Whole names too: an inertial channel may get the name that a joint's, a player's or the frame's has.
    everything = Layout(_MOST_PLAYERS, frozenset(JOINT_GROUPS), imu=True, status=True, naming=naming).names
    for names in (suffixes, everything):
        name, count = Counter(names).most_common(1)[0]
        if count > 1:
            raise OperatorError(f"naming table {path}: '{name}' would be the name of two channels")
    return naming
