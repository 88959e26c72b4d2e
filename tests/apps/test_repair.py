import os
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from bodychan import Channels, open_output
from bodychan.apps.repair import repair
from bodychan.errors import OutputError
from recordings import make_capture, write_unfinished


def killed(path: Path, rows: int) -> Path:
    """Leave what a process leaves that is killed while it writes a table."""
    output = open_output(path)
    for i in range(rows):
        output.write(Channels(("frame", "a"), np.array([[i], [0.5]]), 30.0))
    partial = path.with_name(f"{path.stem}.partial{path.suffix}")
    data = partial.read_bytes()
    output.close()
    path.unlink()
    partial.write_bytes(data if path.suffix == ".parquet" else data[:-2])
    return partial


def test_the_name_that_a_file_was_to_get_finds_what_is_left_of_it(tmp_path: Path) -> None:
    partial = killed(tmp_path / "a.parquet", 700)
    assert repair(tmp_path / "a.parquet") == (tmp_path / "a.parquet", "700 rows, whole again")
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 700
    assert not partial.exists()
    assert os.listdir(tmp_path) == ["a.parquet"]
    (tmp_path / "a.parquet").rename(partial)
    renamed = "was whole as a.partial.parquet, and only had to be renamed"
    assert repair(tmp_path / "a.parquet") == (tmp_path / "a.parquet", renamed)
    assert os.listdir(tmp_path) == ["a.parquet"]


def test_a_file_is_finished_in_its_place_or_elsewhere(tmp_path: Path) -> None:
    partial = killed(tmp_path / "a.csv", 9)
    assert repair(partial, tmp_path / "b.csv") == (tmp_path / "b.csv", "8 rows, whole again")
    with pytest.raises(OutputError, match=r"b\.csv exists"):
        repair(partial, tmp_path / "b.csv")
    with pytest.raises(OutputError, match="is the source itself"):
        repair(partial, partial, overwrite=True)
    assert repair(partial) == (partial, "8 rows, whole again")
    assert partial.read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert repair(partial) is None
    assert sorted(os.listdir(tmp_path)) == [partial.name, "b.csv"]


def test_recordings_are_finished_as_tables_are(tmp_path: Path) -> None:
    partial = tmp_path / "take.partial.mkv"
    closed = write_unfinished(partial, [make_capture(number) for number in range(1, 9)])
    found = repair(tmp_path / "take.mkv")
    assert found is not None
    assert found[1] == "0.3 s, whole again"
    assert (tmp_path / "take.mkv").read_bytes() == closed
    assert not partial.exists()


def test_what_cannot_be_repaired_is_explained(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    (tmp_path / "a.csv").write_text("a,b\n1.0")
    for name, message in (
        ("a.txt", r"cannot be repaired: what can be is \.mkv, \.parquet, \.csv"),
        ("a.csv", "no row in it is whole"),
        ("missing.csv", r"missing\.csv: there is no such file, nor a missing\.partial\.csv"),
    ):
        with pytest.raises(OutputError, match=message):
            repair(tmp_path / name)
    assert sorted(os.listdir(tmp_path)) == ["a.csv", "a.txt"]


def test_a_table_that_is_still_being_written_is_left_alone(tmp_path: Path) -> None:
    output = open_output(tmp_path / "a.csv")
    output.write(Channels(("a",), np.array([[0.5]]), 30.0))
    with pytest.raises(OutputError, match="is still being written"):
        repair(tmp_path / "a.partial.csv")
    output.close()
