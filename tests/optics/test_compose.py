import numpy as np
import pytest

from bodychan import Calibration
from bodychan.errors import CalibrationError
from bodychan.optics.compose import compose, resolution_of
from bodychan.optics.lens import Lens

POINTS = np.array(
    [[0.0, 0.0, 1000.0], [-400.0, 250.0, 1500.0], [600.0, -300.0, 2500.0], [2000.0, 0.0, 900.0]]
)
TURNED = np.array([[0, -1, 0, 15], [1, 0, 0, -2], [0, 0, 1, 4], [0, 0, 0, 1]], np.float64)


SIZES = [("NFOV_2X2BINNED", (320, 288)), ("WFOV_UNBINNED", (1024, 1024)), ("848X480", (848, 480))]


def lens(width: int, height: int) -> Lens:
    radial = (-0.05, 0.06, -0.02, 0.001, -0.002, 0.003)
    place = (width / 2 - 0.3, height / 2 + 0.7, 0.8 * width, 0.81 * width)
    return Lens(width, height, *place, radial, (3e-4, -2e-4), metric_radius=float("inf"))


@pytest.mark.parametrize(("depth_mode", "size"), SIZES)
@pytest.mark.parametrize(("resolution", "color_size"), [("720P", (1280, 720)), ("640X480", (640, 480))])
def test_lenses_and_poses_come_out_as_they_went_in(
    depth_mode: str, size: tuple[int, int], resolution: str, color_size: tuple[int, int]
) -> None:
    lenses = {"depth": lens(*size), "color": lens(*color_size)}
    made = compose(depth_mode, resolution, lenses, {"color": TURNED, "accel": TURNED})
    # What a recording or another machine makes of it is the same.
    for one in (made, Calibration.from_json(made.raw, depth_mode, resolution)):
        for name, expected in lenses.items():
            given = one.lenses[name]
            assert (given.width, given.height) == (expected.width, expected.height)
            pixels, valid = given.project(POINTS)
            assert valid.all()
            np.testing.assert_allclose(pixels, expected.project(POINTS)[0], atol=1e-9)
        np.testing.assert_allclose(one.extrinsics("depth", "color"), TURNED, atol=1e-9)
        np.testing.assert_allclose(one.extrinsics("depth", "accel"), TURNED, atol=1e-9)
        assert "gyro" not in one.poses


@pytest.mark.parametrize(
    ("depth_mode", "size", "resolution"),
    [("NFOV_2X2BINNED", (320, 288), "720P"), ("848X480", (848, 480), "848X480")],
)
def test_a_camera_without_colour_sees_what_its_depth_camera_sees(
    depth_mode: str, size: tuple[int, int], resolution: str
) -> None:
    made = compose(depth_mode, None, {"depth": lens(*size)}, {})
    assert made.color_resolution == resolution
    depth, color = (made.lenses[name] for name in ("depth", "color"))
    rays = np.array([[0.1, 0.2, 1.0], [-0.2, 0.0, 1.0]])
    seen = [one.project(rays)[0] @ np.diag([1 / one.fx, 1 / one.fy]) for one in (depth, color)]
    np.testing.assert_allclose(np.diff(seen[0], axis=0), np.diff(seen[1], axis=0), atol=1e-9)


def test_what_is_no_lens_is_refused() -> None:
    flat = Lens(848, 480, 424.0, 240.0, 0.0, 400.0, (0.0,) * 6, (0.0, 0.0))
    with pytest.raises(CalibrationError, match="focal length must be positive"):
        compose("848X480", None, {"depth": flat}, {})
    made = compose("848X480", None, {"depth": lens(848, 480)}, {})
    with pytest.raises(CalibrationError, match="images of 848x480, the mode gives 640x480"):
        Calibration.from_json(made.raw, "640X480", "848X480")


def test_a_colour_resolution_has_an_azure_kinects_name_or_its_size() -> None:
    assert [resolution_of(size) for size in ((1280, 720), (640, 480))] == ["720P", "640X480"]
