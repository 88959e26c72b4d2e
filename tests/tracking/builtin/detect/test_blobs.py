import numpy as np
import pytest

from bodychan.cameras.synthetic.camera import SyntheticCamera
from bodychan.model.arrays import U16
from bodychan.model.skeleton import Joint
from bodychan.optics.calibration import Calibration
from bodychan.tracking.builtin.detect.blobs import blobs


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return SyntheticCamera("synthetic:empty").calibration


def wall(depth: int = 4000) -> U16:
    return np.full((576, 640), depth, np.uint16)


def test_people_who_stand_free_are_found() -> None:
    camera = SyntheticCamera("synthetic:two")
    for _ in range(3):
        capture = camera.read()
        assert capture is not None
        assert capture.depth is not None
        found = blobs(capture.depth, camera.calibration.lenses["depth"])
        for trunk in camera.truth(capture).positions[:, Joint.SPINE_NAVEL]:
            assert any(blob.is_at(trunk) for blob in found)


def test_a_wall_is_nobody(calibration: Calibration) -> None:
    assert blobs(wall(), calibration.lenses["depth"]) == []
    assert blobs(np.zeros((576, 640), np.uint16), calibration.lenses["depth"]) == []


def test_a_post_of_a_person_s_size_is_proposed_with_hips_and_circle_around_it(
    calibration: Calibration,
) -> None:
    depth = wall()
    depth[120:480, 290:350] = 2000  # 0.24 m wide, 1.4 m high
    (blob,) = blobs(depth, calibration.lenses["depth"])
    assert blob.middle[2] == 2000
    assert blob.height == pytest.approx(1430, abs=60)
    hips, circle = blob.hips_and_circle()
    assert blob.top[1] < hips[1] < blob.top[1] + blob.height
    assert circle[1] < blob.top[1]


@pytest.mark.parametrize("size", [(60, 60), (360, 8), (360, 500)], ids=["low", "thin", "wide"])
def test_what_has_not_a_person_s_size_is_not(calibration: Calibration, size: tuple[int, int]) -> None:
    depth = wall()
    height, width = size
    depth[200 : 200 + height, 60 : 60 + width] = 2000
    assert blobs(depth, calibration.lenses["depth"]) == []


def test_people_lying_in_the_image_of_a_turned_sensor_are_found(calibration: Calibration) -> None:
    lens = calibration.lenses["depth"]
    depth = wall()
    depth[270:330, 100:500] = 2000
    assert blobs(depth, lens) == []
    left, right = (blobs(depth, lens, turns)[0] for turns in (-1, 1))  # up is to the left, to the right
    assert left.top[0] < right.top[0]
    for blob, sign in ((left, -1), (right, 1)):
        hips, circle = blob.hips_and_circle()
        assert np.sign(circle[0] - hips[0]) == sign
        assert blob.is_at(blob.middle + np.array([sign * 700.0, 0.0, 0.0]))
        assert not blob.is_at(blob.middle + np.array([0.0, 700.0, 0.0]))
