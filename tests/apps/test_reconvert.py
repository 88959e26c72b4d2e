from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bodychan import open_output
from bodychan.apps.reconvert import reconvert
from bodychan.errors import OutputError
from takes import take


@pytest.fixture
def table(tmp_path: Path) -> Path:
    with open_output(tmp_path / "take.parquet") as output:
        for channels in take([(3,), (3, 5), ()]):
            output.write(channels)
    return tmp_path / "take.parquet"


def test_a_table_becomes_other_formats_without_tracking(table: Path) -> None:
    names = ("a.csv", "a.bvh", "a.glb", "a.json", "a.trc", "a.c3d", "a.chan", "a.clip", "b.parquet")
    report = reconvert(str(table), [str(table.with_name(name)) for name in names], angles=True)
    assert (report.rows, report.failures, report.partial) == (3, (), None)
    assert report.bodies == {3, 5}
    found = {path.name for path in table.parent.iterdir()}
    assert {"a.csv", "a_body3.bvh", "a_body5.glb", "a.json", "a_body3.trc", "a.chan"} <= found
    again = pq.read_table(table.with_name("b.parquet"))
    assert again.num_rows == 3
    assert again["p1/knee_l:flexion"][2].as_py() == 0


def test_a_format_whose_groups_are_missing_says_so_and_the_others_go_on(tmp_path: Path) -> None:
    with open_output(tmp_path / "take.csv") as output:
        for channels in take([(3,), (3,)], groups=frozenset({"worldspace"})):
            output.write(channels)
    report = reconvert(str(tmp_path / "take.csv"), [str(tmp_path / "a.bvh"), str(tmp_path / "a.trc")])
    assert len(report.failures) == 1
    assert "a.bvh: not every joint has its channels of absbonerotations" in report.failures[0]
    assert (tmp_path / "a.trc").exists()
    assert not (tmp_path / "a.bvh").exists()


def test_a_table_is_not_written_over_itself(table: Path) -> None:
    with pytest.raises(OutputError, match="is the source itself"):
        reconvert(str(table), [f"{table}?empty=nan"], overwrite=True)
    with pytest.raises(OutputError, match=r"b\.csv is named twice"):
        reconvert(str(table), [str(table.with_name("b.csv")), f"{table.with_name('b.csv')}?long=1"])


def test_a_table_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"none\.csv: there is no such file"):
        reconvert(str(tmp_path / "none.csv"), [str(tmp_path / "a.bvh")])
    assert list(tmp_path.iterdir()) == []
