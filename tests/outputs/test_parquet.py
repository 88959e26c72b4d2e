import struct
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from bodychan import Channels, open_output

NAMES = ("frame", "timestamp", "p1/pelvis:tx")


def write(path: Path, rows: int, rate: float = 30.0) -> None:
    with open_output(path) as output:
        for i in range(rows):
            output.write(Channels(NAMES, np.array([[i], [1e12 + i], [0.1 * i]]), rate))


@pytest.mark.parametrize("rate", [30.0, 29.97002997002997, 1000 / 3])
def test_it_knows_the_whole_sample_rate(tmp_path: Path, rate: float) -> None:
    write(tmp_path / "a.parquet", 1, rate)
    metadata = pq.read_schema(tmp_path / "a.parquet").metadata
    assert metadata is not None
    assert float(metadata[b"rate"]) == rate


def test_rows_are_in_groups_so_that_memory_stays_flat(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", 1300)
    groups = pq.read_metadata(tmp_path / "a.parquet")
    assert [groups.row_group(i).num_rows for i in range(groups.num_row_groups)] == [512, 512, 276]


def test_nothing_lies_behind_the_list_of_groups(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", 10)
    data = (tmp_path / "a.parquet").read_bytes()
    assert data[:4] == data[-4:] == b"PAR1"
    length = struct.unpack("<I", data[-8:-4])[0]
    assert data[-8 - length - 1] != 0 or length < len(data) // 2  # zeros only make room while it is written
    assert len(data) < 6000
