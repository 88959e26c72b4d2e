import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bodychan import Capture, track
from bodychan.apps.info import describe
from bodychan.apps.record import record
from bodychan.apps.recording_file import RecordingFile
from bodychan.apps.repair import repair
from bodychan.cameras.base import Camera
from bodychan.cameras.recording.camera import RecordingCamera
from bodychan.cameras.recording.writer import Recorder
from bodychan.cameras.registry import open_camera
from bodychan.errors import CameraError, DeviceUnavailable, OutputError, RecordingError, Unavailable
from libk4arecord import Playback, find_folder
from recordings import (
    assert_equal,
    calibration,
    make_capture,
    numbers,
    sample_values,
    write_recording,
    write_unfinished,
)
from scripted import ScriptedCamera


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[Capture | Exception]], Camera]:
    """Lets `record` open a camera that plays these captures."""

    def script(captures: Sequence[Capture | Exception]) -> Camera:
        camera = ScriptedCamera(calibration(), captures)
        camera.name = "k4a:0"
        monkeypatch.setattr("bodychan.apps.record.open_camera", lambda _source, _settings=None: camera)
        return camera

    return script


def captures(count: int) -> list[Capture | Exception]:
    return [make_capture(number) for number in range(1, count + 1)]


# What is recorded


def test_a_scene_reads_back_bit_for_bit(tmp_path: Path) -> None:
    url = "synthetic:walk?seconds=0.3&fps=15"
    report = record(url, tmp_path / "take.mkv")
    assert (report.captures, report.dropped, report.stopped, report.warnings) == (4, 0, False, ())
    assert report.seconds == pytest.approx(4 / 15, abs=1e-5)
    assert report.bytes == (tmp_path / "take.mkv").stat().st_size
    assert os.listdir(tmp_path) == ["take.mkv"]
    with open_camera(url) as camera, open_camera(tmp_path / "take.mkv") as copy:
        assert copy.fps == 15
        assert copy.calibration.raw == camera.calibration.raw.removesuffix(b"\0")
        assert copy.tags["K4A_DEVICE_SERIAL_NUMBER"] == camera.tags["K4A_DEVICE_SERIAL_NUMBER"]
        for ours, expected in zip(copy, camera, strict=True):
            assert_equal(replace(ours, imu=()), replace(expected, imu=()))
            assert [sample_values(s) for s in ours.imu] == [sample_values(s) for s in expected.imu]
            assert all(np.isnan(sample.temperature) for sample in ours.imu)


def test_a_copied_recording_is_the_same_file(tmp_path: Path) -> None:
    first = write_recording(tmp_path / "a.mkv", [make_capture(n) for n in range(1, 40) if n % 9])
    report = record(first, tmp_path / "b.mkv")
    assert (tmp_path / "b.mkv").read_bytes() == first.read_bytes()
    assert (report.captures, report.dropped) == (35, 4)


def test_a_recording_stops_after_its_seconds(tmp_path: Path) -> None:
    first = write_recording(tmp_path / "a.mkv", [make_capture(n) for n in range(1, 60)])
    seen: list[tuple[int, int | None]] = []
    report = record(first, tmp_path / "b.mkv", seconds=1, progress=lambda *of: seen.append(of))
    assert (report.captures, report.stopped) == (30, False)
    assert seen == [(done, 30) for done in range(1, 31)]
    with RecordingCamera(tmp_path / "b.mkv") as camera:
        assert numbers(camera) == list(range(1, 31))


def test_tracks_follow_the_first_capture_and_the_tags(
    tmp_path: Path, scripted: Callable[[Sequence[Capture | Exception]], Camera]
) -> None:
    first = replace(make_capture(1, images=["depth"]), imu=())
    camera = scripted([first, *captures(5)[1:]])
    camera.tags = {"K4A_COLOR_MODE": "MJPG_720P", "K4A_IMU_MODE": "ON", "any tag": "x"}
    report = record("k4a:0", tmp_path / "take.mkv")
    assert report.warnings == (
        f"{tmp_path / 'take.mkv'}: 4 captures had ir, which is left out: the first one had none, and "
        "k4a:0 has no tag K4A_IR_MODE",
    )
    with RecordingCamera(tmp_path / "take.mkv") as copy:
        found = list(copy)
        assert "any tag" not in copy.tags
    assert [capture.ir for capture in found] == [None] * 5
    assert [capture.color_image is None for capture in found] == [True, False, False, False, False]
    assert sum(len(capture.imu) for capture in found) == 4 * 7


