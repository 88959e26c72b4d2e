"""The body of a synthetic person: tapered capsules on the joints, blended into one surface, and its clothes.

The table below is the whole shape. Lengths are mm of a person whose bones have the joint table's own
lengths; a figure scales them all by its stature, and thicknesses also by its girth.

Where joints lie in the skin follows people, as shares of a stature of 1450 mm: the joint table's bones are
about as long as those of a barefoot person of that height: legs, arms, pelvis to neck 0.48, 0.32, 0.33.
Outer measures are from the means of the 2012 survey of US Army personnel (ANSUR II, men and women together),
with some mm of clothes: lateral malleolus 0.041 high, foot 0.153 long, hips 0.203 wide, crown 0.066 above the
eyes; the chest is a little less deep than theirs, 0.147. Inner ones:

* The centre of the shoulder lies about a tenth of the upper arm's length under the acromion (de Leva, 1996):
  26 mm, and with skin and shirt some 40 mm under what is seen.
* The hips are 0.72 of the distance of the iliac spines apart (Bell and others, 1989): half of hip breadth.
* The middle of a vertebra is 50 to 60 mm before the skin of the back, at the chest as at the waist.

The table's face is a third too large for its limbs; eyes, nose and ears are where it has them, on a skull
that goes with the limbs. Its neck is lower between the shoulders than people's, and its spine straighter:
there the shoulders decide, and the back follows the spine.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bodychan.cameras.synthetic.kinematics import Pose, turn
from bodychan.model.arrays import F32, F64, I64, frozen
from bodychan.model.skeleton import BIND_BONES, STATURE_MM, Joint

SOLE_MM = 78.0
"""Height of the ankle joint above the floor in the same figure: malleolus, and 20 mm of a shoe's sole."""

SOLE_TURN: F64 = frozen(turn(2, -24.0))
"""Axes of the left ankle joint in the sole's up, forward, left. In the joint's own axes the toes are 107 mm
below the ankle, 42° down: on a sole that lies flat it is turned up, and they are 28 mm above the floor."""

_Vector = tuple[float, float, float]


_TRUNK, _HEAD, _ARM, _HAND, _LEG, _FOOT = 0, 1, 2, 3, 6, 7
_RIGHT_GROUP = {_TRUNK: _TRUNK, _HEAD: _HEAD, _ARM: 4, _HAND: 5, _LEG: 8, _FOOT: 9}

BLENDS: F64 = frozen(np.array([60.0, 6.0, 22.0, 8.0, 22.0, 8.0, 26.0, 10.0, 26.0, 10.0]))
"""Width in mm over which the parts of each group melt into one another: trunk, head, then arm and hand,
arm and hand, leg and foot, leg and foot, left before right. Between groups it is `JOIN`, so that an arm does
not grow to the hip."""

JOIN = 22.0

MATERIALS = ("skin", "hair", "shirt", "trousers", "shoe", "eye", "mouth", "sleeve", "shin")


@dataclass(frozen=True, slots=True)
class _Part:
    """A capsule from `start` in the frame of joint `a` to `end` in that of joint `b`, in the table's mm."""

    group: int
    material: str
    a: Joint
    start: _Vector
    b: Joint
    end: _Vector
    radii: tuple[float, float]
    girth: float = 1.0
    """How far the part follows the figure's girth: 0 not at all, 1 as trunk and thighs do."""


_J = Joint


def _shoe(start: _Vector, end: _Vector, radii: tuple[float, float]) -> _Part:
    """Give a part of the left shoe, whose offsets from the ankle are up, forward and left of the sole."""
    a, b = ((float(x), float(y), float(z)) for x, y, z in np.array([start, end]) @ SOLE_TURN)
    return _Part(_FOOT, "shoe", Joint.ANKLE_LEFT, a, Joint.ANKLE_LEFT, b, radii, 0.2)


# On the centre line; offsets are up, forward, left.
_CENTRE = (
    _Part(_TRUNK, "trousers", _J.PELVIS, (5, 6, -58), _J.PELVIS, (5, 6, 58), (86, 86)),
    _Part(_TRUNK, "trousers", _J.PELVIS, (-28, -22, -46), _J.PELVIS, (-28, -22, 46), (80, 80)),
    _Part(_TRUNK, "shirt", _J.SPINE_NAVEL, (-30, 16, -50), _J.SPINE_NAVEL, (-30, 16, 50), (79, 79), 1.2),
    _Part(_TRUNK, "shirt", _J.SPINE_CHEST, (-20, 22, -56), _J.SPINE_CHEST, (-20, 22, 56), (78, 78)),
    _Part(_TRUNK, "shirt", _J.SPINE_CHEST, (70, 14, -62), _J.SPINE_CHEST, (70, 14, 62), (75, 75)),
    _Part(_TRUNK, "shirt", _J.SPINE_CHEST, (112, -6, -88), _J.SPINE_CHEST, (112, -6, 88), (52, 52), 0.6),
    _Part(_TRUNK, "skin", _J.NECK, (-10, 0, 0), _J.HEAD, (15, 6, 0), (52, 47), 0.5),
    _Part(_HEAD, "skin", _J.HEAD, (112, -10, 0), _J.HEAD, (112, 28, 0), (72, 72), 0.0),
    _Part(_HEAD, "skin", _J.HEAD, (70, 8, -8), _J.HEAD, (70, 8, 8), (64, 64), 0.0),
    _Part(_HEAD, "skin", _J.HEAD, (80, 36, 0), _J.HEAD, (24, 54, 0), (65, 41), 0.2),
    _Part(_HEAD, "hair", _J.HEAD, (116, -20, 0), _J.HEAD, (123, 14, 0), (78, 75), 0.0),
    _Part(_HEAD, "skin", _J.HEAD, (90, 100, 0), _J.HEAD, (66, 116, 0), (8, 11), 0.0),
    _Part(_HEAD, "mouth", _J.HEAD, (36, 93, -19), _J.HEAD, (36, 93, 19), (6, 6), 0.0),
)

