from io import StringIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from bodychan import Joint
from bodychan.apps import demo
from bodychan.errors import OutputError


def test_the_demo_tracks_two_people_and_leaves_a_table_and_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "_SECONDS", 0.3)
    made = demo.run(tmp_path / "new folder")
    table = pq.read_table(made.table)
    assert table["frame"].to_pylist() == list(range(1, table.num_rows + 1))
    assert {table["p1/id"].to_pylist()[-1], table["p2/id"].to_pylist()[-1]} == {1, 2}
    assert made.picture.read_bytes().startswith(b"\x89PNG")
    console = Console(file=StringIO(), width=100)
    console.print(demo.joint_table(made.last, "p2"))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert all(joint.channel in shown for joint in Joint)
    with pytest.raises(OutputError, match="exists"):
        demo.run(tmp_path / "new folder")
