import math
from typing import Any

import numpy as np
import pytest

from bodychan import Channels
from bodychan.channels.kinds import Kinds
from bodychan.errors import OperatorError


def channels() -> Channels:
    return Channels(("a", "b/c:tx", "b/c:ty"), np.array([[1.0, 2.0], [3.0, 5.0], [7.0, 11.0]]), 60.0, 8.0)


def test_a_channel_is_its_newest_value_in_arithmetic_and_knows_its_samples() -> None:
    b = channels()["b/c:tx"]
    assert b == 5.0
    assert b * 2 + 1 == 11.0
    assert (b[0], b[-1], b.vals, len(b)) == (3.0, 5.0, [3.0, 5.0], 2)
    assert (b.name, b.index, b.min(), b.max(), b.average()) == ("b/c:tx", 1, 3.0, 5.0, 4.0)


def test_channels_are_found_by_name_index_and_pattern() -> None:
    all_of_them = channels()
    assert all_of_them[0].name == "a"
    assert all_of_them[-1].name == "b/c:ty"
    assert [c.name for c in all_of_them.chans("b/*:t[xy]", 0)] == ["b/c:tx", "b/c:ty", "a"]
    assert all_of_them.chan("nothing*") is None
    assert len(all_of_them.chans()) == 3


def test_sample_range_and_array_follow_touchdesigner() -> None:
    all_of_them = channels()
    assert (all_of_them.numChans, all_of_them.numSamples, all_of_them.start, all_of_them.end) == (
        3,
        2,
        8.0,
        9.0,
    )
    assert all_of_them.numpyArray().dtype == np.float32
    assert all_of_them.numpyArray().shape == (3, 2)


def test_an_unknown_name_is_refused_with_the_near_ones() -> None:
    with pytest.raises(OperatorError, match=r"no channel 'b/c:tz': did you mean 'b/c:t[xy]'"):
        channels()["b/c:tz"]


def test_names_and_samples_must_fit() -> None:
    with pytest.raises(ValueError, match=r"Channels.samples is float64 \(3, 1\), expected float64 \(2, S\)"):
        Channels(("a", "b"), np.zeros((3, 1)), 60.0)


def test_a_channel_is_asked_by_frame_and_by_second_of_the_timeline() -> None:
    # Samples 8 and 9 at 60 Hz; frames of 30 fps: frame 5 is second 4/30, which is sample 8.
    half = Channels(("a",), np.array([[1.0, 2.0]]), 60.0, 8.0, fps=30.0)
    a = half["a"]
    assert [a.evalFrame(f) for f in (1, 5, 5.49, 5.5, 6, 99)] == [1, 1, 1, 2, 2, 2]
    assert [a.evalSeconds(s) for s in (0, 8 / 60, 9 / 60, 9)] == [1, 1, 2, 2]
    assert channels()["a"].evalFrame(10) == 2
    assert a.valid


def test_characters_that_may_not_stand_in_a_name_become_underscores_and_names_stay_unique() -> None:
    odd = Channels(("a b", "a_b", "ä", "", "x-Y_1:/"), np.zeros((5, 1)), 60.0)
    assert odd.names == ("a_b", "a_b1", "_", "_1", "x-Y_1:/")
    assert channels().isTimeSlice is False


def test_a_channel_is_printed_with_its_name_and_formatted_as_its_number() -> None:
    b = channels()["b/c:tx"]
    assert (repr(b), str(b)) == ("<Channel b/c:tx 5.0>", "5.0")
    assert str(channels().chans("b/*")) == "[<Channel b/c:tx 5.0>, <Channel b/c:ty 11.0>]"
    assert (f"{b}", f"{b:.2f}") == ("5.0", "5.00")


def test_channels_own_their_samples() -> None:
    mine = np.zeros((1, 1))
    kept = Channels(("a",), mine, 60.0)
    mine[0, 0] = 7.0
    assert kept["a"] == 0
    with pytest.raises(ValueError, match="read-only"):
        kept.samples[0, 0] = 5


def test_channels_without_kinds_are_plain_numbers() -> None:
    assert [(c.kind.name, c.kind.unit) for c in channels()] == [("number", "")] * 3


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"names": ("a", 7)}, "a channel's name is text, not 7"),
        ({"names": ("a", ["b"])}, "a channel's name is text"),
        ({"samples": [[1.0], [2.0]]}, "Channels.samples is a list"),
        ({"samples": np.zeros((2, 1), np.float32)}, "Channels.samples is float32"),
        ({"samples": np.zeros(2)}, r"Channels.samples is float64 \(2,\), expected float64 \(2, S\)"),
        ({"samples": np.zeros((2, 0))}, "at least one sample, not 0"),
        ({"samples": np.array([[1.0], [np.nan]])}, "a sample of 'b' is not finite"),
        ({"samples": np.array([[1.0, np.inf], [0.0, 1.0]])}, "a sample of 'a' is not finite"),
        ({"rate": 0.0}, "Channels.rate is 0.0, expected a finite number above 0"),
        ({"rate": math.nan}, "Channels.rate is nan"),
        ({"rate": "60"}, "Channels.rate is '60'"),
        ({"fps": -1.0}, "Channels.fps is -1.0, expected a finite number above 0"),
        ({"start": math.inf}, "Channels.start is inf, expected a finite number$"),
        ({"kinds": Kinds.numbers(3)}, "2 names need as many kinds, not 3"),
    ],
)
def test_what_breaks_the_contract_is_refused(values: dict[str, Any], message: str) -> None:
    good: dict[str, Any] = {"names": ("a", "b"), "samples": np.zeros((2, 1)), "rate": 60.0}
    with pytest.raises(ValueError, match=message):
        Channels(**(good | values))


def test_legal_names_are_kept_as_they_are() -> None:
    names = ("a", "b/c:tx")
    assert Channels(names, np.zeros((2, 1)), 60.0).names == names


def test_rate_and_start_are_floats_whatever_they_were_given_as() -> None:
    channels = Channels(("a",), np.zeros((1, 1)), 30, 7)
    assert [type(value) for value in (channels.rate, channels.start, channels.fps)] == [float] * 3