# On the left; the right side is their mirror image. Offsets are in the joint's own axes: arms down, forward,
# in for ELBOW; legs up, forward, left; the hand along, out (back of the hand), forward (thumb). Those of the
# shoe are up, forward, left of the sole.
_LEFT = (
    _Part(_TRUNK, "shirt", _J.SPINE_NAVEL, (-55, 42, 40), _J.SPINE_CHEST, (50, 68, 50), (68, 66), 1.4),
    _Part(_TRUNK, "shirt", _J.SPINE_CHEST, (154, -16, 28), _J.SHOULDER_LEFT, (10, 0, 0), (43, 36), 0.5),
    _Part(_HEAD, "eye", _J.HEAD, (88, 89, 31), _J.HEAD, (88, 89, 31), (11, 11), 0.0),
    _Part(_HEAD, "hair", _J.HEAD, (104, 93, 17), _J.HEAD, (104, 86, 46), (5, 5), 0.0),
    _Part(_HEAD, "skin", _J.HEAD, (50, 0, 70), _J.HEAD, (78, -6, 75), (9, 11), 0.0),
    _Part(_ARM, "shirt", _J.SHOULDER_LEFT, (10, 0, 0), _J.ELBOW_LEFT, (0, 0, 0), (45, 35), 0.8),
    _Part(_ARM, "sleeve", _J.ELBOW_LEFT, (0, 0, 0), _J.WRIST_LEFT, (0, 0, 0), (36, 26), 0.6),
    _Part(_HAND, "skin", _J.WRIST_LEFT, (2, 0, 11), _J.HAND_LEFT, (0, 0, 9), (20, 15), 0.2),
    _Part(_HAND, "skin", _J.WRIST_LEFT, (4, 0, -9), _J.HAND_LEFT, (-4, 0, -18), (20, 15), 0.2),
    _Part(_HAND, "skin", _J.HAND_LEFT, (0, 0, 9), _J.HANDTIP_LEFT, (-9, 0, 6), (14, 9), 0.2),
    _Part(_HAND, "skin", _J.HAND_LEFT, (-4, 0, -18), _J.HANDTIP_LEFT, (-18, 0, -11), (14, 9), 0.2),
    _Part(_HAND, "skin", _J.WRIST_LEFT, (22, 0, 14), _J.THUMB_LEFT, (-6, 0, 0), (16, 9), 0.2),
    _Part(_LEG, "trousers", _J.HIP_LEFT, (-36, 0, 0), _J.KNEE_LEFT, (0, 0, 0), (80, 50)),
    _Part(_LEG, "trousers", _J.KNEE_LEFT, (0, 0, 0), _J.KNEE_LEFT, (-110, -14, 0), (50, 55), 0.7),
    _Part(_LEG, "shin", _J.KNEE_LEFT, (-110, -14, 0), _J.ANKLE_LEFT, (18, -4, 0), (52, 36), 0.6),
    _shoe((0, -6, 0), (-44, -24, 0), (36, 34)),
    _shoe((-6, 8, 0), (-50, 132, 2), (36, 27)),
    _shoe((-49, -30, 10), (-57, 158, 18), (29, 21)),
    _shoe((-49, -30, -10), (-57, 150, -14), (29, 21)),
)


def _mirrored(part: _Part) -> _Part:
    """Give the part's twin on the right: the axes of limbs are negated there, those of the trunk mirrored."""

    def flip(joint: Joint, v: _Vector) -> _Vector:
        return (v[0], v[1], -v[2]) if joint.side == "centre" else (-v[0], -v[1], -v[2])

    start, end = flip(part.a, part.start), flip(part.b, part.end)
    group = _RIGHT_GROUP[part.group]
    return _Part(group, part.material, part.a.mirrored, start, part.b.mirrored, end, part.radii, part.girth)


def _table() -> tuple[_Part, ...]:
    parts = [*_CENTRE, *_LEFT, *(_mirrored(p) for p in _LEFT)]
    return tuple(sorted(parts, key=lambda p: p.group))


