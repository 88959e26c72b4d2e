"""Remapping: both twins on small images, the public functions on whole ones, and beside libk4a's."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

import libk4atransformation
from bodychan import Calibration, remap
from bodychan.cameras.recording.camera import RecordingCamera
from bodychan.errors import CalibrationError
from bodychan.model.arrays import F32, F64, U8, U16, frozen
from bodychan.model.capture import Capture
from bodychan.optics import remap_kernels
from bodychan.optics.lens import Lens
from bodychan.optics.modes import COLOR_RESOLUTIONS, DEPTH_MODES
from libk4arecord import HINT, find_folder
from reference import remap_plain

Values = U16 | U8


@dataclass(frozen=True)
class Rig:
    """Two small cameras: the colour one sees more finely, from the side and turned a little."""

    depth: Lens
    color: Lens
    pose: F32

    def draw(
        self,
        twin: ModuleType,
        depth: U16,
        carried: Values | None = None,
        linear: bool = False,
        invalid: int = 0,
        side: int = 2,
    ) -> tuple[U16, NDArray[Any]]:
        out = np.zeros((self.color.height, self.color.width), np.uint16)
        taken = None if carried is None else np.full(out.shape, invalid, carried.dtype)
        steps = (tuple(range(side)),) if twin is remap_kernels else ()
        # Read-only, as the public functions give them: for others numba would compile once more.
        given = [None if a is None else frozen(a.view()) for a in (depth, self.pose, self.lens, carried)]
        depth_, pose, lens, carried_ = given
        twin.depth_to_color(depth_, self.depth.ray_planes, pose, lens, carried_, linear, *steps, out, taken)
        return out, out if taken is None else taken

    def look_up(self, twin: ModuleType, color: U8, depth: U16) -> U8:
        out = np.zeros((*depth.shape, 3), np.uint8)
        given = [frozen(a.view()) for a in (self.depth.ray_planes, self.pose, self.lens)]
        twin.color_to_depth(frozen(color.view()), frozen(depth.view()), *given, out)
        return out

    @property
    def lens(self) -> F32:
        return self.color.parameters.astype(np.float32)

    def project(self, depth: U16) -> tuple[F32, F32, F32]:
        return remap_plain.project(depth, self.depth.ray_planes, self.pose, self.lens)


def rig(scale: float = 1.3, radius: float = 1.7) -> Rig:
    curve = (0.4, -0.1, 0.02, 0.5, 0.1, -0.01)
    depth = Lens(24, 20, 11.4, 9.7, 19.0, 19.2, curve, (1e-3, -2e-3), metric_radius=0.85)
    width, height = round(24 * scale), round(20 * scale)
    f = 19 * scale
    lens = Lens(width, height, width / 2, height / 2, f, f, curve, (2e-3, 1e-3), metric_radius=radius)
    s, c = np.sin(0.1), np.cos(0.1)
    pose = [[c, 0, s, -32.0], [0, 1, 0, -2.0], [-s, 0, c, 4.0]]
    return Rig(depth, lens, np.array(pose, np.float32))


RIGS = [rig(0.4), rig(1.3), rig(3.7), rig(1.3, 0.3), rig(1.3, np.inf)]


@pytest.fixture(params=[remap_plain, remap_kernels], ids=["plain", "kernels"])
def twin(request: pytest.FixtureRequest) -> ModuleType:
    module: ModuleType = request.param
    return module


def scene(seed: int, shape: tuple[int, int] = (20, 24)) -> U16:
    """A wavy wall with boxes before it, holes, and noise; some values are extreme."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    depth = 1500 + 300 * np.sin(x / 3 + seed) + 20 * y
    for _ in range(3):
        top, left = rng.integers(0, shape)
        depth[top : top + 7, left : left + 6] = rng.integers(300, 1200)
    depth += rng.normal(0, 3, shape)
    depth[rng.random(shape) < 0.1] = 0
    depth[rng.random(shape) < 0.02] = rng.choice([1, 30, 65535])
    return np.asarray(depth, dtype=np.uint16)


