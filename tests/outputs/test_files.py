import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bodychan.errors import OutputError
from bodychan.outputs.files import (
    PartialFile,
    explained,
    require_free,
    require_idle,
    require_other,
    write_whole,
)


def test_a_file_gets_its_name_when_it_is_whole(tmp_path: Path) -> None:
    file = PartialFile(tmp_path / "a.bin")
    assert os.listdir(tmp_path) == []
    file.begin().write(b"1")
    assert os.listdir(tmp_path) == ["a.partial.bin"]
    assert file.left == str(tmp_path / "a.partial.bin")
    file.finish()
    assert (tmp_path / "a.bin").read_bytes() == b"1"
    file.discard()
    assert os.listdir(tmp_path) == ["a.bin"]


def test_a_name_that_is_taken_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    file = PartialFile(tmp_path / "a.bin")
    file.begin().write(b"ours")
    (tmp_path / "a.bin").write_bytes(b"theirs")
    with pytest.raises(OutputError, match=r"exists by now; what was written is in .*a\.partial\.bin"):
        file.finish()
    assert (tmp_path / "a.bin").read_bytes() == b"theirs"
    assert (tmp_path / "a.partial.bin").read_bytes() == b"ours"


def test_two_writers_of_one_name_do_not_meet(tmp_path: Path) -> None:
    first, second = PartialFile(tmp_path / "a.bin"), PartialFile(tmp_path / "a.bin")
    first.begin().write(b"first")
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="is being written by another process: choose another name"):
            PartialFile(tmp_path / "a.bin", overwrite=overwrite).begin()
    with pytest.raises(OutputError, match="is being written by another process"):
        second.begin()
    with pytest.raises(OutputError, match="is still being written"):
        require_idle(tmp_path / "a.partial.bin")
    first.finish()
    assert (tmp_path / "a.bin").read_bytes() == b"first"
    with pytest.raises(OutputError, match="exists by now"):
        second.begin()
    assert os.listdir(tmp_path) == ["a.bin"]


HOLD = """
import sys
from bodychan.outputs.files import PartialFile
file = PartialFile(sys.argv[1])
file.begin().write(b"theirs")
print("ready", flush=True)
sys.stdin.read()
file.finish()
"""


def test_another_process_that_writes_the_file_is_noticed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "a.bin")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        for overwrite in (False, True):
            with pytest.raises(OutputError, match="is being written by another process"):
                PartialFile(tmp_path / "a.bin", overwrite=overwrite).begin()
        other.communicate()
    assert (tmp_path / "a.bin").read_bytes() == b"theirs"


def test_only_a_leftover_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.partial.bin").write_bytes(b"leftover, longer than what comes")
    with pytest.raises(OutputError, match=r"partial\.bin is left of a run that was cut off"):
        PartialFile(tmp_path / "a.bin")
    file = PartialFile(tmp_path / "a.bin", overwrite=True)
    file.begin().write(b"new")
    file.finish()
    assert (tmp_path / "a.bin").read_bytes() == b"new"


def test_the_source_is_recognized_under_any_name(tmp_path: Path) -> None:
    (tmp_path / "a.mkv").touch()
    (tmp_path / "link.mkv").symlink_to("a.mkv")
    (tmp_path / "b.partial.mkv").hardlink_to(tmp_path / "a.mkv")
    for name in ("a.mkv", "link.mkv", "b.mkv"):
        with pytest.raises(OutputError, match="is the source itself: choose another name"):
            require_other(tmp_path / name, tmp_path / "a.mkv")
    require_other(tmp_path / "c.mkv", tmp_path / "a.mkv")
    require_other(tmp_path / "a.mkv", "synthetic:two")


def test_names_that_are_none_are_explained(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    cases = [
        ("folder.csv", "is a folder: name a file in it"),
        ("nowhere/a.csv", "there is no folder .*nowhere: make it first"),
        ("x" * 300 + ".csv", "File name too long; choose a shorter name"),
        ("a\0b.csv", "embedded null"),
    ]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.csv")
        cases.append(("pipe.csv", "is a pipe or device"))
    for name, message in cases:
        with pytest.raises(OutputError, match=message):
            require_free(tmp_path / name, overwrite=True)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_explained(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="choose a folder that you may write to"):
        PartialFile(tmp_path / "a.csv").begin()


def test_a_file_made_in_one_go_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "a.bin", b"data")
    assert (tmp_path / "a.bin").read_bytes() == b"data"

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OutputError, match="No space left on device; free some space"):
        write_whole(tmp_path / "b.bin", b"data")
    assert os.listdir(tmp_path) == ["a.bin"]


def test_what_the_system_says_comes_with_what_to_do() -> None:
    assert str(explained("a.csv", OSError(errno.ENOSPC, "No space left on device"))) == (
        "cannot write a.csv: No space left on device; free some space, or write to another disk"
    )
    assert str(explained("a.csv", OSError(errno.EIO, "Input/output error"))) == (
        "cannot write a.csv: Input/output error"
    )
