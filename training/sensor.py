"""The noise of depth cameras: time of flight as in the evaluation set's README, stereo, structured light."""

import math

import numpy as np
from numba import njit

from training.geometry import around, between, chance
from training.scene import FLOOR, TARGET

NONE = -32000
"""Depth of a pixel without one."""
_IR_GAIN = 3000.0
"""Counts of infrared from a white surface at 1 m, as in the evaluation set."""
_FARTHEST = 8.0
_SMOOTHED_MM = 250.0
"""Filters spare steps in depth that are larger; so large, because a body's own should be smoothed."""
_IR_NEAR_MM = 600.0
"""Infrared is relative to the median over what is so near to the crop's depth."""


@njit(cache=True)
def signal(canvas, size):  # type: ignore[no-untyped-def]
    """Give the infrared image (S, S) in counts, without noise."""
    out, sharp = np.zeros((size, size)), between(0.6, 1.2)
    for v in range(size):
        for u in range(size):
            z = canvas.depth[v, u]
            if 0 < z < _FARTHEST:
                facing = max(canvas.slope[v, u], 0.05) ** sharp
                out[v, u] = _IR_GAIN * canvas.albedo[canvas.surface[v, u]] * facing / (z * z)
    return out


@njit(cache=True)
def _range(depth, v, u):  # type: ignore[no-untyped-def]
    """Give the least and greatest depth of a pixel and its four neighbours."""
    low = high = depth[v, u]
    for dv, du in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        y, x = v + dv, u + du
        if 0 <= y < len(depth) and 0 <= x < len(depth) and depth[y, x] > 0:
            low, high = min(low, depth[y, x]), max(high, depth[y, x])
    return low, high


@njit(cache=True)
def measure(canvas, light, z0, out):  # type: ignore[no-untyped-def]
    """Write what a camera gives of a canvas into `out` (S, S) int16: mm from `z0`, or `NONE`."""
    drop, fly, gain = between(0.06, 0.3), between(0.03, 0.2), between(0.5, 1.8)
    dimmest, floor_lost = between(8, 40), (between(3, 60) if chance(0.7) else 1e9)
    # Stereo and structured light: steps that grow with the square of the distance, a shadow beside edges.
    step, shadow = (between(0.8, 3.5), np.random.randint(1, 5)) if chance(0.2) else (0.0, 0)
    for v in range(len(out)):
        for u in range(len(out)):
            z = canvas.depth[v, u]
            out[v, u] = NONE
            if z <= 0 or z > _FARTHEST or (light[v, u] < dimmest and step == 0):
                continue
            if canvas.shows[v, u] == FLOOR and chance((z**3 / floor_lost - 0.6) * 1.3):
                continue
            if shadow and u >= shadow and canvas.depth[v, u - shadow] < z - 0.08:
                continue
            mm, (low, high), r = z * 1000, _range(canvas.depth, v, u), np.random.random()
            if high - low > 0.05 * z + 0.03:
                if r < drop:
                    continue
                if r > 1 - fly:
                    mm = 1000 * (low + (high - low) * np.random.random() ** 2)
            spread = min(17.0, gain * math.sqrt(0.64 + (1100.0 / max(light[v, u], 1.0)) ** 2))
            mm += around(spread if step == 0 else 1.5)
            if step:
                coarse = max(1.0, step * z * z)
                mm = round(mm / coarse) * coarse
            if z > 4 and chance(0.02 * (z - 4)):
                continue
            out[v, u] = int(min(30000.0, max(-30000.0, round(mm - z0))))
    if chance(0.3):
        _holes(out)
    if chance(0.06):
        _smooth(out, np.random.randint(1, 3))


@njit(cache=True)
def _holes(out):  # type: ignore[no-untyped-def]
    for _ in range(np.random.randint(4)):
        x, y, r = np.random.randint(len(out)), np.random.randint(len(out)), np.random.randint(2, 10)
        out[max(0, y - r) : y + r, max(0, x - r) : x + r] = NONE


@njit(cache=True)
def _smooth(out, reach):  # type: ignore[no-untyped-def]
    """Give each pixel the mean of those about it, as cameras' own filters and depth from videos have it."""
    before, size = out.copy(), len(out)
    for v in range(size):
        for u in range(size):
            if before[v, u] == NONE:
                continue
            total, count = 0.0, 0
            for y in range(max(0, v - reach), min(size, v + reach + 1)):
                for x in range(max(0, u - reach), min(size, u + reach + 1)):
                    if before[y, x] != NONE and abs(before[y, x] - before[v, u]) < _SMOOTHED_MM:
                        total += before[y, x]
                        count += 1
            out[v, u] = round(total / count)


@njit(cache=True)
def reflect(light, depth, out, z0):  # type: ignore[no-untyped-def]
    """Write the infrared channel (S, S) uint8 as the tracker computes it, from noisy counts; see `infrared`.

    The same numbers as `bodychan`'s crop: the square root of counts times squared distance, relative to the
    median over what is near the crop's depth `z0` in mm.
    """
    size = len(out)
    flat, near, count = np.zeros((size, size)), np.empty(size * size), 0
    for v in range(size):
        for u in range(size):
            out[v, u] = 0
            if depth[v, u] == NONE:
                continue
            counts = light[v, u] + math.sqrt(2.2 * light[v, u]) * np.random.normal() + around(2.5)
            mm = depth[v, u] + z0
            flat[v, u] = math.sqrt(max(counts, 0.0)) * mm
            if abs(depth[v, u]) < _IR_NEAR_MM:
                near[count] = flat[v, u]
                count += 1
    if count < 50:
        return
    usual = np.median(near[:count])
    for v in range(size):
        for u in range(size):
            if depth[v, u] != NONE and usual > 0:
                out[v, u] = min(255, 1 + int(100.0 * flat[v, u] / usual))


@njit(cache=True)
def pixels_of_target(canvas):  # type: ignore[no-untyped-def]
    """Give how many pixels show the target, and the median of their depth."""
    values, count = np.empty(canvas.depth.size), 0
    for v in range(len(canvas.depth)):
        for u in range(len(canvas.depth)):
            if canvas.shows[v, u] == TARGET:
                values[count] = canvas.depth[v, u]
                count += 1
    return count, (np.median(values[:count]) if count else 0.0)
