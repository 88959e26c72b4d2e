from pathlib import Path

import numpy as np
import pytest

from bodychan.errors import FusionError
from bodychan.fusion.rig import Rig, RigCamera
from rigs import POSES


def test_a_rig_is_read_as_it_was_written(tmp_path: Path) -> None:
    rig = Rig.from_poses(POSES, ["a", 'b "quoted"', "c", "0001"])
    cameras = (*rig.cameras[:3], RigCamera("0001", rig.cameras[3].pose, -1234, 12.5))
    path = tmp_path / "rig.toml"
    path.write_text(Rig(cameras).dump(), encoding="utf-8")
    again = Rig.load(path)
    for ours, theirs in zip(cameras, again.cameras, strict=True):
        np.testing.assert_allclose(theirs.pose, ours.pose, rtol=1e-8, atol=1e-6)
        assert (theirs.name, theirs.offset_usec) == (ours.name, ours.offset_usec)
        assert theirs.residual_mm == pytest.approx(ours.residual_mm, nan_ok=True)


def test_known_poses_are_given_from_the_first_camera() -> None:
    rig = Rig.from_poses(POSES)
    np.testing.assert_allclose(rig.cameras[0].pose, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(POSES[0] @ rig.cameras[2].pose, POSES[2], atol=1e-9)
    assert [camera.name for camera in rig.cameras] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "is no rig: "),
        ("format = 2\ncameras = []", "its format is 2, and this version of bodychan knows 1"),
        ("format = 1\ncameras = []", "a rig has two cameras or more, not 0"),
        ("format = 1\n[[cameras]]\nname = 'a'", "required field `pose`"),
        ("format = 1\n[[cameras]]\nname = 'a'\npose = [[1, 2], [3]]", "is no rig"),
    ],
)
def test_a_file_that_is_no_rig_is_one_clear_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "rig.toml"
    path.write_text(text)
    with pytest.raises(FusionError, match=r"rig\.toml is no rig") as told:
        Rig.load(path)
    assert message in str(told.value)
    assert "\n" not in str(told.value)


def test_poses_that_stretch_mirror_or_are_no_numbers_are_refused() -> None:
    for wrong in (np.diag([1.0, 1.0, 2.0, 1.0]), np.diag([1.0, 1.0, -1.0, 1.0]), np.full((4, 4), np.nan)):
        with pytest.raises(FusionError, match="the pose of camera 2"):
            Rig.from_poses([np.eye(4), wrong])
    with pytest.raises(FusionError, match="have one name: a, a"):
        Rig.from_poses(POSES[:2], ["a", "a"])
    with pytest.raises(FusionError, match="2 poses and 1 names"):
        Rig.from_poses(POSES[:2], ["a"])


def test_a_rig_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(FusionError, match="cannot be read: No such file or directory; `bodychan calibrate`"):
        Rig.load(tmp_path / "rig.toml")


def test_other_clocks_leave_the_poses() -> None:
    rig = Rig.from_poses(POSES[:3])
    other = rig.with_offsets([0, 5, -7])
    assert [camera.offset_usec for camera in other.cameras] == [0, 5, -7]
    assert all(a.pose is b.pose for a, b in zip(rig.cameras, other.cameras, strict=True))
    with pytest.raises(ValueError, match="zip"):
        rig.with_offsets([0])
