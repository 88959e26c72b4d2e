from pathlib import Path

from bodychan.apps.batch.queue import Queue
from jobs import make_jobs


def test_a_job_whose_worker_died_comes_once_more_and_first(tmp_path: Path) -> None:
    a, b, c = make_jobs(tmp_path, "a", "b", "c")
    queue = Queue(iter([a, b, c]))
    assert queue.take() is a
    assert queue.died(a, "killed") is None
    assert [queue.take(), queue.take()] == [a, b]
    failed = queue.died(a, "killed again")
    assert failed is not None
    assert (failed.name, failed.status, failed.error) == ("a", "failed", "killed again")
    assert [queue.take(), queue.take()] == [c, None]
