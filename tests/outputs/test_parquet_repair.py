from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bodychan import Channels, open_output
from bodychan.errors import OutputError
from bodychan.outputs.parquet_repair import finish, is_whole
from takes import take

NAMES = ("frame", "timestamp", "p1/pelvis:tx")
GROUP, ROWS = 512, 1300


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What a process that was killed leaves of 1300 rows."""
    folder = tmp_path_factory.mktemp("killed")
    rng = np.random.default_rng(2)
    output = open_output(folder / "a.parquet")
    for i in range(ROWS):
        output.write(Channels(NAMES, np.array([[i], [1e12 + i], [rng.standard_normal()]]), 29.97))
    data = (folder / "a.partial.parquet").read_bytes()
    output.close()
    return data


def rows_of(path: Path) -> pa.Table:
    return pq.read_table(path)


def test_every_row_comes_back(killed: bytes, tmp_path: Path) -> None:
    cut, whole = tmp_path / "cut.parquet", tmp_path / "whole.parquet"
    cut.write_bytes(killed)
    assert not is_whole(cut)
    assert finish(cut, whole) == ROWS
    assert is_whole(whole)
    table = rows_of(whole)
    assert table["frame"].to_pylist() == list(range(ROWS))
    assert table["timestamp"].to_pylist() == [10**12 + i for i in range(ROWS)]
    rng = np.random.default_rng(2)
    np.testing.assert_array_equal(table["p1/pelvis:tx"], [rng.standard_normal() for _ in range(ROWS)])
    assert table.schema.metadata[b"rate"] == b"29.97"


@pytest.mark.parametrize("rows", [1, GROUP - 1, GROUP, GROUP + 1, 2 * GROUP])
@pytest.mark.parametrize("empty", ["zero", "null"])
def test_rows_that_wait_for_their_group_come_back(tmp_path: Path, rows: int, empty: str) -> None:
    output = open_output(tmp_path / f"a.parquet?empty={empty}")
    for channels in take([(4,)] * (rows - 1) + [()]):
        output.write(channels)
    whole = tmp_path / "whole.parquet"
    assert finish(tmp_path / "a.partial.parquet", whole) == rows
    output.close()
    assert rows_of(whole).equals(rows_of(tmp_path / "a.parquet"))
    assert rows_of(whole)["p1/head:tx"].null_count == (empty == "null")


def test_a_group_that_was_being_written_comes_back_by_what_waited_for_it(
    killed: bytes, tmp_path: Path
) -> None:
    cut, whole = tmp_path / "cut.parquet", tmp_path / "whole.parquet"
    output = open_output(tmp_path / "a.parquet")
    for i in range(GROUP):
        output.write(Channels(NAMES, np.array([[i], [i], [i]], float), 30))
        if i == GROUP - 2:
            waiting = (tmp_path / "a.partial.parquet").read_bytes()
    written = (tmp_path / "a.partial.parquet").read_bytes()
    output.close()
    begin = next(at for at, (a, b) in enumerate(zip(waiting, written, strict=False)) if a != b)
    for share in range(0, 500, 50):
        cut.write_bytes(written[: begin + share] + waiting[begin + share :])
        assert finish(cut, whole) == GROUP - 1
        assert rows_of(whole)["frame"].to_pylist() == list(range(GROUP - 1))


def test_wherever_it_is_cut_the_groups_before_come_back(killed: bytes, tmp_path: Path) -> None:
    end = len(killed.rstrip(b"\0"))
    cut, whole = tmp_path / "cut.parquet", tmp_path / "whole.parquet"
    counts = []
    for at in np.random.default_rng(3).integers(0, end, 60).tolist():
        cut.write_bytes(killed[:at])
        try:
            counts.append(finish(cut, whole))
        except (OutputError, ValueError):
            continue
        assert rows_of(whole)["frame"].to_pylist() == list(range(counts[-1]))
    assert GROUP in counts
    assert 2 * GROUP in counts


def test_damage_costs_the_group_that_it_is_in(killed: bytes, tmp_path: Path) -> None:
    cut, whole = tmp_path / "cut.parquet", tmp_path / "whole.parquet"
    cut.write_bytes(killed)
    finish(cut, whole)
    good = rows_of(whole)
    end = len(killed.rstrip(b"\0"))
    for at in np.random.default_rng(4).integers(1000, end, 40).tolist():
        damaged = bytearray(killed)
        damaged[at] ^= 0x55
        cut.write_bytes(damaged)
        try:
            rows = finish(cut, whole)
        except OutputError:
            continue
        assert rows >= GROUP  # statistics in a header are not missed
        assert rows_of(whole)["p1/pelvis:tx"].equals(good["p1/pelvis:tx"].slice(0, rows))


def test_a_file_of_another_writer_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "other.parquet"
    pq.write_table(pa.table({"a": [1.0]}), path)
    assert is_whole(path)
    path.write_bytes(path.read_bytes()[:-20])
    assert not is_whole(path)
    with pytest.raises(OutputError, match="lacks the columns that bodychan writes at the front"):
        finish(path, tmp_path / "b.parquet")
    path.write_text("no table")
    with pytest.raises(OutputError, match="is not a Parquet file"):
        is_whole(path)
