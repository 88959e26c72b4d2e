"""What a random person is doing, as a few angles: trunk, legs, arms. Angles in rad."""

import math

import numpy as np
from numba import njit

from training.geometry import RAD, around, between, chance

# What the arms do; REACH and above are places that the hand goes to, see `arms`.
HANGING, SWINGING, GESTURING, LOW = range(4)
FREE, TO_HIP, TO_OTHER_ARM, TO_HEAD, TO_BELLY, TO_KNEE, TO_SHOULDER, TO_FRONT, TO_FLOOR, TO_OBJECT = range(10)

PITCH, ROLL, FLEX, LEAN, TWIST = range(5)
"""Rows of the trunk: the whole body's tilt, the spine's bends and turn."""
LIFT, SPREAD, KNEE, TURNED = range(4)
"""Columns of a leg."""
GOAL, ELEVATION, AZIMUTH, BEND, ROTATED = range(5)
"""Columns of an arm."""
FLAT_FEET, SEATED, LYING = range(3)


@njit(cache=True)
def _idle(trunk, legs):  # type: ignore[no-untyped-def]
    trunk[PITCH], trunk[ROLL] = around(4 * RAD), around(2 * RAD)
    trunk[FLEX], trunk[LEAN], trunk[TWIST] = around(6 * RAD), around(5 * RAD), around(8 * RAD)
    for i in range(2):
        # People like to stand with their heels 0.17 m apart (McIlroy and Maki 1997), less than their hips.
        legs[i, SPREAD] = around(3.5 * RAD) - 1 * RAD if chance(0.6) else abs(around(8 * RAD))
        legs[i, LIFT] = around(5 * RAD)
        legs[i, KNEE], legs[i, TURNED] = abs(around(6 * RAD)), around(8 * RAD)


@njit(cache=True)
def _walk(trunk, legs, phase):  # type: ignore[no-untyped-def]
    stride = between(8, 40) * RAD
    for i in range(2):
        q = phase + i * math.pi
        legs[i, LIFT] = stride * math.sin(q) + 4 * RAD + around(3 * RAD)
        legs[i, KNEE] = 8 * RAD + max(0.0, math.cos(q - 0.5)) * between(20, 75) * RAD + abs(around(4 * RAD))
        legs[i, SPREAD] = around(2.5 * RAD)
    trunk[PITCH] = between(-2, 12) * RAD


@njit(cache=True)
def _stand_freely(trunk, legs):  # type: ignore[no-untyped-def]
    if chance(0.3):
        for i in range(2):
            legs[i, SPREAD], legs[i, LIFT] = between(0, 25) * RAD, around(12 * RAD)
            legs[i, KNEE] = abs(around(15 * RAD))
    if chance(0.4):
        trunk[FLEX], trunk[LEAN], trunk[TWIST] = around(15 * RAD), around(12 * RAD), around(20 * RAD)


@njit(cache=True)
def _sit(trunk, legs):  # type: ignore[no-untyped-def]
    lifted, bent = between(60, 95) * RAD, between(40, 115) * RAD
    for i in range(2):
        legs[i, LIFT], legs[i, SPREAD] = lifted + around(6 * RAD), between(-3, 25) * RAD
        legs[i, KNEE] = bent + around(10 * RAD)
    trunk[PITCH], trunk[FLEX] = between(-20, 30) * RAD, between(-5, 40) * RAD
    if chance(0.15):  # one leg over the other
        i = np.random.randint(2)
        legs[i, LIFT] += 12 * RAD
        legs[i, TURNED] = between(-50, 20) * RAD


@njit(cache=True)
def _squat(trunk, legs):  # type: ignore[no-untyped-def]
    depth = between(0.15, 1)
    for i in range(2):
        legs[i, LIFT], legs[i, KNEE] = depth * between(85, 120) * RAD, depth * between(100, 145) * RAD
        legs[i, SPREAD] = between(0, 30) * RAD
    trunk[PITCH], trunk[FLEX] = depth * between(5, 45) * RAD, depth * between(0, 30) * RAD


@njit(cache=True)
def _bow(trunk, legs):  # type: ignore[no-untyped-def]
    trunk[PITCH], trunk[FLEX] = between(15, 90) * RAD, between(0, 60) * RAD
    trunk[LEAN], trunk[TWIST] = around(10 * RAD), around(15 * RAD)
    for i in range(2):
        legs[i, KNEE] = abs(around(20 * RAD))
        legs[i, LIFT] = legs[i, KNEE] * 0.6 + around(6 * RAD) - 0.12 * trunk[PITCH]


@njit(cache=True)
def _lift_a_leg(trunk, legs):  # type: ignore[no-untyped-def]
    i = np.random.randint(2)
    legs[i, LIFT], legs[i, KNEE] = between(-35, 105) * RAD, between(0, 100) * RAD
    legs[i, SPREAD] = between(-10, 45) * RAD
    legs[1 - i, KNEE] = abs(around(12 * RAD))
    legs[1 - i, LIFT] = legs[1 - i, KNEE] * 0.5 + around(6 * RAD)
    trunk[PITCH], trunk[LEAN] = around(10 * RAD) - 0.15 * legs[i, LIFT], around(8 * RAD)


