"""Tables as other people's libraries read them; each test needs one of these, which the project does not."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from bodychan import open_output
from takes import take

Columns = dict[str, list[float | None]]


def polars(path: Path) -> Columns:
    pl = pytest.importorskip("polars", reason="no polars: pip install polars")
    # Of a hundred empty fields polars makes text unless it is told to look at all rows; of NaN it does not.
    rows = None if path.read_bytes().count(b",,") else 100
    table = pl.read_csv(path, infer_schema_length=rows) if path.suffix == ".csv" else pl.read_parquet(path)
    some = [name for name in table.columns if name != "timestamp" and table[name].null_count() < len(table)]
    assert {str(table.schema[name]) for name in some} == {"Float64"}
    return dict(table.to_dict(as_series=False))


def duckdb(path: Path) -> Columns:
    sql = pytest.importorskip("duckdb", reason="no duckdb: pip install duckdb").sql
    names = sql(f"SELECT * FROM '{path}'").columns
    if path.suffix == ".parquet":
        keys = sql(f"SELECT key FROM parquet_kv_metadata('{path}')").fetchall()
        assert {b"columns", b"rate"} <= {key for (key,) in keys}
    rows = sql(f"SELECT * FROM '{path}'").fetchall()
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def pandas(path: Path) -> Columns:
    pd = pytest.importorskip("pandas", reason="no pandas: pip install pandas")
    table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    assert str(table["timestamp"].dtype) == "int64"
    return {str(name): column.tolist() for name, column in table.items()}


@pytest.mark.parametrize("read", [polars, duckdb, pandas])
@pytest.mark.parametrize("options", ["", "?empty=nan", "?empty=null"])
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_columns_that_begin_empty_are_floats_and_gaps_are_gaps(
    tmp_path: Path, suffix: str, options: str, read: Callable[[Path], Columns]
) -> None:
    with open_output(f"{tmp_path / 'a'}{suffix}{options}") as output:
        for channels in take([()] * 150 + [(3,)] * 3):
            output.write(channels)
    table = read(tmp_path / f"a{suffix}")
    head = table["p1/head:ty"]
    assert len(head) == 153
    gap = head[0] is None or math.isnan(head[0])
    assert gap == bool(options)
    assert isinstance(head[152], float)
    assert head[152] != 0
    assert table["timestamp"][152] == 1_000_000 + 33_333 * 152