@given(st.integers(0, 10_000), st.sampled_from(RIGS), st.sampled_from([2, 5]), st.booleans())
@settings(max_examples=80, deadline=None)
def test_the_twins_agree_to_the_bit(seed: int, cameras: Rig, side: int, linear: bool) -> None:
    depth, rng = scene(seed), np.random.default_rng(seed)
    carried: Values = rng.integers(0, 65536, depth.shape).astype(np.uint16)
    if not linear:
        carried = carried.astype(np.uint8)
    color = rng.integers(0, 256, (cameras.color.height, cameras.color.width, 3)).astype(np.uint8)
    plain, kernels = remap_plain, remap_kernels
    drawn, taken = cameras.draw(plain, depth, carried, linear, 9)
    also_drawn, also_taken = cameras.draw(kernels, depth, carried, linear, 9, side)
    assert np.array_equal(drawn, also_drawn)
    assert np.array_equal(taken, also_taken)
    assert np.array_equal(drawn, cameras.draw(kernels, depth, side=side)[0])
    assert np.array_equal(cameras.look_up(plain, color, depth), cameras.look_up(kernels, color, depth))


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_the_twins_of_the_point_clouds_agree_to_the_bit(seed: int) -> None:
    depth, cameras = scene(seed), RIGS[1]
    clouds = np.full((4, *depth.shape, 3), 7, np.float32)
    for twin, cloud, moved in ((remap_plain, *clouds[:2]), (remap_kernels, *clouds[2:])):
        twin.point_cloud(depth, cameras.depth.ray_planes, cloud)
        twin.moved_point_cloud(depth, cameras.depth.ray_planes, cameras.pose, moved)
    assert clouds[0].tobytes() == clouds[2].tobytes()
    assert clouds[1].tobytes() == clouds[3].tobytes()
    nothing = (depth == 0) | np.isnan(cameras.depth.ray_planes[0])
    assert not clouds[0][nothing].any()
    assert not clouds[1][nothing].any()
    assert np.array_equal(clouds[0][~nothing][:, 2], depth[~nothing])


def test_depth_arrives_as_the_colour_cameras_own(twin: ModuleType) -> None:
    """What is drawn at a pixel is the z of the point that projects there."""
    cameras = replace(RIGS[1], depth=replace(RIGS[1].depth, metric_radius=2.0))
    depth = np.full((20, 24), 1200, np.uint16)
    out, _ = cameras.draw(twin, depth)
    u, v, z = cameras.project(depth)
    inside = (u > 1) & (u < cameras.color.width - 2) & (v > 1) & (v < cameras.color.height - 2)
    inside[[0, -1]] = inside[:, [0, -1]] = False
    there = out[np.rint(v[inside]).astype(int), np.rint(u[inside]).astype(int)]
    # A pixel of the colour image is at most 5 mm of z on this plane, seen at 6 degrees.
    np.testing.assert_allclose(there, z[inside], atol=6)


def test_a_pixel_on_a_shared_edge_belongs_to_the_quad_on_its_right_and_below(twin: ModuleType) -> None:
    """Seen by the same pinhole camera all corners fall on pixels: each is drawn once, by its own quad."""
    pinhole = Lens(24, 20, 8.0, 8.0, 16.0, 16.0, (0.0,) * 6, (0.0, 0.0))
    depth = (1000 + np.arange(20)[:, None] + np.arange(24)).astype(np.uint16)
    drawn, carried = Rig(pinhole, pinhole, np.eye(3, 4, dtype=np.float32)).draw(twin, depth, depth, invalid=7)
    expected = np.zeros_like(depth)
    expected[:-1, :-1] = depth[:-1, :-1]
    assert np.array_equal(drawn, expected)
    assert np.array_equal(carried, np.where(expected > 0, expected, 7))


def test_of_two_surfaces_the_nearer_stays(twin: ModuleType) -> None:
    cameras = RIGS[1]
    wall = np.full((20, 24), 2500, np.uint16)
    box = np.zeros_like(wall)
    box[6:16, 8:18] = 900
    both = np.where(box > 0, box, wall)
    drawn, of_box, of_wall = (cameras.draw(twin, image)[0] for image in (both, box, wall))
    whole = ndimage.binary_erosion(of_box > 0, iterations=2)
    assert whole.sum() > 20
    assert np.array_equal(drawn[whole], of_box[whole])
    assert (np.abs(drawn[drawn > 0].astype(int)[:, None] - [900, 2500]).min(axis=1) < 260).all()
    assert (drawn[drawn > 0] >= np.minimum(np.where(of_box, of_box, 65535), of_wall)[drawn > 0]).all()


