import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest

from bodychan import Calibration, Capture
from bodychan.cli import main as cli
from bodychan.errors import OutputError
from bodychan.model.closing import STOPPING
from bodychan.outputs.csv import CsvFile
from receivers import OscReceiver
from scripted import ScriptedCamera, ScriptedTracker, install, scripted_captures


class Done(NamedTuple):
    status: int
    out: str
    err: str


class Shell:
    """Runs the command line inside this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: object) -> Done:
        self._monkeypatch.setattr(sys, "argv", ["bodychan", *map(str, arguments)])
        try:
            cli.main()
            status = 0
        except SystemExit as stop:
            status = int(stop.code or 0)
        return Done(status, *self._capsys.readouterr())


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    before = {number: signal.getsignal(number) for number in STOPPING}
    yield Shell(monkeypatch, capsys)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch, calibration: Calibration) -> None:
    install(
        monkeypatch,
        lambda: ScriptedCamera(calibration, scripted_captures(12)),
        lambda: ScriptedTracker(lambda capture: [2] if capture.index > 3 else []),
    )


def assert_one_line(done: Done, status: int, message: str) -> None:
    assert done.status == status
    assert message in done.err
    assert done.err.startswith("bodychan: ")
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err


@pytest.mark.usefixtures("scripted")
def test_convert_writes_every_target_and_says_what_it_did(shell: Shell, tmp_path: Path) -> None:
    a, b = tmp_path / "a.parquet", tmp_path / "b.csv"
    done = shell("convert", "take.mkv", a, b, "--par", "maxplayers=2", "--par", "confidence=1")
    assert done == (0, f"{a}, {b}: 12 rows of 260 channels, 1 body seen\n", "")
    assert pq.read_table(a)["p1/id"].to_pylist() == [0, 0, 0] + [2] * 9
    assert len(b.read_text().splitlines()) == 13


@pytest.mark.usefixtures("scripted")
def test_convert_refuses_an_output_that_exists_unless_asked(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    out.write_text("precious")
    assert_one_line(
        shell("convert", "take.mkv", out), 1, "a.csv exists: choose another name, or pass --overwrite"
    )
    assert out.read_text() == "precious"
    assert shell("convert", "take.mkv", out, "--overwrite").status == 0
    assert os.listdir(tmp_path) == ["a.csv"]


@pytest.mark.usefixtures("scripted")
@pytest.mark.parametrize(
    ("par", "message"),
    [
        ("maxplayer=2", "no parameter 'maxplayer': did you mean 'maxplayers'?"),
        ("maxplayers=17", "'maxplayers': 17 is outside 1 to 16"),
        ("confidence=maybe", "is not on or off"),
    ],
)
def test_a_wrong_parameter_is_one_line_and_status_2(
    shell: Shell, tmp_path: Path, par: str, message: str
) -> None:
    assert_one_line(shell("convert", "take.mkv", tmp_path / "a.csv", "--par", par), 2, message)
    assert os.listdir(tmp_path) == []


def test_par_without_a_value_is_a_wrong_call(shell: Shell, tmp_path: Path) -> None:
    done = shell("convert", "take.mkv", tmp_path / "a.csv", "--par", "maxplayers")
    assert done.status == 2
    assert "'maxplayers' is not NAME=VALUE" in done.err


def test_a_missing_recording_is_one_line(shell: Shell, tmp_path: Path) -> None:
    done = shell("convert", tmp_path / "nothing.mkv", tmp_path / "a.csv")
    assert_one_line(done, 1, "nothing.mkv")
    assert os.listdir(tmp_path) == []


def test_an_unknown_kind_of_output_is_one_line(shell: Shell) -> None:
    assert_one_line(shell("convert", "synthetic:empty", "take.xlsx"), 1, "no kind of output fits 'take.xlsx'")


def test_an_unknown_scene_is_one_line(shell: Shell, tmp_path: Path) -> None:
    assert_one_line(shell("info", "synthetic:wlak"), 1, "did you mean 'walk'?")


def test_an_unknown_kind_of_camera_is_one_line(shell: Shell) -> None:
    assert_one_line(shell("info", "synthetik:walk"), 1, "did you mean 'synthetic'?")


@pytest.mark.usefixtures("scripted")
@pytest.mark.parametrize(
    ("par", "status", "message"),
    [
        ("namingtable=missing.toml", 1, "naming table missing.toml cannot be read"),
        ("chop.top=typo", 1, "no operator 'typo'"),
        ("top.active=0", 2, "top.active is off"),
        ("scope=[", 2, "is not closed"),
        ("scope=nothing*", 2, "chooses none of its 99 channels"),
    ],
)
@pytest.mark.parametrize("command", ["convert", "run"])
def test_an_operator_that_does_not_work_is_one_line_and_no_table(
    shell: Shell, tmp_path: Path, command: str, par: str, status: int, message: str
) -> None:
    to = [tmp_path / "a.csv"] if command == "convert" else ["--to", tmp_path / "a.csv"]
    assert_one_line(shell(command, "take.mkv", *to, "--par", par), status, message)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("option", [("--duration", "nan"), ("--start", "inf"), ("--start", "1e300")])
@pytest.mark.parametrize("command", ["convert", "run"])
def test_a_time_that_is_none_is_a_wrong_call(
    shell: Shell, tmp_path: Path, command: str, option: tuple[str, str]
) -> None:
    to = [tmp_path / "a.csv"] if command == "convert" else ["--to", tmp_path / "a.csv"]
    done = shell(command, "synthetic:empty", *to, *option)
    assert done.status == 2
    assert option[1].replace("1e300", "1e+300") in done.err
    assert "Traceback" not in done.err


def test_traceback_shows_the_whole_of_an_error(shell: Shell) -> None:
    done = shell("info", "synthetik:walk", "--traceback")
    assert done.status == 1
    assert "Traceback" in done.err


def test_an_unknown_command_is_a_wrong_call(shell: Shell) -> None:
    done = shell("convrt")
    assert done.status == 2
    assert "No such command" in done.err


@pytest.mark.usefixtures("scripted")
def test_run_sends_to_a_real_osc_receiver_in_real_time(shell: Shell) -> None:
    receiver = OscReceiver()
    try:
        began = time.perf_counter()
        done = shell("run", "take.mkv", "--to", receiver.url, "--par", "maxplayers=2")
        took = time.perf_counter() - began
        messages = receiver.wait_until(lambda: ("/frame", 12.0) in receiver.messages)
    finally:
        receiver.close()
    assert done.status == 0
    assert re.fullmatch(
        rf"{receiver.url}: \d+ frames in 0\.[45] s, \d+\.\d a second\n"
        r"take\.mkv: 12 captures, \d+ skipped; bodies \d+ ms behind on average\n",
        done.out,
    )
    frames = [value for address, value in messages if address == "/frame"]
    assert frames == sorted(frames)
    # A slow machine skips some: the newest wins. The last is always sent. 0 is before the first is tracked.
    assert frames[-1] == 12
    assert set(frames) <= set(range(13))
    assert ("/p1/id", 2.0) in messages
    assert any(address == "/p1/pelvis:tx" and value == pytest.approx(-1.0) for address, value in messages)
    assert took >= 11 / 30  # twelve captures at 30 a second


@pytest.mark.usefixtures("scripted")
def test_run_shows_frames_in_the_terminal_by_default(shell: Shell) -> None:
    done = shell("run", "take.mkv", "--speed", "4")
    assert done.status == 0
    assert done.out.splitlines()[-1].startswith("frame 12  timestamp 1366663  p1 id 2 pelvis  -1.00")


@pytest.mark.usefixtures("scripted")
def test_run_into_a_file_holds_values_between_camera_frames(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "a.parquet"
    assert shell("run", "take.mkv", "--to", out).status == 0
    frames = pq.read_table(out)["frame"].to_numpy().tolist()
    assert frames == sorted(frames)
    assert frames[-1] == 12
    assert set(frames) <= set(range(13))


def test_info_of_a_scene_counts_what_is_in_it(shell: Shell) -> None:
    done = shell("info", "synthetic:empty?seconds=0.2")
    assert done.status == 0
    facts = dict(line.split("  ", 1) for line in done.out.splitlines())
    assert facts["captures"].strip() == "6"
    assert facts["dropped"].strip() == "0"
    assert facts["depth mode"].strip() == "NFOV_UNBINNED"


def test_info_of_this_machine_names_versions(shell: Shell) -> None:
    done = shell("info")
    assert done.status == 0
    assert "bodychan" in done.out


def test_bench_of_channels_counts_them(shell: Shell) -> None:
    done = shell("bench", "channels", "--players", "2")
    assert done.status == 0
    assert done.out.startswith("2 players, 971 channels: ")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_during_convert_leaves_nothing_under_the_final_name(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calibration: Calibration
) -> None:
    def press_at_five(capture: Capture) -> list[int]:
        if capture.index == 5:
            os.kill(os.getpid(), signal.SIGINT)
        return [1]

    install(
        monkeypatch,
        lambda: ScriptedCamera(calibration, scripted_captures(12)),
        lambda: ScriptedTracker(press_at_five),
    )
    done = shell("convert", "take.mkv", tmp_path / "a.csv")
    partial = tmp_path / "a.partial.csv"
    assert_one_line(done, 1, f"stopped by Ctrl-C after 5 captures; they are in {partial}")
    assert os.listdir(tmp_path) == [partial.name]
    assert len(partial.read_text().splitlines()) == 6


@pytest.mark.usefixtures("scripted")
def test_a_failed_output_is_told_and_the_others_are_whole(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(_output: CsvFile, _channels: object) -> None:
        raise OutputError("the disk is gone")

    monkeypatch.setattr(CsvFile, "write", write)
    a, b = tmp_path / "a.csv", tmp_path / "b.parquet"
    assert_one_line(shell("convert", "take.mkv", a, b), 1, "the disk is gone")
    assert_one_line(shell("run", "take.mkv", "--to", a, "--to", b, "--overwrite"), 1, "the disk is gone")
    assert os.listdir(tmp_path) == ["b.parquet"]


@pytest.mark.usefixtures("scripted")
def test_run_takes_a_rate_and_leaves_out_what_does_not_change(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "a.parquet"
    assert shell("run", "take.mkv", "--to", out, "--fps", "120", "--on-change").status == 0
    frames = pq.read_table(out)["frame"].to_numpy().tolist()
    assert frames == sorted(set(frames))
    assert shell("run", "take.mkv", "--fps", "0").status == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_standard_output_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "bodychan", "params", "MergeCHOP"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "bodychan: cannot write to standard output: No space left on device\n"


SHOW = """
import signal
import sys
if hasattr(signal, "SIGHUP"):  # nohup would have it ignored, and what is ignored stays so
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
sys.path.insert(0, {tests!r})
import pytest
from bodychan.cli import main
from recordings import calibration
from scripted import ScriptedCamera, ScriptedTracker, install, scripted_captures

