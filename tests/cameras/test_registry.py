from pathlib import Path

import pytest

from bodychan import open_camera
from bodychan.errors import CameraError, RecordingError
from recordings import make_capture, numbers, write_recording


@pytest.fixture
def take(tmp_path: Path) -> Path:
    return write_recording(tmp_path / "20241105T08:52:36.mkv", [make_capture(1), make_capture(2)])


def test_a_name_with_a_time_in_it_is_a_files(take: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(take.parent)
    with open_camera(take.name) as camera:
        assert numbers(camera) == [1, 2]


def test_a_file_url_opens(take: Path) -> None:
    with open_camera(take.as_uri()) as camera:
        assert camera.name == str(take)
        assert numbers(camera) == [1, 2]


def test_a_name_with_a_time_that_is_not_there_is_a_missing_file() -> None:
    with pytest.raises(RecordingError, match="there is no such file"):
        open_camera("20241105T08:52:37.mkv")


def test_an_unknown_kind_of_camera_is_named() -> None:
    with pytest.raises(CameraError, match="no kind of camera 'kinect:'"):
        open_camera("kinect:0")
