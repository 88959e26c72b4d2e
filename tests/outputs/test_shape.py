import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from bodychan import Channels, open_output
from bodychan.channels.layout import Layout
from bodychan.errors import OutputError
from bodychan.outputs.about import About
from bodychan.outputs.parquet_repair import finish

LAYOUT = Layout(2, frozenset({"worldspace", "colorspace"}), imu=True, status=True)


def row(frame: int, first: int, second: int, u: float = 0.5) -> Channels:
    """A sample with these ids, every position the id, u as given and v half."""
    values = []
    ids = {0: 0, 1: first, 2: second}
    for name, kind in zip(LAYOUT.names, LAYOUT.kinds, strict=True):
        of = {"frame": frame, "timestamp": 10**12 + frame}.get(name, float(ids[kind.player]))
        if name.endswith((":u", ":v")) and of:
            of = u if name.endswith(":u") or not u else 0.5
        values.append(of)
    return Channels(LAYOUT.names, np.array([values]).T, 30.0, kinds=LAYOUT.kinds)


def columns(path: Path) -> dict[str, Sequence[float | None]]:
    if path.suffix == ".parquet":
        return dict(pq.read_table(path).to_pydict())
    # Arrow's own reader takes nan for a null, too: the difference is to be seen here.
    names, *lines = csv.reader(path.read_text().splitlines())
    rows = [[float(field) if field else None for field in line] for line in lines]
    return dict(zip(names, zip(*rows, strict=True), strict=True))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("empty", ["zero", "nan", "null"])
def test_where_nobody_is_stands_what_is_asked_for(tmp_path: Path, suffix: str, empty: str) -> None:
    path = tmp_path / f"take{suffix}"
    with open_output(f"{path}?empty={empty}") as output:
        output.write(row(1, 7, 0))
        output.write(row(2, 7, 9))
        output.write(row(3, 7, 9, u=0.0))
    got = columns(path)
    gap = {"zero": 0.0, "nan": "nan", "null": None}[empty]

    def seen(name: str) -> list[object]:
        return ["nan" if value is not None and value != value else value for value in got[name]]

    assert seen("p1/head:tx") == [7, 7, 7]
    assert seen("p2/head:tx") == [gap, 9, 9]
    assert seen("p2/head:u") == [gap, 0.5, gap]
    assert seen("p1/head:v") == [0.5, 0.5, gap]
    assert (seen("p2/id"), seen("p2/tracked")) == ([0, 9, 9], [0, 9, 9])  # that nobody is there is known
    assert seen("imu:accelx") == [0, 0, 0]
    assert list(got["timestamp"]) == [10**12 + 1, 10**12 + 2, 10**12 + 3]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_long_table_has_a_row_for_every_body_in_every_sample(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"take{suffix}"
    with open_output(f"{path}?long=1") as output:
        output.write(row(1, 0, 0))
        output.write(row(2, 7, 9))
        output.write(row(3, 0, 9))
    got = columns(path)
    assert list(got)[:4] == ["frame", "timestamp", "imu:temperature", "imu:accelx"]
    assert [name for name in got if "/" in name] == []
    assert list(got["frame"]) == [2, 2, 3]
    assert list(got["player"]) == [1, 2, 2]
    assert list(got["id"]) == list(got["head:tx"]) == [7, 9, 9]
    assert len(got) == 2 + 7 + 1 + 3 + 32 * 5


def test_a_long_table_in_which_nobody_was_seen_has_its_columns_and_no_row(tmp_path: Path) -> None:
    for name in ("take.csv", "take.parquet"):
        with open_output(tmp_path / f"{name}?long=1") as output:
            output.write(row(1, 0, 0))
    assert (tmp_path / "take.csv").read_text().startswith("frame,timestamp,")
    assert pq.read_table(tmp_path / "take.parquet").num_rows == 0


@pytest.mark.parametrize(
    ("options", "names", "reason"),
    [
        ("empty=nan", ("p1/head:tx",), "cannot be told without the channel p1/id"),
        ("long=1", ("p1/head:tx",), "cannot be told without the channel p1/id"),
        ("long=1", ("frame", "imu:accelx"), "no channel belongs to a player"),
        ("long=1", ("p1/id", "p1/head:tx", "p2/id"), "the same channels of all players, p1 and p2 differ"),
    ],
)
def test_channels_that_do_not_suffice_are_refused(
    tmp_path: Path, options: str, names: tuple[str, ...], reason: str
) -> None:
    kinds = LAYOUT.kinds.of_rows([LAYOUT.names.index(name) for name in names])
    output = open_output(tmp_path / f"take.csv?{options}")
    with pytest.raises(OutputError, match=reason):
        output.write(Channels(names, np.zeros((len(names), 1)), 30.0, kinds=kinds))


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("take.csv?emty=nan", "has no option 'emty': did you mean 'empty'"),
        ("take.parquet?empty=none", "empty is zero or nan or null, not 'none'"),
    ],
)
def test_options_that_are_none_are_refused(tmp_path: Path, target: str, reason: str) -> None:
    with pytest.raises(OutputError, match=reason):
        open_output(tmp_path / target)


def test_a_parquet_file_says_what_its_columns_are_and_where_they_come_from(tmp_path: Path) -> None:
    source = tmp_path / "source.mkv"
    source.write_bytes(b"abc")
    about = About(str(source), '{"a": 1}', {"chop": {"maxplayers": 2}})
    with open_output(tmp_path / "take.parquet") as output:
        output.describe(about)
        output.write(row(1, 7, 0))
    schema = pq.read_schema(tmp_path / "take.parquet")
    assert schema.field("p2/head:tx").metadata == {b"kind": b"position", b"unit": b"m"}
    facts = {name.decode(): text.decode() for name, text in (schema.metadata or {}).items()}
    # The digest of "abc" is the first example of FIPS 180-2.
    assert facts["source_sha256"] == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (facts["source"], facts["calibration"]) == (str(source), '{"a": 1}')
    assert (json.loads(facts["parameters"]), facts["rate"]) == ({"chop": {"maxplayers": 2}}, "30.0")
    described = json.loads(facts["columns"])
    assert list(described) == list(LAYOUT.names)
    assert described["timestamp"] == {"kind": "device time", "unit": "us"}
    assert described["p2/head:tz"] == {
        "kind": "position", "unit": "m", "player": 2, "joint": "head", "group": "worldspace", "axis": 2,
    }  # fmt: skip


def test_what_is_no_file_has_no_digest() -> None:
    assert "source_sha256" not in About("synthetic:two").facts()


def test_gaps_come_back_from_a_file_that_was_cut_off(tmp_path: Path) -> None:
    output = open_output(tmp_path / "take.parquet?empty=null")
    rng = np.random.default_rng(4)
    ids = np.where(rng.random(1100) < 0.5, 0, 9)
    ids[200:400] = 0
    for i, second in enumerate(ids):
        output.write(row(i, 7, int(second)))
    cut, whole = tmp_path / "cut.parquet", tmp_path / "whole.parquet"
    cut.write_bytes((tmp_path / "take.partial.parquet").read_bytes())
    output.close()
    assert finish(cut, whole) == len(ids)
    want = pq.read_table(tmp_path / "take.parquet")
    assert pq.read_table(whole).equals(want)
    assert want["p2/head:tx"].null_count == int((ids == 0).sum())
