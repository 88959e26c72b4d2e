"""Recording a live device, a stand-in for Microsoft's library: a slow disk, an outage, a stop."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from bodychan.apps import live
from bodychan.apps.meter import Status
from bodychan.apps.record import Report, record
from bodychan.cameras.recording.camera import RecordingCamera
from bodychan.cameras.recording.cluster_file import ClusterFile
from bodychan.cameras.settings import DeviceSettings
from bodychan.errors import CameraError, OutputError
from bodychan.operators.kinect.playback import Playback
from recordings import numbers
from scripted import ScriptedTracker
from standins import StandIn, until

SETTINGS = DeviceSettings(depth_mode="NFOV_2X2BINNED", timeout=1.0)


@pytest.fixture
def standin(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    standin = StandIn(Path(tmp_path_factory.getbasetemp()))
    monkeypatch.setenv("BODYCHAN_K4A", str(standin.path))
    yield standin
    assert (standin.alive, standin.misuses) == (0, 0), "every handle is given back exactly once"


class Delivering:
    """Lets the device deliver a capture whenever the one before has been taken, at a rate."""

    def __init__(self, standin: StandIn, rate: float) -> None:
        self._standin, self._rate = standin, rate
        self._done = threading.Event()
        self.pushed = 0
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Delivering":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(1 / self._rate):
            if self._standin.running() and self._standin.delivered():
                self._standin.push(frames=1, samples=56)
                self.pushed += 1


class Slow:
    """A disk that stalls once, for so long as `stall` says, at its n-th write."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, stall: Callable[[], object]) -> None:
        write, count = ClusterFile.append, 0

        def append(file: ClusterFile, *cluster: object) -> None:
            nonlocal count
            count += 1
            if count == at:
                stall()
            write(file, *cluster)  # type: ignore[arg-type]

        monkeypatch.setattr(ClusterFile, "append", append)


