"""The scenes of the synthetic camera: people, their motion, and which images the camera delivers."""

from dataclasses import dataclass, field

from bodychan.cameras.synthetic.motion import Gesture, Motion, Oval, Route
from bodychan.cameras.synthetic.room import CUPBOARD, FLOOR, WALL, Box

PANEL = Box((-680.0, -2100.0, 2250.0), (680.0, 0.0, 2300.0), 0.55, (150, 168, 186))
_ROOM = (FLOOR, WALL, CUPBOARD)
_LONG = 1e9


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene; `about` says in a sentence what it shows."""

    about: str
    people: tuple[Motion, ...] = ()
    boxes: tuple[Box, ...] = field(default=_ROOM)
    moving: bool = False
    infrared: bool = True
    color: bool = True


def _stay(x: float, z: float, heading: float = 0.0, gesture: str | None = None, phase: float = 0.0) -> Motion:
    gestures = (Gesture(gesture, -_LONG, _LONG),) if gesture else ()
    return Motion(Route(((0.0, x, z, heading),)), gestures, phase)


def _there_and_back(start: float, end: float, z: float) -> Route:
    """Walk across the view, turn round on the spot, walk back and turn again, in ten seconds."""
    there = 90.0 if end > start else -90.0
    return Route(
        (
            (0.0, start, z, there),
            (4.0, end, z, there),
            (5.0, end, z, 3 * there),
            (9.0, start, z, 3 * there),
            (10.0, start, z, 5 * there),
        )
    )


_WALK = Motion(Oval(0.0, 2650.0, 850.0, 500.0, 6.4, start=0.3))
_TURN = Motion(Route(((0.0, 0.0, 2400.0, 0.0), (8.0, 0.0, 2400.0, 360.0), (9.0, 0.0, 2400.0, 360.0))))

SCENES: dict[str, Scene] = {
    "walk": Scene("one person walks round an oval", (_WALK,)),
    "two": Scene(
        "two people: one walks round an oval, one waves",
        (
            Motion(Oval(-550.0, 2650.0, 500.0, 420.0, 5.0, start=0.3)),
            Motion(
                Route(((0.0, 850.0, 2400.0, -12.0),)),
                (Gesture("wave", 1.0, 4.0), Gesture("wave", 6.0, 9.0)),
                0.3,
            ),
        ),
    ),
    "three": Scene(
        "three people: one stands, one walks, one lifts both arms",
        (
            _stay(-820.0, 2400.0, 20.0),
            Motion(Oval(0.0, 2400.0, 260.0, 300.0, 3.6), phase=0.4),
            Motion(
                Route(((0.0, 820.0, 2400.0, -15.0),)),
                (Gesture("arms_up", 1.0, 4.0), Gesture("arms_up", 5.5, 8.5)),
                0.7,
            ),
        ),
    ),
    "four": Scene(
        "four people: two stand, one walks round an oval, one waves",
        (
            _stay(-1150.0, 2900.0, 20.0),
            Motion(Oval(-330.0, 2750.0, 260.0, 300.0, 3.6), phase=0.4),
            _stay(420.0, 2800.0, -8.0, None, 0.6),
            _stay(1150.0, 2900.0, -20.0, "wave", 0.2),
        ),
    ),
    "six": Scene(
        "six people side by side, some of them waving, turning or reaching out",
        (
            _stay(-1560.0, 3450.0, 15.0, "wave"),
            _stay(-960.0, 2950.0, 20.0, None, 0.2),
            Motion(
                Route(
                    ((0.0, -340.0, 3400.0, 0.0), (4.0, -340.0, 3400.0, 180.0), (8.0, -340.0, 3400.0, 360.0))
                ),
                phase=0.4,
            ),
            _stay(280.0, 2850.0, -5.0, None, 0.5),
            Motion(Route(((0.0, 900.0, 3100.0, -15.0),)), (Gesture("reach", 2.0, 7.0),), 0.6),
            _stay(1570.0, 3450.0, -30.0, None, 0.8),
        ),
    ),
    "empty": Scene("the room, nobody in it"),
    "still": Scene("one person stands and breathes", (_stay(0.0, 2300.0, 8.0),)),
    "wave": Scene("one person stands and waves with the right hand", (_stay(0.0, 2300.0, 0.0, "wave"),)),
    "turn": Scene("one person turns round on the spot", (_TURN,)),
    "cross": Scene(
        "two people cross, one in front of the other",
        (
            Motion(_there_and_back(-1000.0, 1000.0, 2300.0)),
            Motion(_there_and_back(1300.0, -1300.0, 3050.0), phase=0.35),
        ),
    ),
    "hidden": Scene(
        "one person walks behind a panel, is fully hidden for about a second, and comes out again",
        (Motion(_there_and_back(-1350.0, 1350.0, 2900.0)),),
        (*_ROOM, PANEL),
    ),
    "leave": Scene(
        "one person leaves the view and comes back",
        (Motion(_there_and_back(-100.0, 3000.0, 2600.0)),),
        (FLOOR, WALL),
    ),
    "moving": Scene("one person walks while the camera pans and wanders", (_WALK,), moving=True),
    "depthonly": Scene("as `walk`, depth images only", (_WALK,), infrared=False, color=False),
    "nocolor": Scene("as `walk`, without colour", (_WALK,), color=False),
}
"""Scenes by name; times are those of the default ten seconds, after which the tracks start again."""
