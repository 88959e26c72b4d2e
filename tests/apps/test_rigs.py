from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bodychan import Project
from bodychan.apps import rigs
from bodychan.apps.convert import convert
from bodychan.apps.rigs import wire_rig
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
    report = convert(
        ["a.mkv", "b.mkv"],
        [str(tmp_path / "out.parquet")],
        {"maxplayers": "2", "confidence": "1"},
        rig=write_rig(tmp_path),
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
        convert(["a.mkv", "b.mkv"], [str(tmp_path / name)], {}, rig=rig)
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


def test_recordings_begin_where_all_have_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second clock is half a second behind: it began half a second later, as wires tell."""
    install(monkeypatch, runs(), wired=True)
    rig = shifted(write_rig(tmp_path), 500_000)
    out = str(tmp_path / "out.csv")
    report = convert(["a.mkv", "b.mkv"], [out], {}, playback=Playback(duration=0.5), rig=rig)
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
        convert(["a.mkv", "b.mkv"], out, {}, rig=shifted(rig, 10_000_000))
    with pytest.raises(FusionError, match=r"rig\.toml has 2 cameras, and the sources named are 3: "):
        convert(["a.mkv", "b.mkv", "a.mkv"], out, {}, rig=rig)
    with pytest.raises(CameraError, match=r"no camera x\.mkv"):
        convert(["a.mkv", "x.mkv"], out, {}, rig=rig)
    with pytest.raises(ParameterError, match="did you mean 'maxplayers'"):
        convert(["a.mkv", "b.mkv"], out, {"maxplayer": 1}, rig=rig)
    assert not Path(out[0]).exists()


def test_a_damaged_recording_is_told_and_what_came_before_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = runs()
    played["b.mkv"][30] = None
    install(monkeypatch, played)
    with pytest.raises(CameraError, match=r"b\.mkv is damaged; what came before is in .*out\.partial\.csv"):
        convert(["a.mkv", "b.mkv"], [str(tmp_path / "out.csv")], {}, rig=write_rig(tmp_path))


@pytest.mark.parametrize(
    ("processors", "realtime", "expected"), [(1, False, False), (2, True, False), (2, False, True)]
)
def test_cameras_have_processes_where_that_pays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processors: int, realtime: bool, expected: bool
) -> None:
    install(monkeypatch, runs(), wired=True)
    monkeypatch.setattr(rigs, "processors", lambda: processors)
    with Project(realtime=realtime) as project:
        tops, _ = wire_rig(project, ["a.mkv", "b.mkv"], write_rig(tmp_path), {})
        assert [top.own_process for top in tops] == [expected] * 2


def test_the_offset_of_a_take_is_found_and_not_the_rigs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The rig says half a second, which is wrong: people move at the same time in both."""
    install(monkeypatch, runs(count=240))
    out = str(tmp_path / "out.csv")
    with caplog.at_level("INFO", "bodychan"):
        report = convert(["a.mkv", "b.mkv"], [out], {}, rig=shifted(write_rig(tmp_path), 500_000))
    assert report.rows >= 239
    assert "the clock of b.mkv shows" in caplog.text
    frames = [line.split(",")[0] for line in Path(out).read_text().splitlines()[1:]]
    assert frames[0] in ("1.0", "2.0")
