import numpy as np

from bodychan import Capture
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
