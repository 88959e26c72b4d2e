import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bodychan.apps.batch import places
from bodychan.apps.batch.places import content_hash, fetch, find, open_store
from bodychan.cameras.registry import RECORDINGS
from bodychan.errors import BatchError, MissingExtraError, OutputError


@pytest.fixture
def takes(tmp_path: Path) -> Path:
    folder = tmp_path / "takes"
    for name in ("b.mkv", "day 1/a.MKV", "day 1/deep/c.mkv", "day 1/a.gt.json", "cut.partial.mkv", "d.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


ALL = ["b", "day 1/a", "day 1/deep/c"]


@pytest.mark.parametrize("scheme", ["", "file://"])
@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("", ALL),
        ("/**/*.[mM][kK][vV]", ["b", "cut.partial", "day 1/a", "day 1/deep/c"]),
        ("/day*/*.MKV", ["day 1/a"]),
        ("/b.mkv", ["b"]),
    ],
    ids=["folder", "pattern", "pattern of folders", "file"],
)
def test_recordings_are_named_by_where_the_search_began(
    takes: Path, scheme: str, pattern: str, names: list[str]
) -> None:
    if scheme:
        pytest.importorskip("fsspec", reason="fsspec is not installed: pip install 'bodychan[cluster]'")
    found = find([f"{scheme}{takes}{pattern}"])
    assert [recording.name for recording in found] == names
    for recording in found:
        assert fetch(recording.url, takes).read_bytes()


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_folder_gives_recordings_of_every_kind_that_can_be_opened(tmp_path: Path, scheme: str) -> None:
    if scheme:
        pytest.importorskip("fsspec", reason="fsspec is not installed: pip install 'bodychan[cluster]'")
    for suffix in RECORDINGS:
        (tmp_path / f"of{suffix.upper()}").mkdir()
        (tmp_path / f"of{suffix.upper()}" / f"{suffix[1:]}{suffix.upper()}").touch()
        (tmp_path / f"cut.partial{suffix}").touch()
    found = find([f"{scheme}{tmp_path}"])
    assert {Path(recording.url).suffix.lower() for recording in found} == set(RECORDINGS)
    assert len(found) == len(RECORDINGS)


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_folder_without_recordings_says_what_was_looked_for(tmp_path: Path, scheme: str) -> None:
    if scheme:
        pytest.importorskip("fsspec", reason="fsspec is not installed: pip install 'bodychan[cluster]'")
    (tmp_path / "take.partial.mkv").touch()
    (tmp_path / "take.mp4").touch()
    with pytest.raises(BatchError, match=re.escape(f"{tmp_path} holds no recording (.mkv, .bag, .db3)")):
        find([f"{scheme}{tmp_path}"])


def test_several_patterns_share_the_folder_that_holds_them_all(takes: Path) -> None:
    found = find([str(takes / "day 1" / "deep"), str(takes / "b.mkv")])
    assert [recording.name for recording in found] == ["b", "day 1/deep/c"]


def test_a_stamp_changes_with_the_file(takes: Path) -> None:
    before = find([str(takes / "b.mkv")])
    assert find([str(takes / "b.mkv")]) == before
    os.utime(takes / "b.mkv", (1, 1))
    assert find([str(takes / "b.mkv")]) != before


def test_what_cannot_be_found_is_one_clear_line(takes: Path) -> None:
    for pattern in (str(takes / "*.mp4"), str(takes / "nobody.mkv")):
        with pytest.raises(BatchError, match="no file fits"):
            find([pattern])
    with pytest.raises(BatchError, match="mixed"):
        find([str(takes), "s3://bucket"])
    (takes / "b.bag").touch()
    with pytest.raises(
        BatchError, match=r"same results: .* choose one by a pattern, such as '\*\*/\*\.(mkv|bag)'"
    ):
        find([str(takes)])
    with pytest.raises(BatchError, match="cannot be read: No such file"):
        content_hash(takes / "nobody.mkv")


def test_without_fsspec_a_url_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(MissingExtraError, match="needs fsspec, which is not installed"):
        find(["s3://bucket/takes"])


@pytest.mark.parametrize("scheme", ["", "memory://", "file://"])
def test_a_store_keeps_what_it_is_given(tmp_path: Path, scheme: str) -> None:
    if scheme:
        pytest.importorskip("fsspec", reason="fsspec is not installed: pip install 'bodychan[cluster]'")
    store = open_store(f"{scheme}{tmp_path}/out")
    assert store.names() == set()
    assert store.read("a") == b""
    store.append("a", b"1")
    store.append("a", b"2")
    store.write("deep/b", b"old")
    store.write("deep/b", b"new")
    with store.working_folder("run") as folder:
        (folder / "c.csv").write_text("c")
        store.publish(folder / "c.csv", "deep/er/c.csv")
        kept = folder
    assert not kept.exists()
    store.clear("run")
    assert not kept.parent.parent.exists()
    assert {name: store.read(name) for name in store.names()} == {
        "a": b"12",
        "deep/b": b"new",
        "deep/er/c.csv": b"c",
    }


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot be asked which processes run")
def test_what_runs_have_left_that_were_killed_is_cleared(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    store = open_store(str(tmp_path))
    host = places.run_name().rpartition("-")[0]
    for run in (places.run_name(), f"{host}-{gone.pid}", f"{host}-{os.getppid()}", "elsewhere-1"):
        (tmp_path / ".work" / run / "job-x").mkdir(parents=True)
    store.clear(places.run_name())
    left = {path.name for path in (tmp_path / ".work").iterdir()}
    assert left == {f"{host}-{os.getppid()}", "elsewhere-1"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the size of a file")
def test_of_what_is_added_on_a_full_disk_nothing_is_there(tmp_path: Path) -> None:
    import resource

    store = open_store(str(tmp_path))
    store.append("a", b"line\n")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, limit[1]))
    try:
        with pytest.raises(OutputError, match="cannot write"):
            store.append("a", b"too long\n")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    store.append("a", b"next\n")
    assert store.read("a") == b"line\nnext\n"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to_is_one_clear_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="choose a folder that you may write to"):
        open_store(str(tmp_path / "out")).append("a", b"1")


def test_a_file_in_place_of_the_folder_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    store = open_store(str(tmp_path / "out"))
    with pytest.raises(OutputError, match="cannot write"):
        store.append("a", b"1")
    with pytest.raises(OutputError, match="cannot write"), store.working_folder("run"):
        pass
