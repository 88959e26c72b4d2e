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


def received(path: Path) -> list[Channels]:
    table = read(path)
    samples = np.array([table[name].to_numpy() for name in table.column_names], dtype=np.float64)
    return [Channels(tuple(table.column_names), samples[:, [i]].copy(), 30.0) for i in range(table.num_rows)]


def test_it_keeps_to_the_contract(path: Path) -> None:
    testing.check_output(lambda: open_output(path), lambda: received(path))


def test_every_row_comes_back_with_timestamp_as_whole_microseconds(path: Path) -> None:
    with open_output(path) as output:
        for i in range(1300):  # more than one batch
            output.write(row(i))
    table = read(path)
    assert table.column_names == list(NAMES)
    assert table.schema.field("timestamp").type == pa.int64()
    assert table["timestamp"].to_pylist() == [9_024_231_234_567 + i for i in range(1300)]
    np.testing.assert_array_equal(table["p1/pelvis:tx"].to_numpy(), 0.1 * np.arange(1300))


def test_several_samples_are_several_rows(path: Path) -> None:
    with open_output(path) as output:
        output.write(Channels(("a",), np.array([[1.0, 2.0, 3.0]]), 60.0))
    assert read(path)["a"].to_pylist() == [1, 2, 3]


def test_parquet_knows_the_sample_rate(tmp_path: Path) -> None:
    with open_output(tmp_path / "a.parquet") as output:
        output.write(row(1))
    metadata = pa.parquet.read_schema(tmp_path / "a.parquet").metadata
    assert metadata is not None
    assert metadata[b"rate"] == b"30"


def test_an_existing_file_is_not_touched_unless_asked(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(OutputError, match=r"exists: choose another name, or pass --overwrite"):
        open_output(path)
    assert path.read_text() == "precious"
    with open_output(path, overwrite=True) as output:
        assert path.read_text() == "precious"
        output.write(row(1))
    assert read(path).num_rows == 1


def test_the_final_name_appears_only_at_the_end(path: Path) -> None:
    output = open_output(path)
    for i in range(600):
        output.write(row(i))
    assert not path.exists()
    output.close()
    output.close()
    assert read(path).num_rows == 600
    assert os.listdir(path.parent) == [path.name]


def test_an_error_leaves_nothing_behind(path: Path) -> None:
    with pytest.raises(RuntimeError), open_output(path) as output:
        output.write(row(1))
        raise RuntimeError
    assert os.listdir(path.parent) == []


def test_stopping_early_keeps_the_rows_under_another_name(path: Path) -> None:
    output = open_output(path)
    output.write(row(1))
    kept = output.stop_early()
    output.close()
    assert kept is not None
    assert kept.endswith(f"take.partial{path.suffix}")
    assert os.listdir(path.parent) == [Path(kept).name]
    assert read(Path(kept)).num_rows == 1


def test_stopping_before_the_first_row_leaves_nothing(path: Path) -> None:
    assert open_output(path).stop_early() is None
    assert os.listdir(path.parent) == []


def test_an_empty_table_is_an_error(path: Path) -> None:
    with pytest.raises(OutputError, match="there was nothing to write"):
        open_output(path).close()
    assert os.listdir(path.parent) == []


def test_channels_that_change_are_refused(path: Path) -> None:
    with pytest.raises(OutputError, match="the channels changed"), open_output(path) as output:
        output.write(row(1))
        output.write(Channels(("other",), np.zeros((1, 1)), 30.0))
    assert os.listdir(path.parent) == []


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"there is no folder .*nowhere: make it first"):
        open_output(tmp_path / "nowhere" / "a.csv")


def test_a_folder_cannot_be_written_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(OutputError, match="is a folder: name a file in it"):
        open_output(tmp_path / "a.csv", overwrite=True)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_explained(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="choose a folder that you may write to"):
        open_output(tmp_path / "a.csv")


FILL = """
import resource, signal, sys
import numpy as np
from bodychan import Channels, open_output
from bodychan.errors import OutputError

resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
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
def test_a_disk_that_runs_full_is_one_clear_error_and_leaves_no_file(path: Path) -> None:
    # A limit on the file's size fails like a full disk: in the middle of a write.
    done = subprocess.run([sys.executable, "-c", FILL, str(path)], capture_output=True, text=True, check=True)
    assert "cannot write" in done.stdout
    assert "take" in done.stdout
    assert os.listdir(path.parent) == []