def test_nothing_is_drawn_across_an_edge_in_depth(twin: ModuleType) -> None:
    depth = np.full((20, 24), 1000, np.uint16)
    depth[:, 12:] = 3000
    drawn, _ = RIGS[2].draw(twin, depth)
    assert not ((drawn > 1400) & (drawn < 2500)).any()
    assert (drawn > 2500).any()
    assert ((drawn > 0) & (drawn < 1400)).any()


def test_one_missing_corner_leaves_half_a_quad_and_two_leave_none(twin: ModuleType) -> None:
    depth = np.zeros((20, 24), np.uint16)
    depth[9:11, 10:12] = 1000
    whole = np.count_nonzero(RIGS[2].draw(twin, depth)[0])
    for corner in ((9, 10), (9, 11), (10, 10), (10, 11)):
        less = depth.copy()
        less[corner] = 0
        assert 0.2 < np.count_nonzero(RIGS[2].draw(twin, less)[0]) / whole < 0.8
    less[9, 10] = 0
    assert not RIGS[2].draw(twin, less)[0].any()


def test_the_nearest_value_is_carried_unmixed_and_the_linear_one_between(twin: ModuleType) -> None:
    depth = np.full((20, 24), 1000, np.uint16)
    values = np.where(np.arange(24) < 12, 100, 200).astype(np.uint16) + np.zeros((20, 1), np.uint16)
    drawn, nearest = RIGS[2].draw(twin, depth, values, linear=False, invalid=7)
    assert set(np.unique(nearest)) == {7, 100, 200}
    assert np.array_equal(nearest == 7, drawn == 0)
    _, linear = RIGS[2].draw(twin, depth, values, linear=True, invalid=7)
    assert ((linear > 100) & (linear < 200)).any()
    assert linear.max() == 200


def test_a_linear_colour_ramp_is_looked_up_between_pixels(twin: ModuleType) -> None:
    cameras = RIGS[1]
    depth = np.full((20, 24), 1500, np.uint16)
    v, u = np.mgrid[0 : cameras.color.height, 0 : cameras.color.width]
    color = np.dstack([7 * u, 8 * v, np.full_like(u, 255)]).astype(np.uint8)
    found = cameras.look_up(twin, color, depth)
    u, v, z = cameras.project(depth)
    inside = (z > 0) & (u >= 0) & (v >= 0) & (u < cameras.color.width - 1) & (v < cameras.color.height - 1)
    assert 50 < inside.sum() < inside.size
    assert not found[~inside].any()
    np.testing.assert_allclose(found[inside], np.dstack([7 * u, 8 * v, 255 + 0 * u])[inside], atol=0.51)


def plane_depth(lens: Lens, normal: F64, distance: float) -> F64:
    """Give the depth at which the rays of a lens meet the plane normal · p = distance."""
    with np.errstate(invalid="ignore", divide="ignore"):
        depth = distance / (lens.ray_table @ normal[:2] + normal[2])
        return np.where((depth > 0) & (depth < 8000), depth, 0.0)


@given(st.floats(-0.35, 0.35), st.floats(-0.35, 0.35), st.floats(700, 3000))
@settings(max_examples=6, deadline=None)
def test_a_plane_stays_a_plane(calibration: Calibration, a: float, b: float, distance: float) -> None:
    normal = np.array([a, b, 1.0]) / np.linalg.norm([a, b, 1.0])
    depth = plane_depth(calibration.lenses["depth"], normal, distance)
    out = remap.depth_to_color(np.rint(depth).astype(np.uint16), calibration)
    matrix = calibration.extrinsics("depth", "color")
    turned = matrix[:3, :3] @ normal
    expected = plane_depth(calibration.lenses["color"], turned, distance + turned @ matrix[:3, 3])
    seen = out > 0
    assert seen.mean() > 0.2
    assert np.abs(out[seen] - expected[seen]).max() < 2.0
    points = remap.point_cloud_to_color(np.rint(depth).astype(np.uint16), calibration)
    assert np.array_equal(points.any(axis=2), seen)
    assert np.abs(points[seen] @ normal - distance).max() < 2.0


