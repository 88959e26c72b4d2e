from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from bodychan import Bodies, Calibration, Capture, open_camera
from bodychan.model.skeleton import Joint
from bodychan.operators.kinect.images import Image, render
from bodychan.operators.kinect.tables import IMAGES, image_camera

FORMATS = {
    "color": (np.uint8, 4),
    "depth": (np.float32, 0),
    "ir": (np.uint16, 0),
    "playerindex": (np.uint8, 0),
    "pointcloud": (np.float32, 4),
}
ALL = [name for name, _ in IMAGES]

Scene = tuple[Capture, Bodies, Calibration]


@pytest.fixture(scope="module")
def scene() -> Scene:
    with open_camera("synthetic:two") as camera:
        capture = camera.read()
        assert capture is not None
        return capture, camera.truth(capture), camera.calibration  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def image(scene: Scene) -> Callable[[str], Image]:
    done: dict[str, Image] = {}
    return lambda name: done.setdefault(name, render(name, *scene))


@pytest.mark.parametrize("name", ALL)
def test_every_image_has_its_documented_pixel_format_and_its_cameras_size(
    scene: Scene, image: Callable[[str], Image], name: str
) -> None:
    kind, planes = FORMATS[name.removesuffix("remap")]
    lens = scene[2].lenses[image_camera(name)]
    assert image(name).dtype == kind
    assert image(name).shape == (lens.height, lens.width, *([planes] if planes else []))
    assert image(name).any()


@pytest.mark.parametrize("name", ALL)
def test_without_a_capture_an_image_is_black_in_the_same_format(
    scene: Scene, image: Callable[[str], Image], name: str
) -> None:
    black = render(name, None, None, scene[2])
    assert (black.shape, black.dtype) == (image(name).shape, image(name).dtype)
    assert not black.any()


def test_depth_is_in_metres(scene: Scene, image: Callable[[str], Image]) -> None:
    assert scene[0].depth is not None
    np.testing.assert_allclose(image("depth"), scene[0].depth / 1000.0, rtol=1e-6)


def test_a_body_whose_id_is_a_multiple_of_256_is_somebody(scene: Scene) -> None:
    capture, bodies, calibration = scene
    late = replace(bodies, ids=np.array([256, 257]))
    assert set(np.unique(render("playerindex", capture, late, calibration))) == {0, 1, 25}


def test_player_index_is_the_id_times_25(scene: Scene, image: Callable[[str], Image]) -> None:
    _, bodies, calibration = scene
    assert set(np.unique(image("playerindex"))) == {0, *(int(i) * 25 for i in bodies.ids)}
    for name, camera in (("playerindex", "depth"), ("playerindexremap", "color")):
        pixels, _ = calibration.project(bodies.positions[:, Joint.SPINE_CHEST], "depth", camera)
        for body, (x, y) in zip(bodies.ids, np.rint(pixels).astype(int), strict=True):
            assert image(name)[y, x] == 25 * body, (name, body)


def test_player_index_of_bodies_from_another_capture_is_black(scene: Scene) -> None:
    capture, bodies, calibration = scene
    other = Bodies(99, 0, bodies.ids, bodies.positions, bodies.orientations, bodies.confidence)
    assert not render("playerindex", capture, other, calibration).any()


def test_the_point_cloud_lies_in_channel_space_where_the_joints_are(
    scene: Scene, image: Callable[[str], Image]
) -> None:
    _, bodies, calibration = scene
    chest = bodies.positions[:, Joint.SPINE_CHEST]
    for name, camera in (("pointcloud", "depth"), ("pointcloudremap", "color")):
        pixels, _ = calibration.project(chest, "depth", camera)
        for joint, (x, y) in zip(chest * [-0.001, -0.001, 0.001], np.rint(pixels).astype(int), strict=True):
            point = image(name)[y, x]
            assert point[3] == 1
            assert np.linalg.norm(point[:3] - joint) < 0.25  # the skin before the joint
    assert not image("pointcloud")[image("depth") == 0].any()


def test_colour_is_opaque(image: Callable[[str], Image]) -> None:
    assert (image("color")[..., 3] == 255).all()
