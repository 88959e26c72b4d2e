import subprocess
from pathlib import Path

import pytest

from bodychan import wheels


def test_a_wheel_is_downloaded_as_pip_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        (tmp_path / "thing-1.0-py3-none-any.whl").touch()
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    found = wheels.download("thing==1.0", "3.11", "any", tmp_path)
    assert found == tmp_path / "thing-1.0-py3-none-any.whl"
    assert commands[0][1:4] == ["-m", "pip", "download"]
    assert "--no-deps" in commands[0]
    assert not any("index" in argument for argument in commands[0])


def test_what_pip_said_is_the_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "WARNING: Retrying\nERROR: No matching distribution\n"
    failed = subprocess.CompletedProcess([], 1, "", said)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(wheels.NotDownloaded, match=r"^ERROR: No matching distribution$"):
        wheels.download("thing==1.0", "3.11", "any", tmp_path)


def test_a_file_is_put_whole_into_a_new_folder(tmp_path: Path) -> None:
    wheels.put(b"content", tmp_path / "new" / "file")
    wheels.put(b"other", tmp_path / "new" / "file")
    assert [(p.name, p.read_bytes()) for p in (tmp_path / "new").iterdir()] == [("file", b"other")]