@pytest.mark.parametrize(
    ("depth_mode", "resolution"),
    [*((mode, "720P") for mode in DEPTH_MODES), *(("NFOV_UNBINNED", size) for size in COLOR_RESOLUTIONS)],
)
def test_a_flat_wall_has_no_holes(calibration: Calibration, depth_mode: str, resolution: str) -> None:
    modes = Calibration.from_json(calibration.raw, depth_mode, resolution)
    lens = modes.lenses["depth"]
    seen = np.isfinite(lens.ray_planes[0])
    out = remap.depth_to_color(np.where(seen, 1000, 0).astype(np.uint16), modes)
    size = COLOR_RESOLUTIONS[resolution].size
    assert out.shape == (size[1], size[0])
    assert (out > 0).mean() > 0.3
    assert np.array_equal(ndimage.binary_fill_holes(out > 0), out > 0)


def test_infrared_and_indices_go_where_the_depth_goes(calibration: Calibration) -> None:
    depth = scene(5, (576, 640))
    ir = np.where(depth > 0, depth + 3, 0).astype(np.uint16)
    drawn = remap.depth_to_color(depth, calibration)
    carried = remap.ir_to_color(ir, depth, calibration, linear=False, invalid=1)
    assert np.array_equal(carried == 1, drawn == 0)
    index = (depth % 5).astype(np.uint8)
    people = remap.index_to_color(index, depth, calibration)
    assert np.array_equal(people == 255, drawn == 0)
    assert set(np.unique(people)) == {0, 1, 2, 3, 4, 255}
    assert not remap.index_to_color(index, np.zeros_like(depth), calibration, invalid=0).any()


def test_a_point_cloud_is_what_unproject_gives(calibration: Calibration) -> None:
    depth = scene(1, (576, 640))
    cloud = remap.point_cloud(depth, calibration)
    v, u = np.mgrid[0:576:7, 0:640:7]
    pixels = np.stack([u.ravel(), v.ravel()], axis=1).astype(np.float64)
    expected, _ = calibration.unproject(pixels, depth[::7, ::7].ravel().astype(np.float64))
    np.testing.assert_allclose(cloud[::7, ::7].reshape(-1, 3), expected, rtol=1e-6, atol=1e-3)


def test_the_checksum_of_the_sdks_own_test(shared: Path) -> None:
    """tests/Transformation/transformation.cpp of the sensor SDK: 1 m everywhere, whole millimetres."""
    calibration = Calibration.from_json(
        shared / "data/k4a/sdk_ut_calibration.json", "WFOV_2X2BINNED", "2160P"
    )
    cloud = remap.point_cloud(np.full((512, 512), 1000, np.uint16), calibration)
    # Three of the 786,432 numbers round the other way.
    assert np.abs(np.rint(cloud.astype(np.float64))).mean() == pytest.approx(562.20976003011071, abs=1e-5)


def test_images_without_any_depth_give_images_of_nothing(calibration: Calibration) -> None:
    depth = np.zeros((576, 640), np.uint16)
    color = np.full((720, 1280, 3), 200, np.uint8)
    for image in (
        remap.depth_to_color(depth, calibration),
        remap.color_to_depth(color, depth, calibration),
        remap.point_cloud(depth, calibration),
        remap.point_cloud_to_color(depth, calibration),
        remap.ir_to_color(depth, depth, calibration),
    ):
        assert not image.any()


def test_inputs_may_be_read_only_or_slices_and_stay_as_they_are(calibration: Calibration) -> None:
    depth = scene(2, (576, 640))
    wide = np.zeros((576, 1280), np.uint16)
    wide[:, ::2] = depth
    before = wide.copy()
    expected = remap.depth_to_color(depth, calibration)
    assert np.array_equal(remap.depth_to_color(wide[:, ::2], calibration), expected)
    assert np.array_equal(wide, before)
    assert depth.flags.writeable
    depth.setflags(write=False)
    assert np.array_equal(remap.depth_to_color(depth, calibration), expected)


