import numpy as np
import pytest

from bodychan import Bodies, Capture, KinectAzureSelectTOP, KinectAzureTOP, Project, open_camera
from bodychan.cameras.base import Camera
from bodychan.tracking.base import Tracker
from scripted import install


class Lagging(Tracker):
    """Knows the truth, but always that of two captures ago, as a tracker in a thread of its own would."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._seen: list[Capture] = []

    def track(self, capture: Capture) -> Bodies:
        self._seen.append(capture)
        return self._camera.truth(self._seen[max(0, len(self._seen) - 3)])  # type: ignore[attr-defined, no-any-return]


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project at 30 fps whose TOP looks at a synthetic scene; its bodies lag two captures behind."""
    camera = open_camera("synthetic:nocolor?seconds=1")
    install(monkeypatch, lambda: camera, lambda: Lagging(camera))
    project = Project(fps=30)
    project.create(KinectAzureTOP, "top", sensor="scripted")
    return project


def top_of(project: Project) -> KinectAzureTOP:
    top = project.op("top")
    assert isinstance(top, KinectAzureTOP)
    return top


def test_the_top_shows_the_newest_capture_and_a_select_top_another_image(project: Project) -> None:
    top = top_of(project)
    select = project.create(KinectAzureSelectTOP, "select", top="top", image="ir")
    project.step(4)
    assert top.numpyArray().dtype == np.float32
    assert select.numpyArray().dtype == np.uint16
    assert (select.width, select.height) == (640, 576)
    assert top.capture is not None
    assert top.capture.index == 4
    assert np.array_equal(select.numpyArray(), top.capture.ir)  # type: ignore[arg-type]


def test_bodyimage_delays_the_image_to_the_capture_of_the_newest_bodies(project: Project) -> None:
    top = top_of(project)
    live = project.create(KinectAzureSelectTOP, "live", top="top", image="ir")
    top.par.image = "ir"
    top.par.bodyimage = True
    seen = []
    for _ in range(6):
        project.step()
        seen.append(live.numpyArray().copy())
        delayed = top.numpyArray()
    assert top.bodies is not None
    assert top.bodies.frame == 4
    assert np.array_equal(delayed, seen[3])
    assert not np.array_equal(delayed, seen[5])


def test_the_player_index_goes_with_the_bodies_it_belongs_to(project: Project) -> None:
    top = top_of(project)
    top.par.image = "playerindex"
    project.step(5)
    assert set(np.unique(top.numpyArray())) == {0, 25}


def test_mirrored_images_are_flipped_left_to_right(project: Project) -> None:
    top = top_of(project)
    project.step()
    plain = top.numpyArray().copy()
    top.par.mirrorimage = True
    assert np.array_equal(top.numpyArray(), plain[:, ::-1])


def test_remapimage_gives_the_image_as_the_other_camera_sees_it(project: Project) -> None:
    top = top_of(project)
    top.par.remapimage = True
    project.step()
    assert top.numpyArray().shape == (720, 1280)
    assert top.numpyArray().any()
    assert top.info()["resx"] == 1280


def test_an_image_that_the_capture_lacks_is_black(project: Project) -> None:
    top = top_of(project)
    top.par.image = "color"
    project.step()
    assert top.numpyArray().shape == (720, 1280, 4)
    assert not top.numpyArray().any()


@pytest.mark.parametrize("reference", ["", "nothing", "select"])
def test_a_wrong_reference_is_an_error_and_the_image_is_black(project: Project, reference: str) -> None:
    select = project.create(KinectAzureSelectTOP, "select", top=reference)
    project.step()
    assert not select.numpyArray().any()
    assert select.errors() != ""


def test_an_inactive_operator_is_black(project: Project) -> None:
    select = project.create(KinectAzureSelectTOP, "select", top="top", active=False)
    project.step()
    assert not select.numpyArray().any()
    select.par.active = True
    assert select.numpyArray().any()
    top_of(project).par.active = False
    assert not select.numpyArray().any()
    assert "/project1/top is not active" in select.errors()
