from pathlib import Path

import numpy as np
import pytest

from bodychan.cameras.synthetic.camera import SyntheticCamera
from bodychan.errors import CameraError
from bodychan.evaluation import depth_sets, depth_sheet
from bodychan.model.bodies import Bodies
from bodychan.model.skeleton import Joint
from bodychan.tracking.builtin.tracker import BuiltinTracker


@pytest.fixture
def walkers(tmp_path: Path) -> Path:
    """Two people, each image by itself, as the synthetic camera sees them without its lens's distortion."""
    camera = SyntheticCamera("synthetic:two")
    capture = camera.read()
    assert capture is not None
    assert capture.depth is not None
    lens = camera.calibration.lenses["depth"]
    chests, _ = lens.project(camera.truth(capture).positions[:, Joint.SPINE_CHEST])
    path = tmp_path / "walkers.npz"
    np.savez(
        path,
        depth=capture.depth[None],
        K=[lens.fx, lens.fy, lens.cx, lens.cy],
        usec=[0],
        single=True,
        mode="NFOV_UNBINNED",
        people=chests[None],
        apart=[[0.4, 1.2]],
    )
    return path


def test_people_are_counted_by_their_marks_and_drawn(walkers: Path) -> None:
    known = depth_sets.read(walkers)
    tracked = [b for _, b in depth_sets.track(known, lambda c, o: BuiltinTracker(c, orientation=o))]
    counted = depth_sets.count(known, tracked)
    assert (counted.name, counted.images, counted.people, counted.found) == ("walkers", 1, 2, 2)
    assert counted.bodies == counted.ids == 2
    assert counted.by_distance == {0.5: (1, 1), np.inf: (1, 1)}
    assert depth_sets.count(
        known, [Bodies.none(bodies.frame, bodies.device_usec) for bodies in tracked]
    ).by_distance[0.5] == (1, 0)
    figure = depth_sheet.sheet(known, tracked)
    assert len(figure.axes) == 1
    assert len(figure.axes[0].lines) > 60


def test_a_sensor_on_its_side_is_told_where_the_file_does_not_say(walkers: Path, tmp_path: Path) -> None:
    with np.load(walkers) as file:
        arrays = dict(file)
    high = arrays["depth"].shape[1]
    fx, fy, cx, cy = arrays["K"]
    arrays["depth"] = np.rot90(arrays["depth"], -1, axes=(1, 2))  # clockwise
    arrays["K"] = [fy, fx, high - 1 - cy, cx]
    marks = arrays["people"]
    arrays["people"] = np.stack([high - 1 - marks[..., 1], marks[..., 0]], axis=-1)
    path = tmp_path / "aside.npz"
    np.savez(path, **arrays)

    known = depth_sets.read(path, "ccw90")
    assert (known.orientation, depth_sets.read(path).orientation) == ("ccw90", "default")
    tracked = [b for _, b in depth_sets.track(known, lambda c, o: BuiltinTracker(c, orientation=o))]
    assert depth_sets.count(known, tracked).found == 2
    along = tracked[0].positions[:, Joint.ANKLE_LEFT] - tracked[0].positions[:, Joint.HEAD]
    assert (along[:, 0] < -0.9 * np.linalg.norm(along, axis=1)).all(), "what was below is on the left"


def test_a_file_that_is_no_set_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    np.savez(path, depth=np.zeros((1, 2, 2), np.uint16))
    with pytest.raises(CameraError, match=r"other\.npz is no set of depth images"):
        depth_sets.read(path)
    with pytest.raises(CameraError, match="is no set"):
        depth_sets.read(tmp_path / "none.npz")