def test_the_same_input_gives_the_same_bytes(calibration: Calibration) -> None:
    depth = scene(3, (576, 640))
    assert (
        remap.depth_to_color(depth, calibration).tobytes()
        == remap.depth_to_color(depth, calibration).tobytes()
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda c: remap.depth_to_color(np.zeros((288, 320), np.uint16), c),
            r"the depth image is \(288, 320\)",
        ),
        (lambda c: remap.point_cloud(np.zeros((640, 576), np.uint16), c), r"gives \(576, 640\) uint16"),
        (lambda c: remap.point_cloud(np.zeros((576, 640), np.float32), c), "float32, but .* NFOV_UNBINNED"),
        (
            lambda c: remap.color_to_depth(
                np.zeros((1080, 1920, 3), np.uint8), np.zeros((576, 640), np.uint16), c
            ),
            "the color image is .* calibration is of 720P",
        ),
        (
            lambda c: remap.color_to_depth(
                np.zeros((720, 1280, 4), np.uint8), np.zeros((576, 640), np.uint16), c
            ),
            r"\(720, 1280, 4\)",
        ),
        (
            lambda c: remap.ir_to_color(np.zeros((10, 10), np.uint16), np.zeros((576, 640), np.uint16), c),
            "the ir image is",
        ),
        (
            lambda c: remap.index_to_color(
                np.zeros((576, 640), np.uint16), np.zeros((576, 640), np.uint16), c
            ),
            "the index image is .* uint16",
        ),
    ],
)
def test_images_that_do_not_fit_the_modes_are_explained(
    calibration: Calibration, call: Any, message: str
) -> None:
    with pytest.raises(CalibrationError, match=message):
        call(calibration)


@dataclass(frozen=True)
class Oracle:
    """A real capture, and what libk4a made of it."""

    capture: Capture
    calibration: Calibration
    index: U8
    made: libk4atransformation.Arrays


@pytest.fixture(scope="module")
def oracle(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    folder = find_folder()
    if folder is None:
        pytest.skip(HINT)
    with RecordingCamera(shared / "data/k4a/recording.mkv") as camera:
        capture, calibration = camera.read(), camera.calibration
    assert capture is not None
    assert capture.depth is not None
    index = (np.arange(capture.depth.size).reshape(capture.depth.shape) // 977 % 7).astype(np.uint8)
    with libk4atransformation.display() as screen:
        if screen is None:
            pytest.skip(libk4atransformation.NO_DISPLAY)
        yield Oracle(
            capture,
            calibration,
            index,
            libk4atransformation.ask(
                folder,
                screen,
                tmp_path_factory.mktemp("libk4a"),
                raw=np.frombuffer(calibration.raw, np.uint8),
                depth_mode=calibration.depth_mode,
                color_resolution=calibration.color_resolution,
                depth=capture.depth,
                color=capture.color,
                ir=capture.ir,
                index=index,
            ),
        )


def within(ours: NDArray[Any], theirs: NDArray[Any], tolerance: float) -> float:
    return float((np.abs(ours.astype(np.float64) - theirs.astype(np.float64)) <= tolerance).mean())


def test_depth_and_what_it_carries_arrive_in_colour_as_libk4as(oracle: Oracle) -> None:
    depth, ir, calibration, made = oracle.capture.depth, oracle.capture.ir, oracle.calibration, oracle.made
    assert depth is not None
    assert ir is not None
    ours = remap.depth_to_color(depth, calibration)
    assert within(ours, made["depth_to_color"], 1) >= 0.999
    assert within(ours > 0, made["depth_to_color"] > 0, 0) >= 0.9999
    linear = remap.ir_to_color(ir, depth, calibration, invalid=7)
    assert within(linear, made["ir_linear"], 1) >= 0.999
    assert within(remap.ir_to_color(ir, depth, calibration, linear=False), made["ir_nearest"], 0) >= 0.999
    assert within(remap.index_to_color(oracle.index, depth, calibration), made["index_nearest"], 0) >= 0.999


def test_colour_arrives_in_depth_as_libk4as(oracle: Oracle) -> None:
    depth, color = oracle.capture.depth, oracle.capture.color
    assert depth is not None
    assert color is not None
    ours = remap.color_to_depth(color, depth, oracle.calibration)
    assert within(ours, oracle.made["color_to_depth"][..., :3], 1) >= 0.999


def test_point_clouds_are_libk4as_but_for_rounding(oracle: Oracle) -> None:
    depth, calibration = oracle.capture.depth, oracle.calibration
    assert depth is not None
    assert within(remap.point_cloud(depth, calibration), oracle.made["point_cloud"], 0.501) == 1.0
    ours = remap.point_cloud_to_color(depth, calibration)
    seen = ours.any(axis=2)
    turned = calibration.transform(ours[seen], "depth", "color")
    assert within(turned, oracle.made["point_cloud_color"][seen], 1.51) >= 0.999
