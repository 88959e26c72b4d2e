import numpy as np
import pytest

from bodychan.cameras.synthetic.device import calibration_json
from bodychan.cameras.synthetic.eye import seen_capsules
from bodychan.cameras.synthetic.figure import PART_GROUPS, make_figure
from bodychan.cameras.synthetic.motion import Motion, Oval
from bodychan.cameras.synthetic.render import thickness, trace_figure
from bodychan.cameras.synthetic.room import Sight
from bodychan.model.arrays import F64
from bodychan.optics.calibration import Calibration
from bodychan.optics.lens import Lens
from reference.figure_plain import trace_rays

LENS = Lens(160, 144, 79.7, 73.2, 126.0, 126.0, (0.5, -0.02, 0, 0.87, 0.08, -0.01), (1e-4, -2e-4))
RAYS = LENS.ray_table


def _nothing() -> Sight:
    shape = RAYS.shape[:2]
    return Sight(
        np.full(shape, 1e6, np.float32),
        np.full(shape, -1, np.int32),
        np.zeros((*shape, 3), np.float32),
        np.zeros(shape, np.float32),
    )


def _person(seconds: float) -> F64:
    motion = Motion(Oval(100.0, 2300.0, 500.0, 400.0, 5.0))
    figure = make_figure(0, 2)
    return seen_capsules(figure, motion.pose(figure, seconds), np.eye(3), np.array([0.0, -1000.0, 0.0]))


def _one_capsule(start: tuple[float, float, float], end: tuple[float, float, float], radius: float) -> F64:
    """A figure all of whose parts but the first are far behind the camera."""
    capsules = np.tile([0.0, 0.0, -1e6, 0.0, 0.0, -1e6, 1.0, 1.0], (len(PART_GROUPS), 1))
    capsules[0] = [*start, *end, radius, radius]
    return capsules


@pytest.mark.parametrize("seconds", [0.3, 1.7, 3.2])
def test_the_kernel_sees_what_plain_numpy_sees(seconds: float) -> None:
    capsules, sight = _person(seconds), _nothing()
    trace_figure(RAYS, LENS, capsules, 100, sight)
    depth, part, normal = trace_rays(RAYS.reshape(-1, 2).astype(np.float64), capsules)
    depth, part, normal = depth.reshape(144, 160), part.reshape(144, 160), normal.reshape(144, 160, 3)
    kernel_hit, plain_hit = sight.surface >= 0, part >= 0
    assert plain_hit.sum() > 700
    assert (kernel_hit != plain_hit).sum() <= 0.01 * plain_hit.sum()  # rays that graze
    both = kernel_hit & plain_hit
    off = np.abs(sight.depth - depth)[both]
    assert np.median(off) < 0.1
    assert np.quantile(off, 0.99) < 1.0
    assert (sight.surface[both] == 100 + part[both]).mean() > 0.99
    assert np.quantile(np.einsum("ni,ni->n", sight.normal[both], normal[both]), 0.02) > 0.99


def test_what_lies_just_behind_a_figure_does_not_hide_it() -> None:
    capsules, sight = _person(1.7), _nothing()
    depth, part, _ = trace_rays(RAYS.reshape(-1, 2).astype(np.float64), capsules)
    hit = (part >= 0).reshape(144, 160)
    sight.depth[hit] = depth.reshape(144, 160)[hit] + 15.0
    trace_figure(RAYS, LENS, capsules, 0, sight)
    assert (sight.surface[hit] >= 0).mean() > 0.99
    assert (sight.surface[~hit] >= 0).sum() < 0.01 * hit.sum()


def test_a_sphere_is_where_geometry_says() -> None:
    centre, radius = np.array([60.0, -40.0, 1500.0]), 200.0
    capsules, sight = _one_capsule((60, -40, 1500), (60, -40, 1500), radius), _nothing()
    trace_figure(RAYS, LENS, capsules, 0, sight)
    ways = np.concatenate([RAYS.astype(np.float64), np.ones((144, 160, 1))], axis=2)
    a, b = np.einsum("ijk,ijk->ij", ways, ways), ways @ centre
    root = b * b - a * (centre @ centre - radius**2)
    hit = root > 0
    depth = (b - np.sqrt(np.where(hit, root, 0))) / a
    inner = root > 0.06 * root.max()
    np.testing.assert_allclose(sight.depth[inner], depth[inner], atol=0.3)
    assert (sight.surface[root < -0.03 * root.max()] == -1).all()
    outward = (ways * depth[..., None] - centre)[inner] / radius
    assert np.einsum("ni,ni->n", sight.normal[inner], outward).min() > 0.99
    facing = -np.einsum("ni,ni->n", outward, ways[inner]) / np.sqrt(a[inner])
    np.testing.assert_allclose(sight.cosine[inner], facing, atol=0.02)


def test_the_nearer_of_two_figures_is_seen_in_either_order() -> None:
    near, far = (_one_capsule((0, -50, z), (0, 50, z), 150.0) for z in (1500.0, 2500.0))
    first, second = _nothing(), _nothing()
    for sight, order in ((first, ((near, 1), (far, 50))), (second, ((far, 50), (near, 1)))):
        for capsules, offset in order:
            trace_figure(RAYS, LENS, capsules, offset, sight)
    np.testing.assert_array_equal(first.surface, second.surface)
    np.testing.assert_allclose(first.depth, second.depth, atol=0.5)
    assert first.surface[73, 80] == 1


def test_a_figure_behind_the_camera_or_beside_the_view_leaves_no_trace() -> None:
    for x, z in ((0.0, -2000.0), (9000.0, 1000.0)):
        sight = _nothing()
        trace_figure(RAYS, LENS, _one_capsule((x, 0, z), (x, 500, z), 150.0), 0, sight)
        assert (sight.surface == -1).all()


def test_a_figure_that_touches_the_camera_fills_the_view() -> None:
    sight = _nothing()
    trace_figure(RAYS, LENS, _one_capsule((-400, 0, 250), (400, 0, 250), 200.0), 0, sight)
    assert (sight.surface == 0).mean() > 0.5


def test_the_distance_never_promises_more_room_than_there_is() -> None:
    rng = np.random.default_rng(0)
    capsules = _person(0.5)
    points = rng.uniform(-900, 900, (400, 3)) + capsules[:, :3].mean(axis=0)
    single = _segment_distances(points, capsules)
    nearest = single.min(axis=1)
    inside = thickness(points, capsules)
    assert (inside[nearest < -1] > 0).all()
    assert (inside[nearest > 40] == 0).all()  # a blend fills a fold, no more


def _segment_distances(points: F64, capsules: F64) -> F64:
    start, way = capsules[:, :3], capsules[:, 3:6] - capsules[:, :3]
    along = np.einsum("npk,pk->np", points[:, None] - start, way) / np.maximum((way**2).sum(axis=1), 1e-9)
    share = np.clip(along, 0, 1)
    foot = start + share[..., None] * way
    radius = capsules[:, 6] + share * (capsules[:, 7] - capsules[:, 6])
    return np.asarray(np.linalg.norm(points[:, None] - foot, axis=2) - radius)


def test_a_person_before_the_real_lens_is_seen_whole() -> None:
    lens = Calibration.from_json(calibration_json()).lenses["depth"]
    rays = np.nan_to_num(lens.ray_table)[::4, ::4]
    depth, _, _ = trace_rays(rays.reshape(-1, 2).astype(np.float64), _person(0.3))
    seen = np.isfinite(depth)
    assert seen.sum() * 16 > 10_000
    assert 1500 < depth[seen].min() < depth[seen].max() < 3000
