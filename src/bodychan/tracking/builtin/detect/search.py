"""When and where to look for people who are not tracked yet.

The detector was trained on people who fill their picture. It finds small ones and groups only in parts of
the image, so it is given the whole image and two layers of overlapping square tiles: everything in the first
capture, afterwards one part after the other, and at once the places where a body has just been lost.
"""

from dataclasses import dataclass

import numpy as np

from bodychan.tracking.blazepose.crop import Region
from bodychan.tracking.blazepose.detector import whole_image

_SCAN_SECONDS = 0.15
"""Between two parts, while somebody is tracked; with nobody there each capture looks at one."""
_RESTART_SECONDS = 0.5
"""After a gap of this length in the captures everything is new."""
_LARGE, _SMALL = 0.8, 0.55
"""Sides of the two layers' tiles, relative to the height of the image."""


@dataclass(frozen=True, slots=True)
class Scan:
    """How far the search has come: which part is next, when a part was last looked at (s), None = never."""

    part: int = 0
    seconds: float | None = None


def parts(width: int, height: int) -> list[Region]:
    """Give the upright squares that are searched: the whole image, then large tiles, then small ones."""
    large = _LARGE * height
    small = _SMALL * height
    return [
        whole_image(width, height),
        *_row(width, height * 0.5, large, 3),
        *_row(width, height * 0.35, small, 4),
        *_row(width, height * 0.65, small, 4),
    ]


def _row(width: int, middle: float, side: float, count: int) -> list[Region]:
    return [Region(float(x), middle, side) for x in np.linspace(side / 2, width - side / 2, count)]


def due(
    scan: Scan, squares: list[Region], lost: list[Region], tracked: int, wanted: int, seconds: float
) -> tuple[list[Region], Scan]:
    """Give the squares to look at in a capture, and the state of the search after it.

    Args:
        scan: the state after the capture before.
        squares: from `parts`.
        lost: where bodies were that the last capture did not show any more.
        tracked: bodies that are followed at present.
        wanted: bodies to follow at most.
        seconds: device time of the capture.
    """
    if scan.seconds is None or not 0 <= seconds - scan.seconds <= _RESTART_SECONDS:
        return squares, Scan(0, seconds)
    if tracked >= wanted:
        return [], Scan(scan.part, seconds)
    if tracked and seconds - scan.seconds < _SCAN_SECONDS:
        return lost, scan
    return [*lost, squares[scan.part % len(squares)]], Scan(scan.part + 1, seconds)
