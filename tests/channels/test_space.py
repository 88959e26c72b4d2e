import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bodychan import Bodies, Calibration, ImuSample, open_camera
from bodychan.cameras.synthetic.device import TILT_DEG
from bodychan.channels.layout import JOINT_GROUPS, Layout
from bodychan.channels.space import (
    TO_CHANNELS,
    Gravity,
    Space,
    averaged,
    levelled_by,
    levelled_by_hand,
    up_of,
)
from bodychan.model.arrays import F64
from bodychan.model.rotations import matrix_to_quaternion, quaternion_to_matrix
from bodychan.model.skeleton import BIND_BONES, Joint
from people import Person, person
from rows import compact, evaluate
from scripted import standing

EVERYTHING = Layout(1, frozenset(JOINT_GROUPS))
components = st.floats(-1, 1).filter(lambda x: abs(x) > 1e-3)


@given(st.tuples(components, components, components))
def test_levelling_is_a_rotation_that_turns_up_to_y_and_keeps_the_heading(up: tuple[float, ...]) -> None:
    level = levelled_by(np.array(up))
    assert np.allclose(level @ level.T, np.eye(3))
    assert np.linalg.det(level) == pytest.approx(1)
    assert np.allclose(level @ (np.array(up) / np.linalg.norm(up)), [0, 1, 0])
    ahead = level @ [0, 0, 1]
    if abs(ahead[1]) < 0.99:
        assert ahead[0] == pytest.approx(0, abs=1e-9)
        assert ahead[2] > 0


@pytest.mark.parametrize("tilt", [-90.0, 90.0])
def test_a_camera_that_looks_straight_down_or_up_heads_where_its_images_top_or_bottom_points(
    tilt: float,
) -> None:
    level = levelled_by_hand(tilt)
    assert np.allclose(level @ [0, 0, 1], [0, -math.copysign(1, tilt), 0])
    assert np.allclose(level @ [0, math.copysign(1, tilt), 0], [0, 0, 1])


def test_a_tilt_by_hand_puts_the_floor_at_zero() -> None:
    # 1.5 m high, looking 30° down: what is straight ahead is on the floor at 3 m.
    space = Space(levelled_by_hand(30), 1.5)
    assert np.allclose(space.points(np.array([0.0, 0.0, 3.0])), [0, 0, 3 * math.cos(math.radians(30))])


def sample(accel: tuple[float, float, float], usec: int) -> ImuSample:
    return ImuSample(np.array(accel, np.float32), usec, np.zeros(3, np.float32), usec)


def test_gravity_is_averaged_and_what_is_not_finite_does_not_count() -> None:
    mean = averaged(None, [sample((0, 0, -9), 0), sample((0, 0, -11), 1), sample((0, math.nan, 0), 2)])
    mean = averaged(mean, [sample((0, 3, -10), 100)])
    assert mean is not None
    assert mean.mean == pytest.approx([0, 1.5, -10])
    assert averaged(mean, [sample((math.inf, 0, 0), 200)]) is mean
    assert averaged(None, []) is None


def test_gravity_follows_a_camera_that_is_tilted_and_starts_anew_when_time_runs_back() -> None:
    mean = None
    for k in range(1000):
        mean = averaged(mean, [sample((0, 0, -10), k * 33_333)])
    for k in range(1000, 1300):
        mean = averaged(mean, [sample((10, 0, 0), k * 33_333)])
    assert mean is not None
    assert mean.mean == pytest.approx([10, 0, 0], abs=0.1)
    again = averaged(mean, [sample((0, 5, 0), 0)])
    assert again is not None
    assert again.mean == pytest.approx([0, 5, 0])


def test_no_gravity_gives_no_up(calibration: Calibration) -> None:
    assert up_of(None, calibration) is None
    assert up_of(Gravity(np.zeros(3), 1, 0), calibration) is None


def test_gravity_levels_the_synthetic_camera() -> None:
    with open_camera("synthetic:walk") as camera:
        capture = camera.read()
        assert capture is not None
        up = up_of(averaged(None, capture.imu), camera.calibration)
    assert up is not None
    # The device is held level about its other axes; its sensors' bias is worth some tenths of a degree.
    expected = levelled_by_hand(TILT_DEG)[1]
    angle = math.degrees(math.acos(float(up @ expected) / float(np.linalg.norm(up))))
    assert angle < 1.0
    assert abs(TILT_DEG) > 2.0


