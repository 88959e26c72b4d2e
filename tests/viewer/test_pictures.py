import numpy as np
import pytest
from av.codec.context import CodecContext
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext

from bodychan import Bodies, Calibration, Capture
from bodychan.operators.kinect.images import render
from bodychan.operators.kinect.tables import IMAGES
from bodychan.viewer import pictures


def opened(data: bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    codec = CodecContext.create("mjpeg", "r")
    assert isinstance(codec, VideoCodecContext)
    (frame,) = codec.decode(Packet(data)) or codec.decode(None)
    return np.asarray(frame.to_ndarray(format="rgb24"))


@pytest.mark.parametrize("name", [name for name, _ in IMAGES])
def test_every_image_of_the_top_can_be_drawn(name: str, calibration: Calibration) -> None:
    lens = calibration.lenses["depth"]
    depth = np.full((lens.height, lens.width), 2000, np.uint16)
    capture = Capture(1, depth=depth, ir=depth)
    image = render(name, capture, Bodies.none(1, 0), calibration)
    drawn = opened(pictures.jpeg(name, image))
    assert drawn.shape[1] <= 960
    assert drawn.shape[0] / drawn.shape[1] == pytest.approx(image.shape[0] / image.shape[1], rel=0.01)


def test_nearer_is_warmer_and_nothing_is_black() -> None:
    metres = np.zeros((30, 90), np.float32)
    metres[:, 30:60], metres[:, 60:] = 1.0, 5.0
    drawn = opened(pictures.jpeg("depth", metres)).astype(int)
    nothing, near, far = drawn[15, 15], drawn[15, 45], drawn[15, 75]
    assert nothing.max() < 20
    assert near[0] > near[2]
    assert far[2] > far[0]


def test_players_have_colours_and_nobody_is_black() -> None:
    values = np.zeros((30, 90), np.uint8)
    values[:, 30:60], values[:, 60:] = 25, 50
    drawn = opened(pictures.jpeg("playerindex", values)).astype(int)
    nobody, one, two = drawn[15, 15], drawn[15, 45], drawn[15, 75]
    assert nobody.max() < 20
    assert np.abs(one - two).max() > 60
