import numpy as np
import pytest

from bodychan.cameras.synthetic.camera import SyntheticCamera
from bodychan.cameras.synthetic.views import VIEWS
from bodychan.errors import CameraError
from bodychan.model.skeleton import Confidence


def test_all_views_show_the_same_people_from_where_the_cameras_are() -> None:
    places, people, seen = [], [], []
    for view in range(1, VIEWS + 1):
        with SyntheticCamera(f"synthetic:two?view={view}&seconds=1") as camera:
            capture = camera.read()
            assert capture is not None
            assert capture.depth is not None
            truth = camera.truth(capture)
            places.append(camera.pose[:3, 3])
            people.append(truth.positions @ camera.pose[:3, :3].T + camera.pose[:3, 3])
            seen.append(truth.confidence == Confidence.MEDIUM)
    for other in people[1:]:
        np.testing.assert_allclose(other, people[0], atol=1e-6)
    middle = np.mean(places, axis=0)
    np.testing.assert_allclose(np.linalg.norm(places - middle, axis=1), 2650)
    # What one does not see another one does; the first happens to see nearly all.
    others = seen[1:]
    assert np.any(others, axis=0).mean() > np.mean(others, axis=(1, 2)).max() + 0.1


def test_a_camera_that_starts_late_sees_the_scene_from_there_by_its_own_clock() -> None:
    with (
        SyntheticCamera("synthetic:walk?view=2&seconds=1&fps=5") as early,
        SyntheticCamera("synthetic:walk?view=2&seconds=1&fps=5&late=0.4") as late,
    ):
        captures = list(early)
        first = late.read()
        assert first is not None
        assert first.device_usec == captures[0].device_usec
        np.testing.assert_array_equal(late.truth(first).positions, early.truth(captures[2]).positions)


@pytest.mark.parametrize("option", ["view=5", "view=-1", "late=-1", "view=x"])
def test_views_that_are_not_there_are_refused(option: str) -> None:
    with pytest.raises(CameraError, match="view"):
        SyntheticCamera(f"synthetic:walk?{option}")