# How it ends


def test_ctrl_c_makes_a_whole_recording(
    tmp_path: Path, scripted: Callable[[Sequence[Capture | Exception]], Camera]
) -> None:
    def interrupt(done: int, _expected: int | None) -> None:
        if done == 20:
            signal.raise_signal(signal.SIGINT)

    scripted(captures(40))
    report = record("k4a:0", tmp_path / "take.mkv", progress=interrupt)
    assert report.stopped
    assert report.seconds == pytest.approx(20 / 30, abs=1e-3)
    assert os.listdir(tmp_path) == ["take.mkv"]
    with RecordingCamera(tmp_path / "take.mkv") as camera:
        assert numbers(camera) == list(range(1, 21))
        assert camera.warnings == []


def test_a_camera_that_fails_leaves_what_it_gave(
    tmp_path: Path, scripted: Callable[[Sequence[Capture | Exception]], Camera]
) -> None:
    scripted([*captures(20), CameraError("k4a:0 was unplugged")])
    with pytest.raises(CameraError, match=r"was unplugged; the 0\.7 s before are in .*take\.partial\.mkv"):
        record("k4a:0", tmp_path / "take.mkv")
    assert os.listdir(tmp_path) == ["take.partial.mkv"]
    with RecordingCamera(tmp_path / "take.partial.mkv") as camera:
        assert numbers(camera) == list(range(1, 21))
        assert camera.warnings == []


@pytest.mark.parametrize("first", [[], [CameraError("k4a:0 was unplugged")]])
def test_without_a_capture_there_is_no_file(
    first: list[Capture | Exception],
    tmp_path: Path,
    scripted: Callable[[Sequence[Capture | Exception]], Camera],
) -> None:
    scripted(first)
    with pytest.raises((CameraError, OutputError), match=r"unplugged$|no capture came; nothing was recorded"):
        record("k4a:0", tmp_path / "take.mkv")
    assert os.listdir(tmp_path) == []


def test_a_capture_that_does_not_fit_leaves_those_before(
    tmp_path: Path, scripted: Callable[[Sequence[Capture | Exception]], Camera]
) -> None:
    scripted([*captures(20), make_capture(21, resolution="1080P")])
    with pytest.raises(OutputError, match=r"take.partial.mkv: colour of capture 21 is MJPG 1920x1080"):
        record("k4a:0", tmp_path / "take.mkv")
    with RecordingCamera(tmp_path / "take.partial.mkv") as camera:
        assert numbers(camera) == list(range(1, 21))


@pytest.mark.parametrize(("count", "left"), [(1, []), (20, ["take.partial.mkv"])])
def test_a_full_disk_leaves_what_it_holds(
    count: int, left: list[str], tmp_path: Path, scripted: Callable[[Sequence[Capture | Exception]], Camera]
) -> None:
    size = (
        2000
        if count == 1
        else write_recording(tmp_path / "x.mkv", map(make_capture, range(1, count))).stat().st_size
    )
    (tmp_path / "x.mkv").unlink(missing_ok=True)
    scripted(captures(60))
    resource = pytest.importorskip("resource", reason="this system has no limit on a file's size")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        with pytest.raises(OutputError, match=r"cannot write .*take\.partial\.mkv: File too large"):
            record("k4a:0", tmp_path / "take.mkv")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert os.listdir(tmp_path) == left
    if left:
        with RecordingCamera(tmp_path / "take.partial.mkv") as camera:
            assert len(camera) >= count - 3
            assert camera.warnings == []


# What is refused


def test_nothing_is_overwritten_unasked(
    tmp_path: Path, scripted: Callable[[Sequence[Capture | Exception]], Camera]
) -> None:
    scripted(captures(3))
    path = tmp_path / "take.mkv"
    path.write_text("precious")
    with pytest.raises(OutputError, match="exists: choose another name, or pass --overwrite"):
        record("k4a:0", path)
    path.rename(tmp_path / "take.partial.mkv")
    scripted(captures(3))
    with pytest.raises(OutputError, match=r"partial.mkv is left of a run that was cut off: finish it"):
        record("k4a:0", path)
    assert (tmp_path / "take.partial.mkv").read_text() == "precious"
    scripted(captures(3))
    assert record("k4a:0", path, overwrite=True).captures == 3
    assert os.listdir(tmp_path) == ["take.mkv"]


