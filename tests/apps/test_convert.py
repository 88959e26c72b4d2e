import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import bodychan
from bodychan import Calibration, Project
from bodychan.apps.convert import convert, wire
from bodychan.errors import CameraError, OutputError, ParameterError
from bodychan.operators.kinect.playback import Playback
from scripted import ScriptedCamera, ScriptedTracker, install, scripted_captures


@pytest.fixture
def captures(monkeypatch: pytest.MonkeyPatch, calibration: Calibration) -> list[object]:
    """What the scripted camera plays: capture 4 was dropped; body 3 is there from capture 2 on."""
    played: list[object] = [c for c in scripted_captures(10) if c.index != 4]
    install(
        monkeypatch,
        lambda: ScriptedCamera(calibration, played),  # type: ignore[arg-type]
        lambda: ScriptedTracker(lambda capture: [3] if capture.index >= 2 else []),
    )
    return played


def test_there_is_one_row_per_capture_whatever_was_dropped(captures: list[object]) -> None:
    rows = list(bodychan.track("x", confidence=True))
    assert [row["frame"][0] for row in rows] == [1, 2, 3, 5, 6, 7, 8, 9, 10]
    assert [row["p1/id"][0] for row in rows] == [0] + [3] * 8
    assert rows[0]["timestamp"] == 1_000_000
    assert rows[0].rate == 30


def test_parts_are_counted_from_the_start_of_the_recording(captures: list[object]) -> None:
    rows = bodychan.track("x", Playback(start=0.2, duration=0.1))
    assert [row["frame"][0] for row in rows] == [7, 8, 9]


def test_files_hold_the_same_values_as_the_rows(captures: list[object], tmp_path: Path) -> None:
    targets = [str(tmp_path / "a.parquet"), str(tmp_path / "a.csv")]
    report = convert("x", targets, {"maxplayers": "2", "bonelengths": "on"})
    assert (report.rows, report.bodies, report.partial) == (9, frozenset({3}), None)
    rows = list(bodychan.track("x", maxplayers=2, bonelengths=True))
    table = pq.read_table(targets[0])
    assert table.num_columns == report.channels == rows[0].numChans
    for name in ("frame", "timestamp", "p1/head:ty", "p2/id", "p1/knee_l:length"):
        np.testing.assert_array_equal(table[name].to_numpy(), [float(row[name]) for row in rows])
    lines = Path(targets[1]).read_text().splitlines()
    assert len(lines) == 10


def test_the_same_conversion_twice_gives_the_same_bytes(captures: list[object], tmp_path: Path) -> None:
    for name in ("a.parquet", "b.parquet"):
        convert("x", [str(tmp_path / name)], {})
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_ctrl_c_keeps_the_rows_so_far_beside_and_says_how_far_it_came(
    captures: list[object], tmp_path: Path
) -> None:
    def stop_at_five(done: int, _expected: int | None) -> None:
        if done == 5:
            raise KeyboardInterrupt

    report = convert("x", [str(tmp_path / "a.parquet")], {}, progress=stop_at_five)
    assert report.partial == (str(tmp_path / "a.partial.parquet"),)
    assert os.listdir(tmp_path) == ["a.partial.parquet"]
    assert pq.read_table(tmp_path / "a.partial.parquet").num_rows == 5


def test_a_read_error_in_the_middle_leaves_no_file(captures: list[object], tmp_path: Path) -> None:
    captures[5] = CameraError("capture 7 is damaged")
    with pytest.raises(CameraError, match="capture 7 is damaged"):
        convert("x", [str(tmp_path / "a.csv")], {})
    assert os.listdir(tmp_path) == []


def test_one_target_that_cannot_be_opened_leaves_none_of_the_others(
    captures: list[object], tmp_path: Path
) -> None:
    (tmp_path / "b.csv").touch()
    with pytest.raises(OutputError, match="exists"):
        convert("x", [str(tmp_path / "a.csv"), str(tmp_path / "b.csv")], {})
    assert os.listdir(tmp_path) == ["b.csv"]


def test_progress_is_told_what_is_expected(captures: list[object], tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    convert("x", [str(tmp_path / "a.csv")], {}, progress=lambda *step: told.append(step))
    assert told[-1] == (9, 9)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"maxplayer": 2}, "no parameter 'maxplayer': did you mean 'maxplayers'"),
        ({"maxplayers": "many"}, "'many' is not a whole number"),
        ({"active": 1}, r"both operators have a parameter 'active': write top\.active or chop\.active"),
        ({"camera.fps": 1}, r"no operator 'camera': write top\.fps or chop\.fps"),
    ],
)
def test_wrong_parameters_are_explained(
    captures: list[object], parameters: dict[str, object], message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        wire(Project(), "x", parameters)


def test_a_prefix_says_whose_parameter_is_meant(captures: list[object]) -> None:
    top, chop = wire(Project(), "x", {"chop.active": False, "top.sensor": "y", "maxplayers": "2"})
    assert (top.par.active, chop.par.active, chop.par.maxplayers) == (True, False, 2)
    assert top.par.sensor == "y"
