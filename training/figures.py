"""From posed bones to a dressed person: skin, clothes, hair, skirts, and the 32 joints of the truth."""

import math

import numpy as np
from numba import njit

from training.bodies import FOOT, FOREARM, HEAD, HIPS, NECK, SHANK, THIGH, TRUNK, UPPER_ARM
from training.geometry import around, between, chance
from training.poses import HEAD as HEAD_BONE

PARTS = 11
"""Kinds of surface of a person: the body's parts and hair."""
HAIR = 10

RINGS, CORNERS = 7, 12
_QUADS = [
    (
        r * CORNERS + k,
        r * CORNERS + (k + 1) % CORNERS,
        (r + 1) * CORNERS + k,
        (r + 1) * CORNERS + (k + 1) % CORNERS,
    )
    for r in range(RINGS - 1)
    for k in range(CORNERS)
]
TUBE_FACES = np.array([t for a, b, c, d in _QUADS for t in ((a, b, c), (b, d, c))], np.int32)
"""Faces of a tube of rings, such as a skirt."""

# Joints that are the head of a bone of the rig, and those that are a bone's tail: (joint, bone).
_HEADS = (
    (0, 41), (3, 100), (5, 50), (6, 52), (7, 54), (8, 63), (12, 76), (13, 78), (14, 80), (15, 89),
    (18, 2), (19, 4), (20, 6), (22, 22), (23, 24), (24, 26), (28, 143), (30, 148),
)  # fmt: skip
_TAILS = ((9, 65), (10, 57), (16, 91), (17, 83), (21, 9), (25, 29))
# Bones that change their length together, (first, last + 1, standard deviation): pelvis' half, spine,
# shoulder girdle.
_PROPORTIONS = ((1, 2, 0.05), (41, 48, 0.04), (48, 50, 0.06))
# Limbs of two bones, (first, first of the second, last + 1, length of the first over the second, its standard
# deviation, that of both together). Between people's joint centres an upper arm is 1.045 times as long as
# a forearm (de Leva 1996: 1.048 for men, 1.041 for women); anny's is 1.05 times for men, but 1.2 for women.
# Thighs are 0.85 to 0.97 of shanks there, 0.95 in the rig. Limbs' shares of the stature vary by 3 to 4 %
# among adults.
_LIMBS = ((50, 52, 54, 1.045, 0.055, 0.04), (2, 4, 6, 0.95, 0.05, 0.03))
_LARGEST_SPREAD = 2.2
_LOOSE = 0.65
"""Share of people whose shirt hangs down from where it is farthest from the spine."""
_STRIP, _STRIPS = 0.05, 12
"""Metres; it hangs in strips of this width."""
_STRAIGHT_LEGS, _STRAIGHT_SLEEVES = 0.7, 0.4
"""Share of trouser legs and sleeves that do not follow the limb as it becomes thinner."""
_TROUSER_LEGS, _SLEEVES = ((4, 6), (24, 26)), ((52, 54), (78, 80))
"""The bones at whose heads they begin and end."""
_SECTORS = 8
_TWINS = ((1, 21, 5), (48, 74, 6))
"""Bones of the left side, those of the right side, and how many."""
_CHAIN = (41, 42, 43, 44, 47, 100)
# Points on the spine at shares of the height from pelvis to neck, as the evaluation set defines them, and
# how far to the left of it.
_ON_SPINE = ((1, 1 / 3.016, 0.0), (2, 1.799 / 3.016, 0.0), (4, 0.93, 0.04), (11, 0.93, -0.04))
_HEAD_BELOW_EARS = 0.40
"""The head joint below the middle of the ears, as a share of the length from pelvis to navel."""


@njit(cache=True)
def skin(rest, heads, weights, indices, turns, points):  # type: ignore[no-untyped-def]
    """Give where the vertices (V, 3) of a posed body are, by linear blending."""
    out, shift = np.zeros((len(rest), 3)), np.zeros((len(heads), 3))
    for b in range(len(heads)):
        shift[b] = points[b] - turns[b] @ heads[b].astype(np.float64)
    for i in range(len(rest)):
        x, y, z = rest[i, 0], rest[i, 1], rest[i, 2]
        for k in range(weights.shape[1]):
            w = weights[i, k]
            if w > 0:
                b = indices[i, k]
                for r in range(3):
                    out[i, r] += w * (
                        turns[b, r, 0] * x + turns[b, r, 1] * y + turns[b, r, 2] * z + shift[b, r]
                    )
    return out


