import time
from pathlib import Path

import pytest

from bodychan import Calibration, KinectAzureCHOP, KinectAzureTOP, Project
from bodychan.apps import show
from bodychan.errors import BodychanError, CameraError, OperatorError, PatternError
from bodychan.operators.project_file import OutputLine
from scripted import ScriptedCamera, ScriptedTracker, install, scripted_captures


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calibration: Calibration) -> Path:
    """A project with a camera of twelve captures, and a table to write."""
    install(
        monkeypatch,
        lambda: ScriptedCamera(calibration, scripted_captures(12)),
        lambda: ScriptedTracker(lambda _capture: [2]),
    )
    project = Project(fps=60)
    project.create(KinectAzureTOP, "top", sensor="scripted")
    project.create(KinectAzureCHOP, "bodies", top="top")
    project.outputs.append(OutputLine("bodies", str(tmp_path / "out.csv")))
    project.save(tmp_path / "show.toml")
    return tmp_path / "show.toml"


def test_a_saved_project_plays_into_its_outputs_until_its_cameras_end(saved: Path) -> None:
    report = show.run(saved)
    assert (report.warnings, report.failures, report.captures) == ((), (), 12)
    rows = (saved.parent / "out.csv").read_text().splitlines()
    assert rows[0].startswith("frame,timestamp,p1/id")
    assert rows[-1].startswith("12.0,")


def test_when_every_camera_fails_the_reason_is_told(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_url: str, _settings: object) -> ScriptedCamera:
        raise CameraError("take.mkv is not there: check the path")

    monkeypatch.setattr("bodychan.operators.kinect.top.open_camera", refuse)
    with pytest.raises(BodychanError, match="is not there"):
        show.run(saved)


def test_an_operator_that_does_not_work_is_an_error(saved: Path) -> None:
    saved.write_text(saved.read_text().replace('top = "top"', 'top = "top"\nscope = "[1"'))
    with pytest.raises(PatternError, match="is not closed"):
        show.run(saved)
    assert not (saved.parent / "out.csv").exists()


def test_warnings_of_the_operators_are_given(saved: Path) -> None:
    saved.write_text(saved.read_text().replace('top = "top"', 'top = "top"\nexport = true'))
    assert any("channels lead nowhere" in told for told in show.run(saved).warnings)


def test_a_project_without_channels_is_refused(tmp_path: Path) -> None:
    Project().save(tmp_path / "empty.toml")
    with pytest.raises(OperatorError, match="has no operator with channels"):
        show.run(tmp_path / "empty.toml")


def test_a_camera_that_opens_slowly_makes_no_hole_at_the_start(
    saved: Path, monkeypatch: pytest.MonkeyPatch, calibration: Calibration
) -> None:
    def slow(_url: str, _settings: object) -> ScriptedCamera:
        time.sleep(0.3)
        return ScriptedCamera(calibration, scripted_captures(12))

    monkeypatch.setattr("bodychan.operators.kinect.top.open_camera", slow)
    show.run(saved)
    assert (saved.parent / "out.csv").read_text().splitlines()[1].startswith("1.0,")
