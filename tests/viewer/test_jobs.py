import threading
from pathlib import Path

import pytest

from bodychan import Calibration
from bodychan.apps.recording_file import RecordingFile
from bodychan.errors import OutputError
from bodychan.viewer.jobs import Background, Progress, RecordingJob
from scripted import ScriptedCamera, scripted_captures
from standins import until


def finished(job: Background) -> Background:
    for _ in range(500):
        if not job.running:
            return job
        threading.Event().wait(0.01)
    raise AssertionError("it never ended")


def test_work_tells_how_far_it_is_and_what_came_of_it() -> None:
    def work(progress: Progress) -> str:
        progress(3, 4)
        return "4 rows"

    job = finished(Background("take.csv", work)).shown()
    assert (job.path, job.running, job.done, job.expected) == ("take.csv", False, 3, 4)
    assert (job.message, job.failed) == ("4 rows", False)


def test_work_that_fails_says_why() -> None:
    def work(_progress: Progress) -> str:
        raise OutputError("the disk is full")

    job = finished(Background("take.csv", work)).shown()
    assert (job.message, job.failed) == ("the disk is full", True)


def test_work_that_is_cancelled_stops_at_its_next_step() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work(progress: Progress) -> str:
        begun.set()
        go_on.wait(5)
        progress(1, 2)
        raise AssertionError("it went on")

    job = Background("take.csv", work)
    assert begun.wait(5)
    job.cancel()
    go_on.set()
    shown = finished(job).shown()
    assert (shown.failed, shown.done) == (False, 0)
    assert "given up" in shown.message


def test_a_recording_that_cannot_be_written_ends_and_the_camera_goes_on(
    tmp_path: Path, calibration: Calibration, monkeypatch: pytest.MonkeyPatch
) -> None:
    captures = scripted_captures(3)
    job = RecordingJob(RecordingFile(tmp_path / "take.mkv", ScriptedCamera(calibration, captures)))
    job.write(captures[0])
    until(lambda: job.shown().done == 1, "it is written")
    assert job.shown().running

    def full(*_: object) -> None:
        raise OutputError("the disk is full")

    monkeypatch.setattr(RecordingFile, "write", full)
    job.write(captures[1])
    until(lambda: not job.running, "it has failed")
    job.write(captures[2])
    job.stop()
    assert (job.shown().running, job.shown().failed) == (False, True)
    until(lambda: "the disk is full; what came before is in" in job.shown().message, "it says where")
    assert not (tmp_path / "take.mkv").exists()
