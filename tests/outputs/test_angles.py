import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from bodychan.cameras.synthetic.kinematics import ArmAngles, arm_rotations, body_frame
from bodychan.errors import OutputError
from bodychan.model.skeleton import PARENTS, Joint
from bodychan.outputs.angles import TABLE, AngleChannels, joint_angles
from bodychan.outputs.motion import REST
from takes import take

PAGE = Path(__file__).resolve().parents[2] / "docs" / "angles.md"
# The rest pose faces the camera; these are the person's own directions in channel space.
FORWARD, UP, RIGHT = np.array([0.0, 0, -1]), np.array([0.0, 1, 0]), np.array([1.0, 0, 0])
ARMS = {
    "l": Rotation.from_rotvec(np.pi / 2 * np.array([0.0, 0, 1])),
    "r": Rotation.from_rotvec([0, 0, -np.pi / 2]),
}


def turned(turns: dict[str, Rotation]) -> dict[str, float]:
    """Angles after turning joints, with all that hangs on them, from standing upright, arms hanging.

    A turn is in the world's axes, as long as nothing above it has turned.
    """
    rotations = np.empty((32, 3, 3))
    moves: list[Rotation] = []
    for joint in Joint:
        move = Rotation.identity() if PARENTS[joint] < 0 else moves[PARENTS[joint]]
        if joint.channel.startswith("shoulder"):
            move = move * turns.get(joint.channel, Rotation.identity()) * ARMS[joint.channel[-1]]
        elif joint.channel in turns:
            arm = joint.channel.startswith(("elbow", "wrist"))
            lower = ARMS[joint.channel[-1]] if arm else Rotation.identity()
            move = move * lower.inv() * turns[joint.channel] * lower
        moves.append(move)
        rotations[joint] = move.as_matrix() @ REST[joint]
    return {name: float(angle) for name, angle in joint_angles(rotations).items()}


def about(axis: np.ndarray, degrees: float) -> Rotation:
    return Rotation.from_rotvec(np.radians(degrees) * axis)


def test_standing_upright_is_all_zeros() -> None:
    for name, angle in turned({}).items():
        assert angle == pytest.approx(0, abs=0.02), name  # the table of the rest pose is rounded


# A turn about an axis is counted as a right hand's fingers curl, its thumb along the axis.
EXACT = [
    # leg forward, shank back, toes up, toes in, leg across, sole in
    ("hip_r", about(RIGHT, 40), "hip_r:flexion", 40),
    ("hip_l", about(RIGHT, 40), "hip_l:flexion", 40),
    ("knee_r", about(RIGHT, -70), "knee_r:flexion", 70),
    ("knee_l", about(RIGHT, -70), "knee_l:flexion", 70),
    ("ankle_r", about(RIGHT, 15), "ankle_r:dorsiflexion", 15),
    ("ankle_l", about(RIGHT, -30), "ankle_l:dorsiflexion", -30),
    ("hip_r", about(UP, 20), "hip_r:rotation", 20),
    ("hip_l", about(UP, -20), "hip_l:rotation", 20),
    ("hip_r", about(FORWARD, 10), "hip_r:adduction", 10),
    ("hip_l", about(FORWARD, -10), "hip_l:adduction", 10),
    ("ankle_r", about(FORWARD, 10), "ankle_r:inversion", 10),
    ("knee_l", about(UP, -5), "knee_l:rotation", 5),
    # forearm up in front
    ("elbow_r", about(RIGHT, 90), "elbow_r:flexion", 90),
    ("elbow_l", about(RIGHT, 90), "elbow_l:flexion", 90),
    # thumb to the body, away from it
    ("wrist_r", about(UP, 60), "forearm_r:pronation", 60),
    ("wrist_l", about(UP, -60), "forearm_l:pronation", 60),
    ("wrist_r", about(UP, -85), "forearm_r:pronation", -85),
    # fingers to the palm, to their back, to the little finger's side, to the thumb's
    ("wrist_r", about(FORWARD, 35), "wrist_r:flexion", 35),
    ("wrist_l", about(FORWARD, -35), "wrist_l:flexion", 35),
    ("wrist_l", about(FORWARD, 50), "wrist_l:flexion", -50),
    ("wrist_r", about(RIGHT, -25), "wrist_r:deviation", 25),
    ("wrist_l", about(RIGHT, -25), "wrist_l:deviation", 25),
    ("wrist_l", about(RIGHT, 10), "wrist_l:deviation", -10),
    # chest forward, to the right, to the right about the vertical
    ("spine_chest", about(RIGHT, -30), "trunk:flexion", 30),
    ("spine_chest", about(FORWARD, 20), "trunk:bending", 20),
    ("spine_chest", about(UP, -25), "trunk:rotation", 25),
]


@pytest.mark.parametrize(("joint", "turn", "name", "degrees"), EXACT)
def test_a_joint_that_turns_about_one_axis_has_that_angle_alone(
    joint: str, turn: Rotation, name: str, degrees: float
) -> None:
    angles = turned({joint: turn})
    assert angles.pop(name) == pytest.approx(degrees, abs=0.02)
    # The arms hang on the chest, the rest of the leg on the hip: their angles do not change.
    for other, angle in angles.items():
        assert angle == pytest.approx(0, abs=0.02), other


