from pathlib import Path

import numpy as np
import pytest

from bodychan import Channels, open_output
from bodychan.errors import OutputError
from bodychan.outputs.about import About
from bodychan.outputs.table_reader import TableReader
from takes import take


def written(path: Path, options: str = "") -> list[Channels]:
    channels = take([(3,), (3, 5), ()])
    with open_output(f"{path}{options}") as output:
        output.describe(About("take.mkv", '{"a": 1}', {"chop": {"maxplayers": 2}}))
        for one in channels:
            output.write(one)
    return channels


@pytest.mark.parametrize("options", ["", "?empty=nan", "?empty=null"])
@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_channels_come_back_with_their_kinds(tmp_path: Path, suffix: str, options: str) -> None:
    channels = written(tmp_path / f"a{suffix}", options)
    reader = TableReader(tmp_path / f"a{suffix}")
    assert reader.rate == 30.0
    (found,) = reader
    assert found.names == channels[0].names
    assert found.kinds == channels[0].kinds
    np.testing.assert_array_equal(found.samples, np.concatenate([one.samples for one in channels], axis=1))


def test_where_it_came_from_is_passed_on(tmp_path: Path) -> None:
    written(tmp_path / "a.parquet")
    about = TableReader(tmp_path / "a.parquet").about
    assert (about.source, about.calibration) == (str(tmp_path / "a.parquet"), '{"a": 1}')
    assert about.parameters == {"chop": {"maxplayers": 2}}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a,b\n1,2\n", "no column 'timestamp'"),
        ("timestamp,b\n1,2\n1,2\n", "'timestamp' does not increase"),
        ("timestamp,b\n1,x\n", "the column 'b' holds string, not numbers"),
        ("timestamp,player,id\n1,2,3\n", "it is a long table"),
        ("", "cannot be read as a table of channels"),
    ],
)
def test_what_is_no_table_of_channels_is_told(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(OutputError, match=reason):
        TableReader(tmp_path / "a.csv")
    (tmp_path / "a.parquet").write_text("nothing of the kind")
    with pytest.raises(OutputError, match="cannot be read as a table of channels"):
        TableReader(tmp_path / "a.parquet")


def test_damage_further_on_is_told(tmp_path: Path) -> None:
    rows = "".join(f"{i},1.5\n" for i in range(0, 9_000_000, 10))
    (tmp_path / "a.csv").write_text("timestamp,b\n" + rows + "5,6,7\n")
    with pytest.raises(OutputError, match="cannot be read further"):
        list(TableReader(tmp_path / "a.csv"))