def test_a_disk_that_stalls_for_a_second_loses_nothing(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Slow(monkeypatch, 5, lambda: time.sleep(1.0))
    with Delivering(standin, 30.0):
        report = record("k4a:0", tmp_path / "take.mkv", settings=SETTINGS, seconds=1.5)
    assert (report.lost, report.warnings) == (0, ())
    assert report.captures == 45
    with RecordingCamera(tmp_path / "take.mkv") as camera:
        assert numbers(camera) == list(range(1, 46))
        assert camera.warnings == []


def test_what_finds_the_queue_full_is_counted_and_said(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    Slow(monkeypatch, 2, lambda: go.wait(20))

    def progress(done: int, expected: int | None) -> None:
        assert expected == 40
        if done == 30:
            go.set()

    with Delivering(standin, 60.0):
        report = record(
            "k4a:0",
            tmp_path / "take.mkv",
            settings=SETTINGS,
            seconds=40 / 30,
            queue=10 / 30,
            progress=progress,
        )
    assert 10 <= report.lost <= 20
    assert report.captures == 40 - report.lost
    assert report.dropped >= report.lost - 1
    (warning,) = report.warnings
    assert f"{report.lost} captures were lost because the disk was slower" in warning
    with RecordingCamera(tmp_path / "take.mkv") as camera:
        assert len(numbers(camera)) == report.captures


def test_a_disk_that_fails_ends_the_recording_and_what_it_has_stays(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise OutputError("cannot write take.partial.mkv: no space left")

    Slow(monkeypatch, 10, full)
    with Delivering(standin, 60.0), pytest.raises(OutputError, match="no space left"):
        record("k4a:0", tmp_path / "take.mkv", settings=SETTINGS)
    assert os.listdir(tmp_path) == ["take.partial.mkv"]


def test_a_disk_that_never_answers_is_not_waited_for(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bodychan.apps.record._PATIENCE_SECONDS", 0.2)
    threads = threading.active_count()
    go = threading.Event()
    Slow(monkeypatch, 2, lambda: go.wait(20))
    message = r"the disk has taken nothing for 0\.2 s: .*`bodychan repair .*take\.mkv` finishes it"
    with Delivering(standin, 60.0), pytest.raises(OutputError, match=message):
        record("k4a:0", tmp_path / "take.mkv", settings=SETTINGS, seconds=0.3)
    go.set()
    until(lambda: threading.active_count() <= threads, "the disk takes it in the end")
    with RecordingCamera(tmp_path / "take.partial.mkv") as camera:
        assert numbers(camera)
        assert camera.warnings == []


def outage(standin: StandIn, delivering: Delivering, *, after: int, seconds: float) -> threading.Thread:
    """Pull the device out after so many captures, and plug it in again after some seconds."""

    def pull() -> None:
        until(lambda: delivering.pushed >= after, "captures have come")
        standin.plug(0, False)
        time.sleep(seconds)
        standin.plug(0)

    thread = threading.Thread(target=pull)
    thread.start()
    return thread


def test_a_camera_that_comes_back_goes_on_in_the_same_file(standin: StandIn, tmp_path: Path) -> None:
    with Delivering(standin, 30.0) as delivering:
        thread = outage(standin, delivering, after=15, seconds=1.2)
        report = record("k4a:0", tmp_path / "take.mkv", settings=SETTINGS, seconds=4)
        thread.join()
    assert os.listdir(tmp_path) == ["take.mkv"]
    (warning,) = report.warnings
    assert warning.startswith("k4a:0: it was away for ")
    assert report.dropped > 20
    assert report.captures + report.dropped == pytest.approx(120, abs=2)
    with RecordingCamera(tmp_path / "take.mkv") as camera:
        found = list(camera)
        assert camera.warnings == []
    assert len(found) == report.captures
    gaps = [b.device_usec - a.device_usec for a, b in pairwise(found)]
    assert 1_200_000 < max(gaps) < 3_000_000
    assert min(gaps) > 0
    assert found[-1].index - found[0].index + 1 == report.captures + report.dropped


def test_a_recording_of_so_many_seconds_ends_though_the_camera_stays_away(
    standin: StandIn, tmp_path: Path
) -> None:
    with Delivering(standin, 30.0) as delivering:
        began = time.monotonic()
        thread = outage(standin, delivering, after=15, seconds=4)
        report = record("k4a:0", tmp_path / "take.mkv", settings=SETTINGS, seconds=2)
        assert time.monotonic() - began < 4
        thread.join()
    assert 10 <= report.captures <= 20
    assert os.listdir(tmp_path) == ["take.mkv"]


def test_another_camera_in_its_place_ends_the_recording_and_what_there_is_stays(
    standin: StandIn, tmp_path: Path
) -> None:
    standin.rename(0, b"")  # it does not say which it is, so that what comes in its place is looked at
    with Delivering(standin, 30.0) as delivering:
        thread = outage(standin, delivering, after=15, seconds=0.1)
        with pytest.raises(CameraError, match=r"another device.*; the .* s before are in .*take\.partial"):
            _record_and_rename(standin, tmp_path / "take.mkv")
        thread.join()
    standin.rename(0, b"000000000001")
    assert os.listdir(tmp_path) == ["take.partial.mkv"]


def _record_and_rename(standin: StandIn, path: Path) -> Report:
    def progress(done: int, _expected: int | None) -> None:
        if done == 5:
            standin.rename(0, b"000000000009")

    return record("k4a:0", path, settings=SETTINGS, progress=progress)


def test_a_show_goes_on_while_its_camera_is_away(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "bodychan.operators.kinect.trackers.open_tracker",
        lambda _calibration, **_: ScriptedTracker(lambda _c: [4]),
    )
    table, take = tmp_path / "a.csv", tmp_path / "take.mkv"
    threads: list[threading.Thread] = []
    with Delivering(standin, 30.0) as delivering:

        def pull_once(status: Status) -> None:
            if not threads and (status.lag_seconds or 0.0) > 0 and status.tracked > 0:
                threads.append(outage(standin, delivering, after=delivering.pushed, seconds=1.0))

        report = live.run(
            "k4a:0",
            [str(table), f"{take}?queue=3"],
            {"top.depthmode": "narrowbinned"},
            playback=Playback(duration=6.0),
            status=pull_once,
        )
        threads[0].join()
    assert report.failures == ()
    assert sum("it was away for" in warning for warning in report.warnings) == 1
    rows = [line.split(",") for line in table.read_text().splitlines()]
    frame, player = rows[0].index("frame"), rows[0].index("p1/id")
    ids = [int(float(row[player])) for row in rows[1:]]
    frames = [int(float(row[frame])) for row in rows[1:]]
    assert frames == sorted(frames)
    there = "".join("x" if body == 4 else "." for body in ids).strip(".")
    assert set(ids) <= {0, 4}
    assert there.count(".") > 30, "nobody was there meanwhile"
    assert len(there.replace("x", " ").split()) == 1, "once, and then again"
    # What the camera did not give was not too much for this machine.
    assert report.captures < 6 * 30 - 20
    with RecordingCamera(take) as camera:
        assert len(numbers(camera)) > 30
