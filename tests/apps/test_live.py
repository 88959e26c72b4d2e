import os
import signal
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bodychan import Capture, Channels, InfoCHOP, KinectAzureCHOP, Project
from bodychan.apps import live
from bodychan.apps.live import Line
from bodychan.apps.meter import Status
from bodychan.apps.wiring import wire
from bodychan.errors import CameraError, OutputError, ParameterError, PatternError
from bodychan.operators.kinect.playback import Playback
from bodychan.outputs.csv import CsvFile
from bodychan.outputs.table import Table
from receivers import OscReceiver
from recordings import calibration, make_capture
from scripted import ScriptedCamera, ScriptedTracker, install, scripted_captures


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[Capture | Exception]:
    """What the scripted camera plays, with body 2 in it."""
    captures: list[Capture | Exception] = [*scripted_captures(12)]
    install(
        monkeypatch,
        lambda: ScriptedCamera(calibration(), captures),
        lambda: ScriptedTracker(lambda _capture: [2]),
    )
    return captures


@pytest.mark.usefixtures("played")
def test_channels_go_to_every_target_at_the_rate_that_is_asked_for(tmp_path: Path) -> None:
    receiver = OscReceiver()
    table = tmp_path / "a.parquet"
    told: list[Status] = []
    try:
        report = live.run("x", [receiver.url, str(table)], {}, fps=40, status=told.append)
        messages = receiver.wait_until(lambda: ("/frame", 12.0) in receiver.messages)
    finally:
        receiver.close()
    assert ("/p1/id", 2.0) in messages
    assert pq.read_table(table).schema.metadata[b"rate"] == b"40.0"
    assert [sent.target for sent in report.sent] == [receiver.url, str(table)]
    assert report.sent[1].writes == pq.read_table(table).num_rows <= round(40 * report.seconds) + 1
    assert (report.captures, report.failures, report.warnings) == (12, (), ())
    assert 1 <= report.tracked <= 12
    assert told[-1].targets == (receiver.url, str(table))
    assert 0 < told[-1].frames < 45


@pytest.mark.usefixtures("played")
def test_on_change_only_what_a_new_capture_changed_is_put_out(tmp_path: Path) -> None:
    live.run("x", [str(tmp_path / "a.parquet")], {}, fps=240, on_change=True)
    frames = pq.read_table(tmp_path / "a.parquet")["frame"].to_numpy().tolist()
    assert frames == sorted(set(frames))
    assert frames[-1] == 12


@pytest.mark.usefixtures("played")
def test_a_loop_ends_after_its_seconds(tmp_path: Path) -> None:
    playback = Playback(loop=True, duration=1.0)
    report = live.run("x", [str(tmp_path / "a.csv")], {}, playback=playback)
    assert 1.0 <= report.seconds < 1.5
    assert report.captures > 20  # twelve of them more than once


def test_a_camera_that_fails_keeps_what_came_before(
    played: list[Capture | Exception], tmp_path: Path
) -> None:
    played[8] = CameraError("x was unplugged")
    with pytest.raises(CameraError, match=r"x was unplugged; what came before is in .*a\.partial\.csv"):
        live.run("x", [str(tmp_path / "a.csv")], {})
    assert os.listdir(tmp_path) == ["a.partial.csv"]
    assert len((tmp_path / "a.partial.csv").read_text().splitlines()) > 5


@pytest.mark.usefixtures("played")
def test_an_output_that_fails_ends_neither_the_show_nor_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(output: CsvFile, channels: Channels) -> None:
        if channels["frame"] >= 6:
            raise OutputError("the disk is gone")
        Table.write(output, channels)

    monkeypatch.setattr(CsvFile, "write", write)
    report = live.run("x", [str(tmp_path / "a.csv"), str(tmp_path / "b.parquet")], {})
    assert report.failures == (f"the disk is gone; what came before is in {tmp_path / 'a.partial.csv'}",)
    assert sorted(os.listdir(tmp_path)) == ["a.partial.csv", "b.parquet"]
    assert pq.read_table(tmp_path / "b.parquet")["frame"].to_pylist()[-1] == 12
    last = (tmp_path / "a.partial.csv").read_text().splitlines()[-1]
    assert float(last.partition(",")[0]) < 6
    alone = live.run("x", [str(tmp_path / "a.csv")], {}, overwrite=True)
    assert alone.captures < 12  # it ends when nobody is left to play for


@pytest.mark.parametrize(
    ("parameters", "kind"),
    [
        ({"scope": "["}, PatternError),
        ({"scope": "nothing*"}, ParameterError),
        ({"top.active": 0}, ParameterError),
    ],
)
@pytest.mark.usefixtures("played")
def test_an_operator_that_does_not_work_is_an_error_at_the_start(
    parameters: dict[str, object], kind: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(kind):
        live.run("x", [str(tmp_path / "a.csv")], parameters)
    assert os.listdir(tmp_path) == []


def test_an_operator_that_stops_working_ends_the_show(
    played: list[Capture | Exception], tmp_path: Path
) -> None:
    with Project(realtime=True) as project:
        _, chop = wire(project, "x", {})
        project.attach(chop, _Breaks(chop))
        with pytest.raises(PatternError, match=r"not closed; what came before is in .*a\.partial\.csv"):
            live.play(project, [Line(chop, str(tmp_path / "a.csv"))])
    assert os.listdir(tmp_path) == ["a.partial.csv"]


class _Breaks:
    """Spoils the scope of an operator at its sixth frame."""

    def __init__(self, chop: KinectAzureCHOP) -> None:
        self._chop, self._frames = chop, 0

    def write(self, channels: Channels) -> None:
        self._frames += 1
        if self._frames == 6:
            self._chop.par.scope = "["


def pressing(times: int, at: int) -> Callable[[Capture], list[int]]:
    """Presses Ctrl-C while a capture is tracked."""

    def who(capture: Capture) -> list[int]:
        if capture.index == at:
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGINT)
        return [1]

    return who


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_the_show_and_files_get_their_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install(
        monkeypatch,
        lambda: ScriptedCamera(calibration(), [make_capture(number) for number in range(1, 60)]),
        lambda: ScriptedTracker(pressing(1, 6)),
    )
    targets = [str(tmp_path / name) for name in ("a.csv", "b.parquet", "c.mkv")]
    report = live.run("x", targets, {})
    assert report.failures == ()
    assert sorted(os.listdir(tmp_path)) == ["a.csv", "b.parquet", "c.mkv"]
    assert report.captures < 50


@pytest.mark.usefixtures("played")
def test_a_recording_of_a_loop_or_of_no_camera_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="a loop cannot be recorded"):
        live.run("x", [str(tmp_path / "a.mkv")], {}, playback=Playback(loop=True))
    with Project() as project, pytest.raises(OutputError, match="has no one camera to record"):
        wire(project, "x", {})
        info = project.create(InfoCHOP, "info", op="kinectazure1")
        live.play(project, [Line(info, str(tmp_path / "a.mkv"))])


def test_the_recording_that_is_played_is_not_overwritten(
    played: list[Capture | Exception], tmp_path: Path
) -> None:
    take = tmp_path / "take.mkv"
    take.write_text("precious")
    with pytest.raises(OutputError, match="is the source itself"):
        live.run(take, [str(take)], {}, overwrite=True)
    assert take.read_text() == "precious"
