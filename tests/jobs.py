"""Jobs for tests of the engines that do them: functions that workers in processes of their own can import."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from bodychan import __version__
from bodychan.apps.batch.manifest import Entry, Settings
from bodychan.apps.batch.work import Job
from bodychan.errors import BatchError


def make_jobs(folder: Path, *names: str) -> list[Job]:
    """Jobs whose names say what `work` does with them, see there."""
    settings = Settings({}, {}, __version__)
    return [Job(name, name, "", str(folder), "test", ("csv",), settings) for name in names]


def work(job: Job, progress: Callable[[int], None] = lambda _done: None) -> Entry:
    """Do what the name of a job begins with: `kill`, `kill-once`, `stop`, `sleep`; all others are done."""
    kind = job.name.partition(" ")[0]
    tried = Path(job.out) / f"{job.name} was tried"
    if kind == "kill" or (kind == "kill-once" and not tried.exists()):
        tried.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "stop":
        raise BatchError("the disk is full")
    if kind == "sleep":
        time.sleep(60)
    progress(3)
    progress(5)
    return job.entry(status="done", frames=5)
