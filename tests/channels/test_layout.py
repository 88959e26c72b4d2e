import pytest

from bodychan.channels.kinds import Quantity
from bodychan.channels.layout import IMU, JOINT_GROUPS, Layout
from bodychan.model.skeleton import Joint

EVERYTHING = Layout(2, frozenset(JOINT_GROUPS), imu=True, status=True)


@pytest.mark.parametrize(
    ("name", "quantity", "unit"),
    [
        ("frame", Quantity.COUNTER, ""),
        ("timestamp", Quantity.DEVICE_TIME, "us"),
        ("p2/id", Quantity.ID, ""),
        ("p1/tracked", Quantity.FLAG, ""),
        ("p1/age", Quantity.DURATION, "s"),
        ("p1/head:ty", Quantity.POSITION, "m"),
        ("p2/head:rz", Quantity.ANGLE, "deg"),
        ("p1/head:absrx", Quantity.ANGLE, "deg"),
        ("p1/knee_l:length", Quantity.LENGTH, "m"),
        ("p1/head:v", Quantity.IMAGE_POSITION, ""),
        ("p1/head:depthu", Quantity.IMAGE_POSITION, ""),
        ("p1/head:confidence", Quantity.CONFIDENCE, ""),
        ("imu:temperature", Quantity.TEMPERATURE, "degC"),
        ("imu:accely", Quantity.ACCELERATION, "m/s^2"),
        ("imu:gyroz", Quantity.ANGULAR_VELOCITY, "rad/s"),
    ],
)
def test_every_channel_has_its_kind_from_the_table(name: str, quantity: Quantity, unit: str) -> None:
    kind = EVERYTHING.kinds[EVERYTHING.names.index(name)]
    assert (kind.quantity, kind.unit) == (quantity, unit)


def test_a_kind_says_whose_it_is() -> None:
    kind = EVERYTHING.kinds[EVERYTHING.names.index("p2/wrist_r:absrz")]
    assert (kind.player, kind.joint, kind.group, kind.axis) == (2, Joint.WRIST_RIGHT, "absbonerotations", 2)


def test_there_is_a_kind_for_each_name_and_no_plain_number() -> None:
    assert len(EVERYTHING.kinds) == len(EVERYTHING.names)
    assert Quantity.NUMBER not in {kind.quantity for kind in EVERYTHING.kinds}


def test_other_names_and_unrolling_change_names_and_angles_alone() -> None:
    other = Layout(
        2, EVERYTHING.groups, imu=True, status=True, unroll=True, naming=((":rx", "_x"), ("imu:gyroz", "g"))
    )
    assert {"p1/head_x", "p2/head:ry", "g"} < set(other.names)
    unrolled = {kind.quantity for a, kind in zip(EVERYTHING.kinds, other.kinds, strict=True) if a != kind}
    assert unrolled == {Quantity.UNROLLED_ANGLE}


def test_default_layout_is_the_one_measured_in_touchdesigners_file() -> None:
    names = Layout().names
    assert len(names) == 99
    assert names[:7] == (
        "frame", "timestamp", "p1/id", "p1/pelvis:tx", "p1/pelvis:ty", "p1/pelvis:tz", "p1/spine_navel:tx",
    )  # fmt: skip
    assert names[-1] == "p1/ear_r:tz"


def test_two_players_with_confidence_have_260_channels() -> None:
    layout = Layout(2, frozenset({"worldspace", "confidence"}))
    assert len(layout.names) == 260
    assert layout.names[3:7] == ("p1/pelvis:tx", "p1/pelvis:ty", "p1/pelvis:tz", "p1/pelvis:confidence")


def test_groups_stand_in_a_fixed_order_within_a_joint_and_the_imu_comes_last() -> None:
    names = Layout(1, frozenset(JOINT_GROUPS), imu=True).names
    assert [n.removeprefix("p1/pelvis") for n in names[3:18]] == [
        ":tx", ":ty", ":tz", ":rx", ":ry", ":rz", ":absrx", ":absry", ":absrz", ":length",
        ":u", ":v", ":depthu", ":depthv", ":confidence",
    ]  # fmt: skip
    assert names[-7:] == tuple(IMU)
