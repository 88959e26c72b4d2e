"""Reading wide tables of ours, Parquet or CSV, back as channels."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from bodychan.channels.channels import Channels
from bodychan.channels.kinds import Kind, Kinds
from bodychan.channels.layout import JOINT_GROUPS, Layout
from bodychan.errors import OutputError
from bodychan.model.arrays import F64
from bodychan.outputs.about import About, kind_of

_PLAYERS = 16
_RATES = (5.0, 15.0, 30.0)
"""The sensor's, in captures per second; a table without metadata has the nearest."""


class TableReader:
    """A wide table as channels, some hundred rows at a time; gaps are 0, as channels have them.

    Args:
        path: a .parquet or .csv file.

    Raises:
        OutputError: it cannot be read, is no wide table of channels, or does not tell its rate.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise OutputError(f"{path}: there is no such file")
        self.path = path
        self.rows: int | None = None
        try:
            self._facts: dict[str, str] = {}
            if path.suffix.lower() == ".parquet":
                with pq.ParquetFile(path) as file:
                    schema, self.rows = file.schema_arrow, file.metadata.num_rows
                facts = schema.metadata or {}
                self._facts = {key.decode(): value.decode() for key, value in facts.items()}
            else:
                with pa.csv.open_csv(path) as reader:
                    schema = reader.schema
            self._check(schema)
            self.kinds = _kinds(self.names, json.loads(self._facts.get("columns", "{}")))
            self.rate = self._rate()
        except (pa.ArrowException, OSError, ValueError, KeyError) as error:
            raise OutputError(f"{path} cannot be read as a table of channels: {error}") from error

    @property
    def about(self) -> About:
        """Where the table came from, as far as it says so, with itself as the source."""
        parameters = json.loads(self._facts.get("parameters", "{}"))
        return About(str(self.path), self._facts.get("calibration", ""), parameters)

    def __iter__(self) -> Iterator[Channels]:
        start = 0.0
        for batch in self._batches():
            if not batch.num_rows:
                continue
            samples = np.array([_numbers(column) for column in batch.columns]).reshape(len(self.names), -1)
            yield Channels(self.names, samples, self.rate, start, kinds=self.kinds)
            start += batch.num_rows

    def _batches(self) -> Iterator[pa.RecordBatch]:
        try:
            if self.path.suffix.lower() == ".parquet":
                with pq.ParquetFile(self.path) as file:
                    yield from file.iter_batches(512)
            else:
                with pa.csv.open_csv(self.path) as reader:
                    yield from reader
        except (pa.ArrowException, OSError) as error:
            raise OutputError(f"{self.path} cannot be read further: {error}") from error

    def _check(self, schema: pa.Schema) -> None:
        self.names = tuple(schema.names)
        for field in schema:
            kinds = (pa.types.is_floating, pa.types.is_integer, pa.types.is_null)
            if not any(kind(field.type) for kind in kinds):
                raise ValueError(f"the column '{field.name}' holds {field.type}, not numbers")
        if "player" in self.names and "id" in self.names:
            raise ValueError("it is a long table, one row per body; only wide ones can be read back")

    def _rate(self) -> float:
        """Give the samples per second: the metadata's, or the sensor's nearest to the first times."""
        if "rate" in self._facts:
            return float(self._facts["rate"])
        if "timestamp" not in self.names:
            raise ValueError("it has no column 'timestamp', so that its rate is not known")
        first = next(self._batches(), None)
        times = [] if first is None else first.column(self.names.index("timestamp")).to_pylist()
        steps = np.diff(np.array(times, np.float64))
        steps = steps[steps > 0]
        if not len(steps):
            raise ValueError("its column 'timestamp' does not increase, so that its rate is not known")
        return min(_RATES, key=lambda rate: abs(rate - 1e6 / float(np.median(steps))))


def _numbers(column: "pa.Array") -> F64:  # type: ignore[type-arg]
    found = np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
    return np.where(np.isfinite(found), found, 0.0)


@cache
def _known() -> dict[str, Kind]:
    layout = Layout(_PLAYERS, frozenset(JOINT_GROUPS), imu=True, status=True)
    return dict(zip(layout.names, layout.kinds, strict=True))


def _kinds(names: tuple[str, ...], described: dict[str, dict[str, object]]) -> Kinds:
    """Give the columns' kinds, as the table describes them or else by their names."""
    return Kinds(
        kind_of(described[name]) if name in described else _known().get(name, Kind()) for name in names
    )
