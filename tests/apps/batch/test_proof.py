"""The proof of the batch, on the evaluation set: `make proof`."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bodychan.apps.batch.manifest import Manifest
from bodychan.apps.batch.places import open_store

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for the workers in /proc"),
]
COUNT = 40


@pytest.fixture(scope="module")
def takes(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty different recordings, one of them corrupt."""
    folder = tmp_path_factory.mktemp("takes")
    evalset = shared / "data" / "evalset"
    sequences = sorted(evalset.glob("*.k4s"))
    for number in range(COUNT):
        frames = 8 + number // len(sequences)
        sequence = sequences[number % len(sequences)]
        into = folder / f"group{number // len(sequences)}"
        call = [sys.executable, *map(str, (evalset / "expand.py", sequence, "-o", into, "--frames", frames))]
        subprocess.run(call, check=True, capture_output=True)
    corrupt = folder / "group1" / f"{sequences[3].stem}.mkv"
    corrupt.write_bytes(os.urandom(1 << 20))
    return folder


@pytest.fixture(scope="module")
def serial(takes: Path) -> dict[str, bytes]:
    out = takes.parent / "serial"
    batch(takes, out, "--workers", "1").communicate()
    return results(out)


def batch(takes: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    call = [sys.executable, "-m", "bodychan", "batch", f"{takes}/**/*.mkv", "--out", str(out), *options]
    return subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def results(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.glob("group*/*.parquet")}


def workers(parent: int) -> list[int]:
    """Give the processes below a process that multiprocessing has started to work."""
    found: list[int] = []
    # Any of its threads may have started them, and any may end meanwhile.
    lists = [path.read_text() for path in Path(f"/proc/{parent}/task").glob("*/children") if path.exists()]
    for child in " ".join(lists).split():
        if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text():
            found.append(int(child))
        found += workers(int(child))
    return found


def recording_of(worker: int) -> str | None:
    """Give the recording that a worker reads at the moment."""
    for link in Path(f"/proc/{worker}/fd").glob("*"):
        try:
            target = os.readlink(link)
        except OSError:
            continue
        if target.endswith(".mkv"):
            return target
    return None


def kill_workers(running: subprocess.Popen[str], out: Path, count: int) -> None:
    """Kill so many workers, each when some more results are there, at another recording: none fails twice."""
    killed: set[str] = set()
    while len(killed) < count:
        assert running.poll() is None, running.communicate()
        time.sleep(0.02)
        if len(results(out)) < 6 * (len(killed) + 1):
            continue
        for worker in workers(running.pid):
            recording = recording_of(worker)
            if recording is not None and recording not in killed:
                os.kill(worker, signal.SIGKILL)
                killed.add(recording)
                break


@pytest.mark.parametrize("engine", [["--workers", "2"], ["--workers", "2", "--scheduler", "local"]])
def test_killed_workers_and_a_corrupt_recording_change_no_other_result(
    takes: Path, serial: dict[str, bytes], tmp_path: Path, engine: list[str]
) -> None:
    if "--scheduler" in engine:
        pytest.importorskip("distributed", reason="Dask is not installed: pip install 'bodychan[cluster]'")
    out = tmp_path / "out"
    running = batch(takes, out, *engine)
    kill_workers(running, out, 3)
    told, complaints = running.communicate()
    assert f"{COUNT - 1} done, 1 failed, 0 done before" in told, complaints
    assert complaints.count("\n") == 2, "what failed, and how it is tried again"
    assert running.returncode == 1
    assert results(out) == serial
    assert len(serial) == COUNT - 1
    entries = Manifest(open_store(str(out))).entries
    assert [entry.name for entry in entries.values() if entry.status == "failed"] == [
        "group1/d03_walk_toward"
    ]
    assert not (out / ".work").exists()
    stamps = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    told, _ = batch(takes, out, *engine).communicate()
    assert f"0 done, 1 failed, {COUNT - 1} done before" in told
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == stamps


def test_ctrl_c_stops_and_the_next_run_ends_with_the_same_results(
    takes: Path, serial: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    running = batch(takes, out, "--workers", "2")
    while len(results(out) if out.exists() else ()) < 5:
        time.sleep(0.2)
    running.send_signal(signal.SIGINT)
    told, complaints = running.communicate(timeout=30)
    assert "stopped by Ctrl-C" in complaints
    assert not (out / ".work").exists()
    told, _ = batch(takes, out, "--workers", "2").communicate()
    assert "1 failed" in told
    assert results(out) == serial


def test_shards_come_to_the_same_results(takes: Path, serial: dict[str, bytes], tmp_path: Path) -> None:
    out = tmp_path / "out"
    shards = [batch(takes, out, "--workers", "1", "--shard", f"{number}/2") for number in (1, 2)]
    for shard in shards:
        shard.communicate()
    assert results(out) == serial
    assert len(Manifest(open_store(str(out))).entries) == COUNT
