from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bodychan.apps.rigs import convert_rig
from bodychan.errors import CameraError, FusionError, ParameterError
from bodychan.fusion.rig import Rig, RigCamera
from bodychan.operators.kinect.playback import Playback
from rigged import install, runs, write_rig


def shifted(rig: str, usec: int) -> str:
    """The same rig with the second clock so much behind."""
    first, second = Rig.load(rig).cameras
    path = Path(rig).with_name("shifted.toml")
    path.write_text(Rig((first, RigCamera(second.name, second.pose, usec))).dump())
    return str(path)


def test_the_first_cameras_captures_are_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, runs())
    told: list[tuple[int, int | None]] = []
    report = convert_rig(
        ["a.mkv", "b.mkv"],
        write_rig(tmp_path),
        [str(tmp_path / "out.parquet")],
        {"maxplayers": "2", "confidence": "1"},
        progress=lambda *step: told.append(step),
    )
    assert (report.rows, report.bodies, report.partial) == (45, frozenset({1, 2}), None)
    assert told[-1] == (45, 45)
    table = pq.read_table(tmp_path / "out.parquet")
    assert table["frame"].to_pylist() == list(range(1, 46))
    assert set(table["p1/id"].to_pylist()) == {1.0}
    assert set(table["p2/id"].to_pylist()) == {2.0}


def test_the_same_recordings_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, runs())
    rig = write_rig(tmp_path)
    for name in ("1.csv", "2.csv"):
        convert_rig(["a.mkv", "b.mkv"], rig, [str(tmp_path / name)], {})
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


def test_recordings_begin_where_all_have_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second clock is half a second behind: its recording began half a second later."""
    install(monkeypatch, runs())
    rig = shifted(write_rig(tmp_path), 500_000)
    out = str(tmp_path / "out.csv")
    report = convert_rig(["a.mkv", "b.mkv"], rig, [out], {}, playback=Playback(duration=0.5))
    assert report.rows == 15
    frames = [line.split(",")[0] for line in Path(out).read_text().splitlines()[1:]]
    assert frames[0] == "16.0"


def test_what_cannot_be_brought_together_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, runs())
    rig = write_rig(tmp_path)
    out = [str(tmp_path / "out.csv")]
    with pytest.raises(
        FusionError, match=r"b\.mkv begins 8\.5 s after a\.mkv has ended, by the clocks as the rig knows"
    ):
        convert_rig(["a.mkv", "b.mkv"], shifted(rig, 10_000_000), out, {})
    with pytest.raises(FusionError, match=r"rig\.toml has 2 cameras, and there are 3 sources"):
        convert_rig(["a.mkv", "b.mkv", "a.mkv"], rig, out, {})
    with pytest.raises(CameraError, match=r"no camera x\.mkv"):
        convert_rig(["a.mkv", "x.mkv"], rig, out, {})
    with pytest.raises(ParameterError, match="did you mean 'maxplayers'"):
        convert_rig(["a.mkv", "b.mkv"], rig, out, {"maxplayer": 1})
    assert not Path(out[0]).exists()


def test_a_damaged_recording_is_told_and_what_came_before_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = runs()
    played["b.mkv"][30] = None
    install(monkeypatch, played)
    with pytest.raises(CameraError, match=r"b\.mkv is damaged; what came before is in .*out\.partial\.csv"):
        convert_rig(["a.mkv", "b.mkv"], write_rig(tmp_path), [str(tmp_path / "out.csv")], {})
