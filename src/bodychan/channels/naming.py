"""Other names for the channels whose TouchDesigner names are not known for certain, from one TOML table.

":absrx" = ":wrx"
"imu:accelx" = "imu/ax"
"""

import tomllib
from functools import lru_cache
from os import PathLike
from pathlib import Path

from bodychan.channels.layout import IMU, JOINT_GROUPS
from bodychan.channels.patterns import legal_names
from bodychan.errors import OperatorError, did_you_mean

_CERTAIN = ("worldspace", "confidence")

RENAMABLE: tuple[str, ...] = (
    *(suffix for group, names in JOINT_GROUPS.items() if group not in _CERTAIN for suffix in names),
    *IMU,
)
"""Suffixes of joints, and the names of the inertial sensor, for which no hard evidence was found."""

_FIXED = tuple(suffix for group in _CERTAIN for suffix in JOINT_GROUPS[group])

Naming = tuple[tuple[str, str], ...]
"""Pairs of a name in `RENAMABLE` and the name to use."""


def read_naming(path: str | PathLike[str]) -> Naming:
    """Read a naming table.

    Raises:
        OperatorError: the file cannot be read, or names what cannot be renamed, or what cannot be a name, or
            gives two channels one name.
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
    after = [table.get(name, name) for name in (*_FIXED, *RENAMABLE)]
    twice = next((name for name in after if after.count(name) > 1), None)
    if twice is not None:
        raise OperatorError(f"naming table {path}: '{twice}' would be the name of two channels")
    return tuple(table.items())


@lru_cache(maxsize=16)
def renamed(names: tuple[str, ...], naming: Naming) -> tuple[str, ...]:
    """Give channel names as a naming table has them.

    >>> renamed(("p1/head:absrx", "p1/head:tx", "imu:accelx"), ((":absrx", "_wrx"), ("imu:accelx", "ax")))
    ('p1/head_wrx', 'p1/head:tx', 'ax')
    """
    table = dict(naming)
    found: list[str] = []
    for name in names:
        joint, colon, suffix = name.partition(":")
        found.append(table.get(name) or joint + table.get(colon + suffix, colon + suffix))
    return tuple(found)