@njit(cache=True)
def _anything(trunk, legs):  # type: ignore[no-untyped-def]
    for i in range(2):
        legs[i, LIFT], legs[i, SPREAD] = between(-30, 115) * RAD, between(-15, 50) * RAD
        legs[i, KNEE], legs[i, TURNED] = between(0, 130) * RAD, between(-30, 30) * RAD
    trunk[PITCH], trunk[FLEX] = around(25 * RAD), between(-20, 50) * RAD
    trunk[LEAN], trunk[TWIST] = around(20 * RAD), around(30 * RAD)


@njit(cache=True)
def draw():  # type: ignore[no-untyped-def]
    """Give a random person's trunk (5,), legs (2, 4), arms (2, 5) and flags (3,).

    The shares lean towards what people do before a camera; gestures most of all.
    """
    trunk, legs, arms = np.zeros(5), np.zeros((2, 4)), np.zeros((2, 5))
    flags = np.array([True, False, False])
    _idle(trunk, legs)
    c, style, phase = np.random.random(), HANGING, between(0, 2 * math.pi)
    if c < 0.12:
        pass
    elif c < 0.25:
        _walk(trunk, legs, phase)
        style, flags[FLAT_FEET] = SWINGING, chance(0.4)
    elif c < 0.54:
        _stand_freely(trunk, legs)
        style = GESTURING
    elif c < 0.67:
        _sit(trunk, legs)
        style, flags[SEATED] = GESTURING if chance(0.65) else HANGING, True
    elif c < 0.75:
        _squat(trunk, legs)
        style = GESTURING if chance(0.7) else LOW
    elif c < 0.82:
        _bow(trunk, legs)
        style = LOW if chance(0.65) else GESTURING
    elif c < 0.89:
        _lift_a_leg(trunk, legs)
        style, flags[FLAT_FEET] = GESTURING if chance(0.6) else HANGING, chance(0.5)
    else:
        _anything(trunk, legs)
        style, flags[FLAT_FEET], flags[LYING] = GESTURING, False, chance(0.65)
        if flags[LYING] and chance(0.5):  # straight, as people mostly lie
            trunk[:], legs[:] = 0.0, 0.0
            _idle(trunk, legs)
            style = HANGING if chance(0.5) else GESTURING
    _set_arms(arms, style, phase, flags[SEATED])
    return trunk, legs, arms, flags


@njit(cache=True)
def _set_arms(arms, style, phase, seated):  # type: ignore[no-untyped-def]
    """Say what both arms do; in nearly half of the gestures they do the same."""
    alike, same, goal = chance(0.45), np.random.random(), 1 + np.random.randint(7)
    for i in range(2):
        arms[i, ELEVATION] = abs(around(10 * RAD)) + 8 * RAD
        arms[i, AZIMUTH] = between(-40, 70) * RAD
        arms[i, BEND], arms[i, ROTATED] = abs(around(20 * RAD)) + 5 * RAD, between(-20, 60) * RAD
        if style == SWINGING:
            swing = between(10, 35) * RAD * math.sin(phase + (1 - i) * math.pi)
            arms[i, ELEVATION] = abs(swing) + 7 * RAD
            arms[i, AZIMUTH] = 65 * RAD if swing > 0 else -60 * RAD
            arms[i, BEND] = between(5, 60) * RAD
        elif style == GESTURING:
            _gesture(
                arms[i], same if alike else np.random.random(), goal if alike else 1 + np.random.randint(7)
            )
        elif style == LOW:
            arms[i, GOAL] = TO_KNEE if chance(0.15) else TO_FLOOR
        elif seated:
            arms[i, GOAL] = TO_KNEE
    if style == GESTURING and chance(0.12):  # both hands at one thing before the body
        arms[0, GOAL] = arms[1, GOAL] = TO_OBJECT


@njit(cache=True)
def _gesture(arm, c, goal):  # type: ignore[no-untyped-def]
    if c < 0.18:
        return
    if c < 0.58:  # anywhere, evenly over the sphere
        arm[ELEVATION] = math.acos(between(-0.98, 0.95))
        arm[AZIMUTH] = between(-35, 115) * RAD
        arm[BEND] = between(0, 145) * RAD if chance(0.7) else abs(around(12 * RAD))
        arm[ROTATED] = between(-70, 90) * RAD
    elif c < 0.65:  # out to the side
        arm[ELEVATION], arm[AZIMUTH] = between(75, 105) * RAD, between(-15, 25) * RAD
        arm[BEND] = abs(around(12 * RAD))
    elif c < 0.74:  # up
        arm[ELEVATION], arm[AZIMUTH] = between(130, 174) * RAD, between(-10, 100) * RAD
        arm[BEND] = abs(around(35 * RAD))
    else:
        arm[GOAL] = goal
