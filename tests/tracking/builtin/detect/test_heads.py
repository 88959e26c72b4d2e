import numpy as np
import pytest

from bodychan import Calibration
from bodychan.cameras.synthetic.camera import SyntheticCamera
from bodychan.model.skeleton import Joint
from bodychan.tracking.builtin.detect.heads import coarse_depth, heads
from bodychan.tracking.builtin.observe.upright import Upright


@pytest.mark.parametrize("scene", ["walk", "two", "four"])
def test_the_heads_of_people_are_among_those_found(scene: str) -> None:
    camera = SyntheticCamera(f"synthetic:{scene}")
    capture = camera.read()
    assert capture is not None
    assert capture.depth is not None
    upright = Upright(camera.calibration)
    found = heads(coarse_depth(capture.depth, upright.coarse), upright.coarse)
    for true in camera.truth(capture).positions[:, Joint.HEAD]:
        assert np.linalg.norm(found - true, axis=1).min() < 250


def test_a_ball_is_a_head_and_a_wall_is_none(calibration: Calibration) -> None:
    upright = Upright(calibration)
    depth = np.full((576, 640), 3000, np.uint16)
    flat = heads(coarse_depth(depth, upright.coarse), upright.coarse)
    assert not len(flat) or flat[:, 2].min() > 2900
    v, u = np.mgrid[:576, :640]
    depth[(v - 200) ** 2 + (u - 300) ** 2 < 25**2] = 2000
    found = heads(coarse_depth(depth, upright.coarse), upright.coarse)
    true, _ = calibration.unproject(np.array([[300.0, 200.0]]), np.array([2000.0]))
    assert np.linalg.norm(found[0] - true[0]) < 80