_PARTS = _table()

PART_GROUPS: I64 = frozen(np.array([p.group for p in _PARTS], dtype=np.int64))
"""Group of every part, ascending."""


@dataclass(frozen=True, eq=False)
class Figure:
    """One person's body.

    `stature` in mm with shoes and hair; `girth` thickens trunk and limbs (1 is average); `colors`
    (materials, 3) float32, RGB 0..255 in even light; `albedos` (materials,) float32, reflectance at the
    camera's infrared, 0..1. Materials are in the order of `MATERIALS`.
    """

    stature: float
    girth: float
    colors: F32
    albedos: F32

    @property
    def scale(self) -> float:
        """Size against the joint table."""
        return self.stature / STATURE_MM

    @cached_property
    def bones(self) -> F64:
        """Vector from each joint's parent to the joint in the parent's frame, (32, 3) mm."""
        return frozen(BIND_BONES * self.scale)

    @cached_property
    def part_colors(self) -> F32:
        """Colour of every part, (parts, 3)."""
        return frozen(self.colors[_MATERIAL])

    @cached_property
    def part_albedos(self) -> F32:
        """Infrared reflectance of every part, (parts,)."""
        return frozen(self.albedos[_MATERIAL])

    def capsules(self, pose: Pose) -> F64:
        """Place the parts: (parts, 8) float64 mm, two ends (x, y, z) in the pose's frame and their radii."""
        out = np.empty((len(_PARTS), 8))
        for column, joints, offsets in ((0, _START_JOINT, _START), (3, _END_JOINT, _END)):
            turned = np.einsum("nij,nj->ni", pose.rotations[joints], offsets * self.scale)
            out[:, column : column + 3] = pose.positions[joints] + turned
        out[:, 6:] = _RADII * self.scale * (1 + _GIRTH * (self.girth - 1))[:, None]
        return out


_START_JOINT = np.array([int(p.a) for p in _PARTS])
_END_JOINT = np.array([int(p.b) for p in _PARTS])
_START = np.array([p.start for p in _PARTS], dtype=np.float64)
_END = np.array([p.end for p in _PARTS], dtype=np.float64)
_RADII = np.array([p.radii for p in _PARTS], dtype=np.float64)
_GIRTH = np.array([p.girth for p in _PARTS])
_MATERIAL = np.array([MATERIALS.index(p.material) for p in _PARTS])

_SKINS = ((236, 196, 170), (205, 155, 122), (160, 110, 80), (112, 74, 54))
_HAIRS = ((52, 38, 30), (92, 64, 40), (28, 26, 28), (176, 140, 88), (130, 126, 122))
_SHIRTS = ((176, 52, 48), (58, 104, 170), (220, 214, 200), (70, 128, 78), (206, 160, 56), (112, 78, 140))
_TROUSERS = ((48, 58, 88), (92, 82, 68), (44, 44, 48), (120, 124, 130))
_SHOES = ((38, 34, 34), (206, 204, 198), (96, 62, 44))


def make_figure(seed: int, number: int) -> Figure:
    """Make person `number` (0, 1, ...) of a scene: 1.55 to 1.9 m tall, in clothes of their own."""
    rng = np.random.default_rng([seed, number])
    skin = _SKINS[(seed + 3 * number) % len(_SKINS)] if rng.random() < 0.5 else _SKINS[rng.integers(4)]
    shirt = _SHIRTS[(seed + number) % len(_SHIRTS)]
    trousers = _TROUSERS[(seed + 2 * number + rng.integers(2)) % len(_TROUSERS)]
    hair, shoe = _HAIRS[rng.integers(len(_HAIRS))], _SHOES[rng.integers(len(_SHOES))]
    long_sleeves, long_legs = rng.random() < 0.5, rng.random() < 0.8
    skin_ir = rng.uniform(0.52, 0.66)
    shirt_ir, trousers_ir = rng.uniform(0.35, 0.85), rng.uniform(0.25, 0.7)
    hair_ir, shoe_ir = rng.uniform(0.22, 0.4), rng.uniform(0.2, 0.5)
    mouth = (0.75 * skin[0] + 20, 0.45 * skin[1], 0.5 * skin[2])
    looks = {
        "skin": (skin, skin_ir),
        "hair": (hair, hair_ir),
        "shirt": (shirt, shirt_ir),
        "trousers": (trousers, trousers_ir),
        "shoe": (shoe, shoe_ir),
        "eye": ((40, 34, 32), 0.22),
        "mouth": (mouth, 0.45),
        "sleeve": (shirt, shirt_ir) if long_sleeves else (skin, skin_ir),
        "shin": (trousers, trousers_ir) if long_legs else (skin, skin_ir),
    }
    return Figure(
        stature=float(rng.uniform(1550, 1900)),
        girth=float(rng.uniform(0.9, 1.15)),
        colors=frozen(np.array([looks[m][0] for m in MATERIALS], dtype=np.float32)),
        albedos=frozen(np.array([looks[m][1] for m in MATERIALS], dtype=np.float32)),
    )
