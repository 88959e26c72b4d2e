import numpy as np

from bodychan import Bodies, open_camera
from bodychan.model.arrays import F64
from bodychan.model.skeleton import Joint
from bodychan.optics.calibration import Calibration
from bodychan.tracking.builtin.fit.capsules import LIMB_COUNT, Capsules
from bodychan.tracking.builtin.fit.proportions import CORE
from bodychan.tracking.builtin.fit.skin import _near, covers, near_plainly, skin_points
from people import person

USUAL = Capsules.of(1.1, np.ones(4), np.array([0.0, -600.0, 2500.0]))


def joints() -> F64:
    return person(yaw=20.0).positions[list(CORE)]


def test_the_kernel_equals_its_plain_twin(calibration: Calibration) -> None:
    rng = np.random.default_rng(6)
    depth = rng.integers(2200, 2800, (576, 640)).astype(np.uint16)
    depth[rng.random(depth.shape) < 0.2] = 0
    starts, ends = (line[:LIMB_COUNT] for line in USUAL.lines(joints()))
    radii = USUAL.radii[:LIMB_COUNT]
    rays = calibration.lenses["depth"].ray_table
    for box in (np.array([200, 100, 450, 560, 3]), np.array([0, 0, 640, 576, 7]), np.array([9, 9, 9, 9, 2])):
        fast, plain = (near(depth, rays, box, starts, ends, radii) for near in (_near, near_plainly))
        assert np.allclose(fast, plain, rtol=1e-6)
        assert (len(plain) > 100) == (box[2] > box[0])


def test_points_on_a_body_s_limbs_are_found_and_the_room_is_left_out() -> None:
    with open_camera("synthetic:walk") as camera:
        capture = camera.read()
        assert capture is not None
        assert capture.depth is not None
        bodies: Bodies = camera.truth(capture)  # type: ignore[attr-defined]
        lens = camera.calibration.lenses["depth"]
        core = bodies.positions[0, list(CORE)]
        limbs = Capsules.of(1.1, np.ones(4), bodies.positions[0, Joint.HEAD])
        points = skin_points(capture.depth, lens, core, limbs)
        cover = covers(capture.depth, lens, core)
    assert 500 < len(points) < 5000
    assert np.linalg.norm(points[:, None] - bodies.positions[0][None], axis=-1).min(axis=1).max() < 450
    wrists = [row for row, joint in enumerate(CORE) if "WRIST" in joint.name]
    assert ((cover == 0) | (cover < core[:, 2] + 400))[wrists].all()


def test_a_body_out_of_view_has_no_skin(calibration: Calibration) -> None:
    depth = np.full((576, 640), 2000, np.uint16)
    lens = calibration.lenses["depth"]
    behind = joints() * (1, 1, -1)
    assert skin_points(depth, lens, behind, USUAL).shape == (0, 3)
    assert not covers(depth, lens, behind).any()
    aside = joints() + np.array([9000.0, 0.0, 0.0])
    assert len(skin_points(depth, lens, aside, USUAL)) == 0
