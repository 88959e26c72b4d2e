import multiprocessing
import os
import sys
from pathlib import Path

import pytest

from bodychan.apps.batch.local import run_here
from bodychan.errors import BatchError
from jobs import make_jobs, work

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


def test_a_job_that_kills_its_worker_is_tried_once_more_and_then_reported(tmp_path: Path) -> None:
    jobs = make_jobs(tmp_path, "a", "kill-once b", "kill c", "d", "e")
    captures: list[int] = []
    entries = {entry.name: entry for entry in run_here(jobs, 2, captures.append, work)}
    assert entries.keys() == {job.name for job in jobs}
    assert [name for name, entry in entries.items() if entry.status == "failed"] == ["kill c"]
    assert "was ended by SIGKILL" in entries["kill c"].error
    assert entries["kill c"].error.endswith("twice")
    assert sum(captures) == 4 * 5
    assert not multiprocessing.active_children()


def test_what_stops_every_job_stops_the_batch(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="the disk is full"):
        list(run_here(make_jobs(tmp_path, "stop", "sleep"), 2, work=work))
    assert not multiprocessing.active_children()


def test_closing_ends_the_workers_and_leaves_the_environment_alone(tmp_path: Path) -> None:
    before = dict(os.environ)
    entries = run_here(make_jobs(tmp_path, "a", "sleep"), 2, work=work)
    assert next(entries).name == "a"
    entries.close()
    assert not multiprocessing.active_children()
    assert dict(os.environ) == before
