from pathlib import Path

import pytest

from bodychan import Calibration
from bodychan.apps import calibrate
from bodychan.apps.calibrate import calibrate_recordings
from bodychan.errors import CameraError, FusionError, OutputError
from bodychan.fusion.rig import Rig
from rigged import install, runs
from rigs import POSES, pose_errors
from scripted import ScriptedCamera, scripted_captures


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, runs(count=240))
    # In this process, where the cameras are.
    monkeypatch.setattr(calibrate, "processors", lambda: 1)


def test_recordings_become_a_rig(played: None, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    out = tmp_path / "rig.toml"
    calibrate_recordings(["a.mkv", "b.mkv"], str(out), progress=lambda *step: told.append(step))
    rig = Rig.load(out)
    assert [camera.name for camera in rig.cameras] == ["a.mkv", "b.mkv"]
    ((_, _), (distance, angle)) = pose_errors(rig, POSES[:2])
    assert distance < 12
    assert angle < 0.5
    assert told[0] == (0, 2)
    with pytest.raises(OutputError, match="exists"):
        calibrate_recordings(["a.mkv", "b.mkv"], str(out))


def test_what_cannot_be_calibrated_leaves_no_file(played: None, tmp_path: Path) -> None:
    out = str(tmp_path / "rig.toml")
    with pytest.raises(FusionError, match="a rig has two cameras or more"):
        calibrate_recordings(["a.mkv"], out)
    with pytest.raises(CameraError, match=r"no camera x\.mkv"):
        calibrate_recordings(["a.mkv", "x.mkv"], out)
    with pytest.raises(FusionError, match=r"a\.mkv is named twice"):
        calibrate_recordings(["a.mkv", "a.mkv"], out)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    take, gone = str(tmp_path / "a.mkv"), str(tmp_path / "b.mkv")
    Path(take).touch()
    for out, message in (
        (tmp_path / "nowhere" / "rig.toml", "there is no folder"),
        (Path(take), "exists: choose another name"),
    ):
        with pytest.raises(OutputError, match=message):
            calibrate_recordings([take, gone], str(out))
    with pytest.raises(OutputError, match="is the source itself"):
        calibrate_recordings([take, gone], take, overwrite=True)


def test_a_rig_that_cannot_be_written_is_told(
    played: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, _data: bytes, **_options: bool) -> None:
        raise OutputError(f"cannot write {path}: No space left on device")

    monkeypatch.setattr(calibrate, "write_whole", full)
    with pytest.raises(OutputError, match="No space left") as told:
        calibrate_recordings(["a.mkv", "b.mkv"], str(tmp_path / "rig.toml"))
    (tmp_path / "copied.toml").write_text(str(told.value).partition("\n\n")[2])
    assert len(Rig.load(tmp_path / "copied.toml").cameras) == 2


def test_a_camera_without_end_cannot_be_calibrated_with(
    calibration: Calibration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = ScriptedCamera(calibration, scripted_captures(1))
    camera.duration_usec = None
    monkeypatch.setattr(calibrate, "open_camera", lambda _source: camera)
    with pytest.raises(FusionError, match=r"k4a:0 has no end: let `bodychan record`"):
        calibrate_recordings(["k4a:0", "k4a:1"], str(tmp_path / "rig.toml"))


def test_processes_of_their_own_give_the_same(tmp_path: Path) -> None:
    """The scene is empty: what matters is that both were tracked, and that nobody was seen."""
    sources = [f"synthetic:empty?view={view}&seconds=0.2&fps=5" for view in (1, 2)]
    with pytest.raises(FusionError, match=r"synthetic:empty\?view=1.* saw nobody for long"):
        calibrate_recordings(sources, str(tmp_path / "rig.toml"))


def test_cameras_are_named_by_serial_numbers_else_by_their_recordings() -> None:
    assert calibrate._names(["x/a.mkv", "x/b.mkv"], ["1", "2"]) == ["1", "2"]
    assert calibrate._names(["x/a.mkv", "x/b.mkv"], ["1", "1"]) == ["a", "b"]
    assert calibrate._names(["x/a.mkv", "y/a.mkv", "b.mkv"], ["", "", "1"]) == ["a 1", "a 2", "b"]
