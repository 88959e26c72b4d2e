from dataclasses import replace

import numpy as np
import pytest

from bodychan import (
    Bodies,
    BodiesToChannels,
    Calibration,
    ChannelSettings,
    Holt,
    ImuSample,
    Layout,
    OneEuro,
    Rules,
)
from bodychan.channels.kinds import Quantity
from scripted import scripted_captures, standing

SETTINGS = ChannelSettings(rules=Rules("sticky", hold=0.1), filter=OneEuro())


def walk(count: int) -> list[Bodies]:
    rng = np.random.default_rng(1)
    run = [standing([1], i + 1, i * 33_333) for i in range(count)]
    return [replace(b, positions=b.positions + 50 * rng.standard_normal(b.positions.shape)) for b in run]


def ask(one: BodiesToChannels, some: list[Bodies]) -> list[bytes]:
    return [one.row(bodies).values.tobytes() for bodies in some]


def test_captures_that_are_asked_for_again_give_the_same_rows(calibration: Calibration) -> None:
    one, run = BodiesToChannels(calibration, SETTINGS), walk(10)
    first = ask(one, run)
    assert ask(one, run[6:]) == first[6:]
    assert ask(one, run[9:]) == first[9:]
    assert ask(one, run[3:]) == first[3:]
    assert len(set(first)) == 10


def test_a_slice_that_begins_with_the_last_capture_goes_on_from_it(calibration: Calibration) -> None:
    run = walk(10)
    expected = ask(BodiesToChannels(calibration, SETTINGS), run)
    sliced = BodiesToChannels(calibration, SETTINGS)
    for start in range(0, 9, 3):
        assert ask(sliced, run[start : start + 4]) == expected[start : start + 4]


def test_other_settings_give_the_row_that_they_would_have_given(calibration: Calibration) -> None:
    one, run = BodiesToChannels(calibration, SETTINGS), walk(3)
    ask(one, run)
    one.settings = ChannelSettings()
    assert ask(one, run[2:]) == ask(BodiesToChannels(calibration), run[2:])


def test_channels_carry_the_layouts_names_and_kinds_and_the_captures_number(calibration: Calibration) -> None:
    layout = Layout(2, frozenset({"worldspace", "confidence"}), imu=True)
    capture = scripted_captures(1)[0]
    channels = BodiesToChannels(calibration, ChannelSettings(layout)).channels(
        standing([7], 5, capture.device_usec), capture.imu, rate=15.0
    )
    assert channels.names == layout.names
    assert (channels.rate, channels.start, channels.numSamples) == (15.0, 5, 1)
    assert [channels["p1/id"].eval(), channels["imu:accelz"].eval()] == [7, -9.5]
    assert channels["p2/head:tx"].kind.quantity is Quantity.POSITION
    assert channels["p2/head:tx"].kind.unit == "m"


def test_gravity_levels_and_is_averaged_once_per_capture(calibration: Calibration) -> None:
    one = BodiesToChannels(calibration, ChannelSettings(level="gravity"))
    bodies = standing([1])
    assert not one.row(bodies).levelled
    first, second = scripted_captures(2)
    tilted = tuple(replace(s, accel=np.array([9.0, 0.0, -3.0], np.float32)) for s in second.imu)
    row = one.row(bodies, first.imu)
    assert row.levelled
    assert not np.array_equal(one.row(bodies, tilted).values, row.values)
    last = one.row(bodies, tilted).values
    assert np.array_equal(one.row(bodies, tilted).values, last)


def test_the_filters_lag_is_that_of_the_newest_capture(calibration: Calibration) -> None:
    one = BodiesToChannels(calibration)
    ask(one, walk(5))
    assert one.filter_lag == 0
    one = BodiesToChannels(calibration, ChannelSettings(filter=Holt()))
    ask(one, walk(5))
    assert one.filter_lag != 0


def test_an_inertial_value_that_is_not_finite_is_zero_and_named(calibration: Calibration) -> None:
    broken = ImuSample(np.array([0, np.nan, -9.5], np.float32), 1, np.zeros(3, np.float32), 1)
    row = BodiesToChannels(calibration, ChannelSettings(Layout(imu=True))).row(standing([1]), [broken])
    assert row.zeroed == ("imu:accely",)
    assert np.isfinite(row.values).all()


def test_bodies_of_another_space_are_refused(calibration: Calibration) -> None:
    with pytest.raises(ValueError, match="space 'stage' cannot become channels"):
        BodiesToChannels(calibration).row(replace(standing([1]), space="stage"))
