import numpy as np

from bodychan import Calibration
from bodychan.cameras.synthetic.camera import SyntheticCamera
from bodychan.model.arrays import F32
from bodychan.model.skeleton import Joint
from bodychan.tracking.builtin.detect.heads import coarse_depth
from bodychan.tracking.builtin.detect.shapes import shapes
from bodychan.tracking.builtin.observe.upright import Raster, Upright

NONE = np.zeros((0, 4))


def seen(scene: str) -> tuple[F32, Raster, SyntheticCamera]:
    camera = SyntheticCamera(f"synthetic:{scene}")
    capture = camera.read()
    assert capture is not None
    assert capture.depth is not None
    raster = Upright(camera.calibration).coarse
    return coarse_depth(capture.depth, raster), raster, camera


def test_a_walker_is_a_shape_apart_from_the_floor() -> None:
    depth, raster, camera = seen("walk")
    camera.seek(camera.start_usec)
    capture = camera.read()
    assert capture is not None
    chest = camera.truth(capture).positions[0, Joint.SPINE_CHEST]
    found = shapes(depth, raster, NONE)
    assert any(np.linalg.norm((s.middle - chest)[[0, 2]]) < 250 for s in found)


def test_who_is_followed_is_left_out() -> None:
    depth, raster, _ = seen("walk")
    everything = np.array([[0.0, 0.0, 2500.0, 1e5]])
    assert not shapes(depth, raster, everything)


def test_an_even_wall_and_nothing_are_no_shapes(calibration: Calibration) -> None:
    raster = Upright(calibration).coarse
    for distance in (0, 3000):
        depth = coarse_depth(np.full((576, 640), distance, np.uint16), raster)
        assert not shapes(depth, raster, NONE)
