"""Rotations and random numbers for the compiled parts of the data engine."""

import math

import numpy as np
from numba import njit

RAD = math.pi / 180.0


@njit(cache=True)
def seed(number):  # type: ignore[no-untyped-def]
    """Seed the random numbers of compiled code, which are not numpy's own."""
    np.random.seed(number)


@njit(cache=True)
def between(low, high):  # type: ignore[no-untyped-def]
    """Draw evenly from low to high."""
    return low + (high - low) * np.random.random()


@njit(cache=True)
def around(spread):  # type: ignore[no-untyped-def]
    """Draw from a normal distribution about 0."""
    return np.random.normal() * spread


@njit(cache=True)
def chance(share):  # type: ignore[no-untyped-def]
    """Say yes in this share of cases."""
    return np.random.random() < share


@njit(cache=True)
def turn(axis, angle):  # type: ignore[no-untyped-def]
    """Give the rotation about an axis by an angle in rad."""
    n = math.sqrt(axis[0] ** 2 + axis[1] ** 2 + axis[2] ** 2) + 1e-12
    x, y, z = axis[0] / n, axis[1] / n, axis[2] / n
    c, s = math.cos(angle), math.sin(angle)
    k = 1.0 - c
    return np.array(
        [
            [c + x * x * k, x * y * k - z * s, x * z * k + y * s],
            [y * x * k + z * s, c + y * y * k, y * z * k - x * s],
            [z * x * k - y * s, z * y * k + x * s, c + z * z * k],
        ]
    )


@njit(cache=True)
def least_turn(a, b):  # type: ignore[no-untyped-def]
    """Give the smallest rotation that lays direction `a` along `b`."""
    a = a / (math.sqrt((a * a).sum()) + 1e-12)
    b = b / (math.sqrt((b * b).sum()) + 1e-12)
    axis = np.cross(a, b)
    sine, cosine = math.sqrt((axis * axis).sum()), (a * b).sum()
    if sine < 1e-6:
        return np.eye(3) if cosine > 0 else turn(np.array([0.0, 0.0, 1.0]), math.pi)
    return turn(axis, math.atan2(sine, cosine))


@njit(cache=True)
def limb(side, flexed, spread):  # type: ignore[no-untyped-def]
    """Give the direction of a limb that hangs down, is lifted forward and spread sideways (+1 = left)."""
    out = math.cos(spread)
    return np.array([side * math.sin(spread), -math.cos(flexed) * out, math.sin(flexed) * out])


@njit(cache=True)
def hinged(upper, bend, twist, forward):  # type: ignore[no-untyped-def]
    """Give the direction of a limb's second bone, bent towards what `forward` became for the first one."""
    aside = turn(upper, twist) @ (least_turn(np.array([0.0, -1.0, 0.0]), upper) @ forward)
    return math.cos(bend) * upper + math.sin(bend) * aside
