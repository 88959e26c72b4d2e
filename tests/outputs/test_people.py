import numpy as np
import pytest

from bodychan import Channels, Joint
from bodychan.channels.kinds import Kinds
from bodychan.errors import OutputError
from bodychan.outputs.people import chosen, people, require
from skeletons import row


def test_every_group_of_a_joint_that_is_there_whole_has_its_rows_in_order() -> None:
    channels = row(2, ("worldspace", "confidence"))
    found = people(channels.kinds)
    assert [person.number for person in found] == [1, 2]
    for person in found:
        assert person.id is not None
        assert channels.names[person.id] == f"p{person.number}/id"
        for joint in Joint:
            names = [channels.names[i] for i in require("x", person, joint, "worldspace")]
            assert names == [f"p{person.number}/{joint.channel}:t{axis}" for axis in "xyz"]
    part = channels.chans("p1/head:t[xz]", "p1/id")
    rows = [channel.index for channel in part]
    few = Channels(
        tuple(channel.name for channel in part),
        channels.samples[rows].copy(),
        60,
        kinds=channels.kinds.of_rows(rows),
    )
    assert people(few.kinds)[0].joints == {}


def test_players_of_a_second_source_go_on_after_those_of_the_first() -> None:
    one, other = row(2, ("worldspace",)), row(1, ("worldspace",))
    both = Channels(
        one.names + other.names,
        np.concatenate([one.samples, other.samples]),
        60.0,
        kinds=Kinds.joined([one.kinds, other.kinds]),
    )
    assert [(person.number, person.source) for person in people(both.kinds)] == [(1, 0), (2, 0), (3, 1)]


def test_what_is_missing_is_told() -> None:
    channels = row(2, ("worldspace",))
    assert chosen("x", channels).number == 1
    assert chosen("x", channels, 2).number == 2
    with pytest.raises(OutputError, match="x: there is no player 3: there are: 1, 2"):
        chosen("x", channels, 3)
    with pytest.raises(OutputError, match="there are no people among these channels"):
        chosen("x", Channels(("a",), np.zeros((1, 1)), 60.0))
    with pytest.raises(OutputError, match="player 1's head lacks the channels of 'confidence'"):
        require("x", people(channels.kinds)[0], Joint.HEAD, "confidence")
