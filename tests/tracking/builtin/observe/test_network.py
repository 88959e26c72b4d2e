from dataclasses import replace

import numpy as np
import pytest

from bodychan.cameras.synthetic.camera import SyntheticCamera
from bodychan.model.arrays import F32, F64
from bodychan.model.skeleton import Joint
from bodychan.tracking.builtin.observe.crop import SIZE, Square, cut, square_about
from bodychan.tracking.builtin.observe.network import MIRRORED, WEIGHTS, JointNetwork
from bodychan.tracking.builtin.observe.upright import Upright
from bodychan.tracking.builtin.threads import Threads


@pytest.fixture(scope="module")
def network() -> JointNetwork:
    return JointNetwork()


def walker() -> tuple[F32, Square, F64]:
    """A crop of a rendered walker, its square, and their true joints (32, 3) mm."""
    camera = SyntheticCamera("synthetic:walk")
    capture = camera.read()
    assert capture is not None
    assert capture.depth is not None
    upright, truth = Upright(camera.calibration), camera.truth(capture).positions[0]
    square = square_about(truth, capture.depth, upright.fine)
    return cut(capture.depth, capture.ir, upright.fine, square), square, truth


def test_the_weights_are_small() -> None:
    assert WEIGHTS.stat().st_size < 8e6


def test_a_rendered_walker_s_joints_are_found_and_their_mirror_image_s(network: JointNetwork) -> None:
    crop, square, truth = walker()
    look = network.look(crop, square)
    assert look.presence > 0.9
    assert np.median(np.linalg.norm(look.joints - truth, axis=1)) < 70
    assert look.seen[[Joint.SHOULDER_LEFT, Joint.SHOULDER_RIGHT]].min() > 0.5
    mirror = network.look(np.ascontiguousarray(crop[:, :, ::-1]), replace(square, x=-square.x))
    assert np.allclose(mirror.joints[MIRRORED] * (-1, 1, 1), look.joints, atol=0.5)


def test_crop_and_mirror_image_side_by_side_and_in_doubt_give_the_same_bytes(network: JointNetwork) -> None:
    crop, square, _ = walker()
    plain, threads = network.look(crop, square), Threads(2)
    for other in (network.look(crop, square, threads=threads), network.look(crop, square, doubtful=True)):
        assert other.joints.tobytes() == plain.joints.tobytes()
        assert other.sigma.tobytes() == plain.sigma.tobytes()
        assert other.presence == plain.presence
    threads.close()


def test_an_empty_crop_in_doubt_is_nobody_without_its_mirror_image(network: JointNetwork) -> None:
    square = Square(0.0, 0.0, 0.5, 2000.0)
    crop = np.zeros((4, SIZE, SIZE), np.float32)
    look = network.look(crop, square, doubtful=True)
    assert look.presence < 0.05
    assert network.look(crop, square).presence < 0.05


def test_where_nobody_is_the_network_says_so(network: JointNetwork) -> None:
    camera = SyntheticCamera("synthetic:empty")
    capture = camera.read()
    assert capture is not None
    assert capture.depth is not None
    upright = Upright(camera.calibration)
    middle = float(np.median(capture.depth[capture.depth > 0]))
    points = np.array([[-300.0, -900.0, middle], [300.0, 900.0, middle]])
    square = square_about(points, capture.depth, upright.fine)
    assert network.look(cut(capture.depth, capture.ir, upright.fine, square), square).presence < 0.5
