from bodychan import Joint
from bodychan.outputs.joint_names import NAMES, joint_names


def test_every_style_names_every_joint_once() -> None:
    for style in NAMES:
        names = joint_names(style)
        assert len(set(names.values())) == len(names) == 32
    assert joint_names("sdk")[Joint.HANDTIP_LEFT] == "HANDTIP_LEFT"
    assert joint_names("mixamo")[Joint.HIP_RIGHT] == "RightUpLeg"