@pytest.mark.parametrize("side", ["l", "r"])
@pytest.mark.parametrize("elevation", [30, 90, 150])
@pytest.mark.parametrize("plane", [0, 90, 45])
def test_an_arm_is_raised_in_a_plane(side: str, elevation: int, plane: int) -> None:
    outward = RIGHT if side == "r" else -RIGHT
    # 0 is straight aside, 90 straight ahead.
    towards = np.cos(np.radians(plane)) * outward + np.sin(np.radians(plane)) * FORWARD
    angles = turned({f"shoulder_{side}": about(np.cross(-UP, towards), elevation)})
    assert angles[f"shoulder_{side}:elevation"] == pytest.approx(elevation, abs=0.02)
    assert angles[f"shoulder_{side}:plane"] == pytest.approx(plane, abs=0.05)
    # Raised without a turn about its length, the arm turns back by as much as the plane is forward.
    assert angles[f"shoulder_{side}:rotation"] == pytest.approx(-plane, abs=0.05)


@pytest.mark.parametrize("side", ["l", "r"])
def test_an_arm_that_hangs_turns_about_its_length(side: str) -> None:
    inward = 35 if side == "r" else -35
    angles = turned({f"shoulder_{side}": about(UP, inward)})
    assert angles[f"shoulder_{side}:elevation"] == pytest.approx(0, abs=0.02)
    total = angles[f"shoulder_{side}:plane"] + angles[f"shoulder_{side}:rotation"]
    assert total == pytest.approx(35, abs=0.05)


@given(st.tuples(*[st.floats(-80, 80)] * 3))
def test_the_knees_three_angles_are_the_turns_in_their_order(angles: tuple[float, float, float]) -> None:
    flexion, adduction, rotation = angles
    turn = about(RIGHT, -flexion) * about(FORWARD, adduction) * about(UP, rotation)
    found = turned({"knee_r": turn})
    assert found["knee_r:flexion"] == pytest.approx(flexion, abs=0.05)
    assert found["knee_r:adduction"] == pytest.approx(adduction, abs=0.05)
    assert found["knee_r:rotation"] == pytest.approx(rotation, abs=0.05)


@given(st.tuples(st.floats(-170, 170), st.floats(-80, 80), st.floats(-40, 40)), st.sampled_from("lr"))
def test_the_forearm_turns_first_then_the_wrist_bends_and_deviates(
    angles: tuple[float, float, float], side: str
) -> None:
    pronation, flexion, deviation = angles
    inward = 1 if side == "r" else -1
    turn = about(UP, inward * pronation) * about(FORWARD, inward * flexion) * about(RIGHT, -deviation)
    found = turned({f"wrist_{side}": turn})
    assert found[f"forearm_{side}:pronation"] == pytest.approx(pronation, abs=0.1)
    assert found[f"wrist_{side}:flexion"] == pytest.approx(flexion, abs=0.05)
    assert found[f"wrist_{side}:deviation"] == pytest.approx(deviation, abs=0.1)


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize(("pronation", "wrist"), [(0, 0), (70, 0), (-40, 30), (15, -20)])
def test_arms_that_are_posed_by_their_angles_have_these(left: bool, pronation: float, wrist: float) -> None:
    arm = ArmAngles(40, 30, -20, 65, pronation, wrist)
    rotations = REST.copy()
    d = np.outer((-1, -1, 1), (-1, -1, 1))
    for joint, rotation in arm_rotations(body_frame(25.0), arm, left).items():
        rotations[joint] = rotation * d
    found = joint_angles(rotations)
    side = "l" if left else "r"
    wanted = {"elbow:flexion": 65, "forearm:pronation": pronation, "wrist:flexion": wrist}
    for name, degrees in {**wanted, "wrist:deviation": 0}.items():
        assert found[name.replace(":", f"_{side}:")] == pytest.approx(degrees, abs=0.05), name


def test_where_a_person_stands_and_how_they_face_changes_nothing() -> None:
    base = take([(3,)])[0]
    rows = [i for i, kind in enumerate(base.kinds) if kind.group == "absbonerotations"]
    adder = AngleChannels()
    first = adder.added(base)
    assert first.names[: base.numChans] == base.names
    assert first["p1/knee_l:flexion"].kind.name == "joint angle"
    assert first["p1/knee_l:flexion"].kind.unit == "deg"
    from bodychan.model.rotations import euler_xyz_degrees_to_quaternion, quaternion_to_matrix

    degrees = base.samples[rows].reshape(2, 32, 3)[0]
    turn = Rotation.random(random_state=5).as_matrix()
    matrices = quaternion_to_matrix(euler_xyz_degrees_to_quaternion(degrees))
    for name, angle in joint_angles(turn @ matrices).items():
        assert float(first[f"p1/{name}"]) == pytest.approx(float(angle), abs=1e-6)
        assert first[f"p2/{name}"] == 0


def test_without_rotations_there_are_no_angles() -> None:
    channels = take([(3,)], groups=frozenset({"worldspace"}))[0]
    with pytest.raises(OutputError, match=r"joint angles: .* absbonerotations: switch these"):
        AngleChannels().added(channels)


def test_every_angle_is_defined_in_the_docs() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for row in TABLE:
        joint = re.sub(r"_[lr]$", "", row.of)
        for name in filter(None, row.names):
            assert f"`{joint}:{name.removeprefix('-')}`" in text, (joint, name)
