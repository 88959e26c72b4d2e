from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bodychan import Capture
from bodychan.cameras.assembly import Assembler, Frame
from bodychan.cameras.faults import Faults

PERIOD = 33_333
ALL = ("depth", "ir", "color", "accel", "gyro")


def image(kind: str, usec: int) -> Frame:
    if kind == "color":
        return Frame(kind, usec, coded=b"x", format="MJPG", size=(1280, 720))
    return Frame(kind, usec, np.full((2, 3), usec // PERIOD, np.uint16))


def half(kind: str, usec: int) -> Frame:
    return Frame(kind, usec, vector=np.array([usec, 1, 2], np.float32), temperature=30.0)


def assembler(
    *,
    ordered: bool = False,
    kinds: Iterable[str] = ALL,
    needed: str | None = None,
    warnings: list[str] | None = None,
) -> Assembler:
    faults = Faults("camera", [] if warnings is None else warnings)
    return Assembler(
        tuple(kinds), 30, lambda frame: frame.usec // PERIOD, faults, ordered=ordered, needed=needed
    )


def taken(one: Assembler) -> list[Capture]:
    return list(iter(one.take, None))


def test_a_devices_capture_is_given_as_soon_as_it_is_whole() -> None:
    one = assembler()
    for kind in ("ir", "color"):
        one.add(image(kind, 1000))
        assert one.take() is None
    one.add(image("depth", 1000))
    capture = one.take()
    assert capture is not None
    assert (capture.depth_usec, capture.ir_usec, capture.color_usec) == (1000, 1000, 1000)


def test_a_devices_capture_without_its_colour_is_given_when_the_next_comes() -> None:
    one = assembler()
    for n in (1, 2, 3):
        one.add(image("depth", n * PERIOD))
        one.add(image("ir", n * PERIOD))
        if n != 1:
            one.add(image("color", n * PERIOD))
    assert [(c.index, c.color_usec is None) for c in taken(one)] == [(1, True), (2, False), (3, False)]


def test_a_colour_image_a_little_later_belongs_to_its_depth() -> None:
    one = assembler(ordered=True)
    for n in range(1, 4):
        one.add(image("depth", n * PERIOD))
        one.add(image("ir", n * PERIOD))
        one.add(image("color", n * PERIOD + 9_000))
    one.finish()
    captures = taken(one)
    assert [c.color_usec for c in captures] == [n * PERIOD + 9_000 for n in (1, 2, 3)]


@given(st.permutations([(kind, n) for n in range(1, 7) for kind in ("depth", "ir", "color")]))
def test_a_recordings_frames_make_the_same_captures_in_any_order_of_kinds(
    frames: list[tuple[str, int]],
) -> None:
    one = assembler(ordered=True)
    # Of one sensor they come in order.
    place = {kind: iter(sorted(n for k, n in frames if k == kind)) for kind in ("depth", "ir", "color")}
    for kind, _ in frames:
        one.add(image(kind, next(place[kind]) * PERIOD // 4))
    one.finish()
    captures = taken(one)
    assert all(c.depth is not None or c.ir is not None or c.color_image for c in captures)
    assert sum(c.depth is not None for c in captures) == 6


def test_an_acceleration_is_joined_with_the_nearest_turning_rate() -> None:
    one = assembler()
    for usec in (0, 5_000, 10_000):
        one.add(half("accel", usec))
        one.add(half("gyro", usec + 400))
    samples = one.samples()
    assert [(s.accel_usec, s.gyro_usec) for s in samples] == [(0, 400), (5_000, 5_400), (10_000, 10_400)]
    assert samples[0].temperature == pytest.approx(30.0)


def test_an_acceleration_waits_for_its_turning_rate() -> None:
    one = assembler()
    one.add(half("accel", 5_000))
    assert one.samples() == ()
    one.add(half("gyro", 5_100))
    assert [s.gyro_usec for s in one.samples()] == [5_100]


def test_samples_after_a_time_stay_for_the_next_capture() -> None:
    one = assembler()
    for usec in (1_000, 2_000, 3_000):
        one.add(half("accel", usec))
        one.add(half("gyro", usec))
    assert [s.accel_usec for s in one.samples(2_000)] == [1_000, 2_000]
    one.finish()
    assert [s.accel_usec for s in one.samples()] == [3_000]


def test_a_clock_that_is_set_back_does_not_stop_captures() -> None:
    one = assembler()
    for kind in ("depth", "ir", "color"):
        one.add(image(kind, 90_000_000))
    one.add(image("depth", 90_033_333))
    assert len(taken(one)) == 1
    for kind in ("depth", "ir", "color"):
        one.add(image(kind, 1_000_000))
    capture = one.take()
    assert capture is not None
    assert capture.device_usec == 1_000_000


def test_inertial_samples_go_on_after_a_clock_was_set_back() -> None:
    one = assembler()
    one.add(half("accel", 90_000_000))
    for usec in (1_000_000, 1_005_000):
        one.add(half("gyro", usec))
        one.add(half("accel", usec))
    assert [(s.accel_usec, s.gyro_usec) for s in one.samples()] == [(1_000_000,) * 2, (1_005_000,) * 2]


def test_an_image_that_comes_too_late_is_left_out_and_counted() -> None:
    warnings: list[str] = []
    one = assembler(warnings=warnings)
    for n in (1, 2, 3):
        one.add(image("depth", n * PERIOD))
        if n != 1:
            one.add(image("ir", n * PERIOD))
        one.add(image("color", n * PERIOD))
    assert [c.depth_usec for c in taken(one)] == [n * PERIOD for n in (1, 2, 3)]
    for n in (1, 2):
        one.add(image("ir", n * PERIOD))
    assert taken(one) == []
    for kind in ("depth", "ir", "color"):
        one.add(image(kind, 4 * PERIOD))
    assert [c.ir_usec for c in taken(one)] == [4 * PERIOD]
    assert warnings == [
        "camera: the ir image of 33333 µs came when a capture of 99999 µs had been given; it is left out "
        "(the first of 2)"
    ]


@pytest.mark.parametrize("ordered", [True, False])
def test_what_lacks_the_needed_image_is_no_capture(ordered: bool) -> None:
    one = assembler(ordered=ordered, kinds=("depth", "color"), needed="depth")
    found: list[Capture] = []
    # Colour twice as often as depth, and alone before and after it.
    for half_period in range(-4, 30):
        one.add(image("color", 1_000_000 + half_period * PERIOD // 2))
        if 0 <= half_period < 20 and half_period % 2 == 0:
            one.add(image("depth", 1_000_000 + half_period * PERIOD // 2 + 500))
        found += taken(one)
    one.finish()
    found += taken(one)
    assert [c.depth_usec for c in found] == [1_000_500 + n * PERIOD for n in range(10)]
    for capture in found:
        assert capture.depth_usec is not None
        assert capture.color_usec == capture.depth_usec - 500
    assert one.images == 0
