import errno
from pathlib import Path

import msgspec
import pytest

from bodychan import Calibration
from bodychan.apps.batch.manifest import Settings
from bodychan.apps.batch.places import content_hash
from bodychan.apps.batch.work import Job, perform
from bodychan.errors import BatchError, CameraError
from jobs import make_jobs
from scripted import ScriptedCamera, ScriptedTracker, install, scripted_captures


@pytest.fixture
def captures(monkeypatch: pytest.MonkeyPatch, calibration: Calibration) -> list[object]:
    """What every recording holds; body 3 is there from capture 6 on."""
    played: list[object] = list(scripted_captures(20))
    install(
        monkeypatch,
        lambda: ScriptedCamera(calibration, played),  # type: ignore[arg-type]
        lambda: ScriptedTracker(lambda capture: [3] if capture.index >= 6 else []),
    )
    return played


@pytest.fixture
def job(tmp_path: Path, captures: list[object]) -> Job:
    source = tmp_path / "take.mkv"
    source.write_text("its content")
    (one,) = make_jobs(tmp_path / "out", "day/take")
    return msgspec.structs.replace(one, source=str(source), formats=("csv", "parquet"))


def results(job: Job) -> set[str]:
    return {path.relative_to(job.out).as_posix() for path in Path(job.out).rglob("*") if path.is_file()}


def test_a_recording_becomes_results_and_what_is_told_of_it(job: Job) -> None:
    told: list[int] = []
    entry = perform(job, told.append)
    assert (entry.status, entry.error, entry.frames, entry.bodies) == ("done", "", 20, 1)
    assert entry.quality.body_share == 0.75
    assert entry.recorded_seconds == pytest.approx(19 / 30, abs=1e-3)
    assert entry.hash == content_hash(Path(job.source))
    assert told == list(range(1, 21))
    assert results(job) == entry.files.keys() == {"day/take.csv", "day/take.parquet"}
    for name, found in entry.files.items():
        assert found == content_hash(Path(job.out) / name)


def test_the_same_job_gives_the_same_bytes_and_may_be_done_again(job: Job) -> None:
    first = perform(job)
    # As after a run that was killed before it could write its manifest.
    again = perform(job)
    assert (again.status, again.files, again.key) == ("done", first.files, first.key)


def test_the_key_depends_on_content_and_parameters(job: Job) -> None:
    first = perform(job)
    settings = Settings({"chop.maxplayers": 2}, {}, job.settings.version)
    other = perform(msgspec.structs.replace(job, settings=settings, before=first))
    Path(job.source).write_text("other content")
    changed = perform(msgspec.structs.replace(job, before=first))
    assert len({first.key, other.key, changed.key}) == 3
    assert first.key


def test_a_recording_that_was_only_touched_is_not_done_again(job: Job, captures: list[object]) -> None:
    first = perform(job)
    captures.clear()
    entry = perform(msgspec.structs.replace(job, stamp="newer", before=first, complete=True))
    assert (entry.status, entry.frames, entry.stamp) == ("done", 20, "newer")


def test_files_that_are_not_the_batchs_own_stay(job: Job) -> None:
    mine = Path(job.out) / "day" / "take.csv"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    entry = perform(job)
    assert entry.status == "failed"
    assert "day/take.csv exists: choose another folder, or pass --overwrite" in entry.error
    assert results(job) == {"day/take.csv"}
    assert mine.read_text() == "mine"
    assert perform(msgspec.structs.replace(job, overwrite=True)).status == "done"


def test_what_is_wrong_with_a_recording_is_told_and_leaves_nothing(job: Job, captures: list[object]) -> None:
    captures[5] = CameraError("capture 6 is damaged")
    entry = perform(job)
    assert (entry.status, entry.error) == ("failed", "capture 6 is damaged")
    assert entry.hash == content_hash(Path(job.source))
    assert results(job) == set()
    missing = perform(msgspec.structs.replace(job, source="nobody.mkv"))
    assert missing.error == "nobody.mkv cannot be read: No such file or directory"


def test_our_own_faults_are_told_too(job: Job, captures: list[object]) -> None:
    captures[5] = ZeroDivisionError("oh")
    assert perform(job).error == "a fault of bodychan's, please report it: ZeroDivisionError('oh')"


def test_a_full_disk_stops_the_batch_with_one_line(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    # What fails for one job alone is that job's affair.
    assert "No space left on device" in perform(job).error
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(BatchError, match="No space left on device; free some space") as told:
        perform(job)
    assert "\n" not in str(told.value)


def test_another_version_stops_the_batch(job: Job) -> None:
    other = msgspec.structs.replace(job, settings=Settings({}, {}, "0.0.1"))
    with pytest.raises(BatchError, match=r"the batch was started with 0\.0\.1: install the same version"):
        perform(other)
