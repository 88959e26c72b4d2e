"""Sets of depth images of people close to each other, to see who is found: harder than the evaluation set.

People of the bodies held out are side by side or one behind the other, up to touching, in whole images of an
Azure Kinect's narrow mode without its distortion. `bodychan bench tracker NAME.npz` counts who is found, by
the distance to the next person.
"""

import argparse
import math
from pathlib import Path

import numpy as np
from numba import njit
from numpy.typing import NDArray

from bodychan.model.skeleton import Joint
from training.bodies import Bank, load
from training.geometry import around, between, chance, seed
from training.intents import LYING
from training.samples import person
from training.scene import PEOPLE, PER_PERSON, blank, draw_person, draw_room, furnish, put, seen
from training.sensor import NONE, measure, signal

GAPS_M = (0.25, 0.4, 0.6, 0.9, 1.3)
"""Distances between the middles of neighbours; at the least of them they touch."""
_SIDE, _ROWS = 640, 576
_FOCAL = 504.0
_LEAST_PIXELS = 2500
"""People of whom less is seen are not marked, as in `bench tracker`."""
_CHEST = int(Joint.SPINE_CHEST)


@njit(cache=True)
def _scene(bank, gap, depth):  # type: ignore[no-untyped-def]
    """Render a group; gives chests (4, 2) in pixels, and of each how many pixels are seen and where it is."""
    count = 2 + np.random.randint(PEOPLE - 1)
    canvas, distance, height = blank(_SIDE), between(1.8, 3.4), between(0.8, 1.8)
    tilt = (height - 1.0) / distance
    camera = (height, math.cos(tilt), math.sin(tilt), 1.0, 0.0)
    view = (_FOCAL, _SIDE / 2, _SIDE / 2, 0.0, 0.0, 1.0)
    marks, pixels, places = np.full((PEOPLE, 2), -1.0), np.zeros(PEOPLE), np.zeros((PEOPLE, 2))
    row = chance(0.6)
    for k in range(count):
        clad, joints, kinds, flags, _holds, _stature, _under = person(bank)
        while flags[LYING]:
            clad, joints, kinds, flags, _holds, _stature, _under = person(bank)
        aside = (k - (count - 1) / 2) * gap if row else (k % 2) * min(gap, 0.5)
        behind = around(0.08) if row else k * gap
        places[k] = (aside + around(0.03), distance + behind)
        yaw = math.pi + around(0.8) if chance(0.7) else between(0, 2 * math.pi)
        draw_person(
            canvas, view, camera, put(clad, yaw, places[k, 0], 0.0, places[k, 1]), bank.faces, kinds, k
        )
        chest = seen(put(joints, yaw, places[k, 0], 0.0, places[k, 1]), camera)[_CHEST]
        marks[k] = (_FOCAL * chest[0] / chest[2] + _SIDE / 2, _FOCAL * chest[1] / chest[2] + _SIDE / 2)
    furnish(canvas, view, camera, 0.0, distance + count * gap, False, True)
    draw_room(canvas, view, camera, distance + count * gap)
    top = (_SIDE - _ROWS) // 2
    for v in range(top, top + _ROWS):
        for u in range(_SIDE):
            if canvas.shows[v, u] > 0 and canvas.surface[v, u] < PEOPLE * PER_PERSON:
                pixels[canvas.surface[v, u] // PER_PERSON] += 1
    measure(canvas, signal(canvas, _SIDE), 0.0, depth)
    return marks, pixels, places


def images(bank: Bank, count: int, number: int) -> dict[str, NDArray[np.generic]]:
    """Give a set of so many images of groups, as `bodychan.evaluation.depth_sets` reads it."""
    seed(number)
    top = (_SIDE - _ROWS) // 2
    depth = np.zeros((count, _ROWS, _SIDE), np.uint16)
    people, apart = np.full((count, PEOPLE, 2), -1.0), np.full((count, PEOPLE), np.nan)
    for i in range(count):
        image = np.zeros((_SIDE, _SIDE), np.int16)
        marks, pixels, places = _scene(bank, GAPS_M[i % len(GAPS_M)], image)
        image = image[top : top + _ROWS]
        depth[i] = np.where(image == NONE, 0, image)
        enough = pixels >= _LEAST_PIXELS
        people[i, enough] = marks[enough] - (0, top)
        there = np.flatnonzero(marks[:, 0] >= 0)
        gaps = np.linalg.norm(places[there, None] - places[None, there], axis=-1)
        gaps[np.arange(len(there)), np.arange(len(there))] = np.inf
        apart[i, there] = gaps.min(axis=1)
    lens = np.array([_FOCAL, _FOCAL, _SIDE / 2 - 0.5, _ROWS / 2 - 0.5])
    return {
        "depth": depth,
        "K": lens,
        "usec": np.arange(count) * 33_333,
        "single": np.array(True),
        "mode": np.array("NFOV_UNBINNED"),
        "people": people,
        "apart": apart,
    }


def main() -> None:
    """Write a set of groups."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bodies", type=Path)
    parser.add_argument("out", type=Path, help="NAME.npz")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=20_000_003)
    given = parser.parse_args()
    np.savez_compressed(given.out, **images(load(given.bodies, held_out=True), given.count, given.seed))


if __name__ == "__main__":
    main()
