from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bodychan import Capture, ImuSample
from bodychan.model.arrays import U8
from bodychan.model.capture import ColorImage


def test_device_time_is_that_of_depth_then_ir_then_colour() -> None:
    assert Capture(1, depth_usec=3, ir_usec=2, color_usec=1).device_usec == 3
    assert Capture(1, ir_usec=2, color_usec=1).device_usec == 2
    assert Capture(1, color_usec=1).device_usec == 1


def test_colour_is_decoded_once_and_only_when_asked_for() -> None:
    calls: list[ColorImage] = []

    def decode(image: ColorImage) -> U8:
        calls.append(image)
        return np.zeros((2, 2, 3), np.uint8)

    capture = Capture(1, color_image=ColorImage("BGRA", 2, 2, b"", decode))
    assert calls == []
    assert capture.color is capture.color
    assert len(calls) == 1


def test_a_capture_may_lack_colour() -> None:
    assert Capture(1).color is None


def test_images_are_read_only_and_the_callers_stay_writable() -> None:
    depth = np.ones((4, 5), np.uint16)
    capture = Capture(1, depth=depth)
    depth[0, 0] = 9
    assert capture.depth is not None
    assert (capture.depth[0, 0], capture.depth.flags.writeable) == (1, False)


@pytest.mark.parametrize("wrong", [np.zeros((4, 5), np.float32), np.zeros(20, np.uint16)])
def test_an_image_of_another_type_or_shape_is_refused(wrong: Any) -> None:
    for name in ("depth", "ir"):
        with pytest.raises(ValueError, match=rf"Capture.{name} is .*, expected uint16 \(H, W\)"):
            replace(Capture(1), **{name: wrong})


def test_an_inertial_sample_holds_three_float32() -> None:
    good = np.zeros(3, np.float32)
    wrong: Any = np.zeros(3)
    with pytest.raises(ValueError, match=r"ImuSample.gyro is float64 \(3,\), expected float32 \(3,\)"):
        ImuSample(good, 0, wrong, 0)
    sample = ImuSample(good, 0, np.full(3, np.nan, np.float32), 0)
    good[0] = 1
    assert sample.accel[0] == 0
