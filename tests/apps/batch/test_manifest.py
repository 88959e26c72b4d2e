from pathlib import Path

import msgspec
import pytest

from bodychan.apps.batch.manifest import Entry, Manifest, Settings, shard_name
from bodychan.apps.batch.places import open_store
from bodychan.errors import BatchError

SETTINGS = Settings({"chop.maxplayers": 2}, {}, "1")


def entry(name: str, finished: float = 1.0, **fields: object) -> Entry:
    made = Entry(name, f"{name}.mkv", "1-2", "done", SETTINGS, finished=finished)
    return msgspec.structs.replace(made, **fields)


def test_what_is_written_down_is_read_again(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    entries = [entry("a"), entry("b", status="failed", error="torn")]
    for one in entries:
        Manifest(store).add(one)
    assert list(Manifest(store).entries.values()) == entries
    assert (tmp_path / "manifest.jsonl").read_bytes().count(b"bodychan_manifest") == 1


def test_the_newest_line_of_all_shards_counts(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    Manifest(store, shard_name(2, 3)).add(entry("a", 2.0, frames=2))
    Manifest(store, shard_name(1, 3)).add(entry("a", 1.0, frames=1))
    Manifest(store, shard_name(1, 1)).add(entry("b", 3.0))
    names = ["manifest-1-of-3.jsonl", "manifest-2-of-3.jsonl", "manifest.jsonl"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    known = Manifest(store).entries
    assert (known["a"].frames, sorted(known)) == (2, ["a", "b"])


@pytest.mark.parametrize("kept", [0, 5, 30, 200])
def test_half_a_line_at_the_end_is_what_a_crash_leaves(tmp_path: Path, kept: int) -> None:
    store = open_store(str(tmp_path))
    Manifest(store).add(entry("a"))
    path = tmp_path / "manifest.jsonl"
    path.write_bytes(path.read_bytes()[:kept])
    manifest = Manifest(store)
    assert manifest.entries == {}
    manifest.add(entry("b"))
    assert list(Manifest(store).entries) == ["b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"bodychan_manifest":2}\n',
            r"manifest\.jsonl is of format 2, and this version of bodychan",
        ),
        ('{"name":"a"}\n', "is no manifest of a batch: choose another folder"),
        ('{"bodychan_manifest":1}\nnonsense\n{}\n', r"manifest\.jsonl, line 2, is damaged"),
    ],
    ids=["another version", "something else", "damaged"],
)
def test_a_manifest_that_cannot_be_used_is_one_clear_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "manifest.jsonl").write_text(text)
    with pytest.raises(BatchError, match=message) as told:
        Manifest(open_store(str(tmp_path)))
    assert "\n" not in str(told.value)
    assert (tmp_path / "manifest.jsonl").read_text() == text


def test_where_files_cannot_be_added_to_lines_wait_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(str(tmp_path))
    monkeypatch.setattr(store, "patience", 60.0, raising=False)
    manifest = Manifest(store)
    manifest.add(entry("a"))
    assert store.names() == set()
    manifest.flush()
    assert list(Manifest(store).entries) == ["a"]