@pytest.mark.parametrize(
    ("out", "options", "message"),
    [
        ("take.mp4", {}, "recordings are .mkv files: name it take.mkv"),
        ("nowhere/take.mkv", {}, "there is no folder"),
        ("take.mkv", {"seconds": 0}, "0 s cannot be recorded"),
        ("take.mkv", {"seconds": float("nan")}, "nan s cannot be recorded"),
    ],
)
def test_a_wrong_call_is_named(
    out: str,
    options: dict[str, float],
    message: str,
    tmp_path: Path,
    scripted: Callable[[Sequence[Capture | Exception]], Camera],
) -> None:
    scripted(captures(3))
    with pytest.raises(OutputError, match=message):
        record("k4a:0", tmp_path / out, seconds=options.get("seconds"))
    assert os.listdir(tmp_path) == []


def test_a_camera_of_another_rate_is_refused(
    tmp_path: Path, scripted: Callable[[Sequence[Capture | Exception]], Camera]
) -> None:
    scripted(captures(3)).fps = 25
    with pytest.raises(
        OutputError, match="25 frames per second; a recording has 5, 15 or 30, set the camera"
    ):
        record("k4a:0", tmp_path / "take.mkv")
    assert os.listdir(tmp_path) == []


def test_a_recording_is_not_written_over_itself(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "take.mkv", [make_capture(1)])
    data = path.read_bytes()
    with pytest.raises(OutputError, match="is the source itself: choose another name"):
        record(path, path, overwrite=True)
    with pytest.raises(OutputError, match="is the source itself: choose another name"):
        repair(path, path, overwrite=True)
    assert path.read_bytes() == data


# Processes that are killed

_RECORD_UNTIL_KILLED = """
import sys, time
from dataclasses import replace
from recordings import calibration, imu_samples, make_capture
from scripted import ScriptedCamera
from bodychan.apps.recording_file import RecordingFile
captures = [make_capture(number) for number in range(1, 31)]
camera = ScriptedCamera(calibration(), [])
with RecordingFile(sys.argv[1], camera) as file:
    for number in range(1, 100_000):
        capture = captures[number % 30]
        capture.depth.flags.writeable = True
        capture.depth[0, :2] = number % 50_000, number // 50_000
        usec = 2_000_000 + (number - 1) * 1_000_000 // 30
        capture = replace(capture, index=number, depth_usec=usec, ir_usec=usec, color_usec=usec)
        file.write(replace(capture, imu=imu_samples(usec - 6 * 4807, 7)))
        print(number, flush=True)
        time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Callable[[float], subprocess.Popen[str]]]:
    """Starts a process that records to `take.mkv` until it is killed, and prints each capture's number."""
    started: list[subprocess.Popen[str]] = []

    def start(pause: float) -> subprocess.Popen[str]:
        arguments = [sys.executable, "-c", _RECORD_UNTIL_KILLED, str(tmp_path / "take.mkv"), str(pause)]
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "1\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.mark.parametrize("seed", range(6))
def test_a_killed_process_loses_less_than_two_seconds(
    seed: int, victim: Callable[[float], subprocess.Popen[str]], tmp_path: Path
) -> None:
    random = np.random.default_rng(seed)
    # As fast as it goes, or five times as fast as a camera.
    process = victim(0.0 if seed % 2 else 0.007)
    time.sleep(random.uniform(0.0, 0.5))
    process.kill()
    delivered = int(process.communicate()[0].split()[-1])
    assert os.listdir(tmp_path) == ["take.partial.mkv"]
    left = tmp_path / "take.partial.mkv"
    with RecordingCamera(left) as camera:
        read = [capture.index for capture in camera]
        assert "was never closed" in camera.warnings[0]
    assert read == list(range(1, len(read) + 1))
    assert len(read) > delivered - 2 * 30
    # In fact only what waits for the rest of its cluster is lost.
    assert len(read) >= delivered - 3
    finished = repair(left, tmp_path / "take.mkv")
    assert finished is not None
    assert "damaged" not in finished[1]
    with RecordingCamera(tmp_path / "take.mkv") as camera:
        assert len(camera) >= len(read)
        assert camera.warnings == []
    folder = find_folder()
    if folder is not None:
        with Playback(folder, tmp_path / "take.mkv") as playback:
            assert sum(1 for _ in playback.captures()) >= len(read)


