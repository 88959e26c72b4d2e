import numpy as np

from bodychan import Capture, ImuSample
from bodychan.cameras.faults import Faults
from bodychan.cameras.numbering import Numbering

PERIOD = 33_333


def numbering(warnings: list[str] | None = None) -> Numbering:
    return Numbering(30, Faults("k4a:0", [] if warnings is None else warnings))


def sample(usec: int) -> ImuSample:
    zeros = np.zeros(3, np.float32)
    return ImuSample(zeros, usec, zeros, usec + 1)


def place(numbers: Numbering, usec: int, came: float) -> Capture:
    placed, _ = numbers.place(Capture(0, depth_usec=usec, color_usec=usec + 5), [], came)
    assert placed is not None
    assert placed.color_usec == placed.device_usec + 5, "the images stay as far apart as they are"
    return placed


def test_captures_are_counted_by_time_from_the_first() -> None:
    numbers = numbering()
    times = [5_000_000 + PERIOD * step for step in (0, 1, 4, 5)]
    placed = [place(numbers, usec, usec / 1e6) for usec in times]
    assert [capture.index for capture in placed] == [1, 2, 5, 6]
    assert [capture.device_usec for capture in placed] == times


def test_a_rate_a_little_off_does_not_drift() -> None:
    numbers = numbering()
    found = [place(numbers, round(1e6 * step / 30.14), step / 30.14).index for step in range(2000)]
    assert found == list(range(1, 2001))


def test_a_clock_that_goes_back_or_is_set_ahead_is_told_and_times_go_on() -> None:
    warnings: list[str] = []
    numbers = numbering(warnings)
    place(numbers, 9_000_000, 1.0)
    back = place(numbers, 2_000_000, 1.033)
    assert (back.index, back.device_usec) == (2, 9_000_000 + PERIOD)
    after = place(numbers, 2_000_000 + PERIOD, 1.066)
    assert (after.index, after.device_usec) == (3, 9_000_000 + 2 * PERIOD)
    ahead = place(numbers, 3_600_000_000, 1.1)
    assert ahead.index == 4
    assert 9_000_000 + 3 * PERIOD <= ahead.device_usec <= 9_000_000 + 3 * PERIOD + 1000
    assert warnings == [
        "k4a:0: the device's clock went back from 9000000 to 2000000 µs; times go on from there",
        "k4a:0: the device's clock was set ahead from 2033333 to 3600000000 µs; times go on from there",
    ]


def test_captures_that_were_lost_are_a_gap_and_no_clock_that_was_set() -> None:
    warnings: list[str] = []
    numbers = numbering(warnings)
    place(numbers, 1_000_000, 1.0)
    # Nothing came for a minute, in which the device's clock went on.
    assert place(numbers, 61_000_000, 61.0).index == 1801
    assert warnings == []


def test_after_a_device_was_opened_anew_times_go_on_by_the_computers_clock() -> None:
    warnings: list[str] = []
    numbers = numbering(warnings)
    place(numbers, 500_000_000, 10.0)
    numbers.reopened()
    assert numbers.place(None, [sample(30_000)], 12.9) == (None, ()), "nobody knows yet when that was"
    placed, samples = numbers.place(Capture(0, ir_usec=40_000), [sample(41_000)], 13.0)
    assert placed is not None
    assert (placed.index, placed.device_usec, placed.depth_usec) == (91, 503_000_000, None)
    assert [(s.accel_usec, s.gyro_usec) for s in samples] == [
        (502_990_000, 502_990_001),
        (503_001_000, 503_001_001),
    ]
    assert place(numbers, 40_000 + PERIOD, 13.033).index == 92
    assert warnings == []


def test_a_device_that_was_lost_before_its_first_capture_begins_as_any() -> None:
    numbers = numbering()
    numbers.reopened()
    _, samples = numbers.place(None, [sample(7)], 1.0)
    assert [s.accel_usec for s in samples] == [7]
    first = place(numbers, 2_000_000, 5.0)
    assert (first.index, first.device_usec) == (1, 2_000_000)
