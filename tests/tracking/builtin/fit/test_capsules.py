import numpy as np

from bodychan.model.arrays import F64
from bodychan.tracking.builtin.fit.capsules import Capsules, gather, gather_plainly, pull
from bodychan.tracking.builtin.fit.proportions import CORE
from people import person

USUAL = Capsules.of(1.1, np.ones(4), np.array([0.0, -600.0, 2500.0]))


def joints() -> F64:
    return person(yaw=20.0).positions[list(CORE)]


def test_the_kernel_equals_its_plain_twin() -> None:
    rng = np.random.default_rng(4)
    lines = USUAL.lines(joints())
    points = np.concatenate(lines)[rng.integers(0, 28, 3000)] + rng.normal(0, 70, (3000, 3))
    first = np.array([0.0] * 4 + [0.5] * 4 + [2.0] * 6)
    fast = gather(points, *lines, USUAL.radii, first)
    plain = gather_plainly(points, *lines, USUAL.radii, first)
    assert all(np.allclose(a, b, rtol=1e-9, atol=1e-9) for a, b in zip(fast, plain, strict=True))
    counts = plain[2][:, 2]
    assert (counts[:8] > 0).all()
    assert not counts[8:].any()  # trunk and head only claim points


def test_gradients_are_those_of_the_squared_distances() -> None:
    """The weights are held, so only points close to the surface are compared."""
    true = joints()
    starts, ends = USUAL.lines(true)
    limb = 6  # a shank, which no other capsule touches
    share = np.linspace(0.2, 0.8, 15)[:, None]
    middle = starts[limb] + share * (ends[limb] - starts[limb])
    radius = USUAL.radii[limb, 0] + share * (USUAL.radii[limb, 1] - USUAL.radii[limb, 0])
    points = middle - radius * middle / np.linalg.norm(middle, axis=1)[:, None]
    moved = starts.copy()
    moved[limb] += (0.0, 0.0, 2.0)

    def cost(at: F64) -> float:
        way = ends[limb] - at
        t = np.clip((points - at) @ way / (way @ way), 0, 1)
        away = np.linalg.norm(points - at - t[:, None] * way, axis=1)
        wanted = USUAL.radii[limb, 0] + t * (USUAL.radii[limb, 1] - USUAL.radii[limb, 0])
        return float(((away - wanted) ** 2).sum() / 2)

    gradient = pull(points, (moved, ends), USUAL.radii).gradients[limb, :3]
    step = 1e-3
    slopes = [(cost(moved[limb] + step * e) - cost(moved[limb] - step * e)) / (2 * step) for e in np.eye(3)]
    assert np.allclose(gradient, slopes, rtol=0.1, atol=1.0)


def test_thick_people_have_thick_limbs_and_nobody_a_thick_head() -> None:
    stout = Capsules.of(1.1, np.array([1.2, 1.0, 1.3, 1.0]), USUAL.head)
    ratio = stout.radii[:, 0] / USUAL.radii[:, 0]
    assert np.allclose(ratio[:8], [1.2, 1.2, 1.0, 1.0, 1.3, 1.3, 1.0, 1.0])
    assert np.allclose(ratio[8:], 1.0)
