import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest


def viewer(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "bodychan", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"BROWSER": "false"},
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to the whole console, the tests included")
@pytest.mark.parametrize("command", [["view"], ["run", "synthetic:two", "--view"]])
def test_the_page_is_served_until_ctrl_c(tmp_path: Path, command: list[str]) -> None:
    options = ["--no-open", "--port", "0"] if command == ["view"] else []
    process = viewer(tmp_path, *command, *options)
    try:
        assert process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:\d+/", process.stderr.readline())
        assert found
        with urllib.request.urlopen(found[0], timeout=20) as answer:
            assert b"<title>bodychan</title>" in answer.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["view", "--port", "70000"], 2, "70000"),
        (["view", "--root", "nowhere"], 2, "nowhere"),
        (["view", "none.toml", "--no-open"], 1, "none.toml cannot be read"),
        (["view", "none.mkv", "--no-open"], 1, "none.mkv: there is no such file"),
        (["view", "--par", "maxplayer=2", "--no-open"], 2, "did you mean 'maxplayers'?"),
        (["view", "--host", "192.0.2.1", "--no-open"], 1, "cannot listen at 192.0.2.1"),
    ],
)
def test_a_wrong_call_is_told_in_a_line(
    tmp_path: Path, arguments: list[str], status: int, message: str
) -> None:
    process = viewer(tmp_path, *arguments)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, message in err) == (status, True), err
    assert "Traceback" not in err
