import numpy as np
import pytest

from bodychan import Channels
from bodychan.channels.kinds import Kinds
from bodychan.errors import OutputError
from bodychan.outputs.skeletons import SkeletonRows
from takes import GROUPS, pose, take, world

NEEDED = frozenset({"worldspace", "absbonerotations"})
D = np.outer((-1, -1, 1), (-1, -1, 1))


@pytest.mark.parametrize("group", ["absbonerotations", "relbonerotations"])
def test_bodies_come_back_from_their_channels(group: str) -> None:
    channels = take([(3, 5)], groups=frozenset({"worldspace", group}))[0]
    found = SkeletonRows.find(channels.kinds, NEEDED).skeletons(channels.samples)
    assert found.ids.tolist() == [[3], [5]]
    for place, body in enumerate((3, 5)):
        np.testing.assert_allclose(found.positions[place, 0], world(body, 0), atol=1e-12)
        np.testing.assert_allclose(found.rotations[place, 0], pose(body, 0).rotations * D, atol=1e-9)
    assert (found.confidence == 2).all()


def test_confidence_is_read_where_it_is_there() -> None:
    channels = take([(3,)])[0]
    found = SkeletonRows.find(channels.kinds, GROUPS).skeletons(channels.samples)
    assert found.confidence[:, 0].tolist() == [[2.0] * 32, [0.0] * 32]


def test_the_groups_that_are_missing_are_named() -> None:
    channels = take([(3,)], groups=frozenset({"confidence"}))[0]
    with pytest.raises(OutputError, match="channels of absbonerotations and worldspace: switch these"):
        SkeletonRows.find(channels.kinds, NEEDED)
    whole = take([(3,)])[0]
    rows = [row for row, name in enumerate(whole.names) if name != "p2/head:tx"]
    names = tuple(whole.names[row] for row in rows)
    cut = Channels(names, whole.samples[rows], 30.0, kinds=whole.kinds.of_rows(rows))
    with pytest.raises(OutputError, match="channels of worldspace"):
        SkeletonRows.find(cut.kinds, NEEDED)


def test_players_of_two_sources_are_kept_apart() -> None:
    # Each camera counts for itself: the 3 of both are two people.
    one, other = take([(3, 5)])[0], take([(3,)])[0]
    kinds = Kinds.joined([one.kinds, other.kinds])
    found = SkeletonRows.find(kinds, NEEDED).skeletons(np.concatenate([one.samples, other.samples]))
    assert found.ids[:, 0].tolist() == [3, 5, 1_000_003, 0]
    for place, body in enumerate((3, 5, 3)):
        np.testing.assert_allclose(found.positions[place, 0], world(body, 0), atol=1e-12)
