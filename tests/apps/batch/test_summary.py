import csv
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from bodychan.apps.batch.manifest import Entry, Manifest, Settings
from bodychan.apps.batch.places import open_store
from bodychan.apps.batch.quality import Quality
from bodychan.apps.batch.summary import Summary, summarize
from bodychan.errors import BatchError


def take(name: str, **fields: object) -> Entry:
    entry = Entry(name, f"{name}.mkv", "", "done", Settings({}, {}, "1"), frames=10, recorded_seconds=60.0)
    return msgspec.structs.replace(entry, **fields)


def write(folder: Path, *entries: Entry) -> None:
    manifest = Manifest(open_store(str(folder)))
    for entry in entries:
        manifest.add(entry)


def shown(summary: Summary) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(summary.table)
    return captured.get()


def test_all_takes_are_summed_up(tmp_path: Path) -> None:
    good, ghostly = Quality(1.0, 2.0, 0, 0), Quality(0.5, 1.0, 2, 4)
    write(
        tmp_path,
        take("a", quality=good),
        take("b", quality=ghostly),
        take("c", status="failed", error="torn"),
    )
    summary = summarize(str(tmp_path))
    text = shown(summary)
    assert "2 takes done, 1 failed; 20 captures, 2.0 min of recording" in text
    names = [line.split()[1] for line in text.splitlines() if line.startswith("│")]
    # The worst first.
    assert names == ["c", "b", "a", "mean"]
    rows = list(csv.DictReader((tmp_path / "summary.csv").read_text().splitlines()))
    assert [row["take"] for row in rows] == ["a", "b", "c"]
    assert (rows[1]["ghosts"], rows[1]["body_share"], rows[2]["error"]) == ("4", "0.5", "torn")
    assert (tmp_path / "summary.png").read_bytes().startswith(b"\x89PNG")
    assert summary.warnings == ()


def test_results_that_are_gone_and_mixed_settings_are_warnings(tmp_path: Path) -> None:
    write(tmp_path, take("a", files={"a.csv": ""}), take("b", settings=Settings({}, {}, "2")))
    first, second = summarize(str(tmp_path)).warnings
    assert first == f"a.csv is in the manifest, and not in {tmp_path}"
    assert "2 sets of parameters or versions" in second


def test_many_takes_are_all_in_the_file_and_the_worst_on_the_terminal(tmp_path: Path) -> None:
    write(tmp_path, *(take(f"take{i:03}", quality=Quality(ghosts=i)) for i in range(80)))
    text = shown(summarize(str(tmp_path)))
    assert "take079" in text
    assert "take000" not in text
    assert "the 50 worst of 80 takes" in text
    assert len((tmp_path / "summary.csv").read_text().splitlines()) == 81


def test_only_failures_can_be_summed_up(tmp_path: Path) -> None:
    write(tmp_path, take("a", status="failed"))
    assert "0 takes done, 1 failed" in shown(summarize(str(tmp_path)))


def test_a_folder_without_a_manifest_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="has no manifest of a batch: name the folder"):
        summarize(str(tmp_path))
