import numpy as np
import pytest

from bodychan.cameras.synthetic.figure import BLENDS, MATERIALS, PART_GROUPS, Figure, make_figure
from bodychan.cameras.synthetic.kinematics import Pose, body_frame
from bodychan.cameras.synthetic.motion import Motion, Route
from bodychan.cameras.synthetic.render import thickness
from bodychan.model.arrays import F64
from bodychan.model.skeleton import BIND_BONES, Joint

SKIN_JOINTS = (Joint.NOSE, Joint.EYE_LEFT, Joint.EYE_RIGHT, Joint.EAR_LEFT, Joint.EAR_RIGHT)


def _standing(figure: Figure) -> Pose:
    return Motion(Route(((0.0, 0.0, 2400.0, 0.0),))).pose(figure, 0.0)


@pytest.fixture(scope="module", params=range(6))
def figure(request: pytest.FixtureRequest) -> Figure:
    return make_figure(4, request.param)


def test_a_figure_stands_as_tall_as_it_says(figure: Figure) -> None:
    capsules = figure.capsules(_standing(figure))
    heights = -capsules[:, [1, 4]]
    assert (heights + capsules[:, 6:]).max() == pytest.approx(figure.stature, rel=0.015)
    assert -6 < (heights - capsules[:, 6:]).min() < 4
    assert 1550 <= figure.stature <= 1900


def test_its_bones_are_the_joint_table_times_one_scale(figure: Figure) -> None:
    np.testing.assert_allclose(figure.bones, BIND_BONES * figure.scale)


def test_joints_lie_inside_the_body_and_those_of_the_face_on_it(figure: Figure) -> None:
    pose = _standing(figure)
    depth = thickness(pose.positions, figure.capsules(pose)) / figure.scale
    for joint in Joint:
        if joint in SKIN_JOINTS:
            assert depth[joint] < 12
        elif joint.name.startswith(("HANDTIP", "THUMB")):
            assert depth[joint] < 15
        else:
            assert depth[joint] > 6, joint.name
    # Hips and spine lie deep, at the centres of the joints.
    for joint in (Joint.HIP_RIGHT, Joint.SPINE_CHEST, Joint.PELVIS):
        assert depth[joint] > 40


def test_joints_lie_in_the_skin_as_in_people(figure: Figure) -> None:
    pose = _standing(figure)
    capsules = figure.capsules(pose)
    up, forward, left = body_frame(0.0).T

    def skin(joint: Joint, way: F64) -> float:
        """How far from the joint the skin is, in the table's mm."""
        steps = np.arange(400.0)
        inside = thickness(pose.positions[joint] + steps[:, None] * figure.scale * way, capsules) > 0
        return float(np.argmin(inside))

    # Malleolus 4 % of 1450 mm and the sole of a shoe; foot 15 %, a quarter of it behind the ankle, and shoes.
    assert 70 < skin(Joint.ANKLE_LEFT, -up) < 85
    feet = capsules[PART_GROUPS == 7]
    ahead = feet[:, :6].reshape(-1, 2, 3) @ forward
    ends = [(ahead + s * feet[:, 6:]) / figure.scale for s in (-1, 1)]
    ankle = pose.positions[Joint.ANKLE_LEFT] @ forward / figure.scale
    assert 225 < ends[1].max() - ends[0].min() < 245
    assert 50 < ankle - ends[0].min() < 66
    # Acromion and shirt over the shoulder; hips are about twice as broad as their joints are apart.
    assert 34 < skin(Joint.SHOULDER_LEFT, up) < 46
    assert 145 < skin(Joint.PELVIS, left) < 165 * figure.girth
    # A vertebra before the skin of the back, and its shirt.
    for joint in (Joint.SPINE_NAVEL, Joint.SPINE_CHEST):
        assert 50 < skin(joint, -forward) < 75
    # Eyes to crown 6.6 % of 1450 mm, and hair.
    crown = (-capsules[:, [1, 4]] + capsules[:, 6:]).max()
    assert 95 < (crown + pose.positions[Joint.EYE_LEFT, 1]) / figure.scale < 120


def test_face_joints_are_near_the_skin(figure: Figure) -> None:
    pose = _standing(figure)
    capsules = figure.capsules(pose)
    outward = {
        Joint.NOSE: (0, 1, 0),
        Joint.EYE_LEFT: (0, 1, 0),
        Joint.EAR_LEFT: (0, 0, 1),
        Joint.EAR_RIGHT: (0, 0, -1),
    }
    for joint, way in outward.items():
        inward = pose.positions[joint] - 15 * figure.scale * pose.rotations[Joint.HEAD] @ np.array(way, float)
        assert thickness(inward[None], capsules)[0] > 0, joint.name


def test_the_body_is_symmetric_about_its_own_middle(figure: Figure) -> None:
    pose = _standing(figure)
    capsules = figure.capsules(pose)
    radii = sorted(capsules[np.isin(PART_GROUPS, (2, 3, 6, 7)), 6])
    assert radii == pytest.approx(sorted(capsules[np.isin(PART_GROUPS, (4, 5, 8, 9)), 6]))


def test_people_of_a_scene_differ_and_a_seed_gives_the_same_ones_again() -> None:
    first, again, other = ([make_figure(s, n) for n in range(6)] for s in (1, 1, 2))
    assert [f.stature for f in first] == [f.stature for f in again]
    np.testing.assert_array_equal([f.colors for f in first], [f.colors for f in again])
    assert len({round(f.stature) for f in (*first, *other)}) > 9
    shirts = {tuple(f.colors[MATERIALS.index("shirt")]) for f in first}
    assert len(shirts) == 6


def test_every_group_of_parts_has_a_blend_and_parts_are_in_order_of_group() -> None:
    assert (np.diff(PART_GROUPS) >= 0).all()
    np.testing.assert_array_equal(np.unique(PART_GROUPS), np.arange(len(BLENDS)))
