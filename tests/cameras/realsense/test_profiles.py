import numpy as np
import pytest

from bodychan.cameras.realsense.profiles import lens_of
from bodychan.errors import CameraError
from realsenses import intrinsics, library

SIZE = (1280, 720)
NONE = (0.0, 0.0, 0.0, 0.0, 0.0)
# Of a colour camera that somebody printed.
REAL = (-0.055, 0.066, -0.0008, 0.0009, -0.021)


@pytest.mark.parametrize(
    ("model", "coeffs", "tolerance"),
    [
        ("none", NONE, 1e-3),
        ("brown_conrady", NONE, 1e-3),
        ("brown_conrady", REAL, 1e-3),
        ("inverse_brown_conrady", NONE, 1e-3),
        ("inverse_brown_conrady", REAL, 0.02),
        ("modified_brown_conrady", REAL, 0.02),
        ("kannala_brandt4", (0.0, 0.0, 0.0, 0.1, 0.0), 0.05),
    ],
)
def test_a_lens_sees_as_the_library_says(model: str, coeffs: tuple[float, ...], tolerance: float) -> None:
    rs = library()
    given = intrinsics(rs, SIZE, model, coeffs)
    lens = lens_of(rs, "colour", given)
    assert (lens.width, lens.height) == SIZE
    x, y = np.meshgrid(np.linspace(-0.55, 0.55, 12), np.linspace(-0.3, 0.3, 8))
    rays = np.stack([x, y, np.ones_like(x)], axis=-1).reshape(-1, 3)
    expected = np.array([rs.rs2_project_point_to_pixel(given, ray) for ray in rays.tolist()])
    inside = ((expected >= 0) & (expected < SIZE)).all(axis=1)
    assert inside.sum() > 60
    pixels, _ = lens.project(rays[inside])
    np.testing.assert_allclose(pixels, expected[inside], atol=tolerance)


@pytest.mark.parametrize(
    ("model", "coeffs"),
    [
        ("ftheta", (0.9, 0.0, 0.0, 0.0, 0.0)),
        # The order of its two kinds of distortion matters where both are great.
        ("inverse_brown_conrady", (0.1, -0.25, 0.1, -0.1, 0.1)),
    ],
)
def test_a_lens_that_ours_cannot_follow_is_refused(model: str, coeffs: tuple[float, ...]) -> None:
    rs = library()
    with pytest.raises(CameraError, match=f"the colour camera's lens is of the model {model}, .* misses by"):
        lens_of(rs, "colour", intrinsics(rs, SIZE, model, coeffs))
