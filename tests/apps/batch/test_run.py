from collections.abc import Callable, Generator, Iterable
from pathlib import Path

import pytest

from bodychan import Calibration
from bodychan.apps.batch.manifest import Entry
from bodychan.apps.batch.run import Batch, Engine, Plan, Report
from bodychan.apps.batch.work import Job, perform
from bodychan.errors import BatchError, OutputError, ParameterError
from scripted import ScriptedCamera, ScriptedTracker, install, scripted_captures

ENGINE = Engine(workers=1)


def in_this_process(jobs: Iterable[Job], _workers: int, captures: Callable[[int], None]) -> Generator[Entry]:
    for job in jobs:
        entry = perform(job)
        captures(entry.frames)
        yield entry


@pytest.fixture
def takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calibration: Calibration) -> Path:
    """Six recordings whose jobs are done in this process, by a camera and tracker that are not real."""
    install(
        monkeypatch,
        lambda: ScriptedCamera(calibration, scripted_captures(3)),
        lambda: ScriptedTracker(lambda _capture: [1]),
    )
    monkeypatch.setattr("bodychan.apps.batch.run.run_here", in_this_process)
    folder = tmp_path / "takes"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.mkv").write_text(str(number))
    return folder


def plan(takes: Path, **changes: object) -> Plan:
    fields = {"patterns": (str(takes),), "out": str(takes.parent / "out"), "parameters": {}, **changes}
    return Plan(**fields)  # type: ignore[arg-type]


def run(takes: Path, **changes: object) -> Report:
    return Batch(plan(takes, **changes)).run(ENGINE)


def test_a_second_run_does_nothing(takes: Path) -> None:
    told: list[tuple[int, int]] = []
    report = Batch(plan(takes)).run(ENGINE, lambda *step: told.append(step))
    assert report == Report(done=6, skipped=0, failed=(), left=0, captures=18)
    assert told[-1] == (6, 18)
    again = Batch(plan(takes))
    assert again.jobs == []
    assert again.run(ENGINE) == Report(done=0, skipped=6, failed=(), left=0, captures=0)


def test_what_changed_or_went_missing_is_done_again(takes: Path) -> None:
    run(takes)
    (takes / "1.mkv").write_text("changed")
    (takes.parent / "out" / "2.parquet").unlink()
    (takes / "new.mkv").write_text("new")
    assert [job.name for job in Batch(plan(takes)).jobs] == ["1", "2", "new"]
    assert run(takes).done == 3


def test_another_format_is_added_to_those_there_are(takes: Path) -> None:
    run(takes)
    run(takes, formats=("csv",))
    assert run(takes, formats=("parquet", "csv")).skipped == 6
    out = takes.parent / "out"
    assert len(list(out.glob("*.parquet"))) == len(list(out.glob("*.csv"))) == 6


def test_results_of_other_parameters_are_not_replaced_unasked(takes: Path) -> None:
    run(takes, parameters={"maxplayers": "1", "confidence": "on"})
    with pytest.raises(
        BatchError, match=r"results of 0 made with bodychan .* chop\.confidence=True, not with"
    ):
        run(takes)
    assert run(takes, overwrite=True).done == 6
    # One player is the default: to say so changes nothing.
    assert run(takes, parameters={"maxplayers": "1"}).skipped == 6


def test_what_failed_is_told_again_and_tried_again_only_when_asked(
    takes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(jobs: Iterable[Job], _workers: int, _captures: Callable[[int], None]) -> Generator[Entry]:
        for job in jobs:
            yield job.entry(error="damaged") if job.name == "3" else perform(job)

    monkeypatch.setattr("bodychan.apps.batch.run.run_here", damaged)
    first, second, third = run(takes), run(takes), run(takes, retry=True)
    assert [(r.done, r.skipped, [e.name for e in r.failed]) for r in (first, second, third)] == [
        (5, 0, ["3"]),
        (0, 5, ["3"]),
        (0, 5, ["3"]),
    ]
    assert [len(Batch(plan(takes, retry=retry)).jobs) for retry in (False, True)] == [0, 1]


def test_shards_share_the_recordings_and_know_of_each_other(takes: Path) -> None:
    names = [[job.name for job in Batch(plan(takes, shard=(i, 4))).jobs] for i in range(1, 5)]
    assert names == [["0", "4"], ["1", "5"], ["2"], ["3"]]
    for number in range(1, 5):
        run(takes, shard=(number, 4))
    assert run(takes).skipped == 6
    with pytest.raises(BatchError, match="no shard 5 of 4: they count from 1 to 4"):
        Batch(plan(takes, shard=(5, 4)))


def test_ctrl_c_stops_and_the_next_run_goes_on(takes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(jobs: Iterable[Job], workers: int, captures: Callable[[int], None]) -> Generator[Entry]:
        done = in_this_process(jobs, workers, captures)
        yield next(done)
        yield next(done)
        raise KeyboardInterrupt

    monkeypatch.setattr("bodychan.apps.batch.run.run_here", interrupted)
    report = run(takes)
    assert (report.done, report.left) == (2, 4)
    assert not list((takes.parent / "out").glob(".work*"))
    monkeypatch.setattr("bodychan.apps.batch.run.run_here", in_this_process)
    report = run(takes)
    assert (report.done, report.skipped, report.left) == (4, 2, 0)


def test_a_file_that_a_parameter_names_belongs_to_what_results_depend_on(takes: Path) -> None:
    table = takes.parent / "names.toml"
    table.write_text('"*:tx" = "*:x"\n')
    keys = []
    for text in ('"*:tx" = "*:x"\n', '"*:tx" = "*:X"\n'):
        table.write_text(text)
        keys.append(Batch(plan(takes, parameters={"namingtable": str(table)})).jobs[0].settings)
    assert keys[0] != keys[1]


def test_what_cannot_be_begun_is_one_clear_line(takes: Path) -> None:
    with pytest.raises(OutputError, match="no format 'xyz': no kind of output fits"):
        Batch(plan(takes, formats=("xyz",)))
    with pytest.raises(ParameterError, match="did you mean 'maxplayers'"):
        Batch(plan(takes, parameters={"maxplayer": 1}))
    with pytest.raises(BatchError, match="no file fits"):
        Batch(plan(takes, patterns=(str(takes / "*.mp4"),)))


def test_the_cluster_gets_the_same_jobs(takes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def cluster(
        jobs: Iterable[Job], scheduler: str, workers: int, captures: Callable[[int], None]
    ) -> Generator[Entry]:
        asked.append(scheduler)
        return in_this_process(jobs, workers, captures)

    monkeypatch.setattr("bodychan.apps.batch.run.run_on_cluster", cluster)
    assert Batch(plan(takes)).run(Engine(scheduler="tcp://a:1")).done == 6
    assert asked == ["tcp://a:1"]
