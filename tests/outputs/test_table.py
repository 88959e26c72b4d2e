import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from bodychan import Channels, open_output, testing
from bodychan.errors import OutputError

NAMES = ("frame", "timestamp", "p1/id", "p1/pelvis:tx")


def row(i: int) -> Channels:
    return Channels(NAMES, np.array([[i], [9_024_231_234_567.0 + i], [7], [0.1 * i]]), 30.0, i)


def read(path: Path) -> pa.Table:
    return pa.csv.read_csv(path) if path.suffix == ".csv" else pa.parquet.read_table(path)


@pytest.fixture(params=["parquet", "csv"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / f"take.{request.param}"


@pytest.fixture
def partial(path: Path) -> Path:
    return path.with_name(f"take.partial{path.suffix}")


def received(path: Path) -> list[Channels]:
    table = read(path)
    samples = np.array([table[name].to_numpy() for name in table.column_names], dtype=np.float64)
    return [Channels(tuple(table.column_names), samples[:, [i]].copy(), 30.0) for i in range(table.num_rows)]


def test_it_keeps_to_the_contract(path: Path) -> None:
    testing.check_output(lambda: open_output(path), lambda: received(path))


def test_every_row_comes_back_with_timestamp_as_whole_microseconds(path: Path) -> None:
    with open_output(path) as output:
        for i in range(1300):  # more than one group of rows
            output.write(row(i))
    table = read(path)
    assert table.column_names == list(NAMES)
    assert table.schema.field("timestamp").type == pa.int64()
    assert {table.schema.field(name).type for name in NAMES if name != "timestamp"} == {pa.float64()}
    assert table["timestamp"].to_pylist() == [9_024_231_234_567 + i for i in range(1300)]
    np.testing.assert_array_equal(table["p1/pelvis:tx"].to_numpy(), 0.1 * np.arange(1300))


def test_several_samples_are_several_rows(path: Path) -> None:
    with open_output(path) as output:
        output.write(Channels(("a",), np.array([[1.0, 2.0, 3.0]]), 60.0))
    assert read(path)["a"].to_pylist() == [1, 2, 3]


def test_an_existing_file_is_not_touched_unless_asked(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(OutputError, match=r"exists: choose another name, or pass --overwrite"):
        open_output(path)
    assert path.read_text() == "precious"
    with open_output(path, overwrite=True) as output:
        assert path.read_text() == "precious"
        output.write(row(1))
    assert read(path).num_rows == 1


def test_what_an_earlier_run_left_is_not_touched_unless_asked(path: Path, partial: Path) -> None:
    partial.write_text("precious")
    with pytest.raises(OutputError, match="left of a run that was cut off: finish it with 'bodychan repair'"):
        open_output(path)
    output = open_output(path, overwrite=True)
    assert partial.read_text() == "precious"  # the run may still fail before its first row
    output.write(row(1))
    output.close()
    assert os.listdir(path.parent) == [path.name]


def test_the_final_name_appears_only_at_the_end(path: Path) -> None:
    output = open_output(path)
    assert os.listdir(path.parent) == []
    for i in range(600):
        output.write(row(i))
    assert not path.exists()
    output.close()
    output.close()
    assert read(path).num_rows == 600
    assert os.listdir(path.parent) == [path.name]


def test_an_error_leaves_the_rows_so_far_readable(path: Path, partial: Path) -> None:
    with pytest.raises(RuntimeError), open_output(path) as output:
        output.write(row(1))
        output.write(row(2))
        raise RuntimeError
    assert os.listdir(path.parent) == [partial.name]
    assert read(partial)["frame"].to_pylist() == [1, 2]


def test_rows_are_kept_under_another_name_where_that_is_asked(path: Path, partial: Path) -> None:
    output = open_output(path)
    output.write(row(1))
    assert output.keep() == output.keep() == str(partial)
    output.close()
    assert os.listdir(path.parent) == [partial.name]
    assert read(partial).num_rows == 1
    with pytest.raises(OutputError, match="is closed: what is written now would be lost"):
        output.write(row(2))


def test_without_a_row_nothing_is_left(path: Path) -> None:
    assert open_output(path).keep() is None
    with pytest.raises(OutputError, match="there was nothing to write"):
        open_output(path).close()
    assert os.listdir(path.parent) == []


def test_channels_that_change_are_refused(path: Path, partial: Path) -> None:
    with pytest.raises(OutputError, match="the channels changed"), open_output(path) as output:
        output.write(row(1))
        output.write(Channels(("other",), np.zeros((1, 1)), 30.0))
    assert read(partial).num_rows == 1


def test_channels_that_are_none_are_refused(path: Path) -> None:
    with pytest.raises(OutputError, match="there is no channel to write; see the parameter 'scope'"):
        open_output(path).write(Channels((), np.zeros((0, 1)), 30.0))
    assert os.listdir(path.parent) == []


FILL = """
import resource, signal, sys
import numpy as np
from bodychan import Channels, open_output
from bodychan.errors import OutputError

resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
names = tuple(f"c{i}" for i in range(50))
rng = np.random.default_rng(1)
try:
    with open_output(sys.argv[1]) as output:
        for _ in range(4000):
            output.write(Channels(names, rng.standard_normal((50, 1)), 30.0))
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the size of a file")
@pytest.mark.parametrize(("limit", "least"), [(900_000, 700), (150_000, 20), (100, 0)])
def test_a_full_disk_is_one_clear_error_and_what_fits_stays(
    path: Path, partial: Path, limit: int, least: int
) -> None:
    # A limit on the file's size fails like a full disk: in the middle of a write.
    command = [sys.executable, "-c", FILL, str(path), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert f"cannot write {path}: File too large" in done.stdout
    if not least:
        assert os.listdir(path.parent) == []
        return
    assert os.listdir(path.parent) == [partial.name]
    table = read(partial)
    assert f"the {table.num_rows} rows before are in {partial}" in done.stdout
    assert table.num_rows >= least
    rng = np.random.default_rng(1)
    expected = [rng.standard_normal((50, 1))[:, 0] for _ in range(table.num_rows)]
    np.testing.assert_array_equal([table[f"c{i}"].to_numpy() for i in range(50)], np.transpose(expected))