with pytest.MonkeyPatch.context() as patch:
    install(
        patch,
        lambda: ScriptedCamera(calibration(), scripted_captures(100_000)),
        lambda: ScriptedTracker(lambda _capture: [1]),
    )
    main.main()
"""


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the command line in a process of its own, on a recording without an end."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        code = SHOW.format(tests=str(Path(__file__).parents[1]))
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments], cwd=tmp_path, stderr=subprocess.PIPE, text=True
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def wait_for(path: Path, size: int) -> None:
    for _ in range(2000):
        if path.exists() and path.stat().st_size > size:
            return
        time.sleep(0.01)
    raise AssertionError(f"{path} does not grow")


ENDS: list[tuple[str, list[str], float]] = [
    ("convert", ["SIGINT", "SIGINT"], 0.02),
    ("convert", ["SIGINT", "SIGINT"], 0.5),
    ("run", ["SIGINT", "SIGINT", "SIGINT"], 0.1),
    ("run", ["SIGTERM"], 0.0),
    ("convert", ["SIGHUP"], 0.0),
]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize(("command", "names", "pause"), ENDS)
def test_whatever_asks_it_to_end_tables_are_kept(
    started: Callable[..., subprocess.Popen[str]],
    tmp_path: Path,
    command: str,
    names: list[str],
    pause: float,
) -> None:
    to = ["a.csv", "b.parquet"] if command == "convert" else ["--to", "a.csv", "--to", "b.parquet"]
    process = started(command, "x", *to)
    wait_for(tmp_path / "a.partial.csv", 20_000)
    for name in names:
        process.send_signal(signal.Signals[name])
        time.sleep(pause)
    _, told = process.communicate(timeout=60)
    left = ["a.partial.csv", "b.partial.parquet"] if command == "convert" else ["a.csv", "b.parquet"]
    assert sorted(os.listdir(tmp_path)) == left
    assert process.returncode == (1 if command == "convert" else 0)
    assert "Traceback" not in told
    rows = len((tmp_path / left[0]).read_text().splitlines()) - 1
    assert rows > 5
    # A show may end between the writes of two outputs.
    assert abs(pq.read_table(tmp_path / left[1]).num_rows - rows) <= (command == "run")
    assert (f"after {rows} captures; they are in a.partial.csv" in told) == (command == "convert")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_what_a_killed_process_leaves_can_be_repaired(
    started: Callable[..., subprocess.Popen[str]], tmp_path: Path, shell: Shell
) -> None:
    process = started("convert", "x", "a.csv", "b.parquet")
    wait_for(tmp_path / "a.partial.csv", 1_200_000)
    process.kill()
    process.wait()
    assert shell("convert", "synthetic:empty", tmp_path / "b.parquet").status == 1
    told = shell("repair", tmp_path / "b.parquet").out
    frames = pq.read_table(tmp_path / "b.parquet")["frame"].to_pylist()
    assert told == f"{tmp_path / 'b.parquet'}: {len(frames)} rows, whole again\n"
    assert frames == list(range(1, len(frames) + 1))
    assert shell("repair", tmp_path / "a.csv").status == 0
    # Both have all rows; it may have been killed between the writes of two outputs.
    assert len((tmp_path / "a.csv").read_text().splitlines()) - 1 - len(frames) in (0, 1)


def test_record_makes_a_recording_that_convert_takes(shell: Shell, tmp_path: Path) -> None:
    take = tmp_path / "take.mkv"
    done = shell("record", "synthetic:empty?seconds=0.5", take)
    assert (done.status, done.err) == (0, "")
    assert done.out == f"{take}: 0.5 s, 15 captures, 0 dropped\n"
    facts = shell("info", take).out
    assert "NFOV_UNBINNED" in facts
    assert_one_line(shell("record", "synthetic:empty", take), 1, "take.mkv exists")


def test_record_repairs_a_recording_that_was_cut_off(shell: Shell, tmp_path: Path) -> None:
    take, cut, whole = (tmp_path / f"{name}.mkv" for name in ("take", "cut", "whole"))
    assert shell("record", "synthetic:depthonly?seconds=0.5", take).status == 0
    cut.write_bytes(take.read_bytes()[:-3_000_000])
    done = shell("record", "--repair", cut, whole)
    assert done.status == 0
    assert f"{whole}: 0.4 s, whole again" in done.out
    assert shell("record", "--repair", whole).out == f"{whole} needs no repair\n"
    assert shell("info", whole).err == ""


def test_record_without_an_output_is_a_wrong_call(shell: Shell) -> None:
    done = shell("record", "synthetic:empty")
    assert done.status == 2
    assert "name a SOURCE and an OUT" in done.err


def test_run_records_the_captures_while_it_tracks(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "bodychan.operators.kinect.trackers.open_tracker",
        lambda _calibration, **_: ScriptedTracker(lambda _c: [1]),
    )
    take = tmp_path / "take.mkv"
    done = shell("run", "synthetic:depthonly?seconds=0.5", "--to", take, "--to", "terminal")
    assert (done.status, done.err) == (0, "")
    assert "p1 id 1" in done.out
    facts = dict(line.split("  ", 1) for line in shell("info", take).out.splitlines())
    assert facts["captures"].strip() == "15"
    looped = shell("run", "synthetic:depthonly", "--to", tmp_path / "b.mkv", "--loop")
    assert looped.status == 2
    assert "--loop cannot be recorded" in looped.err
    assert os.listdir(tmp_path) == ["take.mkv"]


def test_params_lists_one_operator_or_all(shell: Shell) -> None:
    one, every = shell("params", "KinectAzureCHOP"), shell("params")
    assert one.status == every.status == 0
    assert "maxplayers" in one.out
    assert "exposure" not in one.out
    assert "exposure" in every.out
    assert_one_line(shell("params", "KinectChop"), 1, "no kind of operator 'KinectChop'")


def test_run_plays_a_saved_project(shell: Shell, scripted: None, tmp_path: Path) -> None:
    show = tmp_path / "show.toml"
    show.write_text(
        f"""[operators.top]
type = "KinectAzureTOP"
[operators.bodies]
type = "KinectAzureCHOP"
top = "top"
[[outputs]]
from = "bodies"
to = '{tmp_path / "out.csv"}'
"""
    )
    assert shell("run", show).status == 0
    assert len((tmp_path / "out.csv").read_text().splitlines()) > 5
    refused = shell("run", show, "--par", "maxplayers=2")
    assert refused.status == 2
    assert "says itself what is played" in refused.err
    show.write_text("[operators.top]\ntype = 'KinectTOP'\n")
    assert_one_line(shell("run", show), 1, "show.toml, line 2: no kind of operator 'KinectTOP'")