@njit(cache=True)
def _spread(deviation):  # type: ignore[no-untyped-def]
    return min(max(np.random.normal(), -_LARGEST_SPREAD), _LARGEST_SPREAD) * deviation


@njit(cache=True)
def stretched(rest, heads, tails, parents, weights, indices):  # type: ignore[no-untyped-def]
    """Give a body at rest, its bones' heads and tails with other proportions: each kind of bone stretched.

    The parts of anny's limbs vary more than people's, and on average are others; its spine and girdle vary
    less.
    """
    count, shares = len(heads), np.ones(len(heads))
    for first, last, spread in _PROPORTIONS:
        shares[first:last] = 1.0 + _spread(spread)
    for first, second, last, ratio, spread, of_both in _LIMBS:
        upper = math.sqrt(((heads[second] - heads[first]) ** 2).sum())
        lower = math.sqrt(((heads[last] - heads[second]) ** 2).sum())
        both, ratio = (upper + lower) * (1.0 + _spread(of_both)), ratio * (1.0 + _spread(spread))
        shares[first:second] = both * ratio / (1.0 + ratio) / upper
        shares[second:last] = both / (1.0 + ratio) / lower
    for left, right, bones in _TWINS:
        shares[right : right + bones] = shares[left : left + bones]
    turns, points, ends = np.zeros((count, 3, 3)), np.zeros((count, 3)), np.zeros((count, 3))
    for b in range(count):
        along = (tails[b] - heads[b]).astype(np.float64)
        along = along / (math.sqrt((along * along).sum()) + 1e-9)
        for r in range(3):
            for c in range(3):
                turns[b, r, c] = (1.0 if r == c else 0.0) + (shares[b] - 1.0) * along[r] * along[c]
        p = parents[b]
        points[b] = heads[b]
        if b > 0:
            points[b] = points[p] + turns[p] @ (heads[b] - heads[p]).astype(np.float64)
        ends[b] = points[b] + turns[b] @ (tails[b] - heads[b]).astype(np.float64)
    vertices = skin(rest, heads, weights, indices, turns, points)
    return vertices.astype(np.float32), points.astype(np.float32), ends.astype(np.float32)


@njit(cache=True)
def _cloth():  # type: ignore[no-untyped-def]
    """Draw how far clothes, shoes and hair stand off from each kind of surface, in metres (11,)."""
    off, loose = np.zeros(PARTS), 0.4 + np.random.random()
    off[TRUNK], off[HIPS] = between(0.002, 0.03) * loose, between(0.003, 0.03) * loose
    off[UPPER_ARM] = off[TRUNK] * between(0.4, 1.0)
    off[FOREARM] = between(0.0, 0.02) if chance(0.6) else 0.0
    off[THIGH] = between(0.002, 0.028) * loose
    off[SHANK] = between(0.002, 0.03) if chance(0.75) else 0.0
    off[FOOT], off[NECK] = between(0.003, 0.02), between(0.0, 0.012)
    off[HAIR] = between(0.0, 0.05) if chance(0.8) else 0.0
    return off


@njit(cache=True)
def surfaces(rest, parts, brow):  # type: ignore[no-untyped-def]
    """Give each vertex's kind of surface: its part, or hair on the head behind the brow (z)."""
    kinds = parts.copy()
    for i in range(len(rest)):
        if parts[i] == HEAD and rest[i, 2] < brow:
            kinds[i] = HAIR
    return kinds


@njit(cache=True)
def dress(rest, faces, kinds, heads):  # type: ignore[no-untyped-def]
    """Give the vertices (V, 3) of a body at rest in clothes: moved along the normals, with folds."""
    normals = np.zeros((len(rest), 3))
    for t in range(len(faces)):
        a, b, c = faces[t]
        for r in range(3):
            s, q = (r + 1) % 3, (r + 2) % 3
            x = (rest[b, s] - rest[a, s]) * (rest[c, q] - rest[a, q])
            x -= (rest[b, q] - rest[a, q]) * (rest[c, s] - rest[a, s])
            normals[a, r] += x
            normals[b, r] += x
            normals[c, r] += x
    off, out = _cloth(), rest.astype(np.float64)
    waves, phases, sizes = np.zeros((5, 3)), np.zeros(5), np.zeros(5)
    for k in range(5):
        for r in range(3):
            waves[k, r] = around(9.0) * (1 + k) * 0.6
        phases[k], sizes[k] = between(0, 2 * math.pi), between(0.0, 0.35)
    for i in range(len(rest)):
        size, fold = math.sqrt((normals[i] ** 2).sum()) + 1e-12, 1.0
        for k in range(5):
            along = waves[k, 0] * rest[i, 0] + waves[k, 1] * rest[i, 1] + waves[k, 2] * rest[i, 2]
            fold += sizes[k] * math.sin(along + phases[k])
        for r in range(3):
            out[i, r] += normals[i, r] / size * off[kinds[i]] * max(0.0, fold)
    if chance(_LOOSE):
        _hang(out, kinds, between(0.2, 1.0), between(0.0, 0.8))
    bones = heads.astype(np.float64)
    if off[SHANK] > 0 and chance(_STRAIGHT_LEGS):
        share = between(0.2, 1.0)
        for first, last in _TROUSER_LEGS:
            _straighten(out, kinds == SHANK, bones[first], bones[last], share)
    if off[FOREARM] > 0 and chance(_STRAIGHT_SLEEVES):
        share = between(0.2, 1.0)
        for first, last in _SLEEVES:
            _straighten(out, kinds == FOREARM, bones[first], bones[last], share)
    return out


