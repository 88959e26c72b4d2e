import numpy as np

from bodychan.model.skeleton import BIND_BONES, JOINT_COUNT, PARENTS, Joint

# Read off a file that TouchDesigner wrote: the joints of one player, in order.
MEASURED_ORDER = """
    pelvis spine_navel spine_chest neck clavicle_l shoulder_l elbow_l wrist_l hand_l handtip_l thumb_l
    clavicle_r shoulder_r elbow_r wrist_r hand_r handtip_r thumb_r hip_l knee_l ankle_l foot_l hip_r knee_r
    ankle_r foot_r head nose eye_l ear_l eye_r ear_r
"""

# The parents of Microsoft's body-joints page, by index.
DOCUMENTED_PARENTS = [
    *(-1, 0, 1, 2, 2, 4, 5, 6, 7, 8, 7, 2, 11, 12, 13, 14),
    *(15, 14, 0, 18, 19, 20, 0, 22, 23, 24, 3, 26, 26, 26, 26, 26),
]


def test_channel_names_stand_in_the_order_of_touchdesigners_file() -> None:
    assert [joint.channel for joint in Joint] == MEASURED_ORDER.split()


def test_parents_are_those_of_the_sdk() -> None:
    assert list(PARENTS) == DOCUMENTED_PARENTS


def test_parents_come_before_their_children() -> None:
    assert all(parent < joint for joint, parent in enumerate(PARENTS))


def test_mirroring_twice_gives_the_joint_itself() -> None:
    assert all(joint.mirrored.mirrored is joint for joint in Joint)
    assert Joint.HANDTIP_LEFT.mirrored is Joint.HANDTIP_RIGHT
    assert Joint.NOSE.mirrored is Joint.NOSE
    assert {joint.part for joint in (Joint.SPINE_NAVEL, Joint.SPINE_CHEST)} == {"SPINE"}
    assert all(joint.part == joint.mirrored.part for joint in Joint)
    assert (Joint.HAND_LEFT.part, Joint.HANDTIP_LEFT.part) == ("HAND", "HANDTIP")


def test_template_is_symmetric_by_the_rule_of_the_axes() -> None:
    """A twin on a limb has all axes negated; one on the trunk or head is mirrored across it."""
    for joint in Joint:
        if joint.side != "left" or joint.parent is None:
            continue
        twin = joint.mirrored
        across = np.array([1, 1, -1]) if joint.parent.side == "centre" else -np.ones(3)
        np.testing.assert_allclose(BIND_BONES[twin], BIND_BONES[joint] * across, atol=1e-9)


def test_bones_have_the_lengths_of_an_adult() -> None:
    lengths = np.linalg.norm(BIND_BONES, axis=1)
    assert len(lengths) == JOINT_COUNT
    assert lengths[Joint.PELVIS] == 0
    assert 340 < lengths[Joint.KNEE_LEFT] < 380
    assert 240 < lengths[Joint.ELBOW_RIGHT] < 260


def test_fixed_rotations_are_unit_quaternions() -> None:
    for joint in Joint:
        if joint.rotation is not None:
            assert abs(np.linalg.norm(joint.rotation) - 1) < 1e-3, joint.name
