import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import bodychan
from bodychan import Calibration, Channels, Project
from bodychan.apps.convert import convert, rows
from bodychan.apps.wiring import wire
from bodychan.errors import (
    BodychanError,
    CameraError,
    OperatorError,
    OutputError,
    ParameterError,
    PatternError,
)
from bodychan.operators.kinect.playback import Playback
from bodychan.outputs.csv import CsvFile
from bodychan.outputs.table import Table
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
    found = list(bodychan.track("x", confidence=True))
    assert [row["frame"][0] for row in found] == [1, 2, 3, 5, 6, 7, 8, 9, 10]
    assert [row["p1/id"][0] for row in found] == [0] + [3] * 8
    assert found[0]["timestamp"] == 1_000_000
    assert found[0].rate == 30


def test_parts_are_counted_from_the_start_of_the_recording(captures: list[object]) -> None:
    found = bodychan.track("x", Playback(start=0.2, duration=0.1))
    assert [row["frame"][0] for row in found] == [7, 8, 9]


def test_files_hold_the_same_values_as_the_rows(captures: list[object], tmp_path: Path) -> None:
    targets = [str(tmp_path / "a.parquet"), str(tmp_path / "a.csv")]
    report = convert("x", targets, {"maxplayers": "2", "bonelengths": "on"})
    assert (report.rows, report.bodies, report.partial) == (9, frozenset({3}), None)
    expected = list(bodychan.track("x", maxplayers=2, bonelengths=True))
    table = pq.read_table(targets[0])
    assert table.num_columns == report.channels == expected[0].numChans
    for name in ("frame", "timestamp", "p1/head:ty", "p2/id", "p1/knee_l:length"):
        np.testing.assert_array_equal(table[name].to_numpy(), [float(row[name]) for row in expected])
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


def test_a_read_error_in_the_middle_keeps_the_rows_before_and_says_where(
    captures: list[object], tmp_path: Path
) -> None:
    captures[5] = CameraError("capture 7 is damaged")
    targets = [str(tmp_path / "a.csv"), str(tmp_path / "b.parquet")]
    places = [str(tmp_path / "a.partial.csv"), str(tmp_path / "b.partial.parquet")]
    with pytest.raises(CameraError) as caught:
        convert("x", targets, {})
    assert str(caught.value) == f"capture 7 is damaged; what came before is in {', '.join(places)}"
    assert sorted(os.listdir(tmp_path)) == ["a.partial.csv", "b.partial.parquet"]
    assert len(Path(places[0]).read_text().splitlines()) == 6
    assert pq.read_table(places[1])["frame"].to_pylist() == [1, 2, 3, 5, 6]


def test_an_output_that_fails_is_closed_and_the_others_go_on(
    captures: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(output: CsvFile, channels: Channels) -> None:
        if channels["frame"] == 6:
            raise OutputError("the disk is gone")
        Table.write(output, channels)

    monkeypatch.setattr(CsvFile, "write", write)
    targets = [str(tmp_path / "a.csv"), str(tmp_path / "b.parquet")]
    report = convert("x", targets, {})
    kept = f"the disk is gone; what came before is in {tmp_path / 'a.partial.csv'}"
    assert (report.rows, report.failures, report.partial) == (9, (kept,), None)
    assert sorted(os.listdir(tmp_path)) == ["a.partial.csv", "b.parquet"]
    assert len((tmp_path / "a.partial.csv").read_text().splitlines()) == 5
    alone = convert("x", targets[:1], {}, overwrite=True)
    assert alone.rows == 5  # nobody is left to convert for


@pytest.mark.parametrize(
    ("parameters", "kind", "message"),
    [
        ({"namingtable": "missing.toml"}, OperatorError, "naming table missing.toml cannot be read"),
        ({"slotpolicy": "fixedid", "slotids": "abc"}, ParameterError, "'slotids': 'abc' is not a list"),
        ({"slotpolicy": "fixedid", "slotids": "4 4"}, ParameterError, "names a body twice"),
        ({"zone": 1, "zoneminx": 3, "zonemaxx": 2}, ParameterError, "the zone is empty"),
        ({"chop.top": "typo"}, OperatorError, "no operator 'typo'"),
        ({"top.active": 0}, ParameterError, "top.active is off, all channels would be 0"),
        ({"chop.active": 0}, ParameterError, "chop.active is off, all channels would be 0"),
        ({"scope": "["}, PatternError, "bracket"),
        ({"scope": "p1/*:t[a-z]"}, PatternError, "neither characters nor numbers"),
        ({"scope": "nothing*"}, ParameterError, r"scope 'nothing\*' chooses none of its 99 channels"),
    ],
)
def test_an_operator_that_does_not_work_is_an_error_and_makes_no_table(
    captures: list[object],
    tmp_path: Path,
    parameters: dict[str, object],
    kind: type[BodychanError],
    message: str,
) -> None:
    with pytest.raises(kind, match=message):
        convert("x", [str(tmp_path / "a.csv")], parameters)
    assert os.listdir(tmp_path) == []
    with Project() as project, pytest.raises(kind, match=message):
        list(rows(project, *wire(project, "x", parameters)))


def test_the_source_is_not_overwritten_and_no_target_is_named_twice(
    captures: list[object], tmp_path: Path
) -> None:
    source = tmp_path / "a.partial.csv"
    source.write_text("precious")
    with pytest.raises(OutputError, match=r"a\.partial\.csv is the source itself"):
        convert(source, [str(tmp_path / "a.csv")], {}, overwrite=True)
    with pytest.raises(OutputError, match="is named twice"):
        convert("x", [str(tmp_path / "c.csv"), f"{tmp_path}/../{tmp_path.name}/c.csv"], {})
    assert source.read_text() == "precious"
    assert os.listdir(tmp_path) == [source.name]


def test_bodies_are_given_to_who_watches(captures: list[object], tmp_path: Path) -> None:
    seen: list[int] = []
    convert("x", [str(tmp_path / "a.csv")], {}, watch=lambda bodies: seen.append(len(bodies)))
    assert seen == [0] + [1] * 8


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