@njit(cache=True)
def _straighten(points, chosen, start, end, share):  # type: ignore[no-untyped-def]
    """Let a trouser leg or sleeve about a limb become no thinner from `start` to `end`, to a share."""
    axis = end - start
    length = math.sqrt((axis * axis).sum())
    axis = axis / length
    aside = _unit(np.cross(axis, np.array([0.0, 0.0, 1.0])))
    ahead = np.cross(aside, axis)
    along, thick = (points - start) @ axis, np.zeros(_SECTORS)
    for i in np.argsort(along):
        apart = points[i] - start - along[i] * axis
        radius = math.sqrt((apart * apart).sum())
        if chosen[i] and 0.0 < along[i] < length and radius < 0.5 * length:
            angle = math.atan2((apart * aside).sum(), (apart * ahead).sum()) / (2 * math.pi) + 0.5
            sector = min(int(angle * _SECTORS), _SECTORS - 1)
            thick[sector] = max(thick[sector], radius)
            points[i] += apart * (share * (thick[sector] - radius) / (radius + 1e-9))


@njit(cache=True)
def _hang(points, kinds, front, back):  # type: ignore[no-untyped-def]
    """Let a shirt hang straight down from chest, belly and shoulder blades, to shares before and behind."""
    trunk = (kinds == TRUNK) | (kinds == HIPS)
    middle = points[trunk, 2].mean()
    foremost = np.full(_STRIPS, middle)
    hindmost = np.full(_STRIPS, middle)
    for i in np.argsort(-points[:, 1]):
        strip = int(points[i, 0] / _STRIP + _STRIPS / 2)
        if not trunk[i] or strip < 0 or strip >= _STRIPS:
            continue
        z = points[i, 2]
        if z > middle:
            foremost[strip] = max(foremost[strip], z)
            points[i, 2] += front * (foremost[strip] - z)
        else:
            hindmost[strip] = min(hindmost[strip], z)
            points[i, 2] += back * (hindmost[strip] - z)


@njit(cache=True)
def joints(heads, tails, turns, points, skinned, nose, left_ear, right_ear):  # type: ignore[no-untyped-def]
    """Give the 32 joints (32, 3), by the definitions of the evaluation set's README."""
    out, rest = np.zeros((32, 3)), heads.astype(np.float64)
    for joint, b in _HEADS:
        out[joint] = points[b]
    for joint, b in _TAILS:
        out[joint] = points[b] + turns[b] @ (tails[b].astype(np.float64) - rest[b])
    out[27] = skinned[nose]
    for i in left_ear:
        out[29] += skinned[i] / len(left_ear)
    for i in right_ear:
        out[31] += skinned[i] / len(right_ear)
    height = rest[100, 1] - rest[41, 1]
    for joint, share, aside in _ON_SPINE:
        y = rest[41, 1] + share * height
        for k in range(len(_CHAIN) - 1):
            b, following = _CHAIN[k], _CHAIN[k + 1]
            if y <= rest[following, 1] or k == len(_CHAIN) - 2:
                w = (y - rest[b, 1]) / (rest[following, 1] - rest[b, 1] + 1e-9)
                on = points[b] * (1 - w) + points[following] * w
                out[joint] = on + turns[b] @ np.array([aside * height, 0.0, 0.0])
                break
    navel = math.sqrt(((rest[100] - rest[41]) ** 2).sum()) / 3.016
    out[26] = (out[29] + out[31]) * 0.5 + turns[HEAD_BONE] @ np.array([0.0, -_HEAD_BELOW_EARS * navel, 0.0])
    return out


