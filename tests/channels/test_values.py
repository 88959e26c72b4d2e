import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bodychan import Bodies, Calibration, ImuSample
from bodychan.channels.layout import JOINT_GROUPS, Layout
from bodychan.model.arrays import F64
from bodychan.model.rotations import matrix_to_quaternion
from bodychan.model.skeleton import JOINT_COUNT, Joint
from rows import compact, evaluate
from scripted import standing

EVERYTHING = frozenset(JOINT_GROUPS)


def values(
    layout: Layout, bodies: Bodies, calibration: Calibration, imu: ImuSample | None = None
) -> dict[str, float]:
    numbers = evaluate(layout, compact(bodies, layout.players), calibration, imu)
    return dict(zip(layout.names, numbers.tolist(), strict=True))


def turned(rotations: dict[Joint, F64]) -> Bodies:
    """A body with these joint rotations in camera space, the identity elsewhere."""
    matrices = np.tile(np.eye(3), (1, JOINT_COUNT, 1, 1))
    for joint, rotation in rotations.items():
        matrices[0, joint] = rotation
    body = standing([1])
    return Bodies(1, 0, body.ids, body.positions, matrix_to_quaternion(matrices), body.confidence)


def about(axis: str, degrees: float) -> F64:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array(
        {
            "x": [[1, 0, 0], [0, c, -s], [0, s, c]],
            "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
            "z": [[c, -s, 0], [s, c, 0], [0, 0, 1]],
        }[axis]
    )


def test_world_space_is_metres_with_y_up_z_away_and_x_to_the_cameras_left(calibration: Calibration) -> None:
    v = values(Layout(), standing([1]), calibration)
    assert v["p1/pelvis:tx"] == pytest.approx(-0.5)
    assert v["p1/pelvis:tz"] == pytest.approx(2.5)
    assert v["p1/head:ty"] - v["p1/pelvis:ty"] > 0.4
    # Measured in TouchDesigner's file: of a person who faces the camera the left shoulder has the smaller x.
    assert v["p1/shoulder_l:tx"] < v["p1/shoulder_r:tx"]


def test_frame_and_timestamp_are_there_with_nobody_and_every_player_channel_is_zero(
    calibration: Calibration,
) -> None:
    layout = Layout(2, EVERYTHING)
    v = values(layout, Bodies.none(12, 800_222), calibration)
    assert v.pop("frame") == 12
    assert v.pop("timestamp") == 800_222
    assert set(v.values()) == {0.0}


def test_timestamp_keeps_its_microseconds(calibration: Calibration) -> None:
    stamp = 9_024_231_234_567
    assert values(Layout(), Bodies.none(1, stamp), calibration)["timestamp"] == stamp


def test_an_empty_place_is_exactly_zero_beside_a_filled_one(calibration: Calibration) -> None:
    v = values(Layout(2, EVERYTHING), standing([5]), calibration)
    assert v["p1/id"] == 5
    assert {x for name, x in v.items() if name.startswith("p2/")} == {0.0}


def test_bone_length_is_the_distance_from_the_parent_in_metres(calibration: Calibration) -> None:
    v = values(Layout(1, frozenset({"bonelengths"})), standing([1]), calibration)
    assert v["p1/pelvis:length"] == 0
    assert v["p1/knee_l:length"] == pytest.approx(0.159 * 2.243)


@pytest.mark.parametrize(("axis", "sign"), [("x", -1), ("y", -1), ("z", 1)])
def test_absolute_rotation_is_conjugated_into_world_axes(
    calibration: Calibration, axis: str, sign: int
) -> None:
    v = values(Layout(1, frozenset({"absbonerotations"})), turned({Joint.NECK: about(axis, 30)}), calibration)
    angles = [v[f"p1/neck:absr{a}"] for a in "xyz"]
    expected = [sign * 30.0 if a == axis else 0.0 for a in "xyz"]
    assert angles == pytest.approx(expected, abs=1e-9)


def test_euler_angles_are_applied_x_first_then_y_then_z(calibration: Calibration) -> None:
    world = about("z", 40) @ about("y", 20) @ about("x", -70)
    d = np.diag([-1.0, -1.0, 1.0])
    v = values(Layout(1, frozenset({"absbonerotations"})), turned({Joint.HEAD: d @ world @ d}), calibration)
    assert [v[f"p1/head:absr{a}"] for a in "xyz"] == pytest.approx([-70, 20, 40])


