"""The jobs that wait for a worker, and those that come again because their worker died."""

from collections import deque
from collections.abc import Iterable

from bodychan.apps.batch.manifest import Entry
from bodychan.apps.batch.work import Job


class Queue:
    """Jobs in their order; each comes once more, before the others, if its worker dies."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._coming = iter(jobs)
        self._again: deque[Job] = deque()
        self._died: set[str] = set()

    def take(self) -> Job | None:
        """Give the next job; None when there is none."""
        return self._again.popleft() if self._again else next(self._coming, None)

    def died(self, job: Job, how: str) -> Entry | None:
        """Note that the worker of a job has died; give what became of the job if it does not come again."""
        if job.name in self._died:
            return job.entry(error=how)
        self._died.add(job.name)
        self._again.append(job)
        return None