def body_of(someone: Person) -> Bodies:
    like = standing([1])
    return Bodies(
        1, 0, like.ids, someone.positions[None], matrix_to_quaternion(someone.frames)[None], like.confidence
    )


def values(bodies: Bodies, calibration: Calibration, space: Space) -> dict[str, float]:
    row = evaluate(EVERYTHING, compact(bodies, 1), calibration, None, space)
    return dict(zip(EVERYTHING.names, row.tolist(), strict=True))


def test_levelling_turns_positions_and_absolute_rotations_and_nothing_else(calibration: Calibration) -> None:
    bodies = body_of(person(arm=40, yaw=30))
    plain = values(bodies, calibration, Space())
    level = values(bodies, calibration, Space(levelled_by_hand(25), 2.0))
    same = {name for name in plain if plain[name] == pytest.approx(level[name], abs=1e-6)}
    changed = {name.partition(":")[2] for name in plain.keys() - same}
    assert {"ty", "tz", "absrx", "absry", "absrz"} <= changed
    # The pelvis's relative rotation is its absolute one.
    relative = {name for name in plain.keys() - same if name.partition(":")[2] in ("rx", "ry", "rz")}
    assert all(name.startswith("p1/pelvis:") for name in relative)
    assert changed <= {"tx", "ty", "tz", "absrx", "absry", "absrz", "rx", "ry", "rz"}


def mirrored(someone: Person) -> Person:
    """The same person as a mirror shows them: positions by geometry, frames by the skeleton's own rule."""
    swap = [int(joint.mirrored) for joint in Joint]
    return Person(someone.positions[swap] * (-1, 1, 1), frames_of_mirrored(someone), someone.scale)


def frames_of_mirrored(someone: Person) -> F64:
    frames = np.empty((32, 3, 3))
    for joint in Joint:
        image = np.diag([-1.0, 1.0, 1.0]) @ someone.frames[joint.mirrored]
        # Every axis of a limb is negated; the trunk's Z goes on pointing to the person's left.
        frames[joint] = -image if joint.side != "centre" else image @ np.diag([1.0, 1.0, -1.0])
        if joint.rotation is not None and joint.parent is not None:
            frames[joint] = frames[joint.parent] @ quaternion_to_matrix(np.array(joint.rotation))
    return frames


@pytest.mark.parametrize("someone", [person(), person(arm=60, elbow=40), person(yaw=25, bend=20, knee=30)])
def test_a_mirrored_body_is_the_body_that_stands_in_the_mirror(
    someone: Person, calibration: Calibration
) -> None:
    shown = values(body_of(someone), calibration, Space(mirrored=True))
    true = values(body_of(mirrored(someone)), calibration, Space())
    for name in EVERYTHING.names:
        suffix = name.partition(":")[2]
        if suffix in ("u", "v", "depthu", "depthv"):
            continue
        difference = shown[name] - true[name]
        if suffix.endswith(("rx", "ry", "rz")):
            difference = (difference + 180) % 360 - 180
        assert difference == pytest.approx(0, abs=0.05), name


def test_a_mirrored_bodys_bones_hang_together(calibration: Calibration) -> None:
    """Forward kinematics with the skeleton's own bones hold in the mirror as they do before it."""
    someone = person(arm=50, yaw=20, knee=25)
    space = Space(mirrored=True)
    slots = space.slots(compact(body_of(someone), 1))
    points = space.points(slots.positions * TO_CHANNELS)[0]
    swap = [int(joint.mirrored) for joint in Joint]
    matrices = space.rotations(
        np.einsum("jab,a,b->jab", someone.frames[swap], TO_CHANNELS, TO_CHANNELS)[None]
    )[0]
    for joint in Joint:
        if joint.parent is not None:
            bone = matrices[joint.parent] @ (TO_CHANNELS * BIND_BONES[joint]) * someone.scale
            assert points[joint] - points[joint.parent] == pytest.approx(bone, abs=0.5), joint


def test_image_positions_in_the_mirror_are_those_of_the_joint_that_is_shown(calibration: Calibration) -> None:
    bodies = body_of(person(arm=60))
    plain = values(bodies, calibration, Space())
    shown = values(bodies, calibration, Space(mirrored=True))
    assert shown["p1/hand_l:depthu"] == plain["p1/hand_r:depthu"]
    assert shown["p1/hand_l:tx"] == -plain["p1/hand_r:tx"]
    assert shown["p1/hand_l:ty"] == plain["p1/hand_r:ty"]
