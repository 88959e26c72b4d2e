from pathlib import Path

import pytest

from bodychan.apps.batch.cluster import run_on_cluster
from bodychan.errors import BatchError
from jobs import make_jobs, work

pytest.importorskip("distributed", reason="Dask is not installed: pip install 'bodychan[cluster]'")
# Dask leaves sockets and processes to the garbage collector when workers are killed.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_the_jobs_of_a_killed_worker_move_on_and_one_that_kills_all_is_reported(tmp_path: Path) -> None:
    jobs = make_jobs(tmp_path, "a", "kill-once b", "kill c", "d")
    entries = {entry.name: entry for entry in run_on_cluster(jobs, "local", 2, work=work)}
    assert entries.keys() == {job.name for job in jobs}
    assert [name for name, entry in entries.items() if entry.status == "failed"] == ["kill c"]
    assert "its workers died" in entries["kill c"].error


def test_what_stops_every_job_stops_the_batch(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="the disk is full"):
        list(run_on_cluster(make_jobs(tmp_path, "stop"), "local", 1, work=work))


def test_a_scheduler_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match=r"no Dask scheduler answers at nowhere: start one") as told:
        list(run_on_cluster(make_jobs(tmp_path, "a"), "nowhere", 1))
    assert "\n" not in str(told.value)
