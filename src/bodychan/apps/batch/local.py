"""Jobs on this machine: worker processes, one job at a time each, that may die without harm to the others."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from bodychan.apps.batch.manifest import Entry
from bodychan.apps.batch.queue import Queue
from bodychan.apps.batch.work import Job, Work, perform
from bodychan.errors import BatchError

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
"""What tells libraries, and our own tracker, how many threads to use."""

_CONTEXT = multiprocessing.get_context("spawn")


def run_here(
    jobs: Iterable[Job],
    workers: int,
    captures: Callable[[int], None] = lambda _count: None,
    work: Work = perform,
) -> Generator[Entry]:
    """Do jobs in worker processes, and give what became of each as soon as it is known.

    Each worker has one thread: more jobs at a time are the better use of several cores. A job whose worker
    dies, by a segmentation fault, for want of memory or by a kill, is tried once more in a new worker, then
    reported as failed. Closing the iterator ends the workers.

    Args:
        jobs: are taken when a worker is free.
        workers: how many.
        captures: called with the number of captures done since the last call.
        work: what does a job; a function of a module.

    Raises:
        BatchError: no job can be done.
    """
    queue = Queue(jobs)
    idle: list[_Worker] = []
    busy: dict[object, _Worker] = {}
    try:
        while True:
            while len(busy) < workers and (job := queue.take()):
                worker = idle.pop() if idle else _Worker(work)
                worker.begin(job)
                busy[worker.pipe] = worker
            if not busy:
                return
            for pipe in wait([worker.pipe for worker in busy.values()]):
                worker = busy[pipe]
                heard = worker.hear()
                if isinstance(heard, int):
                    captures(heard)
                    continue
                del busy[pipe]
                if heard is not None:
                    idle.append(worker)
                else:
                    heard = queue.died(worker.job, _obituary(worker.process.exitcode) + ", twice")
                if heard is not None:
                    yield heard
    finally:
        for worker in (*busy.values(), *idle):
            worker.end()


class _Worker:
    job: Job
    _told = 0
    _alive = False

    def __init__(self, work: Work) -> None:
        self.pipe, theirs = _CONTEXT.Pipe()
        self.process: BaseProcess = _CONTEXT.Process(target=_serve, args=(theirs, work), daemon=True)
        with _one_thread():
            self.process.start()
        # Theirs is now open over there alone, so that their death is the end of our pipe.
        theirs.close()

    def begin(self, job: Job) -> None:
        self.job, self._told = job, 0
        # Should they have died: that is heard soon.
        with suppress(OSError):
            self.pipe.send(job)

    def hear(self) -> Entry | int | None:
        """Give what became of the job, or the captures done since the last call; None when they have died."""
        try:
            said = self.pipe.recv()
        except (EOFError, OSError):
            self.end()
            if not self._alive:
                raise BatchError(
                    f"worker processes cannot start: {_obituary(self.process.exitcode)}"
                ) from None
            return None
        self._alive = True
        if isinstance(said, BatchError):
            raise said
        if isinstance(said, int):
            before, self._told = self._told, said
            return said - before
        assert isinstance(said, Entry)
        return said

    def end(self) -> None:
        self.process.terminate()
        self.process.join()
        self.pipe.close()


def _serve(pipe: Connection, work: Work) -> None:
    """Do jobs until the other side ends."""
    # Ctrl-C goes to all processes of a terminal: who began the jobs decides what becomes of them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, OSError):
        # A sign of life: who dies before it never will work.
        pipe.send(0)
        while True:
            job = pipe.recv()
            try:
                pipe.send(work(job, pipe.send))
            except BatchError as error:
                pipe.send(error)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let processes that are started meanwhile use one thread each."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _obituary(exit_code: int | None) -> str:
    how = f"ended with status {exit_code}"
    if exit_code is not None and exit_code < 0:
        how = f"was ended by {signal.Signals(-exit_code).name}"
    hint = " (is there enough memory for so many?)" if exit_code == -signal.SIGKILL else ""
    return f"the worker process {how}{hint}"