def test_a_process_that_is_interrupted_finishes_its_file(
    victim: Callable[[float], subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = victim(0.0)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    process.communicate()
    # The file itself takes Ctrl-C for an error; `record` makes a whole recording of it.
    assert os.listdir(tmp_path) == ["take.partial.mkv"]
    with RecordingCamera(tmp_path / "take.partial.mkv") as camera:
        assert len(camera) > 1
        assert camera.warnings == []


# Repair in place


def test_repair_puts_the_finished_recording_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "take.mkv"
    closed = write_unfinished(path, [make_capture(number) for number in range(1, 20)])
    path.with_suffix(".closed").unlink()
    path.chmod(0o640)
    assert repair(path) is not None
    assert path.read_bytes() == closed
    assert path.stat().st_mode & 0o777 == 0o640
    assert repair(path) is None
    assert os.listdir(tmp_path) == ["take.mkv"]


def test_repair_can_give_a_left_recording_its_name(tmp_path: Path) -> None:
    left = tmp_path / "take.partial.mkv"
    closed = write_unfinished(left, [make_capture(number) for number in range(1, 9)])
    unfinished = left.read_bytes()
    assert repair(left, tmp_path / "take.mkv") is not None
    assert (tmp_path / "take.mkv").read_bytes() == closed
    assert left.read_bytes() == unfinished
    with pytest.raises(OutputError, match="exists"):
        repair(left, tmp_path / "take.mkv")


@pytest.mark.parametrize("fault", ["disk", "place"])
def test_a_repair_that_fails_changes_nothing(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "take.mkv"
    write_unfinished(path, [make_capture(number) for number in range(1, 9)])
    path.with_suffix(".closed").unlink()
    data = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28 if fault == "disk" else 13, "it fails")

    monkeypatch.setattr(*(os, "fsync", fail) if fault == "disk" else (Path, "replace", fail))
    with pytest.raises(OutputError, match=r"take\.mkv: it fails; (free some space|choose a folder)"):
        repair(path)
    assert path.read_bytes() == data
    assert os.listdir(tmp_path) == ["take.mkv"]


def test_a_recording_that_is_being_written_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "take.mkv"
    with Recorder(path, calibration(), 30) as recorder:
        for number in range(1, 9):
            recorder.write(make_capture(number))
        # The recorder goes on while the copy is made.
        monkeypatch.setattr(os, "fsync", lambda _descriptor: recorder.write(make_capture(9)))
        with pytest.raises(
            RecordingError, match="is still being written: stop its recorder, or name another"
        ):
            repair(path)
        assert os.listdir(tmp_path) == ["take.mkv"]
        monkeypatch.undo()
        assert repair(path, tmp_path / "so_far.mkv") is not None
    with RecordingCamera(path) as camera:
        assert numbers(camera) == list(range(1, 10))


def test_an_unplugged_device_says_so_and_where_the_recording_lies(
    tmp_path: Path, scripted: Callable[[Sequence[Capture | Exception]], Camera]
) -> None:
    scripted([*captures(20), DeviceUnavailable(Unavailable.UNPLUGGED, "k4a:0 was unplugged")])
    with pytest.raises(DeviceUnavailable, match=r"unplugged; the 0\.7 s before are in .*partial") as caught:
        record("k4a:0", tmp_path / "take.mkv")
    assert caught.value.reason is Unavailable.UNPLUGGED


def test_what_is_no_recording_is_not_repaired(tmp_path: Path) -> None:
    path = tmp_path / "notes.mkv"
    path.write_text("none")
    with pytest.raises(RecordingError, match="is not a Matroska file"):
        repair(path)
    assert os.listdir(tmp_path) == ["notes.mkv"]


def test_a_recording_file_is_closed_once(tmp_path: Path) -> None:
    camera = ScriptedCamera(calibration(), [])
    with RecordingFile(tmp_path / "take.mkv", camera) as file:
        file.write(make_capture(1))
        file.close()
        data = (tmp_path / "take.mkv").read_bytes()
    assert (tmp_path / "take.mkv").read_bytes() == data
    assert file.keep() is None
    with pytest.raises(OutputError, match="is closed: what is written now would be lost"):
        file.write(make_capture(2))


def test_repair_finds_what_a_killed_recorder_left_under_its_first_name(tmp_path: Path) -> None:
    path, partial = tmp_path / "take.mkv", tmp_path / "take.partial.mkv"
    write_unfinished(partial, [make_capture(number) for number in range(1, 9)])
    partial.with_suffix(".closed").unlink()
    assert repair(path) is not None
    assert os.listdir(tmp_path) == ["take.mkv"]
    with RecordingCamera(path) as camera:
        assert numbers(camera) == list(range(1, 9))
        assert camera.warnings == []


def test_repair_gives_a_whole_recording_its_name(tmp_path: Path) -> None:
    path = tmp_path / "take.mkv"
    write_recording(tmp_path / "take.partial.mkv", [make_capture(1)])
    assert repair(path) == (path, "was whole as take.partial.mkv, and only had to be renamed")
    assert os.listdir(tmp_path) == ["take.mkv"]


def test_repair_takes_garbage_out(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "take.mkv", [make_capture(number) for number in range(1, 31)])
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 1_000_000] = bytes(range(1, 251)) * 4000
    path.write_bytes(data)
    found = repair(path)
    assert found is not None
    lost = int(found[1].split("; ")[1].split()[0])
    assert 900_000 < lost < 1_500_000
    with RecordingCamera(path) as camera:
        assert 20 <= len(list(camera)) < 30
        assert camera.warnings == []
    assert repair(path) is None


def test_a_recording_is_not_opened_over_what_a_crash_left(tmp_path: Path) -> None:
    partial = tmp_path / "take.partial.mkv"
    partial.write_bytes(b"two hours")
    camera = ScriptedCamera(calibration(), [])
    with pytest.raises(OutputError, match=r"take\.partial\.mkv is left of a run"):
        RecordingFile(tmp_path / "take.mkv", camera)
    assert partial.read_bytes() == b"two hours"


@pytest.mark.parametrize("images", [["ir"], ["color"]])
def test_a_recording_without_depth_is_copied(images: list[str], tmp_path: Path) -> None:
    mode = "PASSIVE_IR" if images == ["ir"] else "NFOV_2X2BINNED"
    color = "MJPG" if images == ["color"] else None
    source, copy = tmp_path / "source.mkv", tmp_path / "copy.mkv"
    with Recorder(
        source, calibration(mode), 30, color_format=color, depth=False, ir=color is None
    ) as recorder:
        for number in range(1, 4):
            recorder.write(make_capture(number, mode, images=images))
    assert record(source, copy).captures == 3
    with RecordingCamera(source) as camera, RecordingCamera(copy) as other:
        for ours, expected in zip(other, camera, strict=True):
            assert_equal(ours, expected)
        assert other.tags["K4A_DEPTH_MODE"] == camera.tags["K4A_DEPTH_MODE"]
    facts = describe(source)
    assert facts["depth mode"] == ("PASSIVE_IR" if color is None else "OFF")
    assert facts["colour resolution"] == ("OFF" if color is None else "720P")
    assert facts["tracking"] == "not possible: there is no depth"
    with pytest.raises(CameraError, match=r"source\.mkv has no depth images, which tracking needs"):
        next(track(source))


def test_a_damaged_jpeg_is_copied_as_it_came(tmp_path: Path) -> None:
    source, copy = tmp_path / "source.mkv", tmp_path / "copy.mkv"
    captures = [make_capture(number) for number in range(1, 6)]
    image = captures[2].color_image
    assert image is not None
    half = replace(image, data=image.data[: len(image.data) // 2] + b"\xff\xd9")
    captures[2] = replace(captures[2], color_image=half)
    write_recording(source, captures)
    record(source, copy)
    with RecordingCamera(copy) as camera:
        read = list(camera)
        assert [capture.color is None for capture in read] == [False, False, True, False, False]
        (warning,) = camera.warnings
        assert "this capture has no colour" in warning
    for ours, expected in zip(read, captures, strict=True):
        assert_equal(ours, expected)