@njit(cache=True)
def joints_at_rest(heads, tails, skinned, nose, left_ear, right_ear):  # type: ignore[no-untyped-def]
    """Give the 32 joints (32, 3) of a body that stands as it was drawn; see `joints`."""
    still = np.zeros((len(heads), 3, 3))
    for b in range(len(heads)):
        for r in range(3):
            still[b, r, r] = 1.0
    return joints(heads, tails, still, heads.astype(np.float64), skinned, nose, left_ear, right_ear)


@njit(cache=True)
def _tube(centres, first, second):  # type: ignore[no-untyped-def]
    """Give the vertices of a tube: ellipses about `centres` (7, 3) with half axes `first` and `second`."""
    out = np.empty((RINGS * CORNERS, 3))
    for r in range(RINGS):
        for k in range(CORNERS):
            angle = 2 * math.pi * k / CORNERS
            out[r * CORNERS + k] = centres[r] + first[r] * math.cos(angle) + second[r] * math.sin(angle)
    return out


@njit(cache=True)
def _unit(v):  # type: ignore[no-untyped-def]
    return v / (math.sqrt((v * v).sum()) + 1e-9)


@njit(cache=True)
def skirt(j, size):  # type: ignore[no-untyped-def]
    """Give a skirt, or the tails of a coat, around the legs of joints (32, 3)."""
    centres, first, second = np.zeros((RINGS, 3)), np.zeros((RINGS, 3)), np.zeros((RINGS, 3))
    length, flare, radius = between(0.55, 1.6), between(0.0, 0.09), between(0.10, 0.13) * size
    for i in range(RINGS):
        t = i / (RINGS - 1) * length
        up, low, w = (0, 1, t) if t < 1 else (1, 2, t - 1)
        left, right = j[18 + up] * (1 - w) + j[18 + low] * w, j[22 + up] * (1 - w) + j[22 + low] * w
        down = _unit(j[18 + low] - j[18 + up] + j[22 + low] - j[22 + up])
        half = (left - right) * 0.5
        wide = math.sqrt((half * half).sum())
        across = _unit(half)
        r = radius * (1 - 0.25 * min(t, 1.0)) + flare * t * size
        centres[i], first[i] = (left + right) * 0.5, across * (min(wide, 0.3) + r * 0.8)
        second[i] = _unit(np.cross(across, down)) * r
    return _tube(centres, first, second)


@njit(cache=True)
def long_hair(j, size):  # type: ignore[no-untyped-def]
    """Give hair that hangs behind the head of joints (32, 3)."""
    centres, first, second = np.zeros((RINGS, 3)), np.zeros((RINGS, 3)), np.zeros((RINGS, 3))
    ears, half = (j[29] + j[31]) * 0.5, (j[29] - j[31]) * 0.5
    length, width, down = between(0.15, 0.45) * size, between(0.9, 1.5), _unit(j[3] - ears)
    back = _unit(np.cross(half, down))
    if (back * (j[27] - ears)).sum() > 0:
        back = -back
    for i in range(RINGS):
        t = i / (RINGS - 1)
        centres[i] = ears + down * (length * t - 0.04 * size) + back * (0.045 + 0.02 * t) * size
        first[i], second[i] = half * width * (1.0 + 0.25 * t), back * 0.075 * size * (1 - 0.3 * t)
    return _tube(centres, first, second)


@njit(cache=True)
def held_cloth(left, right, size):  # type: ignore[no-untyped-def]
    """Give a shirt or towel that hangs from both hands, a flat tube."""
    centres, first, second = np.zeros((RINGS, 3)), np.zeros((RINGS, 3)), np.zeros((RINGS, 3))
    half, down = (left - right) * 0.5, np.array([0.0, -1.0, 0.0])
    wide = math.sqrt((half * half).sum())
    across = half / (wide + 1e-9)
    ahead = _unit(np.cross(across, down))
    length, above, beyond = between(0.25, 0.8) * size, between(0.0, 0.08), between(0.0, 0.12)
    thick, sway, flare = between(0.005, 0.06), around(0.06), between(-0.2, 0.4)
    for i in range(RINGS):
        t = i / (RINGS - 1)
        centres[i] = (left + right) * 0.5 + down * (length * t - above) + ahead * (sway * t)
        first[i] = across * ((wide + beyond) * (1 + flare * t))
        second[i] = ahead * (thick * between(0.5, 1.5))
    return _tube(centres, first, second)
