"""What goes wrong before a camera: images that are missing or nonsense, hands, crowds, mirrors, clocks."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bodychan import Bodies, Calibration, Capture
from bodychan.cameras.synthetic.camera import SyntheticCamera
from bodychan.cameras.synthetic.device import calibration_json
from bodychan.cameras.synthetic.motion import Motion, Route
from bodychan.cameras.synthetic.room import FLOOR, WALL, Box
from bodychan.cameras.synthetic.scenes import SCENES, Scene
from bodychan.model.arrays import U16
from bodychan.model.skeleton import Joint
from bodychan.testing import check_bodies, check_hard_input, check_tracker
from bodychan.tracking.builtin.observe.network import JointNetwork
from bodychan.tracking.builtin.tracker import BuiltinTracker

MAX_BODIES = 6
MOST_RUNS = 2 * MAX_BODIES + 9
"""Looks in one capture: at those who are followed and those who wait to be believed, and three times at each
of three places where somebody may be."""

HEIGHT, WIDTH = 576, 640
TRUNK = [Joint.PELVIS, Joint.SPINE_CHEST, Joint.NECK]


class Counter:
    """Counts the looks."""

    runs = 0


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Counter:
    counter = Counter()
    look = JointNetwork.look

    def counted(self: JointNetwork, *arguments: Any, **how: Any) -> object:
        counter.runs += 1
        return look(self, *arguments, **how)

    monkeypatch.setattr(JointNetwork, "look", counted)
    return counter


@pytest.fixture(scope="module")
def walk() -> SyntheticCamera:
    return SyntheticCamera("synthetic:walk")


@pytest.fixture(scope="module")
def captures(walk: SyntheticCamera) -> list[Capture]:
    """A walker at 5 fps."""
    return [c for c in (walk.read() for _ in range(48)) if c is not None][::6]


def even(value: int) -> U16:
    return np.full((HEIGHT, WIDTH), value, np.uint16)


def noise(seed: int) -> U16:
    return np.random.default_rng(seed).integers(0, 65536, (HEIGHT, WIDTH), dtype=np.uint16)


def noisy(capture: Capture, seed: int) -> U16:
    """Put noise of 300 mm over a depth image, and drop half of its pixels."""
    assert capture.depth is not None
    rng = np.random.default_rng(seed)
    off = rng.normal(0, 300, capture.depth.shape)
    kept = rng.random(capture.depth.shape) < 0.5
    return np.where(kept, np.clip(capture.depth + off, 0, 65535), 0).astype(np.uint16)


def no_color(capture: Capture) -> Capture:
    return replace(capture, color_image=None, color_usec=None)


def no_ir(capture: Capture) -> Capture:
    return replace(capture, ir=None, ir_usec=None)


def no_depth(capture: Capture) -> Capture:
    return replace(capture, depth=None, depth_usec=None)


def depth_alone(capture: Capture) -> Capture:
    return no_ir(no_color(capture))


def at(capture: Capture, seconds: float) -> Capture:
    usec = int(seconds * 1e6)
    return replace(no_color(capture), depth_usec=usec, ir_usec=usec)


def hand(capture: Capture, mm: float, radius: float, saturated: bool = False) -> Capture:
    """Hold a spread hand before the lens; one that is too near has no depth and blinds the IR image."""
    assert capture.depth is not None
    assert capture.ir is not None
    v, u = np.mgrid[:HEIGHT, :WIDTH]
    x, y = (u - 320) / radius, (v - 300) / radius
    shape = np.hypot(x, y - 0.3) < 1
    for finger in (-0.84, -0.42, 0.0, 0.42, 0.84):
        shape |= (abs(x - finger * (1 - 0.4 * y)) < 0.16) & (y < 0) & (y > -1.3)
    depth, ir = capture.depth.copy(), capture.ir.copy()
    depth[shape] = 0 if saturated else (mm * (1 + 0.1 * np.hypot(x, y)))[shape]
    ir[shape] = 65535 if saturated else np.clip(1.2e9 / mm**2, 1, 65535)
    return replace(no_color(capture), depth=depth, ir=ir)


def changing(capture: Capture, index: int) -> Capture:
    """Another mixture of images each time."""
    change: list[Callable[[Capture], Capture]] = [no_color, no_depth, no_ir, depth_alone]
    return change[index % len(change)](capture)


HARD: dict[str, Callable[[Capture, int], Capture]] = {
    "nothing": lambda c, _: no_depth(depth_alone(c)),
    "no depth": lambda c, _: no_depth(c),
    "colour alone": lambda c, _: no_ir(no_depth(c)),
    "changing images": changing,
    "depth of zeros": lambda c, _: replace(no_color(c), depth=even(0)),
    "the greatest depth": lambda c, _: replace(depth_alone(c), depth=even(65535)),
    "depth of 1 mm": lambda c, _: replace(c, depth=even(1)),
    "depth of 16 mm": lambda c, _: replace(no_color(c), depth=even(16)),
    "a picture of a person 1 m away": lambda c, _: replace(c, depth=even(1000)),
    "noise for depth": lambda c, i: replace(c, depth=noise(i)),
    "noise over the depth": lambda c, i: replace(no_color(c), depth=noisy(c, i)),
    "noise for depth, alone": lambda c, i: replace(depth_alone(c), depth=noise(i)),
    "noise for all": lambda c, i: replace(no_color(c), depth=noise(i), ir=noise(i + 9)),
    "IR of zeros": lambda c, _: replace(no_color(c), ir=even(0)),
    "saturated IR": lambda c, _: replace(no_color(c), ir=even(65535)),
    "a hand at 150 mm": lambda c, _: hand(c, 150, 260),
    "a hand at 400 mm": lambda c, _: hand(c, 400, 220),
    "a hand at 400 mm, depth alone": lambda c, _: no_ir(hand(c, 400, 220)),
    "a hand that blinds the sensor": lambda c, _: hand(c, 100, 320, saturated=True),
}


def tracked(
    calibration: Calibration, captures: Iterable[Capture], network: Counter | None = None
) -> Iterator[Bodies]:
    """Route with every check that holds for any input."""
    with BuiltinTracker(calibration, max_bodies=MAX_BODIES, threads=1) as tracker:
        for capture in captures:
            before = network.runs if network else 0
            bodies = tracker.track(capture)
            check_bodies(capture, bodies)
            assert len(bodies) <= MAX_BODIES
            assert network is None or network.runs - before <= MOST_RUNS
            yield bodies


def off(bodies: Bodies, truth: Bodies) -> float:
    assert len(bodies) == 1
    return float(np.linalg.norm(bodies.positions[0] - truth.positions[0], axis=1)[TRUNK].mean())


@pytest.mark.parametrize("name", HARD)
def test_after_bad_captures_the_walker_is_tracked_as_before(
    name: str, walk: SyntheticCamera, captures: list[Capture], network: Counter
) -> None:
    script = [*captures[:2], *(HARD[name](c, i) for i, c in enumerate(captures[2:6])), *captures[6:]]
    found = list(tracked(walk.calibration, script, network))[-1]
    assert off(found, walk.truth(captures[-1])) < 80
    assert found.ids.tolist() == [1]  # a second later, in reach, and looking the same


def test_after_a_gap_nobody_is_followed_where_they_were_before(walk: SyntheticCamera) -> None:
    walk.seek(0)
    every = [c for c in (walk.read() for _ in range(34)) if c is not None]
    script = [every[0], every[3], every[6], every[33]]
    found = list(tracked(walk.calibration, script))
    assert [bodies.ids.tolist() for bodies in found] == [[1]] * 4
    assert off(found[-1], walk.truth(script[-1])) < 50


@pytest.mark.parametrize("name", [name for name in HARD if "hand" in name or "depth of" in name])
def test_what_is_too_near_or_has_no_depth_is_nobody(
    name: str, walk: SyntheticCamera, captures: list[Capture]
) -> None:
    script = [HARD[name](capture, index) for index, capture in enumerate(captures[:4])]
    assert [len(bodies) for bodies in tracked(walk.calibration, script)] == [0] * 4


CLOCKS: dict[str, Callable[[int], float]] = {
    "stands still": lambda _: 1.0,
    "jumps far ahead": lambda i: 1e6 * i,
    "goes back and forth": lambda i: 100.0 + 7.0 * (-1) ** i,
    "is below 0": lambda i: -1.0 - i,
}


@pytest.mark.parametrize("name", CLOCKS)
def test_whatever_the_clock_does_the_walker_is_there(
    name: str, walk: SyntheticCamera, captures: list[Capture], network: Counter
) -> None:
    times = [1.0, 1.1, *(CLOCKS[name](i) for i in range(4)), 1.2, 1.3]
    script = [at(c, seconds) for c, seconds in zip(captures, times, strict=True)]
    found = list(tracked(walk.calibration, script, network))
    for bodies, capture in zip(found, captures, strict=True):
        assert off(bodies, walk.truth(capture)) < 120
    ids = [int(bodies.ids[0]) for bodies in found]
    assert ids == sorted(ids)


def test_the_tracker_keeps_to_the_contract(walk: SyntheticCamera, captures: list[Capture]) -> None:
    check_tracker(lambda: BuiltinTracker(walk.calibration, threads=1), captures[:3])
    check_hard_input(lambda: BuiltinTracker(walk.calibration, threads=1), captures[:3])


def mosaic(capture: Capture, times: int) -> Capture:
    """Put a picture beside and below itself, so many times smaller and farther away."""
    assert capture.depth is not None
    assert capture.ir is not None
    small = (slice(None, HEIGHT // times * times, times), slice(None, WIDTH // times * times, times))
    depth, ir = even(0), even(0)
    for image, part in ((depth, capture.depth[small] * times), (ir, capture.ir[small])):
        tiled = np.tile(part, (times, times))
        image[: tiled.shape[0], : tiled.shape[1]] = tiled
    return replace(no_color(capture), depth=depth.astype(np.uint16), ir=ir)


@pytest.mark.parametrize("times", [2, 3])
def test_a_crowd_gives_no_more_bodies_and_no_more_work_than_was_asked_for(
    times: int, network: Counter
) -> None:
    camera = SyntheticCamera("synthetic:six")
    crowd = [mosaic(c, times) for c in (camera.read(), camera.read(), camera.read()) if c is not None]
    found = list(tracked(camera.calibration, crowd, network))
    if times == 2:  # 24 people at 6 m; 54 at 9 m are too small to be found
        assert len(found[-1]) >= 3


MIRROR_MM = 3200.0


@pytest.fixture(scope="module")
def mirrored() -> Iterator[SyntheticCamera]:
    """A person before a wall with a mirror, and where the reflection would be, another."""
    walls = [
        Box((left, -9e3, MIRROR_MM), (right, 0.0, MIRROR_MM + 100), 0.6, (190, 190, 190))
        for left, right in ((-9e3, 100.0), (1500.0, 9e3))
    ]
    room = (FLOOR, *walls, Box((-9e3, -9e3, 7e3), (9e3, 0.0, 7.5e3), 0.6, (190, 190, 190)))
    people = (
        Motion(Route(((0.0, -300.0, 2400.0, 0.0),))),
        Motion(Route(((0.0, 650.0, 2 * MIRROR_MM - 2400.0, 180.0),))),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCENES, "mirror", Scene("a mirror", people, room, color=False))
        yield SyntheticCamera("synthetic:mirror")


@pytest.mark.parametrize("glass", ["the room behind it", "its surface", "nothing"])
def test_a_mirror_gives_at_most_one_second_body_of_a_person_s_size(
    glass: str, mirrored: SyntheticCamera
) -> None:
    mirrored.seek(0)
    captures = [c for c in (mirrored.read() for _ in range(4)) if c is not None]
    script = []
    for capture in captures:
        assert capture.depth is not None
        beyond = capture.depth > MIRROR_MM + 250
        depth = capture.depth.copy()
        if glass != "the room behind it":
            depth[beyond] = MIRROR_MM if glass == "its surface" else 0
        script.append(replace(capture, depth=depth))
    for bodies, capture in zip(tracked(mirrored.calibration, script), captures, strict=True):
        real = mirrored.truth(capture).positions[0]
        near = np.linalg.norm(bodies.positions - real, axis=2)[:, TRUNK].mean(axis=1) < 100
        assert near.sum() == 1
        assert len(bodies) <= 2
        heights = np.ptp(bodies.positions[:, :, 1], axis=1)
        assert ((heights > 500) & (heights < 2300)).all()


def binned(capture: Capture) -> Capture:
    """The capture as the mode NFOV_2X2BINNED has it."""
    assert capture.depth is not None
    assert capture.ir is not None
    return replace(no_color(capture), depth=capture.depth[::2, ::2], ir=capture.ir[::2, ::2])


def wide(capture: Capture) -> Capture:
    """The capture as WFOV_2X2BINNED has it, with nothing to be seen beyond the narrow view."""
    small = binned(capture)
    assert small.depth is not None
    assert small.ir is not None
    around = ((90, 512 - 90 - 288), (96, 512 - 96 - 320))
    return replace(small, depth=np.pad(small.depth, around), ir=np.pad(small.ir, around))


@pytest.mark.parametrize("seen_by", [lambda c: c, no_ir], ids=["ir", "depth alone"])
@pytest.mark.parametrize(("mode", "seen_in"), [("NFOV_2X2BINNED", binned), ("WFOV_2X2BINNED", wide)])
def test_people_are_tracked_in_other_depth_modes_as_well(
    mode: str,
    seen_in: Callable[[Capture], Capture],
    seen_by: Callable[[Capture], Capture],
    walk: SyntheticCamera,
    captures: list[Capture],
) -> None:
    calibration = Calibration.from_json(calibration_json(), depth_mode=mode)
    script = [seen_by(seen_in(capture)) for capture in captures[:3]]
    for bodies, capture in zip(tracked(calibration, script), captures, strict=False):
        assert off(bodies, walk.truth(capture)) < 80


def box(x: float, y: float, z: float, wide: float, high: float, deep: float) -> Box:
    """A thing by its place on the floor (x, z), how high it begins (y), and its size, mm."""
    low, high_ = (x - wide / 2, -y - high, z - deep / 2), (x + wide / 2, -y, z + deep / 2)
    return Box(low, high_, 0.5, (120, 96, 80))


FURNITURE = (
    FLOOR,
    WALL,
    box(-1000, 0, 2600, 450, 450, 450),  # a chair
    box(-1000, 450, 2800, 450, 450, 50),
    box(900, 700, 2500, 1400, 40, 700),  # a table
    box(300, 0, 2500, 60, 700, 60),
    box(1500, 0, 2500, 60, 700, 60),
    box(-500, 0, 3400, 350, 1500, 300),  # a shelf
)


def room(boxes: tuple[Box, ...]) -> list[Capture]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCENES, "furnished", Scene("furniture", boxes=boxes))
        camera = SyntheticCamera("synthetic:furnished")
        return [c for c in (camera.read() for _ in range(8)) if c is not None]


@pytest.mark.parametrize("seen_by", [lambda c: c, no_color, depth_alone], ids=["colour", "ir", "depth alone"])
def test_a_furnished_room_has_nobody_in_it(
    seen_by: Callable[[Capture], Capture], furnished: list[Capture], calibration: Calibration
) -> None:
    found = tracked(calibration, map(seen_by, furnished))
    assert [len(bodies) for bodies in found] == [0] * len(furnished)


@pytest.fixture(scope="module")
def furnished() -> list[Capture]:
    return room(FURNITURE)
