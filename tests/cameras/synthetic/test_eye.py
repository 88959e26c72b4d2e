import numpy as np

from bodychan.cameras.color import decode_color
from bodychan.cameras.synthetic.device import calibration_json
from bodychan.cameras.synthetic.eye import encode_jpeg, smooth_rays
from bodychan.model.capture import ColorImage
from bodychan.optics.calibration import Calibration


def test_smooth_rays_are_the_lens_s_rays_to_a_fraction_of_a_pixel() -> None:
    lens = Calibration.from_json(calibration_json()).lenses["color"]
    rays = smooth_rays(lens)
    assert rays.shape == (lens.height, lens.width, 2)
    v, u = np.mgrid[3 : lens.height : 37, 5 : lens.width : 41]
    points = np.concatenate([rays[v, u], np.ones((*u.shape, 1))], axis=2).reshape(-1, 3)
    pixels, valid = lens.project(points)
    assert valid.all()
    wanted = np.stack([u.ravel(), v.ravel()], axis=1)
    assert np.linalg.norm(pixels - wanted, axis=1).max() < 0.02


def test_a_picture_survives_its_jpeg_with_a_little_noise() -> None:
    picture = np.full((720, 1280, 3), (180, 120, 60), np.uint8)
    picture[:, 640:] = (40, 90, 200)
    data = encode_jpeg(picture, np.random.default_rng(0))
    back = decode_color(ColorImage("MJPG", 1280, 720, data, decode_color)).astype(int)
    off = back - picture
    np.testing.assert_allclose(off[:, 20:620].mean(axis=(0, 1)), 0, atol=3)
    np.testing.assert_allclose(off[:, 660:].mean(axis=(0, 1)), 0, atol=3)
    assert 0.6 < off[:, 20:620, 1].std() < 4
    assert data == encode_jpeg(picture, np.random.default_rng(0))
