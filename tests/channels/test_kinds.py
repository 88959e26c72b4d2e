from bodychan.channels.kinds import Kind, Kinds, Quantity
from bodychan.channels.layout import JOINT_GROUPS, Layout

LAYOUT = Layout(2, frozenset(JOINT_GROUPS))


def test_rotations_are_the_triples_of_one_joint_and_group() -> None:
    triples = [tuple(LAYOUT.names[row] for row in rows) for rows in LAYOUT.kinds.rotations]
    assert len(triples) == 2 * 32 * 2
    assert triples[0] == ("p1/pelvis:rx", "p1/pelvis:ry", "p1/pelvis:rz")
    assert triples[1] == ("p1/pelvis:absrx", "p1/pelvis:absry", "p1/pelvis:absrz")
    assert not len(LAYOUT.kinds.single_angles)


def test_of_a_rotation_that_is_not_there_whole_the_angles_are_single() -> None:
    rows = [row for row, name in enumerate(LAYOUT.names) if not name.endswith(":ry")]
    some = LAYOUT.kinds.of_rows(rows)
    assert len(some.rotations) == 2 * 32
    single = {LAYOUT.names[rows[row]].rpartition(":")[2] for row in some.single_angles}
    assert single == {"rx", "rz"}


def test_a_triple_is_found_in_any_order() -> None:
    angles = [Kind(Quantity.ANGLE, 1, None, "absbonerotations", axis) for axis in (2, 0, 1)]
    assert Kinds(angles).rotations.tolist() == [[1, 2, 0]]


def test_channels_of_two_sources_never_belong_together() -> None:
    half = [LAYOUT.names.index(name) for name in ("p1/id", "p1/head:rx", "p1/head:ry")]
    rest = [LAYOUT.names.index(name) for name in ("p1/id", "p1/head:rz")]
    both = Kinds.joined([LAYOUT.kinds.of_rows(half), LAYOUT.kinds.of_rows(rest)])
    assert len(both.rotations) == 0
    assert both.identity.tolist() == [0, 0, 0, 3, 3]
    assert Kinds.joined([both, both]).identity.tolist() == [0, 0, 0, 3, 3, 5, 5, 5, 8, 8]


def test_a_channel_without_a_player_or_its_id_has_no_identity() -> None:
    assert Kinds([Kind(Quantity.COUNTER), Kind(Quantity.POSITION, 1)]).identity.tolist() == [-1, -1]
