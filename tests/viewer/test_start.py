from pathlib import Path

import pytest

from bodychan import Calibration
from bodychan.errors import BodychanError, CameraError, OutputError, ParameterError
from bodychan.operators.kinect.playback import Playback
from bodychan.viewer.start import session_for
from scripted import ScriptedCamera, ScriptedTracker, install
from viewers import depth_captures


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch, calibration: Calibration) -> None:
    captures = depth_captures(9, calibration)
    install(
        monkeypatch, lambda: ScriptedCamera(calibration, captures), lambda: ScriptedTracker(lambda _: [1])
    )


def test_what_the_command_line_names_may_lie_outside_of_the_folder(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "rows.csv"
    root.mkdir()
    source = str(tmp_path / "take.mkv")
    Path(source).touch()
    session = session_for(
        source, {"maxplayers": 2}, Playback(loop=True), [str(outside), str(tmp_path / "copy.mkv")], root=root
    )
    assert session.state.source.name == source
    assert [output.target for output in session.state.outputs] == [str(outside)]
    assert session.recording is not None
    assert session.state.loop
    assert f"--to {outside}" in session.state.command
    problems = session.close()
    assert any("nothing to write" in problem for problem in problems)


def test_without_a_source_nothing_is_open(tmp_path: Path) -> None:
    session = session_for("", {}, Playback(), root=tmp_path)
    assert session.state.source.phase == "none"
    assert session.close() == []


def test_a_project_is_shown_with_its_outputs(tmp_path: Path) -> None:
    text = """
[operators.kinectazure1]
type = "KinectAzureTOP"
sensor = "take.mkv"
[operators.bodies]
type = "KinectAzureCHOP"
top = "kinectazure1"
maxplayers = 5
[[outputs]]
from = "bodies"
to = "osc://127.0.0.1:9"
"""
    path = tmp_path / "show.toml"
    path.write_text(text)
    session = session_for(str(path), {}, Playback(), root=tmp_path)
    assert session.state.project == str(path)
    assert [output.target for output in session.state.outputs] == ["osc://127.0.0.1:9"]
    assert session.state.operators[1].values["maxplayers"] == 5
    session.close()
    with pytest.raises(BodychanError, match="no other options"):
        session_for(str(path), {"maxplayers": 2}, Playback(), root=tmp_path)


def test_a_file_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="there is no such file"):
        session_for(str(tmp_path / "none.mkv"), {}, Playback(), root=tmp_path)


def test_what_is_wrong_is_told_before_anything_is_served(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="did you mean"):
        session_for("synthetic:two", {"maxplayer": 2}, Playback(), root=tmp_path)
    with pytest.raises(OutputError, match="port"):
        session_for("synthetic:two", {}, Playback(), ["osc://nowhere"], root=tmp_path)