def test_relative_rotation_is_that_of_the_child_in_its_parent(calibration: Calibration) -> None:
    d = np.diag([-1.0, -1.0, 1.0])
    hip, bend = about("y", 65), about("z", 25)
    bodies = turned(
        {Joint.PELVIS: d @ hip @ d, Joint.HIP_LEFT: d @ hip @ d, Joint.KNEE_LEFT: d @ hip @ bend @ d}
    )
    v = values(Layout(1, frozenset({"relbonerotations"})), bodies, calibration)
    assert [v[f"p1/knee_l:r{a}"] for a in "xyz"] == pytest.approx([0, 0, 25], abs=1e-9)
    assert [v[f"p1/hip_l:r{a}"] for a in "xyz"] == pytest.approx([0, 0, 0], abs=1e-9)
    # The pelvis has no parent: its relative rotation is its absolute one.
    assert [v[f"p1/pelvis:r{a}"] for a in "xyz"] == pytest.approx([0, 65, 0], abs=1e-9)


@pytest.mark.parametrize(("camera", "u", "v"), [("depth", "depthu", "depthv"), ("color", "u", "v")])
def test_image_positions_are_shares_of_the_image_from_its_bottom_left_corner(
    calibration: Calibration, camera: str, u: str, v: str
) -> None:
    found = values(Layout(1, frozenset({"colorspace", "depthspace"})), standing([1]), calibration)
    pixels, _ = calibration.project(standing([1]).positions[0], "depth", camera)
    lens = calibration.lenses[camera]
    x, y = pixels[Joint.NOSE]
    assert found[f"p1/nose:{u}"] == pytest.approx((x + 0.5) / lens.width)
    assert found[f"p1/nose:{v}"] == pytest.approx(1 - (y + 0.5) / lens.height)


def test_image_options_flip_first_and_scale_v_last(calibration: Calibration) -> None:
    groups = frozenset({"colorspace"})
    plain = values(Layout(1, groups), standing([1]), calibration)
    odd = values(Layout(1, groups, aspect_correct=True, flip_v=True, flip_u=True), standing([1]), calibration)
    assert odd["p1/nose:u"] == pytest.approx(1 - plain["p1/nose:u"])
    assert odd["p1/nose:v"] == pytest.approx((1 - plain["p1/nose:v"]) * 720 / 1280)


def test_a_joint_behind_the_camera_has_no_image_position(calibration: Calibration) -> None:
    body = standing([1])
    positions = body.positions.copy()
    positions[0, Joint.NOSE, 2] = -100
    bodies = Bodies(1, 0, body.ids, positions, body.orientations, body.confidence)
    v = values(Layout(1, EVERYTHING, flip_v=True, flip_u=True), bodies, calibration)
    assert [v[f"p1/nose:{s}"] for s in ("u", "v", "depthu", "depthv")] == [0, 0, 0, 0]


def test_imu_values_are_the_samples_own_and_an_unknown_temperature_is_zero(calibration: Calibration) -> None:
    sample = ImuSample(np.array([-2.9, -0.2, -9.4], np.float32), 1, np.array([0.1, 0.2, 0.3], np.float32), 1)
    v = values(Layout(1, frozenset(), imu=True), Bodies.none(1, 0), calibration, sample)
    assert v["imu:temperature"] == 0
    assert v["imu:accelz"] == pytest.approx(-9.4)
    assert v["imu:gyrox"] == pytest.approx(0.1)


@given(st.sets(st.sampled_from(sorted(JOINT_GROUPS))), st.integers(1, 16), st.booleans())
def test_every_layout_has_legal_unique_names_and_a_value_for_each(
    calibration: Calibration, groups: set[str], players: int, imu: bool
) -> None:
    layout = Layout(players, frozenset(groups), imu)
    assert len(set(layout.names)) == len(layout.names)
    assert all(set(n) <= set("abcdefghijklmnopqrstuvwxyz0123456789_:/") for n in layout.names)
    numbers = evaluate(layout, compact(standing([3, 1]), players), calibration)
    assert numbers.shape == (len(layout.names),)
    assert np.isfinite(numbers).all()
